"""The calls of the Files and Batch interfaces, each repeated until it is answered or pointless."""

from __future__ import annotations

import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

from imhi import HarnessError
from imhi.io import disk_error
from imhi.plugins.models.openai_api.batch.lines import endpoint
from imhi.plugins.models.openai_api.client_config import Learnt, Terms
from imhi.plugins.models.openai_api.failures import Failure, backoff, classify
from imhi.plugins.models.openai_api.wire import IllFormed

METADATA = "imhi-batch"
WINDOW = "24h"
_PAGE = 100
_AGAIN = ("passing", "rate", "unreachable")
_GO_ON = "run the same command again to go on; what the server works on is not asked again"
_NO_BATCHES = "run the same command again to send the requests anew; mode=live needs no Batch API"

T = TypeVar("T")
Object = Mapping[str, Any]
"""A file or a batch as the server describes it."""


class Refused(HarnessError):
    """The server has refused for good: what was asked for was not done."""


class Server:
    """The server, through OpenAI's client.

    Args:
        client: an ``openai.OpenAI`` that does not retry by itself.
        scrub: makes a server's message fit to be written.
        settle: seconds after which a batch that was made is in the server's list.
    """

    def __init__(
        self,
        client: Any,
        terms: Terms,
        learnt: Learnt,
        scrub: Callable[[str], str],
        settle: float,
    ) -> None:
        self._client = client
        self._terms = terms
        self._learnt = learnt
        self._scrub = scrub
        self._settle = settle
        self._draw = random.Random()
        self._met = False

    def upload(self, stream: BinaryIO, key: str) -> str:
        """Send a file of requests; return the id the server gives it.

        Raises:
            Refused, HarnessError: see :meth:`_insist`.
        """

        # The answer comes when all was taken in: a second more for each megabyte.
        seconds = self._terms.timeout + stream.seek(0, os.SEEK_END) / 1e6

        def call() -> str:
            stream.seek(0)
            answer = self._client.files.with_raw_response.create(
                file=(f"imhi-{key}.jsonl", stream, "application/jsonl"),
                purpose="batch",
                timeout=seconds,
            )
            return str(_described(answer)["id"])

        return self._insist("sending the requests", call, _NO_BATCHES)

    def create(self, file: str, key: str, announce: Callable[[], None]) -> Object:
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
                    endpoint=endpoint(self._terms.api),
                    completion_window=WINDOW,
                    metadata={METADATA: key},
                    extra_headers={"Idempotency-Key": key},
                )
                return _described(answer)
            except Exception as error:
                failure = self._understood(error)
                answered = isinstance(getattr(error, "status_code", None), int)
            # What no status answers may have been done all the same, whatever it looks like.
            if failure.kind not in _AGAIN and not answered:
                failure = replace(failure, kind="passing")
            if failure.kind not in _AGAIN or retry >= self._terms.retries:
                raise self._error("making the batch", failure, _NO_BATCHES)
            self._rest(failure, retry)
            retry += 1
            if failure.kind == "passing" and (found := self.find(file, key, since)) is not None:
                return found

    def find(self, file: str, key: str, since: float) -> Object | None:
        """Return the batch that was made of a file or carries a key, if there is one.

        Args:
            since: when the server was asked for it (seconds since 1970). A batch that is not there is
                looked for once more when the server had time to list it.

        Raises:
            HarnessError: the server does not tell; asking for the batch again is out of the question.
        """
        settled = since + self._settle
        looked = time.time()
        found = self._look_for(file, key)
        if found is None and looked < settled:
            # Where the clock was put back, settled may be far away.
            time.sleep(min(max(0.0, settled - time.time()), self._settle))
            found = self._look_for(file, key)
        return found

    def _look_for(self, file: str, key: str) -> Object | None:
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
            for one in page["data"]:
                metadata = one.get("metadata")
                marked = isinstance(metadata, Mapping) and metadata.get(METADATA) == key
                if marked or one.get("input_file_id") == file:
                    return cast(Object, one)
            last = page["data"][-1]["id"] if page["data"] else None
            if not page.get("has_more") or last is None or last in seen:
                return None
            seen.add(last)
            after = last

    def _page(self, after: str | None) -> Any:
        more = {"after": after} if after else {}
        page = _parsed(self._client.batches.with_raw_response.list(limit=_PAGE, **more))
        rows = page.get("data") if isinstance(page, Mapping) else None
        if not isinstance(rows, list) or not all(
            isinstance(r, Mapping) and "id" in r for r in rows
        ):
            raise IllFormed("the answer is no list of batches")
        return page

    def retrieve(self, id: str) -> Object:
        """Return how a batch stands."""

        def call() -> Object:
            batch = _described(self._client.batches.with_raw_response.retrieve(id))
            if not isinstance(batch.get("status"), str):
                raise IllFormed("the batch has no status")
            return batch

        hint = f"is the key in {self._terms.key_variable} the one the batch was made with?"
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
            most = min(self._terms.retries, 3) if never_there else self._terms.retries
            if failure.kind not in _AGAIN or retry >= most:
                raise self._error(what, failure, hint)
            self._rest(failure, retry)
            retry += 1

    def _understood(self, error: Exception) -> Failure:
        failure = classify(error, self._terms.timeout, self._terms.key_variable)
        if failure.kind != "unreachable":
            self._met = True
        return failure

    def _rest(self, failure: Failure, retry: int) -> None:
        self._learnt.retries += 1
        if failure.kind == "rate":
            self._learnt.rate_limit_pauses += 1
        wait = backoff(self._terms.backoff, retry, self._draw)
        time.sleep(wait if failure.wait is None else failure.wait)

    def _error(self, what: str, failure: Failure, hint: str) -> HarnessError:
        text = f"{self._terms.name}: {self._terms.url}: {what}: {self._scrub(failure.message)}"
        if failure.kind in _AGAIN:
            return HarnessError(f"{text}; {_GO_ON}")
        return Refused(f"{text}; {hint or _GO_ON}")


def _parsed(answer: Any) -> Any:
    try:
        return json.loads(answer.text)
    except (ValueError, RecursionError):
        raise IllFormed(f"the answer is not JSON: {answer.text[:80]!r}") from None


def _described(answer: Any) -> Object:
    found = _parsed(answer)
    if not isinstance(found, Mapping) or not isinstance(found.get("id"), str) or not found["id"]:
        raise IllFormed("the answer names no id")
    return found


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
