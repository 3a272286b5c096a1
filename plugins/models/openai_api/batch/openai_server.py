"""OpenAI's Files and Batch interfaces, through its own client; gateways offer them too."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from imhi import Request
from imhi.plugins.models.openai_api.batch.bounds import bounded_transport, http_library
from imhi.plugins.models.openai_api.batch.calls import NO_BATCHES, Calls, copy_chunks
from imhi.plugins.models.openai_api.batch.ledger import Batch
from imhi.plugins.models.openai_api.batch.lines import parsed
from imhi.plugins.models.openai_api.batch.openai_lines import endpoint, read_line, write_line
from imhi.plugins.models.openai_api.batch.openai_state import (
    METADATA,
    Described,
    read_refusal,
    read_state,
)
from imhi.plugins.models.openai_api.batch.server import BatchState, Refusal, Result
from imhi.plugins.models.openai_api.client_config import Session
from imhi.plugins.models.openai_api.credentials import Secrets, split_query
from imhi.plugins.models.openai_api.failures import IllFormed
from imhi.plugins.models.openai_api.wire import ServerJson

WINDOW = "24h"
_PAGE = 100


@contextmanager
def opened(session: Session, secrets: Secrets) -> Iterator[OpenAIBatches]:
    """Give the server, through a client that neither retries by itself nor follows redirects."""
    import openai

    options = session.config.options
    url, query = split_query(session.config.url)
    with openai.OpenAI(
        api_key=secrets.key,
        base_url=url,
        max_retries=0,
        timeout=options.timeout,
        default_headers=secrets.headers,
        default_query={**query, **options.query},
        http_client=openai.DefaultHttpxClient(
            follow_redirects=False,
            trust_env=False,
            transport=bounded_transport(
                http_library(openai.DefaultHttpxClient), url, options.timeout, options.max_bytes
            ),
        ),
    ) as client:
        yield OpenAIBatches(client, session)


@dataclass(frozen=True)
class _Page:
    """Some of the batches that the server has, and whether it has more."""

    batches: list[Described]
    has_more: bool

    @property
    def last(self) -> str | None:
        return self.batches[-1].id if self.batches else None


class OpenAIBatches:
    """See :class:`BatchServer`. A batch is known again by its metadata, or by its file."""

    takes_files = True

    def __init__(self, client: Any, session: Session) -> None:
        self._client = client
        self._session = session
        self._options = session.config.options
        self._calls = Calls(session)
        self._described: dict[str, Described] = {}

    def line(self, id: str, request: Request) -> bytes:
        return write_line(id, request, self._session)

    def upload(self, stream: BinaryIO, key: str) -> str:
        # The answer comes when all was taken in: a second more for each megabyte.
        seconds = self._options.timeout + stream.seek(0, os.SEEK_END) / 1e6

        def call() -> str:
            stream.seek(0)
            answer = self._client.files.with_raw_response.create(
                file=(f"imhi-{key}.jsonl", stream, "application/jsonl"),
                purpose="batch",
                timeout=seconds,
            )
            return str(_identified(answer)["id"])

        return self._calls.insist("sending the requests", call, NO_BATCHES)

    def create(
        self, batch: Batch, stream: BinaryIO | None, announce: Callable[[], None]
    ) -> BatchState:
        def call() -> BatchState:
            answer = self._client.batches.with_raw_response.create(
                input_file_id=batch.file,
                endpoint=endpoint(self._options.api),
                completion_window=WINDOW,
                metadata={METADATA: batch.key},
                extra_headers={"Idempotency-Key": batch.key},
            )
            return self._state(read_state(_identified(answer)))

        return self._calls.order(call, lambda: self.find(batch, ()), announce)

    def find(self, batch: Batch, others: Collection[str]) -> BatchState | None:
        look = partial(self._look_for, batch.file, batch.key)
        return self._calls.look_twice(look, batch.since)

    def _look_for(self, file: str, key: str) -> BatchState | None:
        hint = (
            f"whether the batch was made is not known: look for it at the server ({METADATA}: {key}) "
            "and cancel it there before anything is asked again"
        )
        after: str | None = None
        seen: set[str] = set()
        while True:
            page = self._calls.insist("listing the batches", partial(self._page, after), hint)
            for described in page.batches:
                if described.key == key or described.input_file == file:
                    return self._state(described)
            if not page.has_more or page.last is None or page.last in seen:
                return None
            seen.add(page.last)
            after = page.last

    def _page(self, after: str | None) -> _Page:
        more = {"after": after} if after else {}
        page = parsed(self._client.batches.with_raw_response.list(limit=_PAGE, **more).text)
        page = page if isinstance(page, Mapping) else {}
        rows = page.get("data")
        if not isinstance(rows, list) or not all(
            isinstance(row, Mapping) and "id" in row for row in rows
        ):
            raise IllFormed("the answer is no list of batches")
        return _Page([read_state(row) for row in rows], bool(page.get("has_more")))

    def retrieve(self, id: str) -> BatchState:
        def call() -> BatchState:
            described = _identified(self._client.batches.with_raw_response.retrieve(id))
            if not isinstance(described.get("status"), str):
                raise IllFormed("the batch has no status")
            return self._state(read_state(described))

        hint = f"is the key in {self._options.key_env} the one the batch was made with?"
        return self._calls.insist(f"looking at batch {id}", call, hint)

    def _state(self, described: Described) -> BatchState:
        self._described[described.id] = described
        return BatchState(
            described.id, described.status, described.files, described.names_its_files
        )

    def refusal(self, state: BatchState, size: int) -> Refusal:
        return read_refusal(self._described[state.id].errors, size)

    def results(self, batch: Batch, state: BatchState, folder: Path) -> Iterator[Result]:
        for file in state.files:

            def fetch(stream: BinaryIO, file: str = file) -> None:
                with self._client.files.with_streaming_response.content(file) as answer:
                    copy_chunks(answer.iter_bytes(), stream, folder)

            with self._calls.downloaded(f"reading file {file}", fetch, folder) as lines:
                yield from (read_line(line, self._session) for line in lines if line.strip())


def _identified(answer: Any) -> ServerJson:
    described = parsed(answer.text)
    id = described.get("id") if isinstance(described, Mapping) else None
    if not isinstance(described, Mapping) or not isinstance(id, str) or not id:
        raise IllFormed("the answer names no id")
    return described
