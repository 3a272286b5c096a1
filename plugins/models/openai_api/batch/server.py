"""The calls of the Files and Batch interfaces, each repeated until it is answered or pointless."""

from __future__ import annotations

import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from imhi import HarnessError
from imhi.io import disk_error
from imhi.plugins.models.openai_api.batch.lines import endpoint
from imhi.plugins.models.openai_api.batch.state import METADATA, BatchState, read_state
from imhi.plugins.models.openai_api.client_config import Session
from imhi.plugins.models.openai_api.failures import AGAIN, Failure, IllFormed, backoff
from imhi.plugins.models.openai_api.wire import ServerJson

WINDOW = "24h"
_PAGE = 100
_GO_ON = "run the same command again to go on; what the server works on is not asked again"
_NO_BATCHES = "run the same command again to send the requests anew; mode=live needs no Batch API"

T = TypeVar("T")


class Refused(HarnessError):
    """The server has refused for good: what was asked for was not done."""


@dataclass(frozen=True)
class _Page:
    """Some of the batches that the server has, and whether it has more."""

    batches: list[BatchState]
    has_more: bool

    @property
    def last(self) -> str | None:
        return self.batches[-1].id if self.batches else None


class Server:
    """The server, through OpenAI's client.

    Args:
        client: an ``openai.OpenAI`` that does not retry by itself.
    """

    def __init__(self, client: Any, session: Session) -> None:
        self._client = client
        self._session = session
        self._options = session.config.options
        self._random = random.Random()
        self._met = False

    def upload(self, stream: BinaryIO, key: str) -> str:
        """Send a file of requests; return the id the server gives it.

        Raises:
            Refused, HarnessError: see :meth:`_insist`.
        """

        # The answer comes when all was taken in: a second more for each megabyte.
        seconds = self._options.timeout + stream.seek(0, os.SEEK_END) / 1e6

        def call() -> str:
            stream.seek(0)
            answer = self._client.files.with_raw_response.create(
                file=(f"imhi-{key}.jsonl", stream, "application/jsonl"),
                purpose="batch",
                timeout=seconds,
            )
            return str(_described(answer)["id"])

        return self._insist("sending the requests", call, _NO_BATCHES)

    def create(self, file: str, key: str, announce: Callable[[], None]) -> BatchState:
        """Have the batch made of a file, once: where it is not known what came of a try, the batch
        is looked for before the next one.

        Args:
            announce: called before each try.

        Raises:
            Refused: the server did not make it.
            HarnessError: it may have; :meth:`find` tells.
        """
        retry = 0
        while True:
            announce()
            since = time.time()
            try:
                answer = self._client.batches.with_raw_response.create(
                    input_file_id=file,
                    endpoint=endpoint(self._options.api),
                    completion_window=WINDOW,
                    metadata={METADATA: key},
                    extra_headers={"Idempotency-Key": key},
                )
                return read_state(_described(answer))
            except Exception as error:
                failure = self._understood(error)
                answered = isinstance(getattr(error, "status_code", None), int)
            # What no status answers may have been done all the same, whatever it looks like.
            if failure.kind not in AGAIN and not answered:
                failure = replace(failure, kind="passing")
            if failure.kind not in AGAIN or retry >= self._options.retries:
                raise self._error("making the batch", failure, _NO_BATCHES)
            self._rest(failure, retry)
            retry += 1
            if (
                failure.kind in ("passing", "ill_formed")
                and (made := self.find(file, key, since)) is not None
            ):
                return made

    def find(self, file: str, key: str, since: float) -> BatchState | None:
        """Return the batch that was made of a file or carries a key, if there is one.

        Args:
            since: when the server was asked for it (seconds since 1970). A batch that is not there is
                looked for once more when the server had time to list it.

        Raises:
            HarnessError: the server does not tell; asking for the batch again is out of the question.
        """
        # After ``poll`` seconds a batch that was made is in the server's list.
        settled = since + self._options.poll
        looked = time.time()
        made = self._look_for(file, key)
        if made is None and looked < settled:
            # Where the clock was put back, settled may be far away.
            time.sleep(min(max(0.0, settled - time.time()), self._options.poll))
            made = self._look_for(file, key)
        return made

    def _look_for(self, file: str, key: str) -> BatchState | None:
        hint = (
            f"whether the batch was made is not known: look for it at the server ({METADATA}: {key}) "
            "and cancel it there before anything is asked again"
        )
        after: str | None = None
        seen: set[str] = set()
        while True:
            try:
                page = self._insist("listing the batches", partial(self._page, after), hint)
            except Refused as error:
                # That the list is refused does not say that the batch was.
                raise HarnessError(str(error)) from None
            for state in page.batches:
                if state.key == key or state.input_file == file:
                    return state
            if not page.has_more or page.last is None or page.last in seen:
                return None
            seen.add(page.last)
            after = page.last

    def _page(self, after: str | None) -> _Page:
        more = {"after": after} if after else {}
        page = _parsed(self._client.batches.with_raw_response.list(limit=_PAGE, **more))
        page = page if isinstance(page, Mapping) else {}
        rows = page.get("data")
        if not isinstance(rows, list) or not all(
            isinstance(row, Mapping) and "id" in row for row in rows
        ):
            raise IllFormed("the answer is no list of batches")
        return _Page([read_state(row) for row in rows], bool(page.get("has_more")))

    def retrieve(self, id: str) -> BatchState:
        """Return how a batch stands."""

        def call() -> BatchState:
            described = _described(self._client.batches.with_raw_response.retrieve(id))
            if not isinstance(described.get("status"), str):
                raise IllFormed("the batch has no status")
            return read_state(described)

        hint = f"is the key in {self._options.key_env} the one the batch was made with?"
        return self._insist(f"looking at batch {id}", call, hint)

    @contextmanager
    def download(self, file: str, folder: Path) -> Iterator[BinaryIO]:
        """Give a file of answers, copied to a nameless file in ``folder``."""

        def call(stream: BinaryIO) -> None:
            stream.seek(0)
            stream.truncate()
            with self._client.files.with_streaming_response.content(file) as answer:
                for chunk in _chunks(answer.iter_bytes()):
                    try:
                        stream.write(chunk)
                    except OSError as error:
                        raise disk_error(error, folder) from error

        with tempfile.TemporaryFile(dir=folder) as stream:
            self._insist(f"reading file {file}", lambda: call(stream), "")
            stream.seek(0)
            yield stream

    def _insist(self, what: str, call: Callable[[], T], hint: str) -> T:
        """Repeat a call that can be repeated without harm.

        Raises:
            Refused: no other try will do.
            HarnessError: the tries are used up.
        """
        retry = 0
        while True:
            try:
                result = call()
                self._met = True
                return result
            except HarnessError:
                raise
            except Exception as error:
                failure = self._understood(error)
            # A server that was never there is most likely a wrong address: say so within seconds.
            never_there = failure.kind == "unreachable" and not self._met
            most = min(self._options.retries, 3) if never_there else self._options.retries
            if failure.kind not in AGAIN or retry >= most:
                raise self._error(what, failure, hint)
            self._rest(failure, retry)
            retry += 1

    def _understood(self, error: Exception) -> Failure:
        failure = self._session.failure(error)
        if failure.kind != "unreachable":
            self._met = True
        return failure

    def _rest(self, failure: Failure, retry: int) -> None:
        self._session.capabilities.retries += 1
        if failure.kind == "rate":
            self._session.capabilities.rate_limit_pauses += 1
        wait = backoff(self._options.backoff, retry, self._random)
        time.sleep(wait if failure.wait is None else failure.wait)

    def _error(self, what: str, failure: Failure, hint: str) -> HarnessError:
        text = str(self._session.error(f"{what}: {self._session.told(failure)}"))
        if failure.kind in AGAIN:
            return HarnessError(f"{text}; {_GO_ON}")
        return Refused(f"{text}; {hint or _GO_ON}")


def _parsed(answer: Any) -> object:
    try:
        return json.loads(answer.text)
    except (ValueError, RecursionError):
        raise IllFormed(f"the answer is not JSON: {answer.text[:80]!r}") from None


def _described(answer: Any) -> ServerJson:
    described = _parsed(answer)
    id = described.get("id") if isinstance(described, Mapping) else None
    if not isinstance(described, Mapping) or not isinstance(id, str) or not id:
        raise IllFormed("the answer names no id")
    return described


def _chunks(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield what comes; what breaks off is told from what cannot be written here."""
    while True:
        try:
            chunk = next(chunks, None)
        except Exception as error:
            raise IllFormed(f"the file broke off ({type(error).__name__}: {error})") from None
        if chunk is None:
            return
        yield chunk
