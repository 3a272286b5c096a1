"""Every figure that `imhi show` prints of runs, made again from their folders by code of its own:
JSON, CSV, Markdown, and tables of 80 and 160 columns.

Read are the JSON lines of a run folder, with scikit-learn; nothing of the harness has a part in it.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from tests.conftest import Imhi
from tests.harness.stages.test_views import audited

NONE = "(none)"
PLUGIN = Path(__file__).parents[1] / "harness" / "asked_model.py"
METRICS = ("weighted_f1", "accuracy")
ASK = (
    "--labeler",
    "strict",
    "--metric",
    "weighted_f1",
    "--metric",
    "accuracy",
    "--resamples",
    "100",
)


@dataclass(frozen=True)
class Made:
    """What is known of one run on one dataset."""

    values: Mapping[str, float]
    n: int
    unparsed: int
    failed: int
    not_asked: int


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def recomputed(
    run: Path, dataset: str, keep: Callable[[int], bool] = lambda number: True
) -> Made | None:
    """Return what a run came to on the rows that are kept, from its JSON lines; None without rows."""
    examples = [
        row for n, row in enumerate(lines(run / "examples" / f"{dataset}.jsonl")) if keep(n)
    ]
    if not examples:
        return None
    answered = {row["id"] for row in lines(run / "responses" / f"{dataset}.jsonl")}
    tried = {row["id"] for row in lines(run / "failures" / f"{dataset}.jsonl")} - answered
    read = {row["id"]: row for row in lines(run / "predictions" / "strict" / f"{dataset}.jsonl")}
    ids = [row["id"] for row in examples]
    gold = [row["label"] for row in examples]
    said = [read[id].get("label") or NONE for id in ids]
    labels = sorted(set(gold))
    f1 = f1_score(gold, said, labels=labels, average="weighted", zero_division=0)
    return Made(
        {"weighted_f1": 100 * f1, "accuracy": 100 * accuracy_score(gold, said)},
        len(ids),
        sum(id in answered and label == NONE for id, label in zip(ids, said, strict=True)),
        sum(id in tried for id in ids),
        sum(id not in answered and id not in tried for id in ids),
    )


def turned(run: Path, by: int) -> None:
    """Give each example of a run the answer of another one."""
    for path in (run / "responses").iterdir():
        rows = lines(path)
        texts = [row.get("text", "") for row in rows]
        texts = texts[by:] + texts[:by]
        made = [{**row, "text": text} for row, text in zip(rows, texts, strict=True)]
        path.write_text("".join(json.dumps(row) + "\n" for row in made))


@pytest.fixture
def runs(imhi_here: Imhi) -> dict[str, Path]:
    """Runs by what they are: ``a`` and ``b`` of one command in two folders with other answers, ``c``
    of other datasets, ``d`` with failed rows and rows that were not asked."""

    def made(out: str, *words: str, code: int = 0) -> Path:
        asked = ("run", "--plugin", PLUGIN, "-m", "asked:log,cost=0.01,ahead=1", *ASK)
        said = imhi_here(*asked, "--out", out, "--json", *words)
        assert said.code == code, said.err
        return Path(said.json["run"]).resolve()

    three = ("-d", "DR", "-d", "IRF", "-d", "SAD")
    found = {"a": made("ra", *three), "b": made("rb", *three), "c": made("rc", "-d", "DR")}
    assert found["a"].name == found["b"].name
    turned(found["b"], 1)
    assert imhi_here("label", found["b"], *ASK).code == 0
    Path("log.broken").write_text("")
    found["d"] = made("rd", *three, "--max-cost", "0.3", code=1)
    Path("log.broken").unlink()
    return found


SITUATIONS = {
    "one command in two folders": ("a", "b"),
    "one folder twice": ("a", "a", "b"),
    "three of one name": ("a", "b", "d"),
    "other datasets": ("a", "c"),
    "failed and not asked": ("d", "a"),
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_figure_belongs_to_its_run(
    runs: dict[str, Path], imhi_here: Imhi, monkeypatch: pytest.MonkeyPatch, situation: str
) -> None:
    names = SITUATIONS[situation]
    shown = ("show", *(runs[name] for name in names), "--labeler", "strict")
    chosen = [runs[name] for name in dict.fromkeys(names)]
    datasets = ["DR", "IRF", "SAD"]
    made = [
        {name: one for name in datasets if (one := recomputed(run, name)) is not None}
        for run in chosen
    ]
    said = imhi_here(*shown, "--json").json
    assert [Path(run).resolve() for run in np.atleast_1d(said["run"])] == chosen
    _check_rows(said["scores"], chosen, made)
    counted = {(Path(row["run"]), row["dataset"]): row for row in said["labelling"]}
    for run, by_dataset in zip(chosen, made, strict=True):
        for name, one in by_dataset.items():
            row = counted.pop((run, name))
            assert (row["n"], row["unparsed"], row["failed"], row["not_asked"]) == (
                one.n, one.unparsed, one.failed, one.not_asked
            )  # fmt: skip
    assert not counted
    for row in said["averages"]:
        by_dataset = made[chosen.index(Path(row["run"]))]
        assert row["datasets"] == list(by_dataset)
        values = [one.values[row["metric"]] for one in by_dataset.values()]
        assert row["value"] == pytest.approx(np.mean(values), abs=1e-6), "a task has one dataset"
    table = list(csv.DictReader(io.StringIO(imhi_here(*shown, "--format", "csv").out)))
    _check_rows(table, chosen, made)
    _check_markdown(imhi_here(*shown, "--format", "markdown").out, made)
    for width in (80, 160):
        monkeypatch.setenv("COLUMNS", str(width))
        text = imhi_here(*shown).out
        assert all(len(line) <= width for line in text.splitlines())
        assert "-0.0" not in text
        _check_text(text.split("accuracy")[0], made)


def _check_rows(rows: Sequence[Mapping], runs: Sequence[Path], made: Sequence[Mapping]) -> None:
    """JSON and CSV: one row for each run, dataset and metric, with this run's figures."""
    expected = {
        (run, dataset, metric): (one.values[metric], one)
        for run, by_dataset in zip(runs, made, strict=True)
        for dataset, one in by_dataset.items()
        for metric in METRICS
    }
    for row in rows:
        if row["metric"] in METRICS:
            key = (Path(row["run"]), row["dataset"], row["metric"])
            value, one = expected.pop(key)
            assert float(row["value"]) == pytest.approx(value, abs=1e-6)
            counts = [int(row[k]) for k in ("n", "unparsed", "failed", "not_asked")]
            assert counts == [one.n, one.unparsed, one.failed, one.not_asked]
            assert row["view"] == "" and row["labeler"] == "strict"
    assert not expected


