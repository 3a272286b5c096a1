"""A single-file plugin for the tests: a metric that keeps what it counts and can leave gaps.

``counted:LOG`` writes a line to LOG for each answer it really counts. While the file ``LOG.broken``
is there it raises; while ``LOG.short`` is there it does half and says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from imhi import Argument, Metric, hookimpl
from imhi._core.fingerprints import digest
from imhi._core.statistics import Measure


class Counted:
    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self.log = Path(arguments["log"])
        self.parts = arguments["parts"]

    def __call__(
        self, examples: Sequence[Any], responses: Sequence[Any], predictions: Any, context: Any
    ) -> list[Any]:
        if Path(f"{self.log}.broken").exists():
            raise ValueError("the file .broken is there")
        short = Path(f"{self.log}.short").exists()
        kept = context.cache.open("counted", {"version": 1})
        values: list[float | None] = []
        for number, response in enumerate(responses):
            key = digest(response.text)
            if short and number % 2 and key not in kept:
                context.mark_incomplete("counted: some answers are not counted")
                values.append(None)
                continue
            if key not in kept:
                with self.log.open("a") as stream:
                    stream.write("counted\n")
                kept.put(key, len(response.text.split()))
            values.append(kept.get(key))
            context.advance("counted", examples[0].dataset, number + 1, len(responses))
        context.note(f"counted for {examples[0].dataset}")
        names = ["counted", "counted_twice"][: int(self.parts)]
        return [Measure.mean(name, values, decimals=3, higher_is_better=False) for name in names]

    def close(self) -> None:
        with self.log.open("a") as stream:
            stream.write("closed\n")


@hookimpl
def imhi_metrics() -> Any:
    yield Metric(
        "counted",
        "Words, counted once",
        group="neural",
        create=Counted,
        arguments=(Argument("log", "A file"), Argument("parts", "1 or 2 measures", "1")),
    )
