"""What the tests of ``openai:`` share: requests, and a short way to ask them."""

from __future__ import annotations

from typing import Any

from imhi._core.context import Context
from imhi._core.models import ModelSpec
from imhi._core.records import Request, Response
from imhi._core.registry import Registry
from imhi._core.settings import Generation

FREE = "price_prompt=0,price_completion=0"
PRICED = "price_prompt=1000,price_completion=2000"
"""0.1 and 0.2 cents a token."""


def requests(count: int, start: int = 0) -> list[Request]:
    return [
        Request(str(i), "DR", f"Is post {i} sad?", f"hash{i}", f"post {i}", "sad?")
        for i in range(start, start + count)
    ]


class Asker:
    """Makes ``openai:m`` at a server, with quick retries, and asks it."""

    def __init__(self, families: Registry) -> None:
        self.families = families

    def context(self, generation: Generation | None = None, **more: Any) -> Context:
        chosen = generation or Generation(max_new_tokens=32)
        return Context(self.families, None, "test", generation=chosen, **more)  # type: ignore[arg-type]

    def model(self, url: str, arguments: str = "", context: Context | None = None) -> Any:
        text = f"openai:m,base_url={url},backoff=0.02" + (f",{arguments}" if arguments else "")
        return ModelSpec.parse(text, self.families).create(context or self.context())

    def ask(
        self, url: str, count: int = 1, arguments: str = "", context: Context | None = None
    ) -> list[Response]:
        return list(self.model(url, arguments, context).generate(requests(count)))