def _means(made: Sequence[Mapping[str, Made]]) -> dict[frozenset[str], list[float | None]]:
    """Return what means over datasets there must be: of each run's own datasets, and of those that
    all have; None for a run that lacks one."""
    sets = {frozenset(one) for one in made}
    sets.add(frozenset.intersection(*sets))
    return {
        names: [
            float(np.mean([one[name].values["weighted_f1"] for name in names]))
            if names <= one.keys()
            else None
            for one in made
        ]
        for names in sets
        if len(names) > 1
    }


def _check_markdown(text: str, made: Sequence[Mapping[str, Made]]) -> None:
    rows = [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in text.split("**accuracy")[0].splitlines()
        if line.startswith("| ")
    ]
    heads, body = rows[0], {row[0]: row for row in rows[2:]}
    values = [place for place, head in enumerate(heads) if head.startswith("asked:")]
    assert len(values) == len(made) and len(set(heads[place] for place in values)) == len(made)
    for name in {name for one in made for name in one}:
        for at, place in enumerate(values):
            one = made[at].get(name)
            cell = body[name][place]
            assert (
                cell == "-" if one is None else cell.startswith(f"{one.values['weighted_f1']:.1f}")
            )
            after = heads[place + 1 : values[at + 1] if at + 1 < len(values) else None]
            for head, shown in zip(after, body[name][place + 1 :], strict=False):
                if one is not None and head != "n":
                    assert int(shown) == getattr(one, head.replace(" ", "_"))
            if one is not None:
                lost = {k for k in ("unparsed", "failed", "not_asked") if getattr(one, k)}
                assert lost <= {head.replace(" ", "_") for head in after}
    means = _means(made)
    shown = {
        name: row
        for name, row in body.items()
        if name.startswith("mean over") and "task" not in name
    }
    assert len(shown) == len(means)
    for values_of in means.values():
        cells = [f"{v:.1f}" if v is not None else "-" for v in values_of]
        assert cells in [[row[place].split(" [")[0] for place in values] for row in shown.values()]


def _check_text(text: str, made: Sequence[Mapping[str, Made]]) -> None:
    """The values of a table, in the order of datasets and runs, whichever way it is laid out."""
    printed = re.findall(r"(\d+\.\d) \[", text.split("mean over")[0])
    names = list(dict.fromkeys(name for one in made for name in one))
    assert printed == [
        f"{one[name].values['weighted_f1']:.1f}" for name in names for one in made if name in one
    ]


def test_views_of_a_run_say_each_their_own(
    runs: dict[str, Path], imhi_here: Imhi, tmp_path: Path
) -> None:
    """One view leaves out four rows of each dataset: every figure is of its view."""
    run = runs["c"]
    audited(imhi_here, str(run), lambda n, label: (label, ["leaked"] if n < 4 else []))
    words = ("score", run, *ASK, "--exclude", "leaked")
    assert imhi_here(*words).code == 0
    view = imhi_here(*words, "--json").json["scores"][0]["view"]
    made = {"": recomputed(run, "DR"), view: recomputed(run, "DR", lambda n: n >= 4)}
    both = ("show", run, "--labeler", "strict", "--view", "released", "--view", view)
    said = imhi_here(*both, "--json").json
    table = list(csv.DictReader(io.StringIO(imhi_here(*both, "--format", "csv").out)))
    assert said["run"] == str(run)
    for rows in (said["scores"], table):
        seen = {row["view"]: row for row in rows if row["metric"] == "weighted_f1"}
        assert seen.keys() == made.keys()
        for name, row in seen.items():
            one = made[name]
            assert one is not None
            assert float(row["value"]) == pytest.approx(one.values["weighted_f1"], abs=1e-6)
            assert (int(row["n"]), int(row["unparsed"])) == (one.n, one.unparsed)
    assert {row["view"]: row["n"] for row in said["labelling"]} == {
        name: one.n for name, one in made.items() if one
    }
