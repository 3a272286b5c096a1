"""What a judge has answered before, and what that cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from imhi._core.fingerprints import digest
from imhi._core.records import Response, as_row, from_row
from imhi._core.run_store.cache import Cache

_DESCRIBED = "described"


@dataclass(frozen=True)
class JudgeAnswer:
    """An answer as it is kept: its text as it came, and about which example it was asked first.
    ``cost`` in US dollars, None where the judge has no price."""

    dataset: str
    id: str
    repeat: int
    text: str
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost: float | None = None
    truncated: bool = False


@dataclass(frozen=True)
class Failures:
    """How many requests about one dataset have failed, and what their attempts cost in US dollars;
    those whose cost is not known are not among them."""

    failed: int = 0
    cost: float = 0.0


class AnswerCache:
    """What one judge answered in one run, by prompt and repeat: the prompt holds all that is
    judged."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def answer(self, prompt: str, repeat: int) -> JudgeAnswer | None:
        """Return the answer to a prompt, None where there is none yet."""
        row = self._cache.get(key_of(prompt, repeat))
        return None if row is None else from_row(JudgeAnswer, row, str(self._cache.path))

    def __contains__(self, asked: tuple[str, int]) -> bool:
        return key_of(*asked) in self._cache

    def put(self, prompt: str, response: Response, dataset: str, id: str, repeat: int) -> None:
        """Keep an answer; ``dataset`` and ``id`` are those of the example it is about."""
        answer = JudgeAnswer(
            dataset,
            id,
            repeat,
            response.text,
            response.finish_reason,
            response.prompt_tokens,
            response.completion_tokens,
            response.cost,
            response.truncated,
        )
        self._cache.put(key_of(prompt, repeat), as_row(answer))

    def failures(self, dataset: str) -> Failures | None:
        """Return what failures have cost; None where none is known."""
        row = self._cache.get(failures_key(dataset))
        return None if row is None else from_row(Failures, row, str(self._cache.path))

    def add_failure(self, dataset: str, cost: float) -> None:
        """Add what a failed request cost, in all its attempts."""
        before = self.failures(dataset) or Failures()
        row = {"failed": before.failed + 1, "cost": before.cost + cost}
        self._cache.put(failures_key(dataset), row)

    @property
    def described(self) -> Mapping[str, object]:
        """Return what the model said of itself when it was asked last."""
        return self._cache.get(_DESCRIBED) or {}

    def describe(self, described: Mapping[str, object]) -> None:
        """Keep what the model says of itself."""
        self._cache.put(_DESCRIBED, dict(described))


def key_of(prompt: str, repeat: int) -> str:
    """Return under what the answer to a prompt is kept."""
    return digest([prompt, repeat])


def failures_key(dataset: str) -> str:
    """Return under what the cost of failures is kept."""
    return f"failures of {dataset}"
