"""Answers with the explanation of another row: the control that a metric of explanations must tell apart."""

from __future__ import annotations

import csv
import random
import shutil
from pathlib import Path

from imhi import answer_format
from imhi.runs import RunFolder


def shuffle_explanations(run: Path, to: Path) -> None:
    """Write the answers of a run into ``to``, a CSV file for each dataset (id, text), each answer with
    the explanation of another: a fixed permutation without fixed points, of the answers that have one."""
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir(parents=True)
    for dataset, rows in _answers(run).items():
        split = {key: answer_format.split_answer(text) for key, text in rows.items()}
        with_one = [key for key, (_, explanation) in split.items() if explanation.strip()]
        order = with_one[:]
        random.Random(0).shuffle(order)
        # A rotation of a random order: no answer keeps its own.
        taken = dict(zip(order, order[1:] + order[:1], strict=True))
        with (to / f"{dataset}.csv").open("w", newline="") as file:
            out = csv.writer(file)
            out.writerow(("id", "text"))
            for key, (label, explanation) in split.items():
                other = split[taken[key]][1] if key in taken else explanation
                out.writerow((key, f"{label} {answer_format.MARKER} {other}" if other else label))


def _answers(run: Path) -> dict[str, dict[str, str]]:
    folder = RunFolder(run)
    return {
        dataset: {row.id: row.text or "" for row in folder.responses(dataset)}
        for dataset in folder.manifest().datasets
    }
