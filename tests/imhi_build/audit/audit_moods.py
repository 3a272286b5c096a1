"""A task of its own with one fault of each kind, and its audit."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imhi._core.plugin_manager import load_plugins
from imhi._core.sources import open_source
from imhi.build.audit.auditing import Auditing
from imhi.build.audit.records import Audit

TASK = """\
task: mood detection
summary: Which mood does a post show?
dataset: mood
rows: mood.jsonl
question: What mood does this post show?
labels:
  happy: This post shows happiness.
  sad: This post shows sadness.
"""
LONG = (
    "We walked down to the harbour with the old dog and counted the boats that came in before the "
    "rain, and nobody said a word about the exam results until we were nearly home again."
)
WHY = "The poster sounds {label} throughout."
# Posts of test rows by what is wrong with them.
POSTS = {
    "test-fine": "The bread came out of the oven flat, and I laughed about it for an hour.",
    "test-equal": "My sister called from the airport and I cried in the car park afterwards.",
    "test-near": LONG.replace("harbour", "seaside"),
    "test-first": "I planted eleven tulips behind the shed and nobody has noticed them so far.",
    "test-again": "I planted ELEVEN tulips behind the shed, and nobody has noticed them so far!",
    "test-mute": "The neighbours are moving out and I am helping them carry the piano.",
    "test-wordless": "?!",
    "test-garbled": "I donâ€™t know why the choir sang that song on Tuesday, it is too high.",
    "test-told": "The kitchen light has been flickering since Sunday and I rather like it.",
}


def a_row(id: str, post: str, label: str = "happy", why: str | None = None) -> dict[str, str]:
    explanation = WHY.format(label=label) if why is None else why
    split = id.partition("-")[0]
    return {"id": id, "split": split, "post": post, "label": label, "explanation": explanation}


def mood_rows() -> list[dict[str, str]]:
    """Rows in train, val, test and expert."""
    learnt = [
        a_row(
            f"train-{n}",
            f"Page {n} of a diary: {'sun and cake' if n % 2 else 'rain and tears'} again.",
            "happy" if n % 2 else "sad",
        )
        for n in range(12)
    ]
    learnt += [
        a_row("train-leak", POSTS["test-equal"].upper(), "sad"),
        a_row("val-leak", LONG, "sad"),
    ]
    tested = [a_row(id, post) for id, post in POSTS.items()]
    for row in tested:
        if row["id"] == "test-again":
            row["label"] = "sad"
        if row["id"] == "test-mute":
            row["explanation"] = ""
        if row["id"] == "test-told":
            row["explanation"] += " This is why the assigned label is 'happy'."
    return [*learnt, *tested, a_row("expert-0", POSTS["test-fine"], "sad")]


@dataclass(frozen=True)
class Audited:
    """An audit, and where it left its files."""

    audit: Audit
    folder: Path

    def verdicts(self, dataset: str, split: str) -> dict[str, dict[str, Any]]:
        path = self.folder / "verdicts" / f"{dataset}.{split}.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines()
        return {row["id"]: row for row in map(json.loads, lines)}

    def kinds(self, split: str) -> dict[str, tuple[str, ...]]:
        """Return the rows of each kind of finding in a split."""
        return {f.kind: f.rows for f in self.audit.findings if f.split == split}


def write_task(folder: Path, rows: list[dict[str, str]]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mood.yaml").write_text(TASK, encoding="utf-8")
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "mood.jsonl").write_text("".join(lines), encoding="utf-8")
    return folder / "mood.yaml"


def audit_rows(folder: Path, rows: list[dict[str, str]]) -> Audited:
    """Audit the rows of a task that is declared in YAML and has no code."""
    registry = load_plugins([write_task(folder, rows)]).registry
    name, source = open_source("own", registry)
    auditing = Auditing(name, source, registry)
    return Audited(auditing.run(folder / "audit"), folder / "audit")
