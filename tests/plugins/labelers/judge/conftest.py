"""Fixtures of the tests of ``judge:``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from imhi._core.budget import Budget
from imhi._core.context import Context
from imhi._core.records import Prediction, Response
from imhi._core.registry import Registry
from imhi._core.report import Report
from imhi._core.run_store.cache import CacheFolder
from imhi._core.sources import open_source


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the developer's key nor server is met by a test."""
    for variable in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(variable, raising=False)


@dataclass
class Read:
    """What a labeler came to."""

    predictions: list[Prediction]
    report: Report

    @property
    def labels(self) -> list[str | None]:
        return [one.label for one in self.predictions]

    @property
    def statuses(self) -> list[str]:
        return [one.status for one in self.predictions]

    @property
    def notes(self) -> str:
        return "\n".join(self.report.sentences("notes"))

    @property
    def gaps(self) -> str:
        return "\n".join(self.report.sentences("gaps"))


ReadAnswers = Callable[..., Read]


@pytest.fixture
def read_answers(registry: Registry, tmp_path: Path) -> ReadAnswers:
    """Read labels out of a few answers, as one command does; readings lie in ``tmp_path``."""

    def read(
        labeler: str, answers: Sequence[str], dataset: str = "DR", max_cost: float | None = None
    ) -> Read:
        _, source = open_source("demo", registry)
        report = Report()
        context = Context(
            registry,
            source,
            "test",
            budget=Budget(max_cost),
            cache=CacheFolder(tmp_path / "measured"),
            run="a-run",
            report=report,
        )
        declared = context.dataset(dataset)
        aspect = declared.questions[0].aspect
        responses = [Response(str(i), dataset, "", text=text) for i, text in enumerate(answers)]
        opened = context.labeler(labeler)
        try:
            found = list(opened(declared, [aspect] * len(answers), responses))
        finally:
            opened.close()  # type: ignore[attr-defined]
        return Read(found, report)

    return read
