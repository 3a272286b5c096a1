"""Boards with believable entries: invented models with a skill, and answers drawn from it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

# Examples of the test files, as published: dataset -> task, examples, labels, how hard it is.
DATASETS: dict[str, tuple[str, int, int, float]] = {
    "DR": ("depression detection", 405, 2, 0.0),
    "CLP": ("depression detection", 299, 2, -0.08),
    "dreaddit": ("stress detection", 414, 2, -0.05),
    "SWMH": ("mental disorders detection", 10882, 5, -0.15),
    "T-SID": ("mental disorders detection", 959, 4, 0.02),
    "SAD": ("stress cause detection", 684, 9, -0.2),
    "CAMS": ("depression/suicide cause detection", 625, 6, -0.3),
    "loneliness": ("loneliness detection", 528, 2, 0.0),
    "MultiWD": ("wellness dimensions detection", 2441, 2, -0.1),
    "IRF": ("interpersonal risk factors detection", 2113, 2, -0.08),
}
_SMALL = {name: (task, 60, labels, hard) for name, (task, _, labels, hard) in DATASETS.items()}
_DIGITS = np.array(list("0123456789"))


def a_board(folder: Path, **fields: Any) -> Path:
    """Write ``board.yaml``; fields as it has them."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"title": "Test board", **fields})  # JSON is YAML
    (folder / "board.yaml").write_text(text, encoding="utf-8")
    return folder


