"""What the tests of Anthropic's and Gemini's batches share: a way to ask either, again and again in one
run folder."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imhi._core.context import Context
from imhi._core.models import ModelSpec
from imhi._core.records import Response
from imhi._core.run_store.cache import CacheFolder
from imhi._core.settings import Generation
from tests.anthropic_batch_server import AnthropicBatchServer
from tests.gemini_batch_server import GeminiBatchServer
from tests.openai_asking import Asker, requests
from tests.provider_batches import Fate, Line, ProviderBatches

SERVERS: dict[str, type[ProviderBatches]] = {
    "anthropic": AnthropicBatchServer,
    "gemini": GeminiBatchServer,
}
ENDPOINTS = {
    "anthropic": ("list", "create", "retrieve", "results"),
    "gemini": ("start", "upload", "create", "list", "retrieve", "download"),
}
RESULTS = {"anthropic": "results", "gemini": "download"}
"""The calls of each, and the one by which it gives its results."""

MODEL = "claude-test-1"


@dataclass(frozen=True)
class ProviderAsker:
    """Asks ``SCHEME:claude-test-1,mode=batch``, with quick looks and retries. Each :meth:`context` is
    that of a new process which finds what the ones before it kept in ``folder``."""

    scheme: str
    asker: Asker
    folder: Path

    def server(self, *arguments: Any, **more: Any) -> ProviderBatches:
        return SERVERS[self.scheme](*arguments, **more)

    @property
    def endpoints(self) -> tuple[str, ...]:
        return ENDPOINTS[self.scheme]

    @property
    def results(self) -> str:
        return RESULTS[self.scheme]

    def context(self, generation: Generation | None = None, **more: Any) -> Context:
        return self.asker.context(generation, **{"cache": CacheFolder(self.folder), **more})

    def model(self, url: str, arguments: str = "", context: Context | None = None) -> Any:
        text = f"{self.scheme}:{MODEL},base_url={url},mode=batch,poll=0.005,backoff=0.02"
        text += f",{arguments}" if arguments else ""
        spec = ModelSpec.parse(text, self.asker.families)
        return spec.create(context or self.context())

    def ask(
        self, url: str, count: int = 1, arguments: str = "", context: Context | None = None
    ) -> list[Response]:
        return list(self.model(url, arguments, context).generate(requests(count)))

    def kept(self) -> list[dict[str, Any]]:
        """Return the rows of what is kept."""
        files = list(self.folder.glob(f"{self.scheme}-batch-*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def first_time(odd: Fate, *posts: int) -> Callable[[Line], Fate]:
    """A script by which these posts meet something odd the first time they are asked about."""
    met: set[int] = set()

    def script(line: Line) -> Fate:
        post = int(line.prompt.split()[2])
        if post in posts and post not in met:
            met.add(post)
            return odd
        return Fate()

    return script


def charged_once(server: ProviderBatches, count: int) -> bool:
    """Return whether so many requests were charged, each once."""
    return Counter(server.charged.values()) == {1: count}
