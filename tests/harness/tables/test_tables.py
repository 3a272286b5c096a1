"""One table in every form: nothing of it is lost, and nothing a stranger wrote takes effect."""

from __future__ import annotations

import csv
import io
import re

import pytest
from rich.console import Console

from imhi._core.tables import figures
from imhi._core.tables.files import csv_text, markdown_table
from imhi._core.tables.table import Cell, Table
from imhi._core.tables.terminal import FittedTable, show_notes, show_table, width_of

HOSTILE = "[bold red]x[/] \x1b[31mred |y| *z* <b>\u202enib"
NAMES = ["openai:gpt-4o-mini-2024-07-18", "a long name with many words in it", "short"]


def drawn(width: int, *tables: Table) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    console.print(FittedTable(lambda _: tables))
    return console.file.getvalue()  # type: ignore[attr-defined]


def scores(width_of_numbers: int = 17) -> Table:
    value = "12.3 [10.0, 14.5]".ljust(width_of_numbers, "9")
    rows = [[name, value, number] for number, name in enumerate(NAMES)]
    return Table("scores", [*Table.texts("model"), *Table.numbers("F1", "n")], rows, ["a note"])


@pytest.mark.parametrize("width", [40, 80, 160])
def test_texts_are_folded_to_the_terminal_and_numbers_never(width: int) -> None:
    lines = drawn(width, scores()).splitlines()
    assert all(len(line) <= width for line in lines)
    assert lines[0] == "scores"
    assert lines[-1] == "a note"
    assert sum("12.3 [10.0, 14.5]" in line for line in lines) == len(NAMES)
    found = "".join(re.sub(r"12\.3 \[10\.0, 14\.5\]|\s", "", line) for line in lines)
    assert all(part in found for name in NAMES for part in re.findall(r"\w{6,}", name))


def test_a_whole_text_is_not_folded() -> None:
    table = Table("", [*Table.whole_texts("name"), *Table.texts("summary")], [[NAMES[0], NAMES[1]]])
    assert NAMES[0] in drawn(40, table)


def test_the_first_layout_that_there_is_room_for_is_drawn() -> None:
    wide, narrow = scores(60), scores()
    room = width_of(wide, Console())
    assert "12.3 [10.0, 14.5]9" in drawn(room, wide, narrow)
    assert "12.3 [10.0, 14.5]9" not in drawn(room - 1, wide, narrow)
    assert "scores" in drawn(10, wide, narrow)  # the last one, whatever its width


def test_rules_and_a_legend_stand_where_they_are_asked_for() -> None:
    rows = [["a", 1], ["b", 2], [Cell("mean", "bold"), 1.5]]
    columns = [*Table.texts("name"), *Table.numbers("value")]
    table = Table("t", columns, rows, legend=["(1) a"], rules={2: ""}, frame="ruled")
    lines = [line.strip() for line in drawn(80, table).splitlines() if line.strip()]
    assert lines[:2] == ["t", "(1) a"]
    assert lines[-1].split() == ["mean", "1.5"]
    assert len([line for line in lines if set(line) == {"\N{BOX DRAWINGS LIGHT HORIZONTAL}"}]) == 1


def test_rows_may_name_their_cells() -> None:
    table = Table.of("t", [{"model": "a", "n": 1}, {"n": 2, "model": "b"}])
    assert table.heads == ["model", "n"]
    assert [column.number for column in table.columns] == [False, True]
    assert table.rows == [["a", 1], ["b", 2]]
    assert drawn(80, Table.of("t", [])).split() == ["t"]


def test_names_cannot_steer_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    columns = [*Table.texts(HOSTILE), *Table.numbers("n")]
    show_table(
        Table(HOSTILE, columns, [[Cell(HOSTILE, "bold", after=HOSTILE), 1]], [HOSTILE]), gap=True
    )
    show_notes([HOSTILE])
    shown = capsys.readouterr().out
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", shown)
    assert shown.count("[bold red]x[/]") == 6


def test_markdown_has_every_cell_and_takes_no_commands_from_names() -> None:
    rows = [
        [HOSTILE, "1 [0, 2]"],
        [Cell("best", "bold", "0", "2", " *"), Cell("1 [0, 2]", figure=True)],
        [Cell("a_b", "italic", after=" (published)"), "<0.001"],
    ]
    header, rule, *lines = markdown_table(
        Table("", [*Table.texts("model|"), *Table.numbers("F1")], rows)
    ).splitlines()
    assert header == r"| model\| | F1 |"
    assert rule == "| --- | ---: |"
    assert lines[0].startswith(r"| \[bold red\]x\[/\] ")
    assert lines[0].endswith(r" | 1 \[0, 2\] |")
    assert lines[1] == r"| **best** \[0, 2\] \* | 1 [0, 2] |"
    assert lines[2] == r"| _a\_b_ (published) | &lt;0.001 |"


def test_csv_has_the_fields_asked_for_and_no_formula() -> None:
    rows = [{"a": "=1+1", "b": True, "more": 1}, {"a": float("nan"), "b": None}, {"a": 0.25}]
    text = csv_text(["a", "b"], rows)
    assert list(csv.reader(io.StringIO(text))) == [
        ["a", "b"], ["'=1+1", "true"], ["", ""], ["0.25", ""]
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (figures.interval(12.34, 10.0, 14.96), "12.3 [10.0, 15.0]"),
        (figures.interval(-0.04, -1, 1, signed=True), "+0.0 [-1.0, +1.0]"),
        (figures.interval(-0.04, -0.06, 0.04), "0.0 [-0.1, 0.0]"),
        (figures.number(-1234.5, 1, commas=True), "-1,234.5"),
        (figures.number(-0.0049, 2), "0.00"),
        (figures.number(-0.4, 0, signed=True), "+0"),
        (figures.interval(0.5, None, 1, 2), "0.50"),
        (figures.interval(None, None, None), "-"),
        (figures.p_value(0.0004), "<.001*"),
        (figures.p_value(0.0499), ".050*"),
        (figures.p_value(0.05), ".050 "),
        (figures.p_value(1.0), "1 "),
        (figures.p_value(0.2, star=False), ".200"),
        (figures.share(12, 300), "12 (4%)"),
        (figures.share(0, 0), "0"),
        (figures.dollars(None), "-"),
        (figures.dollars(0.0), "$0.00"),
        (figures.dollars(0.0123), "$0.0123"),
        (figures.dollars(1234.5), "$1,234.50"),
    ],
)
def test_figures_are_written_alike_in_every_table(shown: str, expected: str) -> None:
    assert shown == expected


def test_every_table_of_scores_ends_with_what_must_be_said() -> None:
    assert figures.closing(False) == [figures.NOTICE]
    assert figures.closing(True) == [figures.SYNTHETIC, figures.NOTICE]


def test_a_number_without_room_ends_in_a_mark() -> None:
    from rich.console import Console

    console = Console(width=12, record=True, file=io.StringIO())
    show_table(Table("", Table.numbers("asked", "answered"), [("180/180", "179/180")]), console)
    text = console.export_text()
    assert "179/180" not in text and text.splitlines()[1].endswith("…")