def an_entry(
    board: Path,
    name: str,
    skill: float = 0.7,
    *,
    number: int = 0,
    datasets: Sequence[str] = tuple(DATASETS),
    full_size: bool = False,
    day: int | None = None,
    data: Mapping[str, str] | None = None,
    answer_bytes: int = 0,
    **fields: Any,
) -> str:
    """Add a verified entry and return its id.

    Args:
        skill: about how often it is right on a dataset of middling difficulty.
        number: makes its draws and its id.
        day: of January 2026 on which it was verified; counted on from there.
        data: checksums of examples other than the usual ones.
        answer_bytes: how long the base64 of all its answers is.
        fields: of ``entry.json``, instead of the usual ones.
    """
    drawn = np.random.default_rng(number)
    sizes = DATASETS if full_size else _SMALL
    moment = np.datetime64("2026-01-01T12:00:00") + np.timedelta64(
        number if day is None else day - 1, "D"
    )
    columns = {
        dataset: _column(drawn, skill, *sizes[dataset][1:], answer_bytes // len(datasets))
        for dataset in datasets
    }
    scores = {dataset: _scores(column["right"]) for dataset, column in columns.items()}
    rows = {
        dataset: {
            "task": sizes[dataset][0],
            "n": len(column["right"]),
            "posts": len(column["right"]) // (6 if dataset == "MultiWD" else 1),
            "unparsed": column["predicted"].count("-"),
            "failed": 0,
            "data": (data or {}).get(dataset) or examples_checksum(dataset),
            "scores": scores[dataset],
        }
        for dataset, column in columns.items()
    }
    archive = hashlib.sha256(f"{name} {number}".encode()).hexdigest()
    values = {
        "format": 1,
        "id": f"model-{number}-{archive[:8]}",
        "name": name,
        "by": "A fictional group",
        "link": "https://example.org/model",
        "description": "An invented model; its answers were drawn.",
        "model": f"hf:example/{number}",
        "model_identity": {"scheme": "hf", "target": f"example/{number}", "revision": "0" * 40},
        "source": "official",
        "synthetic": False,
        "split": "test",
        "prompt": {"style": "instruction", "version": "1", "shots": 0},
        "generation": {"max_new_tokens": 512, "temperature": 0.0, "top_p": 1.0, "stop": []},
        "seed": 0,
        "labeler": {"name": "hybrid", "version": "1"},
        "harness_version": "0.1.0",
        "created": "2025-12-24T08:00:00+00:00",
        "verified": f"{moment}+00:00",
        "supersedes": "",
        "archive": {"sha256": archive, "bytes": 1_234_567},
        "partial": False,
        "datasets": rows,
        "averages": _averages(rows),
        "metrics": {
            metric: {"decimals": 1, "higher_is_better": True} for metric in ("weighted_f1", "accuracy")
        },
        "not_verified": {
            "bart_score": {"DR": {"value": -2.31, "low": -2.4, "high": -2.22}},
        },
        "totals": {"answered": 19350, "prompt_tokens": 4_812_113, "cost": None},
        "checks": [
            {"name": "scores agree", "passed": True, "detail": "all within 1e-6", "severity": "error"},
            {
                "name": "repeated answers",
                "passed": number % 7 != 3,
                "detail": "12% of the answers are one text",
                "severity": "warning",
            },
        ],
        **fields,
    }  # fmt: skip
    folder = board / "entries" / values["id"]
    folder.mkdir(parents=True)
    (folder / "entry.json").write_text(json.dumps(values, indent=1), encoding="utf-8")
    answers = json.dumps({"format": 1, "datasets": columns})
    (folder / "answers.json").write_text(answers, encoding="utf-8")
    return str(values["id"])


def examples_checksum(dataset: str) -> str:
    return hashlib.sha256(dataset.encode()).hexdigest()


def _column(
    drawn: np.random.Generator, skill: float, count: int, labels: int, hard: float, size: int
) -> dict[str, Any]:
    """Draw the answers to one dataset; ``size`` is that of the (meaningless) text."""
    # The gold labels and how hard each example is are the same for all models.
    gold = np.random.default_rng([count, labels]).integers(0, labels, count)
    easy = np.random.default_rng([labels, count]).normal(0, 0.25, count)
    right = drawn.random(count) < np.clip(skill + hard + easy, 0.02, 0.98)
    wrong = (gold + drawn.integers(1, labels, count)) % labels
    predicted = _DIGITS[np.where(right, gold, wrong)]
    predicted[~right & (drawn.random(count) < 0.05)] = "-"
    return {
        "labels": [f"label {n}" for n in range(labels)],
        "predicted": "".join(predicted),
        "right": "".join(np.where(right, "1", "0")),
        "answers": base64.b64encode(drawn.bytes(size * 3 // 4)).decode(),
    }


def _scores(right: str) -> dict[str, dict[str, float]]:
    """Return what is near enough to weighted F1: accuracy, with a normal interval."""
    share = right.count("1") / len(right)
    half = 1.96 * (share * (1 - share) / len(right)) ** 0.5
    row = {"value": 100 * share, "low": 100 * (share - half), "high": 100 * (share + half)}
    rounded = {key: round(value, 6) for key, value in row.items()}
    return {"weighted_f1": rounded, "accuracy": rounded}


def _averages(rows: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for over, key in (("datasets", None), ("tasks", "task")):
        groups: dict[str, list[Mapping[str, float]]] = {}
        for name, row in rows.items():
            groups.setdefault(row[key] if key else name, []).append(row["scores"]["weighted_f1"])
        means = [{k: np.mean([r[k] for r in group]) for k in group[0]} for group in groups.values()]
        value = float(np.mean([mean["value"] for mean in means]))
        half = float(
            np.mean([mean["high"] - mean["low"] for mean in means]) / 2 / len(means) ** 0.5
        )
        found.append(
            {
                "over": over,
                "metric": "weighted_f1",
                "value": round(value, 6),
                "low": round(value - half, 6),
                "high": round(value + half, 6),
                "groups": len(groups),
            }
        )
    return found


NAMES = (
    "Harbour 7B", "Harbour 13B chat", "Linden base", "Linden instruct", "Tern mini", "Tern large",
    "Quartz 8B", "Quartz 70B", "Moss adapter", "TF-IDF baseline", "Majority baseline",
)  # fmt: skip


def some_entries(board: Path) -> list[str]:
    """Add what a young board has: complete entries, two partial ones, one that was superseded, one
    of fictional posts."""
    ids = [
        an_entry(board, name, 0.82 - 0.03 * n, number=n, full_size=True)
        for n, name in enumerate(NAMES)
    ]
    ids.append(
        an_entry(board, "Moss adapter v2", 0.77, number=20, full_size=True, supersedes=ids[8])
    )
    five = ("DR", "dreaddit", "SAD", "MultiWD", "IRF")
    ids.append(an_entry(board, "Heron 3B", 0.8, number=21, full_size=True, datasets=five))
    ids.append(
        an_entry(board, "Heron 3B few-shot", 0.7, number=22, full_size=True, datasets=five[:2])
    )
    ids.append(
        an_entry(board, "Trial on demo posts", 0.9, number=23, synthetic=True, source="demo")
    )
    return ids
