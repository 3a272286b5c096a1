"""The page of our own results says what its stored parts say."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from docs.figures.readers.results import TARGET, figures  # noqa: E402
from docs.generator.results import experiments  # noqa: E402


@pytest.fixture(scope="module")
def read() -> dict[str, Any]:
    return figures()


def test_the_stored_figures_are_those_of_the_parts(read: dict[str, Any]) -> None:
    kept = json.loads(TARGET.read_text(encoding="utf-8"))["figures"]
    assert kept == json.loads(json.dumps(read)), "run: python docs/figures/readers/results.py"


def test_explanations_argue_for_the_stated_label_beyond_chance_on_each_dataset(
    read: dict[str, Any],
) -> None:
    against_shuffled = read["differences"]["shuffled"]["consistency"]["tuned-1000-shuffled"]
    for dataset in experiments()["seen"]:
        assert against_shuffled[dataset]["difference"] > 0
        assert against_shuffled[dataset]["p_holm"] < 0.001


def test_what_the_page_says_in_words_holds(read: dict[str, Any]) -> None:
    f1, grounding = read["f1"], read["explanations"]
    # "a twelfth of its weights", "twelve times as much", "a seventh or less on each dataset"
    assert round(268 / read["trainings"]["minilm-1000"]["million_parameters_of_a_model"]) == 12
    shuffled = grounding["tuned-1000-shuffled"]["grounding"]
    assert round(grounding["tuned-1000"]["grounding"] / shuffled) == 12
    for dataset in experiments()["seen"]:
        own = read["grounding"]["tuned-1000"][dataset]
        assert own / read["grounding"]["tuned-1000-shuffled"][dataset] >= 7
        # "With 1, 3 or 5 examples every answer states a label"
        for shots in (1, 3, 5):
            assert read["labels_of"][f"few-shot-{shots}"][dataset]["not_stated"] == 0
    # "On DR and dreaddit two of three seeds are no better than the majority label"
    for dataset in ("DR", "dreaddit"):
        below = [
            f1[f"tuned-200-seed{seed}"][dataset] <= f1["majority"][dataset] for seed in range(3)
        ]
        assert sorted(below) == [False, True, True]
    # Of five that were left out, IRF alone is answered better than by the majority label.
    better = [
        name for name in experiments()["five"] if f1[f"without-{name}"][name] > f1["majority"][name]
    ]
    assert better == ["IRF"]
