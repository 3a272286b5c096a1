"""Gemini's Batch interface and its files, through Google's own client.

A batch is known again by its display name, which is our key.
"""

from __future__ import annotations

import json
import os
import re
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from imhi import Request
from imhi.plugins.models.openai_api.batch.bounds import bounded_transport, http_library
from imhi.plugins.models.openai_api.batch.calls import NO_BATCHES, Calls, copy_chunks
from imhi.plugins.models.openai_api.batch.gemini_content import (
    content_request,
    http_status,
    read_row,
)
from imhi.plugins.models.openai_api.batch.ledger import Batch
from imhi.plugins.models.openai_api.batch.lines import HTTPStatus, encoded
from imhi.plugins.models.openai_api.batch.server import BatchState, Refusal, Result
from imhi.plugins.models.openai_api.client_config import Session
from imhi.plugins.models.openai_api.credentials import Secrets
from imhi.plugins.models.openai_api.failures import Failure, IllFormed

_PAGE = 100
_VERSION = "v1beta"
# Of files that hold a request a line (Gemini API documentation, Batch API).
_FILE_TYPE = "jsonl"
_NAME = "imhi-batch-"
_STATUS = {
    "SUCCEEDED": "completed",
    "PARTIALLY_SUCCEEDED": "completed",
    "FAILED": "failed",
    "CANCELLED": "cancelled",
    "EXPIRED": "expired",
}
_PASSING = frozenset({408, 409, 429})
_FATAL = frozenset({401, 402, 403, 404})


@contextmanager
def opened(session: Session, secrets: Secrets) -> Iterator[GeminiBatches]:
    """Give the server, through a client that neither retries nor follows redirects: its header with
    the key, and the posts, would go along to any host."""
    from google import genai
    from google.genai import types

    reasons = Reasons()
    host, version = host_of(session.config.url)
    options = types.HttpOptions(
        base_url=host,
        api_version=version,
        timeout=_milliseconds(session.config.options.timeout),
        headers=dict(secrets.headers),
        client_args={
            "transport": bounded_transport(
                http_library(),
                host,
                session.config.options.timeout,
                session.config.options.max_bytes,
            ),
            "trust_env": False,
            "follow_redirects": False,
            "event_hooks": {"response": [reasons.heed]},
        },
    )
    # Named here, none of this is taken from the environment.
    client = genai.Client(api_key=secrets.key, vertexai=False, http_options=options)
    try:
        yield GeminiBatches(client, session, host, reasons)
    finally:
        client.close()


def host_of(url: str) -> tuple[str, str]:
    """Return what the client takes for its base, and the version of the interface, out of the address
    of the interface in OpenAI's form."""
    address = url.rstrip("/").removesuffix("/openai")
    match = re.fullmatch(r"(.*)/(v\d\w*)", address)
    return (match[1], match[2]) if match else (address, _VERSION)


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))


class Reasons:
    """Why batches failed. The client (google-genai 3.6) leaves the ``error`` out of what it makes of
    a batch, so it is read from the answer on its way to the client."""

    def __init__(self) -> None:
        self.by_batch: dict[str, Mapping[str, object]] = {}

    def heed(self, response: Any) -> None:
        """Look at an answer; one that is no batch is left alone."""
        if not re.search(r"/batches/[^/:]+$", response.request.url.path):
            return
        response.read()
        try:
            described = json.loads(response.content)
        except (ValueError, RecursionError):
            return
        error = described.get("error") if isinstance(described, Mapping) else None
        if isinstance(error, Mapping) and described.get("name"):
            self.by_batch[str(described["name"])] = error


