"""Manipulations of claims: what a submission says is not what its answers give."""

from __future__ import annotations

from collections.abc import Callable

from imhi._core.run_store import RunFolder
from tests.plugins.leaderboard.archives import Parts
from tests.plugins.leaderboard.manipulating import Manipulation, changed, changed_rows, saying
from tests.plugins.leaderboard.submitted_runs import Forger, packed, predict_gold


def _score(dataset: str, metric: str, part: str, by: float) -> Callable[[dict], None]:
    def change(claims: dict) -> None:
        for row in claims["scores"]:
            if (row["dataset"], row["metric"]) == (dataset, metric):
                row[part] += by

    return change


def _edit_average(claims: dict) -> None:
    for row in claims["averages"]:
        if row["metric"] == "weighted_f1":
            row["value"] += 0.5


def _improve(rows: list[dict]) -> None:
    for row in rows:
        row["label"] = "yes"


def _swap_answers(rows: list[dict]) -> None:
    """Exchange a yes for a no."""
    yes = next(row for row in rows if row["text"].startswith("Yes"))
    no = next(row for row in rows if row["text"].startswith("No"))
    yes["text"], no["text"] = no["text"], yes["text"]


def _improved_and_rescored(good: bytes, forger: Forger) -> bytes:
    return packed(forger.rescored(predict_gold), forger.manager)


def _failed_into_labelled(good: bytes, forger: Forger) -> bytes:
    """Lose an answer, and claim that it was there and right."""

    def lose(folder: RunFolder) -> None:
        lines = folder.file("responses", "DR").read_text().splitlines(keepends=True)
        folder.file("responses", "DR").write_text("".join(lines[1:]))

    def claim(rows: list[dict]) -> None:
        for row in rows:
            if row["status"] == "failed":
                row.update(status="labelled", label="yes")

    archive = packed(forger.scored(lose), forger.manager)
    return Parts.of(archive).rows("predictions/DR.jsonl", claim).mended().zipped()


def _hidden_failures(good: bytes, forger: Forger) -> bytes:
    def lose(folder: RunFolder) -> None:
        folder.file("responses", "DR").write_text("")

    archive = packed(forger.scored(lose), forger.manager)
    return Parts.of(archive).about(unanswered=0).zipped()


def _other_labeler(about: dict) -> None:
    about["labeler"]["version"] = "99"


def _other_metric(claims: dict) -> None:
    claims["metrics"]["weighted_f1"]["version"] = "0"


def _invented_measure(claims: dict) -> None:
    claims["scores"].append({**claims["scores"][0], "metric": "brilliance"})


def _claimed_twice(claims: dict) -> None:
    claims["scores"].append({**claims["scores"][0], "value": 99.0})


def _invented_label(rows: list[dict]) -> None:
    del rows[0]["text"]
    rows[0]["label"] = "certainly"


CLAIMS = (
    Manipulation(
        "value edited",
        "files",
        "scores.json: changed after packing",
        changed("scores.json", _score("DR", "weighted_f1", "value", 1.0), mend=False),
    ),
    Manipulation(
        "value edited, checksum mended",
        "scores",
        "DR weighted_f1: claimed",
        changed("scores.json", _score("DR", "weighted_f1", "value", 0.1)),
    ),
    Manipulation(
        "value of an explanation metric edited",
        "scores",
        "SAD rougeL: claimed",
        changed("scores.json", _score("SAD", "rougeL", "value", 0.1)),
    ),
    Manipulation(
        "interval edited",
        "intervals",
        "DR weighted_f1: lower bound",
        changed("scores.json", _score("DR", "weighted_f1", "low", 9.0)),
    ),
    Manipulation(
        "interval taken away",
        "intervals",
        "DR accuracy: higher bound",
        changed("scores.json", _score("DR", "accuracy", "high", -9.0)),
    ),
    Manipulation(
        "average edited",
        "averages",
        "datasets weighted_f1: claimed",
        changed("scores.json", _edit_average),
    ),
    Manipulation(
        "a measure nobody makes",
        "scores",
        "brilliance: claimed, but",
        changed("scores.json", _invented_measure),
    ),
    Manipulation(
        "a score claimed twice", "scores", "claimed twice", changed("scores.json", _claimed_twice)
    ),
    Manipulation(
        "predictions improved",
        "files",
        "predictions/DR.jsonl: changed after packing",
        changed_rows("predictions/DR.jsonl", _improve, mend=False),
    ),
    Manipulation(
        "predictions improved, checksum mended",
        "predictions",
        "labels differ",
        changed_rows("predictions/DR.jsonl", _improve),
    ),
    Manipulation("predictions improved and scored", "predictions", "DR: ", _improved_and_rescored),
    Manipulation(
        "predictions improved and scored: scores",
        "scores",
        "DR weighted_f1: claimed 100.0",
        _improved_and_rescored,
    ),
    Manipulation(
        "answers exchanged",
        "predictions",
        "DR: 2 labels differ",
        changed_rows("responses/DR.jsonl", _swap_answers),
    ),
    Manipulation(
        "failed turned into labelled", "predictions", "is failed, not yes", _failed_into_labelled
    ),
    Manipulation(
        "missing answers not mentioned",
        "completeness",
        "0 examples are unanswered, the rows",
        _hidden_failures,
    ),
    Manipulation(
        "other version of the labeler",
        "versions",
        "another version of the labeler",
        changed("submission.json", _other_labeler),
    ),
    Manipulation(
        "other version of a metric",
        "versions",
        "metric weighted_f1 has version 0",
        changed("scores.json", _other_metric),
    ),
    Manipulation(
        "unknown labeler",
        "versions",
        "unknown labeler 'mine'",
        saying(labeler={"name": "mine", "version": "1"}),
    ),
    Manipulation(
        "a label the dataset does not have",
        "predictions",
        "'certainly'",
        changed_rows("responses/DR.jsonl", _invented_label),
    ),
    Manipulation(
        "fictional posts not marked",
        "source",
        "fictional posts must be marked",
        saying(synthetic=False),
    ),
    Manipulation(
        "demo as official",
        "source",
        "made on source 'official', and this is 'demo'",
        saying(source="official", synthetic=False),
    ),
)
