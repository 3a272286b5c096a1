"""What is told to be wrongly decoded is what ftfy tells, whose patterns are tried where they can match."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
from ftfy.badness import is_bad

from imhi._core.mojibake import has_mojibake
from imhi._core.registry import Registry
from imhi._core.sources import open_source

SAID = "I can’t sleep — café closed, “résumé” sent, 5 £ left… ½ asleep, naïve, œuvre, déjà à"
TABLES = ("latin-1", "cp1252", "cp1251", "cp1253", "cp1257", "mac_roman")


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("times", [1, 2])
def test_a_text_decoded_with_the_wrong_table_is_told_wherever_the_signs_stand(
    table: str, times: int
) -> None:
    for word in SAID.split():
        wrong = word
        for _ in range(times):
            wrong = wrong.encode().decode(table, errors="ignore")
        for text in (wrong, f"{wrong} it is late", f"it is late {wrong}", f"so {wrong} {wrong} so"):
            assert has_mojibake(text) == is_bad(text), text
    assert has_mojibake("I can’t sleep".encode().decode(table, errors="ignore"))


def test_sound_text_is_not_told(registry: Registry) -> None:
    for text in (SAID, "", "plain words only", "Ça va? Ich weiß — 何もない 🙂", "Â"):
        assert has_mojibake(text) == is_bad(text) == False, text  # noqa: E712


def test_posts_of_the_published_files_are_told_as_by_ftfy(imhi: Path, registry: Registry) -> None:
    source = open_source(f"official:{imhi}", registry)[1]
    rows = [
        *islice(source.examples("loneliness", "test"), 120),
        *islice(source.examples("T-SID", "test"), 120),
    ]
    told = [has_mojibake(row.post) for row in rows]
    assert told == [is_bad(row.post) for row in rows]
    assert 10 < sum(told) < 150
