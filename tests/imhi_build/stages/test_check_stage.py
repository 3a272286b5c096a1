"""Checks leave reports and findings; what fails is kept out with its reason, and nothing vanishes."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from imhi._core.registry import Registry
from imhi._core.run_store.jsonl import read_rows
from imhi.build.explanations.joining import join
from imhi.build.folder import BuildFolder
from imhi.build.records import BuiltRow
from imhi.build.stages.explain import copy_all_given
from tests.conftest import Imhi
from tests.faulty_server import Asked, FaultyServer, Reply, answer

REFUSAL = "I'm sorry, but I can't assist with that."


@pytest.fixture
def explained(dr_build, registry: Registry) -> BuildFolder:
    """The demo rows of DR with their own explanations."""
    folder, config = dr_build(given="demo")
    copy_all_given(folder, config, registry)
    join(folder, config, registry)
    return folder


def change(folder: BuildFolder, **by_id: dict) -> None:
    """Change rows of DR as if they had been explained so."""
    rows = [replace(row, **by_id.get(row.id.replace("-", "_"), {})) for row in folder.rows("DR")]
    assert set(by_id) <= {row.id.replace("-", "_") for row in rows}
    folder.write("rows", "DR", rows)


def report(folder: BuildFolder, name: str) -> dict:
    return json.loads((folder.path / "checks" / f"{name}.json").read_text(encoding="utf-8"))


def test_what_fails_is_kept_out_with_its_reasons_and_nothing_vanishes(
    explained: BuildFolder, imhi_here: Imhi
) -> None:
    change(
        explained, train_0={"explanation": REFUSAL}, train_1={"model_label": "yes", "label": "no"}
    )
    said = imhi_here("build", "check", explained.path)
    assert said.code == 0, said.err
    out = explained.quarantined("DR")
    assert any(reason.startswith("refusals: ") for reason in out["train-0"])
    assert "contradictions: the answer states 'yes', the label is 'no'" in out["train-1"]
    kept = {row.id for row in explained.kept("DR")}
    assert kept.isdisjoint(out) and kept | set(out) == {row.id for row in explained.rows("DR")}
    # The quarantine holds the rows themselves.
    for _, row in read_rows(explained.file("quarantine", "DR")):
        assert BuiltRow(**row["row"]).id == row["id"] and row["row"]["explanation"]


def test_an_action_decides_whether_a_finding_keeps_a_row_out(
    explained: BuildFolder, imhi_here: Imhi
) -> None:
    change(explained, train_0={"explanation": REFUSAL})
    only = ("--check", "refusals")
    for action, found, out in (("quarantine", 1, 1), ("report", 1, 0)):
        setting = f"checks.refusals.action={action}"
        imhi_here("build", "check", explained.path, *only, "--set", setting)
        assert report(explained, "refusals")["findings"] == found
        assert len(explained.quarantined("DR")) == out
    off = ("--set", "checks.refusals.action=off")
    assert "it is off in" in imhi_here("build", "check", explained.path, *only, *off).complaint
    imhi_here("build", "check", explained.path, "--check", "empty", *off)
    assert not (explained.path / "checks" / "refusals.json").exists()
    assert explained.quarantined("DR") == {}


def test_a_report_says_what_was_looked_at_and_how(explained: BuildFolder, imhi_here: Imhi) -> None:
    change(explained, train_0={"explanation": REFUSAL})
    imhi_here("build", "check", explained.path, "--check", "refusals")
    found = report(explained, "refusals")
    rows = len(list(explained.rows("DR")))
    assert found["rows"] == rows and found["by_dataset"] == {"DR": {"rows": rows, "findings": 1}}
    assert found["settings"]["action"] == "quarantine" and found["seconds"] >= 0
    assert sum(found["reasons"].values()) == 1


def test_checks_are_made_one_at_a_time_or_all_together(
    explained: BuildFolder, imhi_here: Imhi
) -> None:
    change(
        explained, train_0={"explanation": REFUSAL}, train_2={"model_label": "yes", "label": "no"}
    )
    imhi_here("build", "check", explained.path)
    together = explained.quarantined("DR")
    names = [path.stem for path in (explained.path / "checks").glob("*.json")]
    for path in (explained.path / "checks").glob("*.json"):
        path.unlink()
    for name in names:
        imhi_here("build", "check", explained.path, "--check", name)
    assert explained.quarantined("DR") == together and len(names) >= 10


def test_reading_again_forgets_checks_of_earlier_rows(
    explained: BuildFolder, imhi_here: Imhi
) -> None:
    imhi_here("build", "check", explained.path)
    assert explained.record().check
    imhi_here("build", "read", explained.path)
    assert not explained.record().check and not list((explained.path / "checks").glob("*.json"))


def test_what_was_found_in_other_rows_or_under_other_settings_counts_no_more(
    explained: BuildFolder, imhi_here: Imhi
) -> None:
    imhi_here("build", "check", explained.path)
    assert explained.quarantined("DR") == {}
    change(explained, train_0={"explanation": REFUSAL})
    said = imhi_here("build", "check", explained.path, "--check", "empty")
    assert "not made on these rows: refusals" in said.err
    assert not (explained.path / "checks" / "refusals.json").exists()
    assert "refusals" in imhi_here("build", "status", explained.path).out
    imhi_here("build", "check", explained.path)
    assert "train-0" in explained.quarantined("DR")
    said = imhi_here(
        "build", "check", explained.path, "--check", "empty",
        "--set", "checks.refusals.also=[soup]",
    )  # fmt: skip
    assert "not made on these rows: refusals" in said.err


def test_rows_that_are_explained_after_a_check_are_not_hidden_by_it(
    dr_build, imhi_here: Imhi
) -> None:
    folder, _ = dr_build()
    with FaultyServer(
        lambda asked: answer("Yes, the poster suffers from depression. Reasoning: It says so here.")
    ) as server:
        words = ["build", "explain", folder.path, "-m", f"openai:m,base_url={server.url}"]
        imhi_here(*words, "--limit", "5")
        imhi_here("build", "check", folder.path, "--check", "refusals")
        assert len(list(folder.kept("DR"))) == 5
        imhi_here(*words)
    assert len(list(folder.kept("DR"))) == len(list(folder.posts("DR")))


def test_a_quarantine_that_is_gone_or_cut_short_lets_nothing_through(
    explained: BuildFolder, imhi_here: Imhi
) -> None:
    change(explained, train_0={"explanation": REFUSAL})
    imhi_here("build", "check", explained.path)
    explained.file("quarantine", "DR").unlink()
    said = imhi_here("build", "write", explained.path, "--format", "official")
    assert said.code == 2 and "found 0 rows, expected the 1 that checks keep out" in said.complaint


def test_explaining_again_without_need_keeps_the_checks(
    explained: BuildFolder, imhi_here: Imhi
) -> None:
    imhi_here("build", "check", explained.path)
    before = explained.record().check
    said = imhi_here("build", "explain", explained.path, "--given", "demo")
    assert said.code == 0 and "nothing to ask: every row has an explanation" in said.err
    assert explained.record().check == before


def test_checking_before_explaining_says_what_to_do(dr_build, imhi_here: Imhi) -> None:
    folder, _ = dr_build()
    said = imhi_here("build", "check", folder.path)
    assert said.code == 2 and f"imhi build explain {folder.path}" in said.complaint


def answering_no(asked: Asked) -> Reply:
    assert "Answer given" not in asked.prompt
    return answer("No, the poster does not suffer from depression. Reasoning: It is a calm post.")


def test_correctness_asks_without_the_label_and_reports_agreement(
    explained: BuildFolder, imhi_here: Imhi
) -> None:
    labels = Counter(row.label for row in explained.rows("DR"))
    total = sum(labels.values())
    with FaultyServer(answering_no) as server:
        words = ["build", "check", explained.path, "--check", "correctness", "--set",
                 f"checks.correctness.model='openai:m,base_url={server.url}'"]  # fmt: skip
        for _ in range(2):
            assert imhi_here(*words).code == 0
    assert len(server.asked) == total  # the second time nothing was asked
    found = report(explained, "correctness")
    assert found["details"]["DR"]["agreement"] == pytest.approx(
        100 * labels["no"] / total, abs=0.01
    )
    assert found["findings"] == labels["yes"]
    assert explained.quarantined("DR") == {}  # disagreement alone condemns nobody


def test_one_models_answers_are_never_credited_to_another(
    explained: BuildFolder, imhi_here: Imhi
) -> None:
    def answering_yes(asked: Asked) -> Reply:
        return answer("Yes, the poster suffers from depression. Reasoning: It is a sad post.")

    labels = Counter(row.label for row in explained.rows("DR"))
    total = sum(labels.values())
    for name, script, label in (("a", answering_no, "no"), ("b", answering_yes, "yes")):
        with FaultyServer(script) as server:
            imhi_here(
                "build", "check", explained.path, "--check", "correctness", "--set",
                f"checks.correctness.model='openai:{name},base_url={server.url}'",
            )  # fmt: skip
            assert len(server.asked) == total
        found = report(explained, "correctness")["details"]
        assert found["model"].startswith(f"openai:{name}")
        assert found["DR"]["agreement"] == pytest.approx(100 * labels[label] / total, abs=0.01)


def test_answers_of_the_check_survive_reading_again(
    explained: BuildFolder, imhi_here: Imhi
) -> None:
    with FaultyServer(answering_no) as server:
        words = ["build", "check", explained.path, "--check", "correctness", "--set",
                 f"checks.correctness.model='openai:m,base_url={server.url}'"]  # fmt: skip
        imhi_here(*words)
        asked = len(server.asked)
        assert imhi_here("build", "read", explained.path).code == 0
        assert imhi_here("build", "explain", explained.path).code == 0
        assert imhi_here(*words).code == 0
    assert len(server.asked) == asked == len(list(explained.rows("DR")))


def test_correctness_that_could_not_ask_everything_is_incomplete(
    explained: BuildFolder, imhi_here: Imhi
) -> None:
    from tests.faulty_server import status

    with FaultyServer(
        lambda asked: status(400, "no") if asked.index % 2 else answering_no(asked)
    ) as server:
        said = imhi_here(
            "build", "check", explained.path, "--check", "correctness", "--set",
            f"checks.correctness.model='openai:m,base_url={server.url}'",
        )  # fmt: skip
    assert said.code == 1
    assert "requests failed" in said.err and report(explained, "correctness")["incomplete"]


def test_what_needs_a_model_or_experts_says_that_it_was_skipped(
    explained: BuildFolder, imhi_here: Imhi
) -> None:
    said = imhi_here("build", "check", explained.path)
    assert "no model is named" in report(explained, "correctness")["skipped"]
    assert "no expert rows" in report(explained, "quality")["skipped"]
    assert "skipped" in said.out
    for name in ("correctness", "quality"):
        found = report(explained, name)
        assert (found["rows"], found["by_dataset"]) == (0, {}), "nothing was looked at"
    record = imhi_here("build", "status", explained.path, "--json").json["check"]
    assert set(record["skipped"]) == {"correctness", "quality"}
    assert not set(record["skipped"]) & set(record["checks"])
    told = imhi_here("build", "status", explained.path).out
    assert "check correctness skipped: no model is named" in told


def test_quality_is_measured_against_experts_on_the_same_posts(
    dr_build, registry: Registry, imhi: Path, imhi_here: Imhi
) -> None:
    from imhi._core.sources import open_source

    _, source = open_source(f"official:{imhi}", registry)
    experts = list(source.examples("DR", "expert"))
    rows = [replace(e, split="train", id=f"train-{n}") for n, e in enumerate(experts)]
    folder, config = dr_build(rows=rows, experts=f"official:{imhi}")
    written = [
        replace(row, explanation=e.explanation if n else "Nothing alike.", explained_by="a model")
        for n, (row, e) in enumerate(zip(folder.posts("DR"), experts, strict=True))
    ]
    join(folder, config, registry)
    folder.write("rows", "DR", written)
    said = imhi_here(
        "build", "check", folder.path, "--check", "quality",
        "--set", "checks.quality.minimum=20", "--set", "checks.quality.action=quarantine",
    )  # fmt: skip
    assert said.code == 0, said.err
    figures = report(folder, "quality")["details"]["DR"]
    assert figures["rows"] == 35
    # 34 of 35 are the expert's own words.
    assert 85 < figures["rouge1"]["low"] < figures["rouge1"]["value"] < 100
    assert set(folder.quarantined("DR")) == {"train-0"}


@pytest.mark.slow
def test_the_same_checks_over_two_processes_find_the_same(
    explained: BuildFolder, imhi_here: Imhi
) -> None:
    change(
        explained, train_0={"explanation": REFUSAL}, train_2={"model_label": "yes", "label": "no"}
    )

    def findings() -> dict[str, list]:
        return {
            path.parent.name: [row for _, row in read_rows(path)]
            for path in sorted((explained.path / "checks").glob("*/DR.jsonl"))
        }

    # A check of each kind: of rows one by one, of all at once, with a labeler.
    words = ["build", "check", explained.path]
    for name in ("refusals", "consistency", "contradictions"):
        words += ["--check", name]
    assert imhi_here(*words).code == 0
    here, out = findings(), explained.quarantined("DR")
    assert imhi_here(*words, "--executor", "processes:2").code == 0
    assert findings() == here and explained.quarantined("DR") == out and len(here) >= 2
