"""What the tests of ``mode=batch`` share: a way to ask in batches, again and again in one run folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from imhi._core.context import Context
from imhi._core.records import Response
from imhi._core.run_store.cache import CacheFolder
from tests.openai_asking import Asker, requests

MOST = 0.001 * (len("Is post 0 sad?") + 64) + 0.002 * 32
"""The most one of the requests with a one-digit number can cost at the prices ``PRICED``, in US
dollars: a token a byte and 64 more, 32 new ones."""


class BatchAsker:
    """Asks ``openai:m,mode=batch``, with quick looks and retries. Each :meth:`context` is that of a
    new process which finds what the ones before it kept in ``folder``."""

    def __init__(self, asker: Asker, folder: Path) -> None:
        self.asker = asker
        self.folder = folder

    def context(self, **more: Any) -> Context:
        return self.asker.context(**{"cache": CacheFolder(self.folder), **more})

    def model(self, url: str, arguments: str = "", context: Context | None = None) -> Any:
        more = "mode=batch" + ("" if "poll=" in arguments else ",poll=0.005")
        more += f",{arguments}" if arguments else ""
        return self.asker.model(url, more, context or self.context())

    def ask(
        self, url: str, count: int = 1, arguments: str = "", context: Context | None = None
    ) -> list[Response]:
        return list(self.model(url, arguments, context).generate(requests(count)))

    def kept(self) -> list[dict[str, Any]]:
        """Return the rows of what is kept."""
        files = list(self.folder.glob("openai-batch-*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def by_id(responses: list[Response]) -> dict[str, Response]:
    """Return the responses by request, of which each must have one."""
    found = {response.id: response for response in responses}
    assert len(found) == len(responses)
    return found
