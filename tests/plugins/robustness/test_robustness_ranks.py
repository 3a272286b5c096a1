"""``imhi ranks``: the order of models under other labelers and other gold labels."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imhi._core.run_store import RunFolder
from imhi._core.views import Verdict
from tests.conftest import Imhi


@pytest.fixture
def two_models(imhi_here: Imhi) -> list[RunFolder]:
    said = imhi_here("run", "-d", "DR", "-d", "SAD", "--json")
    return [RunFolder(Path(run)) for run in said.json["run"]]


def audited(run: RunFolder, human: dict[str, str], leaked: int = 0) -> None:
    """Write verdicts that turn gold labels round as ``human`` says."""
    for dataset in run.datasets():
        path = Verdict.file(Path("audit"), dataset, "test")
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = []
        for number, example in enumerate(run.examples(dataset)):
            key = Verdict.row_key(example.post, example.question, example.label)
            label = human.get(example.label, example.label)
            flags = ["leaked"] if number < leaked else []
            rows.append({"id": example.id, "row": key, "human": label, "flags": flags})
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    Path("audit", Verdict.FLAGS).write_text(json.dumps({"leaked": ""}))


def orders(said: object, dataset: str) -> dict[str, dict]:  # type: ignore[type-arg]
    found = said.json["orders"]  # type: ignore[attr-defined]
    return {order["condition"]: order for order in found if order["dataset"] == dataset}


def test_gold_labels_turned_round_turn_the_order_round(
    imhi_here: Imhi, two_models: list[RunFolder]
) -> None:
    """TF-IDF is better than the majority; when every label is the other one, it is worse."""
    audited(two_models[0], {"yes": "no", "no": "yes"})
    said = imhi_here("ranks", "majority", "tfidf", "-d", "DR", "--gold", "human", "--json")
    found = orders(said, "DR")
    assert found["hybrid, released"]["ranks"] == [2, 1]
    assert found["hybrid, human"]["ranks"] == [1, 2]
    assert found["hybrid, human"]["agreement"]["tau"] == -1
    assert found["hybrid, human"]["agreement"]["turned"] == 1


def test_values_are_those_that_scoring_gives_under_the_view(
    imhi_here: Imhi, two_models: list[RunFolder]
) -> None:
    audited(two_models[0], {"yes": "no"}, leaked=3)
    said = imhi_here(
        "ranks", "majority", "tfidf", "--view", "released", "--gold", "human", "--json"
    )
    scored = imhi_here("score", "tfidf", "--gold", "human", "--metric", "weighted_f1", "--json")
    expected = {row["dataset"]: row["value"] for row in scored.json["scores"]}
    for dataset, value in expected.items():
        assert orders(said, dataset)["hybrid, human"]["values"][1] == pytest.approx(value)
    mean = scored.json["averages"][0]["value"]
    assert orders(said, "")["hybrid, human"]["values"][1] == pytest.approx(mean)


def test_the_same_labels_twice_keep_the_order(imhi_here: Imhi, two_models: list[RunFolder]) -> None:
    """Baselines give labels outright, so every labeler reads the same."""
    imhi_here("label", "majority", "tfidf", "--labeler", "strict")
    said = imhi_here(
        "ranks", "majority", "tfidf", "--labeler", "hybrid", "--labeler", "strict", "--json"
    )
    for dataset in ("", "DR", "SAD"):
        found = orders(said, dataset)
        assert found["strict, released"]["values"] == found["hybrid, released"]["values"]
        assert found["strict, released"]["agreement"]["tau"] == 1


def test_the_table_fits_80_columns_and_says_what_views_leave_out(
    imhi_here: Imhi, two_models: list[RunFolder]
) -> None:
    audited(two_models[0], {}, leaked=3)
    said = imhi_here(
        "ranks", "majority", "tfidf", "--view", "released", "--view", "imhi-unleaked",
        "--audit", "audit",
    )  # fmt: skip
    assert said.code == 2 and "unknown flag of the audit 'duplicate'" in said.complaint
    flags = Path("audit") / Verdict.FLAGS
    flags.write_text(json.dumps({"leaked": "", "duplicate": ""}))
    said = imhi_here("ranks", "majority", "tfidf", "--view", "released", "--view", "imhi-unleaked")
    assert max(map(len, said.out.splitlines())) <= 80
    assert "(2) hybrid, imhi-unleaked" in said.out
    assert "DR: view imhi-unleaked leaves out 3 of 16 rows (3 leaked)" in " ".join(said.out.split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "found one way to measure"),
        (["--labeler", "hybrid", "--labeler", "hybrid"], "found one way to measure"),
        (["--gold", "human"], "audit holds no verdicts"),
        (["--labeler", "hybrid", "--labeler", "strict"], "has not read its answers"),
        (
            ["--labeler", "hybrid", "--labeler", "strict", "--metric", "rouge"],
            "expected one of labels",
        ),
    ],
)
def test_what_cannot_be_ranked_is_said_in_one_line(
    imhi_here: Imhi, two_models: list[RunFolder], words: list[str], said: str
) -> None:
    assert said in imhi_here("ranks", "majority", "tfidf", *words).complaint
