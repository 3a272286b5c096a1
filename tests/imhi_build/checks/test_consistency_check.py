"""Explanations that argue for another label than their row has."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from imhi._core.declarations import Dataset
from imhi._core.registry import Registry
from imhi._core.sources import open_source
from imhi.build.checks.consistency import Settings, _fold, _Reading, find
from imhi.build.records import BuiltRow

REAL = ("dreaddit", "SAD", "IRF")


@dataclass
class Rows:
    """Rows in memory, worked on in this process."""

    by_dataset: dict[str, list[BuiltRow]]
    registry: Registry
    seed: int = 0
    details: dict[str, Any] = field(default_factory=dict)
    looked_at: dict[str, int] = field(default_factory=dict)
    skipped: str = ""

    @property
    def datasets(self) -> Sequence[str]:
        return list(self.by_dataset)

    def dataset(self, name: str) -> Dataset:
        return self.registry.datasets.get(name)

    def rows(self, dataset: str) -> Iterator[BuiltRow]:
        return iter(self.by_dataset[dataset])

    def spread(
        self, work: Callable[[Sequence[BuiltRow]], Iterator[Any]], rows: Iterator[BuiltRow]
    ) -> Iterator[Any]:
        return work(list(rows))


def real_rows(imhi: Path, registry: Registry, dataset: str) -> list[BuiltRow]:
    _, source = open_source(f"official:{imhi}", registry)
    return [
        BuiltRow(
            id=e.id, dataset=dataset, split=split, post=e.post, question=e.question,
            label=e.label, human_label=e.label, explanation=e.explanation, aspect=e.aspect,
            post_id=e.post_id, explained_by="given",
        )
        for split in ("train", "val", "test") if split in source.splits(dataset)
        for e in source.examples(dataset, split)
    ]  # fmt: skip


def swapped(rows: list[BuiltRow], labels: Sequence[str], count: int) -> tuple[list[BuiltRow], set]:
    """Give ``count`` rows another label than their explanation argues for."""
    draw = random.Random(0)
    chosen = set(draw.sample(range(len(rows)), count))
    changed = [
        replace(row, label=draw.choice([name for name in labels if name != row.label]))
        if number in chosen
        else row
        for number, row in enumerate(rows)
    ]
    return changed, {rows[number].id for number in chosen}


@pytest.mark.slow
@pytest.mark.parametrize("dataset", REAL)
def test_of_200_swapped_labels_85_percent_are_found_at_5_percent_false_alarms(
    imhi: Path, registry: Registry, dataset: str
) -> None:
    rows, planted = swapped(
        real_rows(imhi, registry, dataset), registry.datasets.get(dataset).label_names, 200
    )
    found = {f.id for f in find(Rows({dataset: rows}, registry), Settings())}
    recall = len(found & planted) / len(planted)
    false_alarms = len(found - planted) / (len(rows) - len(planted))
    assert recall >= 0.85, f"{dataset}: {recall:.3f}"
    assert false_alarms <= 0.05, f"{dataset}: {false_alarms:.3f}"


def fictional(count: int = 400) -> list[BuiltRow]:
    """Return rows of dreaddit whose explanations differ in a word or two."""
    draw = random.Random(1)
    tense = ["pressure", "worry", "deadlines", "panic", "sleepless nights"]
    calm = ["ease", "contentment", "calm", "leisure", "quiet joy"]
    rows = []
    for number in range(count):
        label = "yes" if number % 2 else "no"
        words = draw.sample(tense if label == "yes" else calm, 2)
        text = f"The post speaks of {words[0]} and {words[1]}, entry {draw.randrange(90)}."
        rows.append(
            BuiltRow(
                id=f"train-{number}", dataset="dreaddit", split="train", post=f"post {number}",
                question="", label=label, human_label=label, explanation=text,
                post_id=f"{number // 2:05d}",
            )
        )  # fmt: skip
    return rows


def test_a_finding_says_what_the_explanation_argues_for(registry: Registry) -> None:
    rows, planted = swapped(fictional(), ("yes", "no"), 20)
    findings = list(find(Rows({"dreaddit": rows}, registry), Settings()))
    assert planted <= {finding.id for finding in findings} and len(findings) < 24
    by_id = {row.id: row for row in rows}
    for finding in findings:
        label = by_id[finding.id].label
        other = {"yes": "no", "no": "yes"}[label]
        assert finding.reason == f"the explanation argues for '{other}', the label is '{label}'"
        assert finding.score is not None and finding.score < Settings().threshold


def test_no_row_is_judged_by_a_classifier_that_saw_its_post(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    import imhi.build.checks.consistency as consistency

    trained: list[set[str]] = []
    fit = consistency._classifier

    def recording(rows: Sequence[BuiltRow], dataset: Dataset) -> Any:
        trained.append({row.post_id for row in rows})
        return fit(rows, dataset)

    monkeypatch.setattr(consistency, "_classifier", recording)
    rows = fictional()
    list(find(Rows({"dreaddit": rows}, registry), Settings()))
    assert len(trained) == 5
    for row in rows:
        assert row.post_id not in trained[_fold(row, 5)]
    assert all(len(posts) > 100 for posts in trained)


def test_label_sentences_do_not_help_the_classifier(registry: Registry) -> None:
    """Swapped rows whose text repeats the wrong label's sentence are found all the same."""
    rows, planted = swapped(fictional(), ("yes", "no"), 20)
    dataset = registry.datasets.get("dreaddit")
    stated = [
        replace(row, explanation=f"{dataset.label(row.label).sentence} {row.explanation}")
        for row in rows
    ]
    found = {f.id for f in find(Rows({"dreaddit": stated}, registry), Settings())}
    assert planted <= found and len(found) < 24


