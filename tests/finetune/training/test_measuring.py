"""Validation during training is the harness's own: what a run of the finished model would score."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Imhi
from tests.finetune.training.test_trainings import SMALL

pytest.importorskip("trl", reason="finetune needs the extra [finetune]")


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["tiny-causal", "tiny-seq2seq", "tiny-classifier"])
def test_the_last_validation_score_is_that_of_a_run_on_the_validation_rows(
    recipe: str, imhi_here: Imhi, tmp_path: Path, imhi: Path
) -> None:
    """On real rows: of the public sets DR has the smallest, with rows to validate on."""
    source = f"official:{imhi}"
    more = [
        "--set",
        "data.limit=40",
        "--set",
        "evaluation.split=null",
        "--set",
        "validation.examples=40",
    ]
    words = [word for word in SMALL if word not in {"-d", "dreaddit"} and word != "DR"]
    said = imhi_here("finetune", recipe, *words, "-d", "DR", "-s", source, *more, "--name", "mine")
    assert said.code == 0, said.err
    trained = json.loads((tmp_path / "trained" / "mine" / "training.json").read_text())
    member = next(iter(trained["members"].values()))
    measured = [row for row in member["history"] if "eval_weighted_f1" in row][-1]
    assert member["validation_rows"] == 40, "of 430: the loss is that of the rows that are asked"
    assert 0 <= measured["eval_unparsed"] <= 100

    # The same rows, drawn by the same seed, in a folder of their own.
    from imhi._core.plugin_manager import load_plugins
    from imhi._core.sources import open_source
    from imhi.finetune.rows.training_jobs import sampled

    _, opened = open_source(source, load_plugins().registry)
    rows = sampled(list(opened.examples("DR", "val")), 40, 0)
    from tests.checkouts import TEST, asked, write_queries

    answers = {"yes": "Yes, the poster suffers from depression. Reasoning: x.",
               "no": "No, the poster does not suffer from depression. Reasoning: x."}  # fmt: skip
    write_queries(
        tmp_path / "rows" / TEST / "DR.csv", [(asked(r.post), answers[r.label]) for r in rows]
    )
    run = imhi_here(
        "run", "--model", "trained:mine", "--source", f"official:{tmp_path / 'rows'}", "--json",
        "--labeler", "strict", "--max-new-tokens", "40", "--stop", "Reasoning:",
    )  # fmt: skip
    assert run.code == 0, run.err
    (score,) = [row for row in run.json["scores"] if row["metric"] == "weighted_f1"]
    assert score["n"] == 40
    assert score["value"] == pytest.approx(measured["eval_weighted_f1"], abs=1e-6)


@pytest.mark.slow
def test_training_stops_early_and_the_best_weights_are_kept(
    imhi_here: Imhi, tmp_path: Path
) -> None:
    said = imhi_here(
        "finetune", "tiny-classifier", *SMALL, "-d", "DR", "--set", "data.datasets=[DR]",
        "--set", "training.epochs=30", "--set", "training.learning_rate=1e-9",
        "--set", "validation.patience=2", "--set", "evaluation.split=null",
    )  # fmt: skip
    assert said.code == 0, said.err
    trained = json.loads((tmp_path / "trained" / "tiny-classifier" / "training.json").read_text())
    (member,) = trained["members"].values()
    # Nothing is learnt at such a rate: the first measurement stays the best, two more are waited for.
    assert member["epochs"] == 3
    assert member["best"]["update"] == member["updates"] // 3