class GeminiBatches:
    """See :class:`BatchServer`."""

    takes_files = True

    def __init__(self, client: Any, session: Session, host: str, reasons: Reasons) -> None:
        self._client = client
        self._session = session
        self._options = session.config.options
        self._host = host
        self._reasons = reasons
        self._calls = Calls(session, self._understood)

    def _understood(self, error: Exception) -> Failure:
        """Return what an exception means. The client hands on those of its transport, and of what it
        cannot read."""
        status = getattr(error, "code", None)
        if isinstance(status, int):
            details = getattr(error, "details", None)
            return self._session.failure(
                HTTPStatus(status, details, getattr(error, "response", None))
            )
        names = {kind.__name__ for kind in type(error).__mro__}
        if names & {"ConnectError", "ConnectTimeout"}:
            return Failure("unreachable", f"no connection ({error})")
        if "TimeoutException" in names:
            said = str(error) or type(error).__name__
            return Failure("passing", f"the server did not answer in time ({said})", billed=True)
        if "TransportError" in names:
            return Failure("passing", f"the connection was lost ({error})", billed=True)
        if isinstance(error, (ValueError, KeyError, TypeError, AttributeError)):
            return self._session.failure(
                IllFormed(f"the answer is not what was asked for ({type(error).__name__}: {error})")
            )
        return self._session.failure(error)

    def line(self, id: str, request: Request) -> bytes:
        return encoded({"key": id, "request": content_request(self._session.payload(request))})

    def upload(self, stream: BinaryIO, key: str) -> str:
        from google.genai import types

        # The answer comes when all was taken in: a second more for each megabyte.
        seconds = self._options.timeout + stream.seek(0, os.SEEK_END) / 1e6
        config = types.UploadFileConfig(
            mime_type=_FILE_TYPE,
            display_name=f"{_NAME}{key}",
        )

        def call() -> str:
            stream.seek(0)
            # With a base of its own the file goes there and to no other host that the server names.
            config.http_options = types.HttpOptions(
                base_url=self._host, timeout=_milliseconds(seconds)
            )
            name = self._client.files.upload(file=stream, config=config).name
            if not name:
                raise IllFormed("the answer names no file")
            return str(name)

        return self._calls.insist("sending the requests", call, NO_BATCHES)

    def create(
        self, batch: Batch, stream: BinaryIO | None, announce: Callable[[], None]
    ) -> BatchState:
        def call() -> BatchState:
            return self._state(
                self._client.batches.create(
                    model=self._session.config.model,
                    src=batch.file,
                    config={"display_name": f"{_NAME}{batch.key}"},
                )
            )

        return self._calls.order(call, lambda: self.find(batch, ()), announce)

    def find(self, batch: Batch, others: Collection[str]) -> BatchState | None:
        return self._calls.look_twice(partial(self._look_for, f"{_NAME}{batch.key}"), batch.since)

    def _look_for(self, name: str) -> BatchState | None:
        hint = (
            f"whether the batch was made is not known: look for it at the server (display name {name}) "
            "and cancel it there before anything is asked again"
        )
        token: str | None = None
        seen: set[str] = set()
        while True:
            page = partial(self._page, token)
            jobs, token = self._calls.insist("listing the batches", page, hint)
            for job in jobs:
                if job.display_name == name:
                    return self._state(job)
            if not token or token in seen:
                return None
            seen.add(token)

    def _page(self, token: str | None) -> tuple[list[Any], str | None]:
        config: dict[str, object] = {"page_size": _PAGE}
        if token:
            config["page_token"] = token
        with _quiet():
            pager = self._client.batches.list(config=config)
        return list(pager.page), pager.config.get("page_token")

    def retrieve(self, id: str) -> BatchState:
        hint = f"is the key in {self._options.key_env} the one the batch was made with?"

        def call() -> BatchState:
            with _quiet():
                job = self._client.batches.get(name=id)
            if job.state is None:
                raise IllFormed("the batch has no state")
            return self._state(job)

        return self._calls.insist(f"looking at batch {id}", call, hint)

    def _state(self, job: Any) -> BatchState:
        if not job.name:
            raise IllFormed("the answer names no batch")
        # The client translates most of BATCH_STATE_..., but not all of them.
        word = "" if job.state is None else str(job.state.value)
        word = word.removeprefix("JOB_STATE_").removeprefix("BATCH_STATE_")
        status = _STATUS.get(word, word.lower() or "pending")
        file = str((job.dest and job.dest.file_name) or "")
        return BatchState(
            str(job.name),
            status,
            (file,) if file else (),
            readable=bool(file) or status != "completed",
            # A batch that expired or was cancelled has no results; what it did meanwhile is not told.
            silence_may_cost=status in ("expired", "cancelled"),
        )

    def refusal(self, state: BatchState, size: int) -> Refusal:
        error = self._reasons.by_batch.get(state.id)
        if error is None:
            return Refusal("the server refused the batch and gave no reason", passing=True)
        status = http_status(error.get("code"))
        return Refusal(
            f"the server refused the batch: {error.get('message') or 'no reason given'}",
            passing=status in _PASSING or status >= 500,
            fatal=status in _FATAL,
        )

    def results(self, batch: Batch, state: BatchState, folder: Path) -> Iterator[Result]:
        for file in state.files:

            def fetch(stream: BinaryIO, file: str = file) -> None:
                self._client.files.download(file=file, destination=_Guarded(stream, folder))

            with self._calls.downloaded(f"reading file {file}", fetch, folder) as lines:
                yield from (read_row(line, self._session) for line in lines if line.strip())


class _Guarded:
    """What the client writes a file to: an error of the disk is told from one of the network."""

    def __init__(self, stream: BinaryIO, folder: Path) -> None:
        self._stream = stream
        self._folder = folder

    def write(self, chunk: bytes) -> int:
        copy_chunks(iter((chunk,)), self._stream, self._folder)
        return len(chunk)


@contextmanager
def _quiet() -> Iterator[None]:
    """The client warns of states it does not know; they are read here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield
