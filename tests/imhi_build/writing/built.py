"""Builds that never were: fictional posts, as the other stages would have left them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from imhi.build.folder import BuildFolder
from imhi.build.records import BuiltRow
from imhi.build.writing.counters import Counters
from imhi.build.writing.facts import Facts
from imhi.build.writing.format_files import Summary

POST = "The kettle is on again and nobody is coming, I counted the tiles twice"
# What a format is told at the end that has taken no row of a build of which nothing is known.
NOTHING = Summary(Counters(), Facts("", {}, {}, "", [], [], {}, {}, {}, []), {})
EXPLANATION = "The post names a wait for company that does not come."
NASTY_POSTS = (
    'She said "stay", I left',
    "One line\nand another, with a comma",
    "Question: why? Question: who knows?",
    "A space at the end ",
    "don‚Äôt, 🥞, and a tab\there",
    "a lone\rcarriage return",
    '"quoted from start to end"',
    ", begins with a comma",
)


def a_row(number: int = 0, **changes: Any) -> BuiltRow:
    """Return a row of DR, or of what is said; its question is that of the dataset."""
    split = changes.get("split", "train")
    row: dict[str, Any] = {
        "id": f"{split}-{number}",
        "dataset": "DR",
        "split": split,
        "post": f"{POST}, day {number}",
        "question": "Does the poster suffer from depression?",
        "label": "yes",
        "human_label": "yes",
        "explanation": f"{EXPLANATION} It is day {number}.",
        "post_id": f"post-{split}-{number}",
        "model_label": "yes",
        "explained_by": "openai:some-model",
        "round": 1,
        "finish_reason": "stop",
        "file": "raw.csv",
        "row": number,
        "source_id": f"t3_{number}",
    }
    return BuiltRow(**{**row, **changes})


def some_rows() -> list[BuiltRow]:
    """Return rows of two datasets and three splits, with what rows can have."""
    labels = ["no" if n % 3 else "yes" for n in range(9)]
    dr = [a_row(n, label=x, human_label=x, model_label=x) for n, x in enumerate(labels)]
    dr += [a_row(n, split="val") for n in range(2)] + [a_row(0, split="test")]
    dr[0] = a_row(0, model_label="no")
    dr[1] = a_row(1, label="no", model_label="no", gold_from="model")
    dr[2] = a_row(2, label="no", human_label="no", model_label=None, evidence="nobody is coming")
    irf = [
        a_row(
            n,
            dataset="IRF",
            split="test",
            aspect=aspect,
            question=f"Does the post show risk of {aspect}?",
            label="no",
            human_label="no",
            model_label="no",
            post_id=f"irf-{n // 2}",
        )
        for n, aspect in enumerate(["thwarted belongingness", "perceived burdensomeness"] * 2)
    ]
    return dr + irf


def a_build(
    path: Path,
    rows: Iterable[BuiltRow],
    quarantine: Mapping[str, Mapping[str, list[str]]] | None = None,
    stages: Mapping[str, Any] | None = None,
    datasets: Mapping[str, Mapping[str, Any]] | None = None,
) -> BuildFolder:
    """Make a build folder of these rows; ``quarantine`` is reasons by dataset and id, ``datasets``
    what the stage ``read`` recorded of each."""
    path.mkdir(parents=True, exist_ok=True)
    folder = BuildFolder(path)
    folder.config_file.write_text("fictional: true\n", encoding="utf-8")
    kept = list(rows)
    names = list(dict.fromkeys(row.dataset for row in kept))
    for name in names:
        folder.write("rows", name, [row for row in kept if row.dataset == name])
    folder.record_stage("read", {"datasets": {n: dict((datasets or {}).get(n, {})) for n in names}})
    for name, said in (stages or {}).items():
        folder.record_stage(name, said)
    for name, out in (quarantine or {}).items():
        file = folder.file("quarantine", name)
        file.parent.mkdir(exist_ok=True)
        lines = [json.dumps({"id": id, "reasons": reasons}) for id, reasons in out.items()]
        file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder


def a_report(folder: BuildFolder, name: str, report: Mapping[str, Any]) -> None:
    """Leave what a check (``checks/NAME.json``) or people (``annotation/NAME/report.json``) said."""
    path = folder.path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report), encoding="utf-8")


def contents(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
