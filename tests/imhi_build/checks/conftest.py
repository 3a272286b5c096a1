"""The published rows as rows of a build."""

from __future__ import annotations

import csv
import dataclasses
import functools
from collections.abc import Callable
from pathlib import Path

import pytest

from imhi._core.registry import Registry
from imhi._core.sources import open_source
from imhi.build.records import BuiltRow

Published = Callable[..., list[BuiltRow]]


@pytest.fixture(scope="session")
def published(imhi: Path, registry: Registry) -> Published:
    """``published("DR", "train", ...)``: some splits of a dataset; all three, if none is named."""
    source = open_source(f"official:{imhi}", registry)[1]

    @functools.cache
    def of_split(dataset: str, split: str) -> tuple[BuiltRow, ...]:
        return tuple(
            BuiltRow(
                id=e.id,
                dataset=e.dataset,
                split=e.split,
                post=e.post,
                question=e.question,
                label=e.label,
                human_label=e.label,
                explanation=e.explanation,
                aspect=e.aspect,
                post_id=e.post_id,
            )
            for e in source.examples(dataset, split)
        )

    def rows(dataset: str, *splits: str) -> list[BuiltRow]:
        wanted = splits or [s for s in ("train", "val", "test") if s in source.splits(dataset)]
        return [row for split in wanted for row in of_split(dataset, split)]

    return rows


@pytest.fixture(scope="session")
def all_published(published: Published) -> list[BuiltRow]:
    """All rows of train, val and test that are there: 19,275 of five datasets."""
    return [row for name in ("DR", "dreaddit", "SAD", "IRF", "MultiWD") for row in published(name)]


@pytest.fixture(scope="session")
def raw_training_rows() -> list[BuiltRow]:
    """The training rows of IRF and MultiWD as their authors distribute them: their published
    training rows are not here, and are made of these posts."""
    found = []
    for folder, dataset in (("Irf", "IRF"), ("MultiWD", "MultiWD")):
        path = Path(__file__).resolve().parents[4] / "shared" / "raw" / folder / "train_data.csv"
        if not path.exists():
            pytest.skip(f"the raw data are not here: no file ../shared/raw/{folder}/train_data.csv")
        with path.open(encoding="utf-8", errors="replace", newline="") as stream:
            for number, cells in enumerate(csv.DictReader(stream)):
                found.append(
                    BuiltRow(
                        id=f"train-{number}",
                        dataset=dataset,
                        split="train",
                        post=cells["text"],
                        question="?",
                        label="yes",
                        human_label="yes",
                    )
                )
    return found


@pytest.fixture(scope="session")
def outputs(model_outputs: Path, published: Published) -> Callable[[str], list[BuiltRow]]:
    """``outputs("vicuna_13B")``: the real answers of a model to the published test rows, in the
    place of their explanations."""

    def of_model(model: str) -> list[BuiltRow]:
        csv.field_size_limit(10**8)
        answered = []
        # Of the datasets that the figures are about, whatever else lies there.
        for name in ("DR", "Irf", "MultiWD", "SAD", "dreaddit"):
            path = model_outputs / model / f"{name}.csv"
            rows = published({"Irf": "IRF"}.get(path.stem, path.stem), "test")
            with path.open(encoding="utf-8", errors="replace", newline="") as stream:
                for row, cells in zip(rows, csv.DictReader(stream), strict=True):
                    text = cells["generated_text"] or ""
                    answered.append(dataclasses.replace(row, explanation=text))
        return answered

    return of_model
