"""Views: other gold labels and fewer rows, from verdicts, without asking the model again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sklearn.metrics import f1_score

from imhi._core.plugin_manager import PluginManager
from imhi._core.registry import Registry
from imhi._core.run_store import RunFolder
from imhi._core.run_store.columns import Columns
from imhi._core.views import Verdict
from tests.conftest import Imhi

Judge = Callable[[int, str], tuple[str | None, list[str]]]


def audited(imhi: Imhi, run: str, judge: Judge) -> None:
    """Write verdicts on the rows of a run's DR: ``judge(number, released)`` gives the human label
    and the flags."""
    path = Verdict.file(Path("audit"), "DR", "test")
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = []
    for number, example in enumerate(RunFolder(Path(run)).examples("DR")):
        human, flags = judge(number, example.label)
        key = Verdict.row_key(example.post, example.question, example.label)
        rows.append({"id": example.id, "row": key, "released": example.label,
                     "human": human, "flags": flags})  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    Path("audit", Verdict.FLAGS).write_text(
        json.dumps({"leaked": "in training rows", "mojibake": ""})
    )


@pytest.fixture
def run(imhi_here: Imhi) -> str:
    said = imhi_here("run", "-d", "DR", "--model", "baseline:tfidf", "--json")
    return str(said.json["run"])


def f1(columns: Columns, gold: list[str], keep: list[bool]) -> float:
    said = [prediction.label for prediction in columns.predictions]
    pairs = [(g, p) for g, p, k in zip(gold, said, keep, strict=True) if k]
    return 100 * float(f1_score(*zip(*pairs, strict=True), average="weighted"))


def turned(label: str) -> str:
    return "no" if label == "yes" else "yes"


def weighted_f1(said: object) -> tuple[float, int]:
    (row,) = [r for r in said.json["scores"] if r["metric"] == "weighted_f1"]  # type: ignore[attr-defined]
    return row["value"], row["n"]


def test_human_gold_replaces_labels_and_leaves_out_rows_without_one(
    imhi_here: Imhi, run: str, registry: Registry
) -> None:
    audited(
        imhi_here, run, lambda n, label: (None if n == 0 else turned(label) if n < 4 else label, [])
    )
    columns = Columns.read(RunFolder(Path(run)), "hybrid", "DR", registry)
    released = [example.label for example in columns.examples]
    human = [turned(label) if n < 4 else label for n, label in enumerate(released)]
    keep = [n > 0 for n in range(len(released))]
    said = imhi_here("score", run, "--gold", "human", "--json")
    assert weighted_f1(said) == (pytest.approx(f1(columns, human, keep)), len(released) - 1)
    agreed = imhi_here("score", run, "--gold", "agreed", "--json")
    both = [n >= 4 for n in range(len(released))]
    assert weighted_f1(agreed) == (pytest.approx(f1(columns, released, both)), len(released) - 4)
    assert "3 labels disagree" in " ".join(note["note"] for note in agreed.json["notes"])


def test_flagged_rows_are_left_out_and_counted(
    imhi_here: Imhi, run: str, registry: Registry
) -> None:
    audited(imhi_here, run, lambda n, label: (label, ["leaked"] if n % 2 else ["mojibake"]))
    said = imhi_here("score", run, "--exclude", "leaked", "--json")
    columns = Columns.read(RunFolder(Path(run)), "hybrid", "DR", registry)
    released = [example.label for example in columns.examples]
    keep = [n % 2 == 0 for n in range(len(released))]
    assert weighted_f1(said) == (pytest.approx(f1(columns, released, keep)), sum(keep))
    assert any("leaves out 8 of 16 rows (8 leaked)" in note["note"] for note in said.json["notes"])


def test_views_stand_beside_each_other_and_the_released_scores_stay(
    imhi_here: Imhi, run: str
) -> None:
    before = Path(run, "scores", "hybrid.json").read_bytes()
    audited(imhi_here, run, lambda n, label: (label, ["leaked"] if n < 3 else []))
    assert imhi_here("score", run, "--exclude", "leaked").code == 0
    assert Path(run, "scores", "hybrid.json").read_bytes() == before
    shown = imhi_here("show", run, "--view", "released", "--view", "released+no-leaked")
    assert "[released]" in shown.out
    (row,) = [line for line in shown.out.splitlines() if line.split()[:1] == ["DR"]]
    assert re.search(r"DR +16 .* 13 ", row), "each view says how many rows it is of"
    assert "also scored under: released+no-leaked" in imhi_here("show", run).err


def test_a_run_can_be_scored_under_a_view_at_once(imhi_here: Imhi, run: str) -> None:
    audited(imhi_here, run, lambda n, label: (turned(label), []))
    said = imhi_here("run", "-d", "DR", "--model", "baseline:tfidf", "--gold", "human", "--json")
    views = {r["view"]: r["value"] for r in said.json["scores"] if r["metric"] == "accuracy"}
    assert views["human"] == pytest.approx(100 - views[""])


def test_comparisons_are_seen_through_a_view(imhi_here: Imhi, run: str) -> None:
    audited(imhi_here, run, lambda n, label: (label, ["leaked"] if n < 3 else []))
    imhi_here("run", "-d", "DR", "--model", "baseline:majority")
    found = imhi_here("compare", "majority", "tfidf", "--exclude", "leaked", "--json").json
    assert found["view"] == "released+no-leaked"
    assert {pair["examples"] for pair in found["pairs"]} == {13}


def test_verdicts_on_other_rows_are_refused(imhi_here: Imhi, run: str) -> None:
    audited(imhi_here, run, lambda n, label: (label, []))
    path = Verdict.file(Path("audit"), "DR", "test")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows[2]["row"] = "0" * 16
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    complaint = imhi_here("score", run, "--gold", "human").complaint
    assert "a verdict on another row under example test-3" in complaint


def test_scores_are_made_anew_when_the_verdicts_are_others(imhi_here: Imhi, run: str) -> None:
    audited(imhi_here, run, lambda n, label: (label, []))
    same = weighted_f1(imhi_here("score", run, "--gold", "human", "--json"))
    imhi_here("score", run, "--gold", "human", "--metric", "rouge", "--json")
    audited(imhi_here, run, lambda n, label: (turned(label), []))
    said = imhi_here("score", run, "--gold", "human", "--metric", "accuracy", "--json")
    assert {row["made_by"] for row in said.json["scores"]} == {"accuracy"}
    assert same[1] == 16


def test_scores_under_views_go_when_labels_change(imhi_here: Imhi, run: str) -> None:
    audited(imhi_here, run, lambda n, label: (label, ["leaked"] if n < 3 else []))
    imhi_here("score", run, "--exclude", "leaked")
    imhi_here("label", run)
    assert RunFolder(Path(run)).views("hybrid") == ["released+no-leaked"], "nothing changed"
    path = Path(run, "responses", "DR.jsonl")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for row in rows:
        row.pop("label"), row.pop("probabilities")
        row["text"] = "Hm."
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    imhi_here("label", run)
    assert RunFolder(Path(run)).views("hybrid") == []


HEAVY = """
from imhi import Measure, Metric, hookimpl


