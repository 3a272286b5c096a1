"""The figures of docs/results.md in sentences, from the parts that docs/results/reproduce.py stored.

    python docs/figures/readers/results.py

writes docs/figures/stored/results.json anew; a test holds it against the parts.
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from docs.generator.results import (  # noqa: E402
    EXPLANATIONS,
    REFERENCES,
    SEEDS,
    experiments,
    score,
    stored,
)

TARGET = ROOT / "docs" / "figures" / "stored" / "results.json"
COMMAND = "python docs/results/reproduce.py --source official:data/imhi --base gemma3-270m --encoder MINILM"
RECORDED = (
    "hours on two cores, with Gemma 3 270M, MiniLM and vLLM; docs/results/stored holds each part with "
    "its commit"
)
TUNED = "tuned-1000"


def figures() -> dict[str, Any]:
    """Return rows, scores (percent), counts of answers, differences of pairs, and what training took."""
    plan = experiments()
    runs = [name for name in plan["runs"] if stored(name)]
    return {
        "rows": plan["rows"],
        "asked": plan["rows"] * len(plan["seen"]),
        "trainings": {name: _training(name) for name in plan["trainings"]},
        "f1": {name: _of_datasets(name, "weighted_f1") for name in runs},
        "labels": {
            name: _labels(name, plan["seen"]) for name in runs if _asked(name, plan["seen"])
        },
        "labels_of": {
            name: {dataset: _labels(name, [dataset]) for dataset in _part(name)["labelling"]}
            for name in runs
        },
        "consistency": {name: _of_datasets(name, "consistency") for name in runs},
        "grounding": {name: _of_datasets(name, "grounding") for name in runs},
        "explanations": {
            name: {measure: _mean(name, plan["seen"], measure) for measure in _MEASURES}
            for name in runs
            if _asked(name, plan["seen"])
        },
        "best_seed_above_majority": {
            dataset: max(_f1(name, dataset) for name in SEEDS) - _f1("majority", dataset)
            for dataset in plan["seen"]
        },
        "differences": {name: _differences(name, one) for name, one in plan["comparisons"].items()},
    }


_MEASURES = (*EXPLANATIONS, *REFERENCES)


def _part(name: str) -> dict[str, Any]:
    found = stored(name)
    if found is None:
        raise SystemExit(
            f"found no docs/results/stored/{name}.json, expected that part; make it: {COMMAND} {name}"
        )
    return found


def _f1(name: str, dataset: str) -> float:
    return float(_of_datasets(name, "weighted_f1")[dataset])


def _asked(name: str, datasets: list[str]) -> bool:
    return set(datasets) <= set(_part(name)["labelling"])


def _training(name: str) -> dict[str, float]:
    part = _part(f"train-{name}")
    datasets = part["recipe"]["data"]["datasets"]
    return {
        "rows": part["rows"],
        "rows_of_a_dataset": part["rows"] // len(datasets),
        "minutes": part["seconds"] / 60,
        "million_parameters": part["trainable_parameters"] / 1e6,
        # MiniLM is trained once for each dataset (each has one question).
        "million_parameters_of_a_model": part["trainable_parameters"]
        / (1 if part["recipe"]["data"]["per"] == "all" else len(datasets))
        / 1e6,
    }


def _of_datasets(name: str, metric: str) -> dict[str, float]:
    found = {dataset: score(name, dataset, metric) for dataset in _part(name)["labelling"]}
    return {dataset: one["value"] for dataset, one in found.items() if one}


def _labels(name: str, datasets: list[str]) -> dict[str, int]:
    counts = [_part(name)["labelling"][dataset] for dataset in datasets]
    answers = sum(one["n"] for one in counts)
    none = sum(one["unparsed"] for one in counts)
    return {"answers": answers, "stated": answers - none, "not_stated": none}


def _mean(name: str, datasets: list[str], metric: str) -> float | None:
    found = [one["value"] for dataset in datasets if (one := score(name, dataset, metric))]
    return statistics.mean(found) if len(found) == len(datasets) else None


def _differences(name: str, one: dict[str, Any]) -> dict[str, Any]:
    """Return by measure, other run and dataset ("all": mean of datasets) the difference and its p."""
    found: dict[str, Any] = {}
    for pair in _part(f"compare-{name}")["pairs"]:
        if pair["metric"] not in one.get("measures", ["weighted_f1"]) or pair["over"] == "tasks":
            continue
        names = [pair[side].rpartition(":")[2] for side in ("a", "b")]
        if one["against"] not in names:
            continue
        sign, other = (1, names[1]) if names[0] == one["against"] else (-1, names[0])
        found.setdefault(pair["metric"], {}).setdefault(other, {})[pair["dataset"] or "all"] = {
            "difference": sign * pair["difference"],
            "smaller_by": -sign * pair["difference"],
            "p": pair["p"],
            "p_holm": pair["p_holm"],
        }
    return found


def main() -> None:
    plan = experiments()
    names = [*(f"train-{name}" for name in plan["trainings"]), *plan["runs"]]
    commits = dict.fromkeys(_part(name)["commit"][:12] for name in names)
    kept = {
        "command": COMMAND,
        "commit": " ".join(commits),
        "measured": "2026-11-30",
        "recorded": RECORDED,
        "data": {},
        "figures": figures(),
    }
    TARGET.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
