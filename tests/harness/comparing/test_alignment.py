"""Runs that differ in more than their models are refused, with the reason, unless allowed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Imhi

Change = Callable[[dict], None]  # type: ignore[type-arg]


def run_id(imhi: Imhi, *words: str) -> str:
    said = imhi("run", "--dataset", "DR", "--model", "baseline:tfidf", "--json", *words)
    assert said.code == 0, said.err
    return str(said.json["run"])


def edited(run: str, file: str, change: Change) -> str:
    """Copy a run and change each row of one of its files; forget that its content was the same."""
    copy = Path(f"{run}-edited")
    shutil.copytree(run, copy)
    path = copy / file
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        change(row)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["content_checksums"]["DR"] = "other"
    (copy / "manifest.json").write_text(json.dumps(manifest))
    return str(copy)


def compared(imhi: Imhi, *words: str) -> str:
    """Return the complaint about a comparison that must be refused."""
    said = imhi("compare", *words)
    assert said.code == 2
    assert "\n" not in said.complaint
    return said.complaint


def test_other_prompts_are_refused_and_can_be_allowed(imhi_here: Imhi) -> None:
    runs = run_id(imhi_here), run_id(imhi_here, "--prompt", "zero-shot")
    complaint = compared(imhi_here, *runs)
    assert "other prompts (instruction and zero-shot)" in complaint
    assert "--allow prompt" in complaint
    allowed = imhi_here("compare", *runs, "--allow", "prompt")
    assert allowed.code == 0
    assert "other prompts" in " ".join(allowed.out.split())


def test_other_splits_are_refused(imhi_here: Imhi) -> None:
    runs = run_id(imhi_here), run_id(imhi_here, "--split", "train")
    assert "splits differ" in compared(imhi_here, *runs)
    # Allowed or not: no example is in both.
    assert "nothing can be compared" in compared(
        imhi_here, *runs, "--allow", "split", "--allow", "examples"
    )


def test_fewer_examples_are_refused_and_compared_on_the_shared_ones_if_allowed(
    imhi_here: Imhi,
) -> None:
    runs = run_id(imhi_here), run_id(imhi_here, "--limit", "5")
    assert "5 in common" in compared(imhi_here, *runs)
    allowed = imhi_here("compare", *runs, "--allow", "examples", "--json")
    assert allowed.json["pairs"][0]["examples"] == 5
    assert any("5 of" in note for note in allowed.json["notes"])


@pytest.mark.parametrize(
    ("field", "value"),
    [("label", "yes"), ("post", "Another post."), ("explanation", "Another reason.")],
)
def test_other_data_under_the_same_ids_are_refused(imhi_here: Imhi, field: str, value: str) -> None:
    run = run_id(imhi_here)
    other = edited(run, "examples/DR.jsonl", lambda row: row.update({field: value}))
    assert "made from other data" in compared(imhi_here, run, other)


def test_labels_read_by_another_version_of_the_labeler_are_refused(imhi_here: Imhi) -> None:
    run = run_id(imhi_here)
    other = edited(run, "examples/DR.jsonl", lambda row: None)
    identity = Path(other, "predictions/hybrid/labeler.json")
    identity.write_text(json.dumps({"name": "hybrid", "version": "0"}))
    complaint = compared(imhi_here, run, other)
    assert "other versions of hybrid" in complaint and "imhi label" in complaint


def test_runs_without_a_common_dataset_are_refused(imhi_here: Imhi) -> None:
    one = run_id(imhi_here)
    said = imhi_here("run", "--dataset", "SAD", "--model", "baseline:tfidf", "--json")
    assert "no dataset in common" in compared(imhi_here, one, said.json["run"])


def test_a_dataset_that_one_run_lacks_is_left_out_and_said(imhi_here: Imhi) -> None:
    one = run_id(imhi_here, "--dataset", "SAD")
    other = run_id(imhi_here, "--model", "baseline:majority")
    said = imhi_here("compare", one, json.loads(imhi_here("runs", "--json").out)["runs"][-1]["run"])
    assert said.code == 0, said.err
    del other
    assert "SAD: not in" in " ".join(said.out.split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["last"], "expected two or more"),
        (["last", "last"], "given twice"),
        (["last", "nothing"], "no run"),
        (["last", "tfidf", "--allow", "everything"], "unknown --allow 'everything'"),
        (["last", "tfidf", "--metric", "wieghted_f1"], "did you mean 'weighted_f1'"),
        (["last", "tfidf", "--metric", "length"], "there is nothing to compare by: length"),
        (["last", "tfidf", "--resamples", "-5"], "--resamples: found -5, expected at least 100"),
        (["last", "tfidf", "--dataset", "CAMS"], "no run has this dataset"),
        (["last", "tfidf", "--labeler", "strict"], "no scores for labeler 'strict'"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    imhi_here: Imhi, words: list[str], said: str
) -> None:
    metrics = ("--metric", "labels", "--metric", "length")
    run_id(imhi_here, *metrics)
    imhi_here("run", "--dataset", "DR", "--model", "baseline:majority", *metrics)
    assert said in compared(imhi_here, *words)
