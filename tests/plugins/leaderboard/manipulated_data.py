"""Manipulations of data: other rows, other posts, other gold; and answers that are the gold."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from imhi._core.records import Example
from imhi._core.run_store import RunFolder
from tests.plugins.leaderboard.archives import Parts
from tests.plugins.leaderboard.manipulating import (
    Make,
    Manipulation,
    changed,
    changed_rows,
    saying,
    scored,
)
from tests.plugins.leaderboard.submitted_runs import (
    DATASETS,
    Forger,
    answer_with,
    packed,
    replace_examples,
)


def _drop(rows: list[dict]) -> None:
    del rows[::4]


def _without_hard_rows(good: bytes, forger: Forger) -> bytes:
    """Leave the wrong answers out, score the rest, and say that the data are the whole data."""

    def change(folder: RunFolder) -> None:
        right = {p.id: p.label for p in folder.predictions("hybrid", "DR")}
        kept = [e for e in folder.examples("DR") if right[e.id] == e.label]
        replace_examples(folder, "DR", kept)

    whole = json.loads(Parts.of(good).members["submission.json"])["datasets"]["DR"]
    parts = Parts.of(packed(forger.scored(change), forger.manager))
    return parts.document("submission.json", lambda a: a["datasets"].update(DR=whole)).zipped()


def _double(rows: list[dict]) -> None:
    rows.insert(1, dict(rows[0]))


def _add(rows: list[dict]) -> None:
    rows.append({**rows[-1], "key": "f" * 32})


def _other_split(good: bytes, forger: Forger) -> bytes:
    """Answer rows the model has learnt from, and say they are the test rows."""

    def change(folder: RunFolder) -> None:
        for dataset in DATASETS:
            replace_examples(folder, dataset, forger.examples(dataset, "train"))

    return packed(forger.scored(change), forger.manager)


def _edited_gold(forger: Forger, folder: RunFolder) -> None:
    examples = list(folder.examples("DR"))
    flipped = [replace(e, label="yes" if e.label == "no" else "no") for e in examples[:4]]
    replace_examples(folder, "DR", [*flipped, *examples[4:]])


def _edited_gold_mended(good: bytes, forger: Forger) -> bytes:
    """The same, with the checksum of the true data."""
    whole = json.loads(Parts.of(good).members["submission.json"])["datasets"]["DR"]
    archive = packed(forger.scored(lambda f: _edited_gold(forger, f)), forger.manager)
    parts = Parts.of(archive)
    return parts.document("submission.json", lambda a: a["datasets"].update(DR=whole)).zipped()


def _edited_posts(forger: Forger, folder: RunFolder) -> None:
    examples = list(folder.examples("DR"))
    hints = [replace(e, post=f"{e.post} (answer: {e.label})") for e in examples]
    replace_examples(folder, "DR", hints)


def _another_split_named(good: bytes, forger: Forger) -> bytes:
    return Parts.of(good).about(split="train").zipped()


def _renamed_dataset(good: bytes, forger: Forger) -> bytes:
    parts = Parts.of(good)
    for kind in ("responses", "predictions"):
        parts.members[f"{kind}/Invented.jsonl"] = parts.members.pop(f"{kind}/DR.jsonl")

    def claims(value: dict) -> None:
        for row in value["scores"]:
            row["dataset"] = "Invented" if row["dataset"] == "DR" else row["dataset"]

    def about(value: dict) -> None:
        value["datasets"]["Invented"] = value["datasets"].pop("DR")

    return (
        parts.document("scores.json", claims).document("submission.json", about).mended().zipped()
    )


DATA = (
    Manipulation(
        "hard rows dropped",
        "rows",
        "responses/DR: 4 rows are missing",
        changed_rows("responses/DR.jsonl", _drop),
    ),
    Manipulation("hard rows dropped and scored", "rows", "rows are missing", _without_hard_rows),
    Manipulation(
        "a row twice",
        "rows",
        "1 rows stand there twice (doubled)",
        changed_rows("responses/DR.jsonl", _double),
    ),
    Manipulation(
        "a prediction twice",
        "rows",
        "predictions/DR: 1 rows stand there twice",
        changed_rows("predictions/DR.jsonl", _double),
    ),
    Manipulation(
        "a row more",
        "rows",
        "1 rows belong to no example",
        changed_rows("responses/DR.jsonl", _add),
    ),
    Manipulation(
        "rows in another order",
        "rows",
        "not in the order of their keys",
        changed_rows("responses/DR.jsonl", lambda rows: rows.reverse()),
    ),
    Manipulation(
        "rows of another split",
        "data",
        "its rows are those of this source/train, not of demo/test",
        _other_split,
    ),
    Manipulation(
        "another split named",
        "data",
        "those of this source/test, not of demo/train",
        _another_split_named,
    ),
    Manipulation("another salt", "rows", "16 rows belong to no example", saying(salt="0" * 32)),
    Manipulation(
        "gold labels edited", "data", "other gold labels or other references", scored(_edited_gold)
    ),
    Manipulation(
        "gold labels edited, checksum mended",
        "scores",
        "DR weighted_f1: claimed",
        _edited_gold_mended,
    ),
    Manipulation(
        "posts edited",
        "data",
        "DR: wrong data: none of its rows asks about a post",
        scored(_edited_posts),
    ),
    Manipulation("unknown dataset", "data", "Invented: unknown dataset", _renamed_dataset),
    Manipulation(
        "another number of examples",
        "rows",
        "submission.json says 15 examples",
        changed("submission.json", lambda about: about["datasets"]["DR"].update(n=15)),
    ),
)


def _with_edits(text: str, every: int = 12) -> str:
    """Exchange a word in twelve."""
    words = text.split()
    for index in range(5, len(words), every):
        words[index] = "indeed"
    return " ".join(words)


def _gold(explanation: Callable[[Example], str]) -> Make:
    def change(forger: Forger, folder: RunFolder) -> None:
        answer_with(folder, lambda example: forger.gold_answer(example, explanation(example)))

    return scored(change)


def _bare_gold(forger: Forger, folder: RunFolder) -> None:
    answer_with(folder, lambda example: example.explanation)


TRICKS = (
    Manipulation(
        "gold explanations as answers",
        "references",
        "hold the gold explanation word by word",
        scored(_bare_gold),
    ),
    Manipulation(
        "gold answers whole",
        "references",
        "hold the gold explanation word by word",
        _gold(lambda example: example.explanation),
    ),
    Manipulation(
        "gold answers in capitals and spaces",
        "references",
        "word by word",
        _gold(lambda example: "  ".join(example.explanation.upper().split())),
    ),
    Manipulation(
        "gold answers with small edits",
        "references",
        "near copies of the gold explanation",
        _gold(lambda example: _with_edits(example.explanation)),
    ),
)
