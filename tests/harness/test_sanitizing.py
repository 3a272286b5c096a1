"""Texts of strangers are harmless where they are shown."""

from __future__ import annotations

import pytest

from imhi._core.sanitizing import markdown, one_line, plain, spreadsheet_cell

LOST = "\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    "hidden", ["\x1b", "\u202e", "\u2066", "\u200f", "\u061c", "\ud800", "\x85"]
)
def test_nothing_steers_a_terminal_or_turns_the_direction_of_writing(hidden: str) -> None:
    assert plain(f"a{hidden}b") == f"a{LOST}b"
    plain(f"a{hidden}b").encode()  # can be printed


@pytest.mark.parametrize(
    "hidden", ["\u00ad", "\u061c", "\u180e", "\u200b", "\u2060", "\U000e0041", "\u3164", "\ufeff"]
)
def test_a_line_holds_nothing_that_nobody_sees(hidden: str) -> None:
    assert one_line(f"model{hidden}-7B\n") == f"model{LOST}-7B"


def test_letters_of_all_alphabets_stay() -> None:
    for name in ("Mixtral-8×7B", "Qwen-通义", "Алиса", "Ünïcode", "क्षितिज"):
        assert one_line(name) == name == plain(name)


@pytest.mark.parametrize("live", ["https://evil.example", "www.evil.example", "@somebody"])
def test_markdown_makes_no_link_or_mention_of_a_name(live: str) -> None:
    assert live not in markdown(live)
    assert markdown("a<b>|*_`[$") == r"a&lt;b&gt;\|\*\_\`\[\$"


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_a_spreadsheet_takes_no_text_for_a_formula(formula: str) -> None:
    assert str(spreadsheet_cell(formula)).startswith("'")
    assert spreadsheet_cell(-1.5) == -1.5
