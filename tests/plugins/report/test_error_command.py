"""``imhi errors`` as people use it, on the demo and on the official posts."""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from imhi._core.evaluation import evaluate
from imhi._core.records import Response
from imhi._core.run_store import RunFolder, list_runs
from imhi._core.run_store.columns import Columns
from imhi.plugins.report.error_analysis.analysis import analyse


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both baselines on two demo datasets."""
    out = tmp_path_factory.mktemp("errors") / "runs"
    models = ("baseline:majority", "baseline:tfidf")
    evaluate(models, dataset=("DR", "MultiWD"), metric="labels", resamples=100, out=str(out))
    return out


@pytest.fixture
def two_runs(imhi_here, finished: Path) -> list[RunFolder]:
    """The runs in a folder of their own, to be changed."""
    shutil.copytree(finished, "runs")
    return list_runs(Path("runs"))


def names(runs: list[RunFolder]) -> list[Path]:
    return [run.path for run in runs]


def test_counts_come_first_then_lists_with_how_many_are_not_shown(imhi_here, two_runs) -> None:
    done = imhi_here("errors", *names(two_runs), "--limit", "1")
    assert done.code == 0, done.err
    order = [
        "What runs get wrong",
        "baseline:tfidf",
        "Missed by all (",
        "Flips (",
        "Contradictions",
    ]
    places = [done.out.index(text) for text in order]
    assert places == sorted(places)
    assert "more (--limit " in done.out
    assert "Demo posts are fictional" in done.out


@pytest.mark.parametrize("columns", ["80", "160"])
def test_no_line_is_longer_than_the_terminal(imhi_here, two_runs, monkeypatch, columns) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    done = imhi_here("errors", *names(two_runs))
    assert max(len(line.rstrip()) for line in done.out.splitlines()) <= int(columns)


def test_the_question_of_an_example_is_named_where_there_are_several(imhi_here, two_runs) -> None:
    found = imhi_here("errors", *names(two_runs), "-d", "MultiWD", "--json").json
    assert all(row["aspect"] for row in found["flips"])
    shown = imhi_here("errors", *names(two_runs), "-d", "MultiWD", "--kind", "flips").out
    assert found["flips"][0]["aspect"] in shown


def test_json_is_one_object_with_everything_whatever_the_limit(imhi_here, two_runs) -> None:
    found = imhi_here("errors", *names(two_runs), "--json", "--limit", "1").json
    total = sum(counts["examples"] for counts in found["counts"])
    right = sum(counts["right_by_all"] for counts in found["counts"])
    assert len(found["missed_by_all"]) + len(found["flips"]) + right == total
    assert found["labeler"] == "hybrid"
    assert set(found["runs"]) == {"baseline:majority", "baseline:tfidf"}


def test_one_kind_is_one_list(imhi_here, two_runs) -> None:
    done = imhi_here("errors", *names(two_runs), "--kind", "flips")
    assert "Flips (" in done.out
    assert "Missed by all" not in done.out
    assert "Clusters" not in done.out
    found = imhi_here("errors", *names(two_runs), "--kind", "flips", "--json").json
    assert "flips" in found
    assert not {"missed_by_all", "contradictions", "clusters", "words"} & set(found)


def test_a_limit_of_nothing_leaves_the_counts(imhi_here, two_runs) -> None:
    done = imhi_here("errors", *names(two_runs), "--limit", "0")
    assert "What runs get wrong" in done.out
    assert "Flips (" not in done.out


def test_posts_are_shown_only_with_posts(imhi_here, two_runs) -> None:
    all_posts = {e.post for d in ("DR", "MultiWD") for e in two_runs[0].examples(d)}
    silent = imhi_here("errors", *names(two_runs), "--json")
    assert not [post for post in all_posts if json.dumps(post)[1:-1] in silent.out]
    shown = imhi_here("errors", *names(two_runs), "--kind", "missed", "--json", "--with-posts").json
    assert {row["post"] for row in shown["missed_by_all"]} <= all_posts
    text = imhi_here("errors", *names(two_runs), "--kind", "missed", "--with-posts", "-d", "DR").out
    (first, *_) = [row for row in shown["missed_by_all"] if row["dataset"] == "DR"]
    assert first["post"].split()[0] in text


def test_what_a_post_holds_does_not_steer_the_terminal(imhi_here, two_runs) -> None:
    for run in two_runs:
        path = run.file("examples", "DR")
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        text = "".join(
            json.dumps(row | {"post": "\x1b[31mred\nand more [bold]"}) + "\n" for row in rows
        )
        path.write_text(text)
    done = imhi_here("errors", *names(two_runs), "-d", "DR", "--kind", "missed", "--with-posts")
    assert "\x1b" not in done.out
    assert "red and more [bold]" in done.out


def test_a_run_alone_is_looked_at_alone(imhi_here, two_runs) -> None:
    done = imhi_here("errors", two_runs[0].path)
    assert done.code == 0, done.err
    assert "Missed (" in done.out
    assert "Flips" not in done.out


def test_a_run_with_other_gold_labels_is_refused(imhi_here, two_runs) -> None:
    path = two_runs[1].file("examples", "DR")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows[0]["label"] = {"yes": "no", "no": "yes"}[rows[0]["label"]]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = imhi_here("errors", *names(two_runs))
    assert done.code == 2
    assert f"DR/{rows[0]['id']}: the gold label is" in done.complaint
    assert "baseline:majority" in done.complaint
    assert "baseline:tfidf" in done.complaint


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--kind", "flip"], "unknown --kind 'flip': did you mean 'flips'?"),
        (["--limit", "-1"], "--limit: found -1, expected a whole number, 0 or more"),
        (["--dataset", "drr"], "unknown dataset 'drr': did you mean 'DR'?"),
        (["--labeler", "strict"], "no scores for labeler 'strict' (there are: hybrid)"),
    ],
)
def test_mistakes_are_one_line(imhi_here, two_runs, arguments, expected) -> None:
    done = imhi_here("errors", *names(two_runs), *arguments)
    assert done.code == 2
    assert expected in done.complaint


def test_the_same_run_twice_is_one_run_and_said(imhi_here, two_runs) -> None:
    once = imhi_here("errors", two_runs[0].path, "--json").json
    twice = imhi_here("errors", two_runs[0].path, f"{two_runs[0].path}/.", "--json").json
    assert (twice["runs"], twice["counts"]) == (once["runs"], once["counts"])
    (note,) = [note for note in twice["notes"] if "given twice" in note]
    assert "it is one run and counts once" in note


def test_a_text_read_otherwise_than_the_models_own_label_is_listed(imhi_here, two_runs) -> None:
    run = two_runs[0]
    responses = list(run.responses("DR"))
    first = responses[0]
    other = {
        "yes": "No, the poster does not suffer from depression.",
        "no": "Yes, the poster does.",
    }
    changed = Response(first.id, "DR", first.prompt_hash, other[first.label or ""], first.label)
    run.write_records(run.file("responses", "DR"), [changed, *responses[1:]])
    assert imhi_here("label", run.path, "--resamples", "100").code == 0
    found = imhi_here("errors", run.path, "-d", "DR", "--kind", "contradictions", "--json").json
    (row,) = [r for r in found["contradictions"] if r["between"] == "model"]
    assert (row["id"], row["other"]) == (first.id, first.label)
    assert row["label"] != first.label


@pytest.mark.slow
def test_official_posts_with_errors_at_random_have_next_to_no_clusters(
    imhi_here, imhi, registry
) -> None:
    done = imhi_here(
        "run", "-m", "baseline:majority", "-s", f"official:{imhi}", "-d", "DR", "-d", "IRF",
        "--resamples", "100",
    )  # fmt: skip
    assert done.code == 0, done.err
    (manifest,) = Path("runs").glob("*/manifest.json")
    run = RunFolder(manifest.parent)
    columns = {d: Columns.read(run, "hybrid", d, registry) for d in ("DR", "IRF")}
    drawn = random.Random(0)

    def at_random(one: Columns, share: float) -> Columns:
        other = {"yes": "no", "no": "yes"}
        predictions = [
            replace(p, label=other[e.label] if drawn.random() < share else e.label)
            for p, e in zip(one.predictions, one.examples, strict=True)
        ]
        return Columns(one.examples, one.responses, predictions)

    shares = (0.05, 0.2, 0.5)
    runs = {
        str(share): {d: at_random(one, share) for d, one in columns.items()} for share in shares
    }
    found = analyse(runs, {d: ("yes", "no") for d in columns})
    assert len(found.clusters) <= 1
    assert len(found.words) <= 1
    for one in found.counts:
        assert one.missed_by_all == pytest.approx(one.expected_missed_by_all, abs=12)
