"""A run that is given again makes no label and no score again while they were made of the very same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from imhi._core.evaluation import evaluate
from imhi._core.plugin_manager import PluginManager
from imhi._core.results import RunScores
from imhi._core.run_store import RunFolder
from imhi._core.stages import pipeline

LABELS, SCORES = "predictions/strict/DR.jsonl", "scores/strict.json"


def given(manager: PluginManager, out: Path, metric: str = "accuracy") -> RunScores:
    done = evaluate(
        "baseline:majority", dataset="DR", labeler="strict", metric=metric, out=out, manager=manager
    )
    return done.runs[0]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The stages that were really done."""
    done: list[str] = []
    for name in ("label", "score"):
        stage: Callable[..., object] = getattr(pipeline, name)

        def noted(*given: object, name: str = name, stage: Callable[..., object] = stage) -> object:
            done.append(name)
            return stage(*given)

        monkeypatch.setattr(pipeline, name, noted)
    return done


def test_nothing_is_made_again_and_the_scores_are_those_there_are(
    manager: PluginManager, tmp_path: Path, made: list[str]
) -> None:
    first = given(manager, tmp_path)
    assert made == ["label", "score"]
    files = {path: path.read_bytes() for path in Path(first.run).rglob("*") if path.is_file()}
    again = given(manager, tmp_path)
    assert json.loads(json.dumps(again.to_json())) == json.loads(json.dumps(first.to_json()))
    assert made == ["label", "score"]
    assert files == {p: p.read_bytes() for p in Path(first.run).rglob("*") if p.is_file()}
    assert {row["metric"] for row in given(manager, tmp_path, "chrf").scores} > {"accuracy"}
    assert made == ["label", "score", "score"], "another metric is measured, no label read again"


@pytest.mark.parametrize(
    ("changed", "again"),
    [
        ("standing.json", ["label", "score"]),
        (LABELS, ["label"]),  # with the labels that were there come the scores of them
        ("predictions/strict/labeler.json", ["label"]),
        (SCORES, ["score"]),
        ("scores/strict/accuracy/DR.jsonl", ["score"]),
    ],
)
def test_what_was_changed_by_hand_is_made_again(
    manager: PluginManager, tmp_path: Path, made: list[str], changed: str, again: list[str]
) -> None:
    first = given(manager, tmp_path)
    run = Path(first.run)
    labels, scores = ((run / name).read_bytes() for name in (LABELS, SCORES))
    path = run / changed
    # Scores are read before they are made anew, so these stay scores.
    path.write_bytes(b"{}" if changed != SCORES else scores.replace(b'"n": ', b'"n": 1'))
    del made[:]
    given(manager, tmp_path)
    assert made == again
    assert ((run / LABELS).read_bytes(), (run / SCORES).read_bytes()) == (labels, scores)


def test_answers_that_came_meanwhile_are_read_and_scored(
    manager: PluginManager, tmp_path: Path, made: list[str]
) -> None:
    run = RunFolder(Path(given(manager, tmp_path).run))
    path = run.file("responses", "DR")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    del made[:]
    assert not given(manager, tmp_path).failed, "the last one was asked again"
    assert made == ["score"], "the same answer has the same label; the time it took is another"
    del made[:]
    path.write_bytes(path.read_bytes().replace(b"Reasoning", b"reasoning"))
    given(manager, tmp_path)
    assert made == ["label", "score"]
