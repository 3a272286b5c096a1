"""Scores on demo posts are no results of IMHI: every command that shows scores says so, to people in a
sentence and to programs in a field or column ``synthetic``."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from imhi import evaluate
from tests.checkouts import depression_checkout
from tests.conftest import Imhi

SENTENCE = "Demo posts are fictional"
MODELS = ["baseline:majority", "baseline:tfidf"]
RUNS = ("majority", "tfidf")
SHOWN = (
    ("runs",),
    ("show", *RUNS),
    ("show", *RUNS, "--format", "markdown"),
    ("score", *RUNS),
    ("label", *RUNS, "--labeler", "strict"),
    ("compare", *RUNS),
    ("errors", *RUNS),
    ("ranks", *RUNS, "--view", "released", "--labeler", "hybrid", "--labeler", "strict"),
    ("calibration", "tfidf"),
    ("report", *RUNS, "--format", "markdown"),
    ("report", *RUNS, "--format", "latex"),
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of two runs on demo posts, read by two labelers."""
    out = tmp_path_factory.mktemp("demo")
    for labeler in ("strict", "hybrid"):
        evaluate(models=MODELS, datasets=["DR"], labeler=labeler, out=out)
    return out


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the same runs on a checkout, as far as a program can tell."""
    out = tmp_path_factory.mktemp("real")
    source = f"official:{depression_checkout(tmp_path_factory.mktemp('imhi'))}"
    for labeler in ("strict", "hybrid"):
        evaluate(models=MODELS, datasets=["DR"], labeler=labeler, out=out, source=source)
    return out


def said(imhi_here: Imhi, words: tuple[str, ...], out: Path) -> str:
    found = imhi_here(*words, "-o", out)
    assert found.code in (0, 1), found.err
    return " ".join(found.out.split())


@pytest.mark.parametrize("words", SHOWN, ids=" ".join)
def test_scores_on_demo_posts_are_said_to_be_so(
    imhi_here: Imhi, demo: Path, words: tuple[str, ...]
) -> None:
    assert SENTENCE in said(imhi_here, words, demo)


@pytest.mark.parametrize(
    "words", [words for words in SHOWN if "calibration" not in words], ids=" ".join
)
def test_other_scores_are_not(imhi_here: Imhi, real: Path, words: tuple[str, ...]) -> None:
    assert SENTENCE not in said(imhi_here, words, real)


@pytest.mark.parametrize(
    "words", [words for words in SHOWN if not {"report", "--format"} & {*words}], ids=" ".join
)
def test_programs_are_told_in_a_field(
    imhi_here: Imhi, demo: Path, real: Path, words: tuple[str, ...]
) -> None:
    for out, synthetic in ((demo, True), (real, False)):
        if words[0] == "calibration" and not synthetic:
            continue  # of three rows there is nothing to calibrate
        found = imhi_here(*words, "-o", out, "--json").json
        if words[0] == "runs":
            assert [row["synthetic"] for row in found["runs"]] == [synthetic] * 2
        else:
            assert found["synthetic"] is synthetic
        for row in found.get("scores", ()):
            assert row["synthetic"] is synthetic


@pytest.mark.parametrize("command", ["show", "report"])
def test_every_row_of_a_csv_has_a_column_for_it(
    imhi_here: Imhi, demo: Path, real: Path, command: str
) -> None:
    for out, synthetic in ((demo, "true"), (real, "false")):
        text = imhi_here(command, *RUNS, "--format", "csv", "-o", out).out
        rows = list(csv.DictReader(io.StringIO(text)))
        own = [row for row in rows if row.get("kind") != "published"]
        assert own and {row["synthetic"] for row in own} == {synthetic}


def test_a_list_of_runs_marks_those_on_demo_posts_only(
    imhi_here: Imhi, demo: Path, real: Path, tmp_path: Path
) -> None:
    both = tmp_path / "both"
    both.mkdir()
    for folder in [*demo.iterdir(), *real.iterdir()]:
        if folder.is_dir():
            (both / folder.name).symlink_to(folder, target_is_directory=True)
    listed = imhi_here("runs", "-o", both, "--json").json["runs"]
    assert sorted(row["synthetic"] for row in listed) == [False, False, True, True]
    table = imhi_here("runs", "-o", both).out
    assert sum("*" in line for line in table.splitlines() if "scored" in line) == 2


def test_a_data_frame_has_a_column_for_it(demo: Path) -> None:
    pytest.importorskip("pandas")
    results = evaluate(models=MODELS, datasets=["DR"], out=demo)
    assert results.to_pandas()["synthetic"].all()
