"""What stands in a run folder, read from its JSON lines with nothing of the harness.

The figures of every output are made again from these rows; whatever reads a folder in the harness has
no part in it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NOTHING = "(nothing)"  # stands where a run has no label: it is no label of any dataset


@dataclass(frozen=True)
class Row:
    """One example with what became of it. ``post`` is the id of its post, ``text`` the post itself;
    ``response`` is None where there is no answer, ``failed``
    where an attempt was made and none succeeded; ``prediction`` is the row of the labeler."""

    id: str
    post: str
    text: str
    gold: str
    aspect: str
    response: dict[str, Any] | None
    failed: bool
    prediction: dict[str, Any]

    @property
    def label(self) -> str:
        return self.prediction.get("label") or NOTHING

    @property
    def right(self) -> bool:
        return self.label == self.gold

    @property
    def answered(self) -> bool:
        return self.response is not None

    @property
    def unparsed(self) -> bool:
        return self.answered and self.label == NOTHING


@dataclass(frozen=True)
class Run:
    """A run folder: its manifest, and its rows by dataset in the order of the examples."""

    folder: Path
    manifest: dict[str, Any]
    rows: dict[str, list[Row]]

    @property
    def every_row(self) -> list[Row]:
        return [row for rows in self.rows.values() for row in rows]


def lines(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def read_run(folder: Path, labeler: str = "hybrid") -> Run:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    rows = {}
    for dataset in manifest["datasets"]:
        responses = {row["id"]: row for row in lines(folder / "responses" / f"{dataset}.jsonl")}
        failed = {row["id"] for row in lines(folder / "failures" / f"{dataset}.jsonl")}
        labels = lines(folder / "predictions" / labeler / f"{dataset}.jsonl")
        predictions = {row["id"]: row for row in labels}
        rows[dataset] = [
            Row(
                one["id"],
                one.get("post_id") or one["id"],
                one["post"],
                one["label"],
                one.get("aspect", ""),
                responses.get(one["id"]),
                one["id"] in failed and one["id"] not in responses,
                predictions[one["id"]],
            )
            for one in lines(folder / "examples" / f"{dataset}.jsonl")
        ]
    return Run(folder.resolve(), manifest, rows)
