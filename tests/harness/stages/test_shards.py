"""A run in parts: merged it is what one process would have left."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from imhi._core.run_store import leftovers
from imhi._core.run_store.staging import sweep
from tests.conftest import ROOT, Imhi

RUN = ("--model", "baseline:tfidf", "--dataset", "DR", "--dataset", "SAD")
TIMES = {"created", "updated", "respond_seconds"}


def without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: without_times(v) for k, v in value.items() if k not in TIMES}
    return value.replace("whole/", "runs/") if isinstance(value, str) else value


def contents(run: Path) -> dict[str, Any]:
    """Every file of a run folder; of its JSON all but the times."""
    found = {}
    for path in sorted(run.rglob("*")):
        # What says that nothing need be made again comes with the next run.
        if path.is_file() and path.name not in ("run.lock", "standing.json"):
            text = path.read_text(encoding="utf-8")
            name = str(path.relative_to(run))
            found[name] = without_times(json.loads(text)) if path.suffix == ".json" else text
    return found


@pytest.fixture
def parts(imhi_here: Imhi) -> Path:
    for number in (1, 2, 3):
        assert imhi_here("shard", f"{number}/3", *RUN).code == 0
    return Path("runs/shards").resolve()


def the_run(out: str) -> Path:
    (manifest,) = Path(out).glob("*/manifest.json")
    return manifest.parent


def test_merged_parts_are_the_run_that_one_process_makes(imhi_here: Imhi, parts: Path) -> None:
    merged = imhi_here("merge", parts, "--json")
    whole = imhi_here("run", *RUN, "--out", "whole", "--json")
    assert merged.code == whole.code == 0, merged.err
    assert merged.json["scores"] == [
        {**row, "run": row["run"].replace("whole/", "runs/")} for row in whole.json["scores"]
    ]
    assert contents(the_run("runs")) == contents(the_run("whole"))
    # No two parts share a file that is written or locked.
    assert imhi_here("merge", parts).code == 0  # and once more it is the same
    assert contents(the_run("runs")) == contents(the_run("whole"))


def test_a_run_that_is_being_merged_is_not_taken_for_one_that_was_given_up(
    imhi_here: Imhi, parts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another machine may prepare beside it, to which this process is not there."""
    copy = shutil.copytree

    def copied(source: Path, to: Path) -> None:
        copy(source, to)
        os.utime(to.parents[1], (0, 0))  # as if it took long
        sweep(Path("runs"))

    monkeypatch.setattr(leftovers, "_ended", lambda process: True)
    monkeypatch.setattr(shutil, "copytree", copied)
    merged = imhi_here("merge", parts)
    assert merged.code == 0, merged.err
    assert not list(Path("runs").glob(".prepare-*"))


def test_a_missing_part_is_named_and_asked_by_an_ordinary_run(imhi_here: Imhi, parts: Path) -> None:
    lost = parts / "2-of-3"
    shutil.rmtree(lost)
    merged = imhi_here("merge", parts)
    assert merged.code == 1
    assert "missing: shard 2/3 (12 rows: of each dataset every 3. row from the 2. on)" in merged.err
    assert "12 were not asked" in merged.complaint
    assert imhi_here("run", *RUN).code == 0
    assert imhi_here("run", *RUN, "--out", "whole").code == 0
    responses = [
        sorted((the_run(out) / "responses" / "DR.jsonl").read_text().splitlines())
        for out in ("runs", "whole")
    ]
    assert responses[0] == responses[1]


def test_a_part_asks_its_rows_once(imhi_here: Imhi, parts: Path) -> None:
    ids = []
    for part in sorted(parts.glob("*-of-3")):
        rows = (the_run(str(part)) / "responses" / "DR.jsonl").read_text().splitlines()
        ids.append([json.loads(row)["id"] for row in rows])
    assert [len(one) for one in ids] == [6, 5, 5]
    assert len({id for one in ids for id in one}) == 16
    again = imhi_here("shard", "1/3", *RUN, "--json")
    (told,) = again.json
    assert (told["answered"], told["requests"], told["complete"]) == (14, 14, True)