@hookimpl
def imhi_metrics():
    def create(arguments):
        return lambda examples, responses, predictions, context: [
            Measure.mean("heavy", [1.0 for _ in examples])
        ]

    yield Metric("heavy", "Holds a model, so to say", create=create)
"""


def test_the_released_scores_say_nothing_of_what_a_view_leaves_out(
    imhi_here: Imhi, run: str, tmp_path: Path
) -> None:
    audited(imhi_here, run, lambda n, label: (label, ["leaked"] if n < 3 else []))
    plugin = tmp_path / "heavy.py"
    plugin.write_text(HEAVY)
    words = (
        "-d",
        "DR",
        "--model",
        "baseline:tfidf",
        "--metric",
        "weighted_f1",
        "--metric",
        "heavy",
    )
    said = imhi_here("run", *words, "--exclude", "leaked", "--plugin", plugin)
    assert said.code == 0, said.err
    folder = RunFolder(Path(run))
    assert not any("view" in note for note in folder.scores("hybrid")["notes"])
    seen = folder.scores("hybrid", "released+no-leaked")
    assert {row["made_by"] for row in seen["scores"]} >= {"weighted_f1", "heavy"}
    assert any("leaves out 3 of 16" in note for note in seen["notes"])


def test_missing_verdicts_are_said_before_a_model_is_asked(imhi_here: Imhi, run: str) -> None:
    audited(imhi_here, run, lambda n, label: (label, []))
    said = imhi_here("run", "-d", "SAD", "--model", "baseline:tfidf", "--exclude", "leaked")
    assert "SAD.test.jsonl: there is no such file" in said.complaint
    listed = imhi_here("runs", "--json").json["runs"]
    assert {row["answered"] for row in listed if row["run"] not in run} == {0}
    begun = next(row["run"] for row in listed if row["run"] not in run)
    assert "there are no answers yet" in imhi_here("show", begun).complaint


def test_a_run_of_repaired_posts_is_refused_by_name(imhi_here: Imhi, run: str) -> None:
    audited(imhi_here, run, lambda n, label: (label, []))
    said = imhi_here("run", "-d", "DR", "--model", "baseline:tfidf", "--repair-mojibake", "--json")
    complaint = imhi_here("score", said.json["run"], "--gold", "human").complaint
    assert "repaired its posts" in complaint and "--keep-mojibake" in complaint


@pytest.mark.parametrize("wrong", [{"human": "banana"}, {"flags": "leaked"}, {"id": None}])
def test_a_damaged_verdict_is_named(imhi_here: Imhi, run: str, wrong: dict[str, object]) -> None:
    audited(imhi_here, run, lambda n, label: (label, []))
    path = Verdict.file(Path("audit"), "DR", "test")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows[1].update(wrong)
    if wrong.get("id", "") is None:
        del rows[1]["id"]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    complaint = imhi_here("score", run, "--gold", "human").complaint
    assert "DR.test.jsonl: line 2: found" in complaint


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--view", "imhi-clena"], "unknown view"),
        (["--view", "x", "--gold", "human"], "leave out --gold and --exclude"),
        (["--gold", "hum"], "did you mean 'human'"),
        (["--exclude", "leakd"], "did you mean 'leaked'"),
        (["--gold", "human", "--audit", "nowhere"], "nowhere holds no verdicts"),
        (["--gold", "human"], "leaves out every row"),
    ],
)
def test_what_cannot_be_seen_is_said_in_one_line(
    imhi_here: Imhi, run: str, words: list[str], said: str, manager: PluginManager
) -> None:
    audited(imhi_here, run, lambda n, label: (None, []))
    assert said in imhi_here("score", run, *words).complaint
