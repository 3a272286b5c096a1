"""What ``prices.yaml`` says of models: prices of ours, servers, and what an interface asks for or refuses."""

from __future__ import annotations

import fnmatch
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).parent.parent / "prices.yaml"


@dataclass(frozen=True)
class Override:
    """A price of ours, in US dollars per million tokens. ``batch`` is what the provider's batch
    interface takes for prompt and completion."""

    provider: str
    names: tuple[str, ...]
    prompt: float
    completion: float
    batch: tuple[float, float]
    source: str


@dataclass(frozen=True)
class Known:
    """What a model's interface calls the token limit, and the parameters it refuses."""

    names: tuple[str, ...]
    token_limit: str = "max_tokens"
    refuses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cached:
    """Models whose prompts of more than ``above`` tokens are written to a cache unasked, at a price."""

    names: tuple[str, ...]
    above: int


@dataclass(frozen=True)
class Table:
    """The file, read. ``addresses`` maps scheme and host of a server to its provider."""

    overrides: tuple[Override, ...]
    addresses: dict[str, str]
    cached: tuple[Cached, ...]
    known: tuple[Known, ...]

    def override(self, model: str, provider: str) -> Override | None:
        """Return the first price of ours that fits the provider's model."""
        own = (one for one in self.overrides if one.provider == provider)
        return next((one for one in own if _fits(model, one.names)), None)

    def cached_above(self, model: str) -> int | None:
        """Return from how many tokens on a prompt may be cached unasked; None where none is."""
        return next((one.above for one in self.cached if _fits(model, one.names)), None)


def _fits(model: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(model.lower(), pattern.lower()) for pattern in patterns)


@functools.cache
def read_table(path: Path = TABLE) -> Table:
    """Read the table, or another of the same form."""
    import yaml

    read = yaml.safe_load(path.read_text(encoding="utf-8"))
    overrides = []
    for row in read.get("prices") or ():
        prompt, completion = float(row["prompt"]), float(row["completion"])
        batch = row.get("batch", {"prompt": prompt, "completion": completion})
        overrides.append(
            Override(
                row["provider"],
                tuple(row["names"]),
                prompt,
                completion,
                (float(batch["prompt"]), float(batch["completion"])),
                f"{path.name}, {row['date']}: {row['source']}",
            )
        )
    return Table(
        tuple(overrides),
        dict(read.get("addresses") or {}),
        tuple(Cached(tuple(row["names"]), row["above"]) for row in read.get("cached") or ()),
        tuple(
            Known(
                tuple(row["names"]),
                row.get("token_limit", "max_tokens"),
                tuple(row.get("refuses", ())),
            )
            for row in read.get("parameters") or ()
        ),
    )


def known_model(model: str) -> Known | None:
    """Return the first entry one of whose name patterns fits the model; None where none does."""
    return next((one for one in read_table().known if _fits(model, one.names)), None)
