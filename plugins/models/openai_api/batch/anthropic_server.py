"""Anthropic's Message Batches, through its own client.

A batch has no metadata and takes its requests with the order. So what is known of an order whose answer
was lost is this: the batch is newer than the newest one before it, holds as many requests, and the
custom ids in its results, to be had when it is done, begin with the key of ours.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from imhi import Request
from imhi.plugins.models.openai_api.batch.anthropic_messages import params, read_result
from imhi.plugins.models.openai_api.batch.bounds import bounded_transport, http_library
from imhi.plugins.models.openai_api.batch.calls import (
    NO_BATCHES,
    Calls,
    copy_chunks,
    whole_chunks,
)
from imhi.plugins.models.openai_api.batch.ledger import Batch
from imhi.plugins.models.openai_api.batch.lines import HTTPStatus, encoded, parsed
from imhi.plugins.models.openai_api.batch.server import (
    UNDECIDED,
    BatchState,
    Refusal,
    Result,
)
from imhi.plugins.models.openai_api.client_config import Session
from imhi.plugins.models.openai_api.credentials import Secrets
from imhi.plugins.models.openai_api.failures import Failure, IllFormed
from imhi.plugins.models.openai_api.wire import ServerJson

# Of the interface. The client's own, 2026-10-21 since anthropic 2.0, refuses temperature and top_p, which
# this one hands to the models that take them.
_VERSION = "2023-06-01"
_PAGE = 100
_PATH = "/v1/messages/batches"
_DONE = "ended"


@contextmanager
def opened(session: Session, secrets: Secrets) -> Iterator[AnthropicBatches]:
    """Give the server, through a client that does not retry by itself, and takes posts to no host but
    this: it follows no redirects, and nothing of it is traced."""
    import anthropic

    config = session.config
    timeout = config.options.timeout
    with anthropic.Anthropic(
        api_key=secrets.key,
        base_url=host_of(config.url),
        max_retries=0,
        timeout=timeout,
        default_headers={"anthropic-version": _VERSION, **secrets.headers},
        open_telemetry=False,
        http_client=anthropic.DefaultHttpxClient(
            follow_redirects=False,
            timeout=timeout,
            trust_env=False,
            transport=bounded_transport(
                http_library(anthropic.DefaultHttpxClient),
                config.url,
                timeout,
                config.options.max_bytes,
            ),
        ),
    ) as client:
        yield AnthropicBatches(client, session)


def host_of(url: str) -> str:
    """Return what the client takes for its base: the address of the interface in OpenAI's form,
    without the version, which the client adds itself."""
    return url.rstrip("/").removesuffix("/v1")


class AnthropicBatches:
    """See :class:`BatchServer`."""

    takes_files = False

    def __init__(self, client: Any, session: Session) -> None:
        self._client = client
        self._batches = client.messages.batches.with_raw_response
        self._session = session
        self._options = session.config.options
        self._calls = Calls(session, self._understood)
        # Batches whose results begin with another key.
        self._strange: set[str] = set()
        generation = session.config.generation
        if generation.temperature > 0:
            session.note(
                f"{session.config.name}: Anthropic's interface takes no seed: the same requests may be "
                "answered otherwise another time"
            )

    def _understood(self, error: Exception) -> Failure:
        """Return what an exception means: in this client's errors all fields stand below 'error'."""
        status = getattr(error, "status_code", None)
        if isinstance(status, int) and not isinstance(error, HTTPStatus):
            body, response = getattr(error, "body", None), getattr(error, "response", None)
            error = HTTPStatus(status, body, response)
        return self._session.failure(error)

    def line(self, id: str, request: Request) -> bytes:
        return encoded({"custom_id": id, "params": params(self._session.payload(request))})

    def upload(self, stream: BinaryIO, key: str) -> str:
        raise NotImplementedError("requests travel with the order")

    def create(
        self, batch: Batch, stream: BinaryIO | None, announce: Callable[[], None]
    ) -> BatchState:
        assert stream is not None
        seconds = self._options.timeout + stream.seek(0, os.SEEK_END) / 1e6
        stream.seek(0)
        requests = [
            {"custom_id": f"{batch.key}-{number}", "params": json.loads(line)["params"]}
            for number, line in enumerate(stream)
        ]
        batch.file = self._calls.insist("listing the batches", self._newest, NO_BATCHES)

        def call() -> BatchState:
            return _state(
                _described(self._batches.create(requests=requests, timeout=seconds).text())
            )

        return self._calls.order(call, lambda: self.find(batch, ()), announce)

    def _newest(self) -> str:
        """Return the id of the newest batch; an empty text where there is none."""
        rows, _ = self._page(None, 1)
        return str(rows[0]["id"]) if rows else ""

    def find(self, batch: Batch, others: Collection[str]) -> BatchState | None:
        return self._calls.look_twice(partial(self._look_for, batch, others), batch.since)

    def _look_for(self, batch: Batch, others: Collection[str]) -> BatchState | None:
        hint = (
            "whether the batch was made is not known: look at the server for one whose custom ids begin "
            f"with {batch.key} and cancel it there before anything is asked again"
        )
        undecided = False
        after: str | None = None
        while True:
            page = partial(self._page, after, _PAGE)
            rows, more = self._calls.insist("listing the batches", page, hint)
            for row in rows:
                id = str(row["id"])
                if batch.file and id == batch.file:
                    return UNDECIDED if undecided else None
                if id in others or id in self._strange or _size(row) != len(batch.ids):
                    continue
                if row.get("archived_at"):
                    continue
                if row.get("processing_status") != _DONE:
                    undecided = True
                elif self._first_id(id).startswith(batch.key):
                    return _state(row)
                else:
                    self._strange.add(id)
            last = str(rows[-1]["id"]) if rows else None
            if not more or last is None or last == after:
                return UNDECIDED if undecided else None
            after = last

    def _page(self, after: str | None, limit: int) -> tuple[list[ServerJson], bool]:
        """Return some batches, the newest first, and whether there are more."""
        where = {"after_id": after} if after else {}
        page = parsed(self._batches.list(limit=limit, **where).text())
        page = page if isinstance(page, Mapping) else {}
        rows = page.get("data")
        if not isinstance(rows, list) or not all(
            isinstance(row, Mapping) and row.get("id") for row in rows
        ):
            raise IllFormed("the answer is no list of batches")
        return rows, bool(page.get("has_more"))

    def retrieve(self, id: str) -> BatchState:
        hint = f"is the key in {self._options.key_env} the one the batch was made with?"

        def call() -> BatchState:
            return _state(_described(self._batches.retrieve(id).text()))

        return self._calls.insist(f"looking at batch {id}", call, hint)

    def refusal(self, state: BatchState, size: int) -> Refusal:
        return Refusal("the server refused the batch and gave no reason")

    def results(self, batch: Batch, state: BatchState, folder: Path) -> Iterator[Result]:
        def fetch(stream: BinaryIO) -> None:
            answer = self._stream(state.id)
            try:
                copy_chunks(answer.iter_bytes(), stream, folder)
            finally:
                answer.close()

        ours = {f"{batch.key}-{number}": id for number, id in enumerate(batch.ids)}
        with self._calls.downloaded(f"reading the results of {state.id}", fetch, folder) as lines:
            for line in lines:
                if line.strip():
                    read = read_result(line, self._session)
                    yield read and (ours.get(read[0], read[0]), read[1])

    def _first_id(self, id: str) -> str:
        """Return the first custom id in the results of a batch that is done."""

        def call() -> str:
            answer, begun = self._stream(id), b""
            try:
                for chunk in whole_chunks(answer.iter_bytes()):
                    begun += chunk
                    if b"\n" in begun:
                        break
            finally:
                answer.close()
            row = parsed(begun.partition(b"\n")[0].decode("utf-8", "replace"))
            return str(row.get("custom_id") or "") if isinstance(row, Mapping) else ""

        return self._calls.insist(f"reading the results of {id}", call)

    def _stream(self, id: str) -> Any:
        """Return the answer that holds the results. The client's own call goes to ``results_url``,
        whichever host that names, and takes the key along."""
        return self._client.get(
            f"{_PATH}/{id}/results",
            cast_to=object,
            options={"headers": {"X-Stainless-Raw-Response": "stream"}},
            stream=True,
        )


def _described(text: str) -> ServerJson:
    described = parsed(text)
    if not isinstance(described, Mapping) or not described.get("id"):
        raise IllFormed("the answer names no id")
    if not isinstance(described.get("processing_status"), str):
        raise IllFormed("the batch has no processing_status")
    return described


def _state(described: ServerJson) -> BatchState:
    status = str(described["processing_status"])
    # How each request ended is told by its result.
    return BatchState(str(described["id"]), "completed" if status == _DONE else status)


def _size(described: ServerJson) -> int:
    """Return how many requests a batch holds: they are counted by how they stand."""
    counts = described.get("request_counts")
    numbers = counts.values() if isinstance(counts, Mapping) else ()
    return sum(number for number in numbers if isinstance(number, int))
