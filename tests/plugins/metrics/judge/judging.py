"""What the judge's tests share: a panel at work on a few answers, its answers kept in a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imhi._core.arguments import parse_arguments
from imhi._core.budget import Budget, Estimate
from imhi._core.context import Context
from imhi._core.records import Example, Response
from imhi._core.registry import Registry
from imhi._core.run_store.cache import CacheFolder
from imhi._core.sources import open_source
from imhi._core.statistics import Measure
from imhi.plugins.metrics.judge import imhi_metrics
from imhi.plugins.metrics.judge.scoring import create, estimate

POSTS = (
    "The kettle broke and I cried for an hour over nothing at all",
    "My brother phoned twice and we laughed about the goat on the roof",
    "Rent is due Friday, the account is empty, my chest is tight",
    "Night shift again, three hours of sleep, soup from the machine",
)


def good_answer(post: str) -> str:
    return f"Yes, the poster suffers from depression. Reasoning: {post}"


@dataclass
class Scored:
    """What a panel came to."""

    measures: dict[str, Measure]
    context: Context

    def value(self, name: str) -> float:
        return self.measures[f"judge_{name}"].value()

    def each(self, name: str) -> list[float]:
        """The values of the examples, one by one."""
        column = self.measures[f"judge_{name}"].per_example
        assert column is not None
        return [float(value) for value in column]

    @property
    def details(self) -> dict[str, Any]:
        return dict(self.measures["judge_overall"].details)

    @property
    def said(self) -> str:
        return "\n".join([*self.context.notes, *self._counted("notes")])

    @property
    def missing(self) -> str:
        return "\n".join([*self.context.report.gaps, *self._counted("gaps")])

    def _counted(self, kind: str) -> list[str]:
        return [text for found, text in self.context.report.counted() if found == kind]


class Panel:
    """Judges at work as ``imhi score`` lets them work, a command at a time; what they answer lies
    in ``folder``."""

    def __init__(self, registry: Registry, folder: Path) -> None:
        self.registry = registry
        self.folder = folder
        (self.metric,) = imhi_metrics()

    def arguments(self, text: str) -> dict[str, Any]:
        pairs = text.split(",") if text else []
        defaults = {argument.name: argument.default for argument in self.metric.arguments}
        return defaults | parse_arguments("metric judge", "judge", self.metric.arguments, pairs)

    def context(self, judges: Sequence[str], max_cost: float | None = None, **more: Any) -> Context:
        _, source = open_source("demo", self.registry)
        return Context(
            self.registry,
            source,
            "test",
            judges=tuple(judges),
            budget=Budget(max_cost),
            cache=CacheFolder(self.folder),
            run="a-run",
            **more,
        )

    def score(
        self,
        judges: str | Sequence[str],
        answers: Sequence[str | Response] = tuple(map(good_answer, POSTS)),
        arguments: str = "",
        posts: Sequence[str] = POSTS,
        references: Sequence[str] = (),
        judged: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Scored:
        context = self.context([judges] if isinstance(judges, str) else judges, **more)
        context.model_identity = judged or {}
        examples, responses = rows(answers, posts, references)
        judging = create(self.arguments(arguments))
        try:
            measures = list(judging(examples, responses, [], context))
        finally:
            judging.close()
            context.cache.close()
        return Scored({measure.name: measure for measure in measures}, context)

    def estimate(
        self, judges: Sequence[str], answers: Sequence[str | Response], arguments: str = ""
    ) -> dict[str, Estimate]:
        columns = rows(answers, POSTS, ())
        return estimate(self.arguments(arguments), *columns, self.context(judges))


def rows(
    answers: Sequence[str | Response], posts: Sequence[str], references: Sequence[str]
) -> tuple[list[Example], list[Response]]:
    given = [*references, *[""] * len(answers)]
    examples = [
        Example(str(i), "DR", "test", posts[i % len(posts)], "Is the poster sad?", "yes", given[i])
        for i in range(len(answers))
    ]
    responses = [
        said if isinstance(said, Response) else Response(str(i), "DR", "", text=said)
        for i, said in enumerate(answers)
    ]
    return examples, responses