def test_training_rows_are_bounded_and_drawn_whatever_the_order(registry: Registry) -> None:
    from imhi.build.checks.consistency import _draw

    rows = fictional(1000)
    settings = Settings(training_rows=200)
    dataset = registry.datasets.get("dreaddit")
    drawn = _draw(Rows({"dreaddit": rows}, registry), dataset, settings)
    assert len(drawn) == 250
    # Read in another order, under other numbers: the same posts are drawn.
    renumbered = [replace(row, id=f"train-{n}") for n, row in enumerate(rows[::-1])]
    back = _draw(Rows({"dreaddit": renumbered}, registry), dataset, settings)
    assert {row.post for _, row in drawn} == {row.post for _, row in back}


def test_a_label_that_a_classifier_has_not_seen_is_not_judged(registry: Registry) -> None:
    corpus = Rows({"SAD": []}, registry)
    labels = {"yes": "work", "no": "school"}
    rows = [replace(r, dataset="SAD", label=labels[r.label]) for r in fictional()]
    rare = replace(rows[0], id="train-999", label="family issues", post_id="alone")
    corpus.by_dataset["SAD"] = [*rows, rare]
    assert rare.id not in {finding.id for finding in find(corpus, Settings())}
    assert corpus.details["SAD"]["not_judged"] == 1


def test_figures_are_those_of_scikit_learn(registry: Registry) -> None:
    from sklearn.metrics import accuracy_score, f1_score

    rows, _ = swapped(fictional(), ("yes", "no"), 60)
    corpus = Rows({"dreaddit": rows}, registry)
    list(find(corpus, Settings()))
    from imhi.build.checks.consistency import _fit

    dataset = registry.datasets.get("dreaddit")
    classifiers = _fit(corpus, dataset, Settings())
    assert classifiers is not None
    read = list(_Reading(classifiers, dataset, Settings())(rows))
    gold, found = [label for _, label, _, _ in read], [other for _, _, other, _ in read]
    figures = corpus.details["dreaddit"]
    assert figures["rows"] == 400
    assert figures["accuracy"] == pytest.approx(100 * accuracy_score(gold, found), abs=0.01)
    assert figures["weighted_f1"] == pytest.approx(
        100 * f1_score(gold, found, average="weighted"), abs=0.01
    )


def test_too_few_rows_are_said_to_be_so(registry: Registry) -> None:
    corpus = Rows({"dreaddit": fictional(12)}, registry)
    assert list(find(corpus, Settings())) == []
    assert "nothing to learn from" in corpus.details["dreaddit"]["note"]