def test_parts_that_overlap_or_are_of_other_runs_are_refused(imhi_here: Imhi, parts: Path) -> None:
    first = the_run(str(parts / "1-of-3"))
    copied = parts / "copy" / first.name
    shutil.copytree(first, copied)
    assert "shard 1/3 overlaps with shard 1/3" in imhi_here("merge", first, copied).complaint
    assert imhi_here("shard", "2/4", *RUN).code == 0
    quarter = the_run(str(parts / "2-of-4"))
    assert "shard 2/4 overlaps with shard 1/3" in imhi_here("merge", first, quarter).complaint
    assert imhi_here("shard", "1/3", *RUN, "--seed", "1", "--out", "other").code == 0
    other = the_run("other/shards/1-of-3")
    assert "found parts of different runs" in imhi_here("merge", first, other).complaint
    assert imhi_here("run", *RUN, "--out", "whole").code == 0
    assert "not a shard but a whole run" in imhi_here("merge", the_run("whole")).complaint
    assert "no shard there" in imhi_here("merge", "whole").complaint
    answers = the_run(str(parts / "3-of-3")) / "responses" / "DR.jsonl"
    shutil.copy(first / "responses" / "DR.jsonl", answers)
    assert "which is not in shard 3/3" in imhi_here("merge", first, answers.parents[1]).complaint


def test_attempts_that_failed_alike_are_all_counted_however_often_parts_are_merged(
    imhi_here: Imhi, parts: Path
) -> None:
    """What was paid for them is part of what the run has cost."""
    first = the_run(str(parts / "1-of-3"))
    (asked,) = list((first / "responses").glob("DR.jsonl"))
    row = json.loads(asked.read_text(encoding="utf-8").splitlines()[0])
    failed = {k: row[k] for k in ("id", "dataset", "prompt_hash")} | {"error": "cut", "cost": 0.25}
    (first / "failures").mkdir(exist_ok=True)
    (first / "failures" / "DR.jsonl").write_text(f"{json.dumps(failed)}\n" * 2, encoding="utf-8")
    for _ in range(2):
        assert imhi_here("merge", "runs/shards").code == 0
        manifest = json.loads((the_run("runs") / "manifest.json").read_text(encoding="utf-8"))
        assert manifest["totals"]["cost"] == 0.5


def test_places_without_a_run_in_common_are_refused(imhi_here: Imhi, parts: Path) -> None:
    assert imhi_here("shard", "2/3", *RUN, "--seed", "1", "--out", "other").code == 0
    refused = imhi_here("merge", parts / "1-of-3", "other/shards/2-of-3")
    assert "holds parts of another run" in refused.complaint


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("0/3",), "shard '0/3': expected I/N"),
        (("4/3",), "shard '4/3': expected I/N"),
        (("first",), "shard 'first': expected I/N"),
    ],
)
def test_what_is_no_part_is_refused(
    imhi_here: Imhi, words: tuple[str, ...], complaint: str
) -> None:
    assert complaint in imhi_here("shard", *words, *RUN).complaint


def test_the_slurm_template_asks_every_part(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PARTS": "2",
        "OUT": "out",
    }
    slurm = ROOT / "examples" / "slurm"
    words = ("--model", "baseline:majority", "--dataset", "DR")
    for task in ("1", "2"):
        subprocess.run(
            ["bash", slurm / "run.sh", *words], cwd=tmp_path, check=True, capture_output=True,
            env={**environment, "SLURM_ARRAY_TASK_ID": task},
        )  # fmt: skip
    subprocess.run(
        ["bash", slurm / "merge.sh"], cwd=tmp_path, check=True, capture_output=True, env=environment
    )
    assert len(list(tmp_path.glob("out/*/scores/hybrid.json"))) == 1
