"""Several answers to each example: asked for in one run, kept one by one, counted as votes."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imhi import evaluate
from imhi._core.errors import HarnessError
from imhi._core.records import Prediction
from imhi._core.samples import vote
from tests.conftest import Imhi, Said
from tests.harness.conftest import ASKED_MODEL

ROWS = 16  # of DR in the demo
SAMPLES = 5

Run = Callable[..., Said]


@pytest.fixture
def run(imhi_here: Imhi, tmp_path: Path) -> Run:
    """Ask the asked model about DR, by default for five samples."""

    def run_dr(*words: str | Path, command: tuple[str, ...] = ("run",)) -> Said:
        model = f"asked:{tmp_path / 'log'},name=asked"
        asked = ("-m", model, "-d", "DR", "--samples", str(SAMPLES), "--temperature", "0.8")
        return imhi_here("--plugin", ASKED_MODEL, *command, *asked, *words)

    return run_dr


def folder(out: str | Path = "runs") -> Path:
    (manifest,) = Path(out).glob("*/manifest.json")
    return manifest.parent


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def responses(out: str | Path = "runs") -> dict[str, str]:
    """The texts of the one run below a folder, by the ids of the requests."""
    found = rows(folder(out) / "responses" / "DR.jsonl")
    assert len({row["id"] for row in found}) == len(found)
    return {row["id"]: row["text"] for row in found}


def predictions(labeler: str = "hybrid", out: str | Path = "runs") -> list[dict[str, Any]]:
    return rows(folder(out) / "predictions" / labeler / "DR.jsonl")


def measured(said: Said) -> dict[str, float]:
    return {row["metric"]: row["value"] for row in said.json["scores"]}


def said_label(text: str) -> str:
    return "yes" if text.startswith("Yes") else "no"


def test_every_example_is_asked_as_often_as_was_said_and_each_answer_is_kept(run: Run) -> None:
    assert run().code == 0
    ids = [row["id"] for row in rows(folder() / "examples" / "DR.jsonl")]
    expected = [id if n == 1 else f"{id}~{n}" for id in ids for n in range(1, SAMPLES + 1)]
    requests = rows(folder() / "requests" / "DR.jsonl")
    assert [row["id"] for row in requests] == expected
    assert len(ids) == ROWS and responses().keys() == set(expected)
    # One example, one prompt: only what they are drawn with differs.
    assert len({row["prompt"] for row in requests[:SAMPLES]}) == 1
    manifest = json.loads((folder() / "manifest.json").read_text())
    assert manifest["generation"]["samples"] == SAMPLES
    assert manifest["datasets"] == {"DR": ROWS}
    assert manifest["totals"]["answered"] == ROWS * SAMPLES


def test_the_label_most_samples_give_counts_with_its_share_as_confidence(run: Run) -> None:
    said = run("--json", "--metric", "labels")
    texts, gold = responses(), {r["id"]: r["label"] for r in rows(folder() / "examples/DR.jsonl")}
    right = 0
    for row in predictions():
        ids = [row["id"], *(f"{row['id']}~{n}" for n in range(2, SAMPLES + 1))]
        votes = [said_label(texts[id]) for id in ids]
        ((label, count),) = Counter(votes).most_common(1)
        assert (row["votes"], row["label"]) == (votes, label)
        assert row["confidence"] == count / SAMPLES
        right += label == gold[row["id"]]
    assert measured(said)["accuracy"] == pytest.approx(100 * right / ROWS)


def test_samples_are_measured_beside_the_vote(run: Run) -> None:
    values = measured(run("--json"))
    gold = {row["id"]: row["label"] for row in rows(folder() / "examples" / "DR.jsonl")}
    votes = {row["id"]: row["votes"] for row in predictions()}
    right = [sum(one == gold[id] for one in of) for id, of in votes.items()]
    pairs = [
        sum(a == b for i, a in enumerate(of) for b in of[i + 1 :]) / 10 for of in votes.values()
    ]
    assert values["pass_rate"] == pytest.approx(20 * sum(right) / ROWS)
    assert values["pass_at_5"] == pytest.approx(100 * sum(n > 0 for n in right) / ROWS)
    assert values["agreement"] == pytest.approx(100 * sum(pairs) / ROWS)


def test_the_explanation_is_that_of_the_first_sample_with_the_label(
    imhi_here: Imhi, run: Run
) -> None:
    run()
    texts = responses()
    listed = imhi_here("show", "last", "--samples", "--json").json["samples"]
    assert [row["id"] for row in listed] == [row["id"] for row in predictions()]
    for row in listed:
        first = next(one for one in row["samples"] if one["label"] == row["label"])
        assert first["stands"] and texts[first["id"]] == first["text"]
        assert sum(one["stands"] for one in row["samples"]) == 1


def test_a_run_that_was_stopped_asks_only_the_samples_that_are_missing(
    run: Run, tmp_path: Path
) -> None:
    run()
    whole = responses()
    kept = folder() / "responses" / "DR.jsonl"
    lines = kept.read_text().splitlines(keepends=True)
    kept.write_text("".join(lines[:-7]))
    (tmp_path / "log").write_text("")
    assert run().code == 0
    assert len((tmp_path / "log").read_text().splitlines()) == 7
    assert responses() == whole


def test_samples_that_fail_are_asked_again_and_do_not_vote_meanwhile(
    imhi_here: Imhi, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "log.broken").touch()
    said = run()
    lacking = ROWS * SAMPLES - len(responses())
    assert said.code == 1 and lacking > 0
    told = f"samples without an answer, which do not vote ('imhi run' asks them again): {lacking}"
    assert told in " ".join(said.out.split())
    assert sum(vote is None for row in predictions() for vote in row["votes"]) == lacking
    # Labelling again brings no answers: it is not said to.
    labelled = imhi_here("label", "last", "--labeler", "strict")
    assert (labelled.code, "again to go on" in labelled.err) == (1, False)
    (tmp_path / "log.broken").unlink()
    assert run().code == 0
    assert all(vote for row in predictions() for vote in row["votes"])


def test_another_number_of_samples_is_another_run(run: Run) -> None:
    assert run().code == run("--samples", "3").code == run("--samples", "1").code == 0
    assert len(list(Path("runs").glob("*/manifest.json"))) == 3


def test_a_shard_asks_a_part_of_the_samples_and_merged_they_are_the_run(
    imhi_here: Imhi, run: Run
) -> None:
    assert run("--out", "whole").code == 0
    for part in ("1/3", "2/3", "3/3"):
        assert run(command=("shard", part)).code == 0
    merged = imhi_here("--plugin", ASKED_MODEL, "merge", "runs/shards")
    assert merged.code == 0, merged.err
    assert responses() == responses("whole")
    assert predictions() == predictions(out="whole")


def test_read_again_the_samples_vote_again(imhi_here: Imhi, run: Run) -> None:
    run()
    # What the labeler strict reads in another way: an answer without its label sentence.
    path = folder() / "responses" / "DR.jsonl"
    changed = rows(path)
    for row in changed:
        if "~" in row["id"]:
            row["text"] = "I do not know."
    path.write_text("".join(json.dumps(row) + "\n" for row in changed))
    said = imhi_here("label", "last", "--labeler", "strict")
    assert said.code == 0, said.err
    for row in predictions("strict"):
        assert row["votes"] == [row["label"], "", "", "", ""]
        assert row["confidence"] == pytest.approx(1 / SAMPLES)
    left_out = f"samples whose answer gives no label, and which do not vote: {ROWS * 4}"
    assert left_out in " ".join(said.out.split())


def test_scoring_reads_labels_again_when_more_samples_have_come(imhi_here: Imhi, run: Run) -> None:
    run()
    path = folder() / "responses" / "DR.jsonl"
    whole = path.read_text()
    path.write_text("".join(whole.splitlines(keepends=True)[:-3]))
    said = imhi_here("label", "last")
    assert said.code == 1
    assert "which do not vote ('imhi run' asks them again): 3" in said.complaint
    assert predictions()[-1]["votes"][-3:] == [None, None, None]
    path.write_text(whole)
    assert imhi_here("score", "last").code == 0
    assert None not in predictions()[-1]["votes"]


def test_confidence_is_calibrated_by_the_votes(imhi_here: Imhi, run: Run) -> None:
    run()
    (found,) = imhi_here("calibration", "last", "--json").json["found"]
    assert found["confidence_from"] == "agreement of 5 samples"
    sure = [row["confidence"] for row in predictions()]
    assert found["confidence"] == pytest.approx(100 * sum(sure) / ROWS, abs=0.06)


def test_a_report_says_how_the_samples_voted(imhi_here: Imhi, run: Run) -> None:
    run()
    assert imhi_here("report", "last", "--with-posts", "--to", "report.html").code == 0
    page = Path("report.html").read_text(encoding="utf-8")
    for row in predictions():
        ((most, count), *others) = Counter(row["votes"]).most_common()
        counted = ", ".join(f"{n} {label}" for label, n in [(most, count), *others])
        assert f"[votes: {counted}] " in page


def test_runs_with_and_without_samples_are_compared(imhi_here: Imhi, run: Run) -> None:
    run()
    run("--samples", "1")
    one, other = sorted(str(path.parent) for path in Path("runs").glob("*/manifest.json"))
    said = imhi_here("compare", one, other, "--metric", "all", "--json")
    assert said.code == 0, said.err
    assert {"asked (5 samples)", "asked"} == {row["name"] for row in said.json["values"]}


def test_what_would_be_asked_is_counted_for_every_sample(run: Run) -> None:
    (asked,) = run("--dry-run", "--json").json["dry_run"]
    assert asked["datasets"][0]["requests"] == ROWS * SAMPLES


def test_a_budget_is_spent_by_samples(imhi_here: Imhi, tmp_path: Path) -> None:
    paid = ("-m", f"asked:{tmp_path / 'log'},cost=0.01", "-d", "DR", "--max-cost", "0.1")
    sampled = ("--samples", str(SAMPLES), "--temperature", "0.8")
    said = imhi_here("--plugin", ASKED_MODEL, "run", *paid, *sampled)
    assert said.code == 1 and "as --max-cost was reached" in said.complaint
    assert len(responses()) == 10


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--temperature", "0"), "--temperature: found 0.0, expected above 0 with --samples 5"),
        (("--samples", "0"), "--samples: found 0, expected a whole number above 0"),
        (
            ("--samples", "1001"),
            "--samples: found 1001, expected a whole number above 0, at most 1000",
        ),
        (
            ("-m", "baseline:tfidf"),
            "model 'baseline:tfidf': --samples 5 is asked for, and it draws",
        ),
    ],
)
def test_where_samples_would_be_alike_they_are_refused(
    run: Run, words: tuple[str, ...], complaint: str
) -> None:
    said = run(*words)
    assert said.code == 2 and complaint in said.complaint


def test_an_example_called_like_a_sample_is_refused(imhi_here: Imhi, tmp_path: Path) -> None:
    plugin = tmp_path / "odd.yaml"
    data = tmp_path / "odd.csv"
    data.write_text("id,post,label\na,one,odd\na~2,two,even\n")
    plugin.write_text(
        "task: odd\nsummary: Is it odd?\ndataset: ODD\nrows: odd.csv\nquestion: Is it odd?\n"
        "labels: {odd: It is odd., even: It is even.}\n"
    )
    asked = ("-m", f"asked:{tmp_path / 'log'}", "--source", "own", "-d", "ODD")
    sampled = ("--samples", "2", "--temperature", "0.8")
    said = imhi_here("--plugin", plugin, "--plugin", ASKED_MODEL, "run", *asked, *sampled)
    assert said.code == 2 and "example id a~2 ends as samples' ids do" in said.complaint


def test_a_run_of_samples_cannot_be_submitted(imhi_here: Imhi, run: Run) -> None:
    run()
    said = imhi_here("submit", "last", "--to", "it.zip")
    assert said.code == 2 and "made with --samples 5" in said.complaint


def test_python_takes_samples_too(tmp_path: Path) -> None:
    results = evaluate(
        f"asked:{tmp_path / 'log'}",
        datasets="DR",
        samples=2,
        temperature=1.0,
        out=tmp_path / "runs",
        plugins=[ASKED_MODEL],
    )
    assert {"pass_rate", "pass_at_2"} <= {row["metric"] for row in results.runs[0].scores}
    with pytest.raises(HarnessError, match="--temperature: found 0"):
        evaluate("baseline:majority", samples=2, out=tmp_path / "runs")


def test_run_folders_of_before_are_gone_on_with(run: Run) -> None:
    run("--samples", "1")
    manifest = folder() / "manifest.json"
    assert "samples" not in manifest.read_text()
    assert "votes" not in predictions()[0]
    shutil.rmtree(folder() / "predictions")
    assert run("--samples", "1").code == 0
    assert len(list(Path("runs").glob("*/manifest.json"))) == 1


def read(label: str | None, id: str = "1", status: str = "labelled") -> Prediction:
    return Prediction(id, "DR", label, status if label else "unparsed")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("samples", "label", "status", "votes"),
    [
        (["no", "yes", "yes"], "yes", "labelled", ("no", "yes", "yes")),
        (["no", "yes", "yes", "no"], "no", "labelled", ("no", "yes", "yes", "no")),
        ([None, "yes", None], "yes", "labelled", ("", "yes", "")),
        ([None, None], None, "unparsed", ("", "")),
    ],
)
def test_unparsed_samples_do_not_vote_and_ties_go_to_the_label_given_first(
    samples: list[str | None], label: str | None, status: str, votes: tuple[str, ...]
) -> None:
    voted = vote("1", "DR", [read(one) for one in samples])
    assert (voted.label, voted.status, voted.votes) == (label, status, votes)


def test_an_example_is_failed_without_any_answer_or_while_one_is_unread() -> None:
    unread = Prediction("1~2", "DR", status="failed")
    assert vote("1", "DR", [None, None]).status == "failed"
    assert vote("1", "DR", [read("yes"), unread]).status == "failed"
    assert vote("1", "DR", [read("yes"), None]).label == "yes"
