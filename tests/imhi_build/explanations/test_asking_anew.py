"""Rows that checks keep out are asked about again: once, in other words, and only where that can help."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from imhi._core.records import Example
from tests.conftest import Imhi
from tests.faulty_server import Asked, FaultyServer, Reply, answer, status
from tests.imhi_build.explanations.explaining_server import agreeing, model, rows_of


def test_rows_in_quarantine_are_asked_anew_with_other_examples(
    dr_build, imhi_here: Imhi, imhi: Path
) -> None:
    folder, _ = dr_build(experts=f"official:{imhi}")

    def refusing_some(asked: Asked) -> Reply:
        return (
            answer("I'm sorry, but I can't assist with that.")
            if asked.index < 3
            else agreeing(asked)
        )

    with FaultyServer(refusing_some) as server:
        words = ["build", "explain", folder.path, "-m", model(server, "concurrency=1")]
        imhi_here(*words)
        imhi_here("build", "check", folder.path, "--check", "refusals")
        out = folder.quarantined("DR")
        assert len(out) == 3 and all("refus" in reason[0] for reason in out.values())
        first = server.prompts[:3]
        server.script = agreeing
        assert imhi_here(*words, "--again").code == 0
        again = server.prompts[-3:]
    assert len(server.asked) == len(rows_of(folder)) + 3
    # The same posts, among other examples.
    assert {p.rpartition('Post: "')[2] for p in first} == {
        p.rpartition('Post: "')[2] for p in again
    }
    assert set(first).isdisjoint(again)
    rounds = Counter(row.round for row in rows_of(folder))
    assert rounds[2] == 3 and all(row.explanation.startswith("It") for row in rows_of(folder))
    assert (folder.path / "explanations" / "01-openai-m" / "responses" / "DR.jsonl").exists()


def test_asking_anew_that_was_stopped_goes_on_and_asks_nothing_twice(
    dr_build, imhi_here: Imhi, imhi: Path
) -> None:
    folder, _ = dr_build(experts=f"official:{imhi}")
    with FaultyServer(lambda asked: answer("I'm sorry, but I can't assist with that.")) as server:
        words = ["build", "explain", folder.path, "-m", model(server, "concurrency=1", "retries=0")]
        imhi_here(*words)
        imhi_here("build", "check", folder.path, "--check", "refusals")
        total = len(folder.quarantined("DR"))
        first = len(server.asked)
        # The server refuses the key after ten answers: every further request is pointless.
        server.script = lambda asked: (
            agreeing(asked) if asked.index < first + 10 else status(401, "no")
        )
        assert imhi_here(*words, "--again").code == 2
        server.script = agreeing
        assert imhi_here(*words, "--again").code == 0
        again = len(server.asked) - first
        assert total == first and again - total <= 2  # what was refused, and nothing else
        assert imhi_here(*words, "--again").code == 0
    assert len(server.asked) - first == again
    assert [path.name for path in sorted((folder.path / "explanations").glob("0*"))] == [
        "01-openai-m",
        "02-openai-m",
    ]
    assert {row.round for row in rows_of(folder)} == {2}


def test_what_another_explanation_cannot_mend_is_not_asked_about(
    dr_build, demo_dr: list[Example], imhi_here: Imhi, imhi: Path
) -> None:
    mailed = [replace(demo_dr[0], post=f"{demo_dr[0].post} Write to lena@example.org")]
    folder, _ = dr_build(rows=[*mailed, *demo_dr[1:]], experts=f"official:{imhi}")
    with FaultyServer(agreeing) as server:
        words = ["build", "explain", folder.path, "-m", model(server)]
        imhi_here(*words)
        asked = len(server.asked)
        imhi_here("build", "check", folder.path, "--check", "personal_data")
        assert len(folder.quarantined("DR")) == 1
        imhi_here(*words, "--again")
    assert len(server.asked) == asked


def test_asking_anew_in_the_same_words_is_refused(dr_build, imhi_here: Imhi) -> None:
    folder, _ = dr_build()
    with FaultyServer(lambda asked: answer("I'm sorry, but I can't assist with that.")) as server:
        words = ["build", "explain", folder.path, "-m", model(server)]
        assert "no check says" in imhi_here(*words, "--again").complaint
        imhi_here(*words)
        imhi_here("build", "check", folder.path, "--check", "refusals")
        said = imhi_here(*words, "--again")
        assert said.code == 2 and "would get the same prompts" in said.complaint
        server.script = agreeing
        warmer = imhi_here(*words, "--again", "--set", "explain.temperature=0.7")
    assert warmer.code == 0 and {row.round for row in rows_of(folder)} == {2}
