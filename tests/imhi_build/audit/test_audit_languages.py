"""Posts in another language than English are told, however short and untidy posts are."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from imhi._core.registry import Registry
from imhi._core.sources import open_source
from imhi.build.audit.languages import Languages
from tests.conftest import Imhi
from tests.imhi_build.audit.audit_moods import a_row, audit_rows, mood_rows, write_task

FOREIGN = (
    "@nachbarin Der Bus kam heute schon wieder zu spät, und keiner sagt uns warum. #montag",
    "Merci à toute l'équipe pour cette belle soirée au bord du lac ! https://example.net/p/7",
    "Muchas gracias a todos por venir, ha sido un día precioso en la montaña",
    "Vanavond eerst de afwas en daarna samen naar de film, gezellig",
    "I dag skal vi endelig få se den nye broen over elven",
    "Сегодня весь день идёт дождь, и кошка спит на окне",
)
ENGLISH = (
    "@bjorn_larsen Lunch at the fjord cafe, anyone? #oslo #norge #sommer https://example.net/no",
    "RT @x9Kq2: I CANNOT BELIEVE THE CHOIR SANG THAT SONG AGAIN AND NOBODY LAUGHED",
    "Local council probes missing ferry tickets",
    "Croissants, baguettes and a grand piano: what a weekend with Amelie!",
    "deadline",
    "hola",
    "?!",
)


def told(posts: Iterable[str]) -> frozenset[str]:
    languages = Languages()
    for post in posts:
        languages.note(post)
    return languages.foreign()


def test_posts_in_other_languages_are_told() -> None:
    assert told((*FOREIGN, *ENGLISH)) >= set(FOREIGN)


def test_names_tags_links_capitals_and_single_words_are_no_other_language() -> None:
    assert not told((*FOREIGN, *ENGLISH)) & set(ENGLISH)


def test_rows_in_another_language_are_flagged_counted_and_left_out_by_a_view(
    imhi_here: Imhi, tmp_path: Path
) -> None:
    rows = [*mood_rows(), *(a_row(f"test-x{n}", post) for n, post in enumerate(FOREIGN))]
    write_task(tmp_path, rows)
    said = imhi_here("audit", "own", "--plugin", "mood.yaml", "--split", "test", "--json")
    assert said.code == 0, said.err
    (found,) = [f for f in said.json["findings"] if f["kind"] == "not-english"]
    assert (found["rows"], found["total"]) == ([f"test-x{n}" for n in range(6)], 15)
    assert found["text"] == "6 of 15 rows have a post in another language than English"
    words = "run --plugin mood.yaml --source own -m baseline:majority --metric accuracy --json"
    run = imhi_here(*words.split(), "--labeler", "strict", "--view", "imhi-english")
    assert run.code == 0, run.err
    assert {row["n"] for row in run.json["scores"]} == {15, 9}


def test_without_what_tells_languages_the_audit_says_that_they_were_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "py3langid", None)
    audited = audit_rows(tmp_path, [*mood_rows(), a_row("test-x", FOREIGN[0])])
    (note,) = [note for note in audited.audit.notes if "languages" in note]
    assert "the package 'py3langid' is not installed" in note
    assert "not-english" not in audited.kinds("test")


@pytest.mark.slow
def test_published_posts_in_other_languages_are_those_that_were_read_so_by_eye(
    imhi: Path, registry: Registry
) -> None:
    _, source = open_source(f"official:{imhi}", registry)
    found = {
        name: len(told(example.post for example in source.examples(name, "test")))
        for name in source.datasets()
        if "test" in source.splits(name)
    }
    # Of T-SID's, one is a list of foreign names; all others are in another language.
    assert {name: count for name, count in found.items() if count} == {"DR": 1, "T-SID": 36}
