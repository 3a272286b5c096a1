"""``imhi build inspect FILE``: which columns a file has and which preset fits, without a post."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Imhi
from tests.imhi_build.raw.raw_layouts import LAYOUTS
from tests.imhi_build.raw.raw_tables import (
    POSTS,
    WRITERS,
    own_preset,
    write_csv,
    write_excel,
    write_table,
)

LONG = "I have told nobody about the letter and what was written in it, page {} of it"
ROWS = [
    {"body": LONG.format(n), "mood": ("happy", "sad")[n % 2], "title": f"Letter {n}"}
    for n in range(20)
]


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_files_in_the_layout_of_a_preset_fit_it(name: str, tmp_path: Path, imhi_here: Imhi) -> None:
    for file, rows in LAYOUTS[name].files.items():
        write_table(tmp_path / "raw" / file, rows)
        said = imhi_here("build", "inspect", tmp_path / "raw" / file, "--json")
        assert said.code == 0, said.err
        found = said.json
        assert found["rows"] == len(rows)
        fitting = {fit["preset"]: fit["named"] for fit in found["presets"] if fit["fits"]}
        assert fitting[name] is True
    first = found["presets"][0]
    shown = imhi_here("build", "inspect", tmp_path / "raw" / file)
    assert f"fits: preset {first['preset']}, dataset {first['dataset']}" in shown.out
    assert f"next: imhi build new FOLDER --raw {first['preset']}={tmp_path / 'raw'}" in shown.err


@pytest.mark.parametrize("suffix", WRITERS)
def test_columns_are_shown_with_how_many_cells_are_filled_and_their_values(
    suffix: str, tmp_path: Path, imhi_here: Imhi
) -> None:
    rows = [{**row, "score": n % 3 if n else None, "none": None} for n, row in enumerate(ROWS)]
    path = write_table(tmp_path / f"posts{suffix}", rows)
    said = imhi_here("build", "inspect", path, "--json")
    assert said.json["format"] == {".xlsx": "excel"}.get(suffix, suffix[1:])
    columns = {column.pop("name"): column for column in said.json["columns"]}
    assert columns["mood"] == {"filled": 20, "characters": 4.0, "values": {"happy": 10, "sad": 10}}
    assert columns["score"]["filled"] == 19
    assert columns["score"]["values"] == {"1": 7, "2": 6, "0": 6}
    assert columns["none"] == {"filled": 0, "characters": 0.0, "values": {}}
    assert columns["body"]["values"] is None and columns["body"]["filled"] == 20


@pytest.mark.parametrize("posts", [[row["body"] for row in ROWS], list(POSTS), ["Soup", "Rain"]])
def test_no_post_is_shown_however_few_and_short_they_are(
    posts: list[str], tmp_path: Path, imhi_here: Imhi
) -> None:
    rows = [{"text": post, "label": n % 2} for n, post in enumerate(posts)]
    path = write_csv(tmp_path / "posts.csv", rows)
    for more in ((), ("--json",)):
        said = imhi_here("build", "inspect", path, *more)
        assert said.code == 0
        assert not any(post in said.out + said.err for post in posts)


def test_a_file_that_no_preset_fits_gets_the_beginning_of_one_that_reads_it(
    tmp_path: Path, imhi_here: Imhi
) -> None:
    write_csv(tmp_path / "letters [1].csv", ROWS)
    said = imhi_here("build", "inspect", "letters [1].csv")
    assert said.code == 0
    begun = said.out.partition("the beginning of a preset of your own:")[2]
    for line in ('path: "letters [1].csv"', 'post: "body"', 'column: "mood"', '"happy": LABEL'):
        assert line in begun
    completed = begun.replace("NAME ", "DR ").replace('"happy": LABEL', '"happy": "no"')
    (tmp_path / "own.yaml").write_text(completed.replace("LABEL", '"yes"'), encoding="utf-8")
    again = imhi_here("build", "inspect", "letters [1].csv", "--preset", "own.yaml")
    assert "fits: preset own.yaml, dataset DR" in again.out
    made = imhi_here("build", "new", "mine", "--raw", "own.yaml=.")
    assert made.code == 0, made.err
    read = imhi_here("build", "read", "mine", "--json")
    assert read.json["datasets"]["DR"]["counts"] == {"train": 16, "val": 2, "test": 2}


def test_the_nearest_presets_are_told_with_what_is_wrong(tmp_path: Path, imhi_here: Imhi) -> None:
    rows = [{"text": p, "Spiritual": 1, "Physical": "maybe", "Social": 0} for p in POSTS]
    said = imhi_here("build", "inspect", write_csv(tmp_path / "posts.csv", rows))
    assert said.code == 0
    told = " ".join(said.out.split())
    assert "no preset fits; nearest:" in told
    assert "missing: Intellectual, Vocational, Emotional" in told
    assert "unknown 'maybe'" in told


def test_a_preset_whose_labels_a_file_does_not_have_does_not_fit(
    tmp_path: Path, imhi_here: Imhi
) -> None:
    labels = ["self.Anxiety"] * 20 + ["self.knitting", LONG]
    rows = [{"text": LONG.format(n) * 3, "label": label} for n, label in enumerate(labels)]
    said = imhi_here("build", "inspect", write_csv(tmp_path / "train.csv", rows), "--json")
    (swmh,) = [fit for fit in said.json["presets"] if fit["preset"] == "swmh"]
    assert swmh["fits"] is False and swmh["missing"] == []
    assert swmh["unknown"] == {"label": ["'self.knitting'", "1 longer texts"]}


def test_what_a_preset_can_do_without_may_be_missing(tmp_path: Path, imhi_here: Imhi) -> None:
    rows = [{"text": p, "belong": 1, "burden": 0} for p in POSTS]
    said = imhi_here("build", "inspect", write_csv(tmp_path / "val_data.csv", rows))
    assert "fits: preset irf, dataset IRF" in said.out


def test_a_file_with_another_name_is_to_be_named_itself_or_renamed(
    tmp_path: Path, imhi_here: Imhi
) -> None:
    rows = [{"text": p, "tb": 1, "tb_exp": ""} for p in POSTS]
    path = write_csv(tmp_path / "copy of it.csv", rows)
    said = imhi_here("build", "inspect", path)
    assert "fits, but for its name: preset loneliness, dataset loneliness" in said.out
    assert f"next: imhi build new FOLDER --raw 'loneliness={path}'" in said.err
    assert imhi_here("build", "new", "mine", "--raw", f"loneliness={path}").code == 0
    rows = [{"text": p, "belong": 1, "burden": 0} for p in POSTS]
    said = imhi_here("build", "inspect", write_csv(tmp_path / "part.csv", rows))
    assert "call the file as the preset expects (train_data.csv, val_data.csv" in said.err


def test_rows_that_cannot_be_read_are_told_and_the_command_leaves_with_1(
    tmp_path: Path, imhi_here: Imhi
) -> None:
    path = tmp_path / "posts.csv"
    lines = [b"text,label", *(b"a,b,c" for _ in range(7)), b"Soup,1", b"caf\xe9,0"]
    path.write_bytes(b"\n".join(lines))
    said = imhi_here("build", "inspect", path)
    assert said.code == 1
    told = said.err.splitlines()
    assert told[0] == (
        f"{path}: row 0 (line 2): found 3 cells, expected 2 (text, label); put quotes around cells "
        "that hold separators"
    )
    assert "... and 3 more rows that cannot be read" in told
    assert "fits" in said.out
    found = imhi_here("build", "inspect", path, "--json")
    assert found.code == 1 and len(found.json["problems"]) == 8
    assert "column text: found the byte 0xe9" in found.json["problems"][7]


def test_what_is_broken_where_the_preset_does_not_look_is_no_problem(
    tmp_path: Path, imhi_here: Imhi
) -> None:
    path = tmp_path / "added_CAMS_data.csv"
    path.write_bytes(b"selftext,cause,inference\nSoup again,0,caf\xe9\n")
    said = imhi_here("build", "inspect", path)
    assert (said.code, "fits: preset cams" in said.out) == (0, True)
    path.write_bytes(b"selftext,cause,inference\ncaf\xe9 again,0,x\n")
    assert imhi_here("build", "inspect", path).code == 1


def test_encoding_and_sheet_are_taken_from_the_command_line(
    tmp_path: Path, imhi_here: Imhi
) -> None:
    path = write_csv(tmp_path / "dr.csv", [{"text": "café au lait", "label": 1}], encoding="cp1252")
    assert imhi_here("build", "inspect", path).code == 1
    assert imhi_here("build", "inspect", path, "--encoding", "cp1252").code == 0
    book = write_excel(tmp_path / "posts.xlsx", [{"text": "Soup", "label": 1}], "data", ["about"])
    said = imhi_here("build", "inspect", book, "--sheet", "abuot")
    assert said.code == 2 and "found the sheets about, data, expected 'abuot'" in said.complaint
    assert "fits" in imhi_here("build", "inspect", book, "--sheet", "data").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere.csv"], "nowhere.csv: cannot be read: No such file or directory"),
        (["."], "found a folder, expected a file"),
        (["posts.doc"], "found the suffix '.doc'"),
        (["posts.csv", "--preset", "nope.yaml"], "preset nope.yaml: there is no such file"),
        (["posts.csv", "--encoding", "utf-9"], "unknown encoding 'utf-9'"),
        (["posts.csv", "--sheeet", "x"], "No such option"),
    ],
)
def test_what_cannot_be_inspected_is_refused_in_one_line(
    words: list[str], said: str, tmp_path: Path, imhi_here: Imhi
) -> None:
    for name in ("posts.csv", "posts.doc"):
        write_csv(tmp_path / name, ROWS)
    found = imhi_here("build", "inspect", *words)
    assert (found.code, found.out) == (2, "")
    assert said in found.complaint and len(found.err.splitlines()) == 1


def test_presets_are_listed_with_how_their_layouts_are_known(imhi_here: Imhi) -> None:
    said = imhi_here("build", "presets")
    assert said.code == 0
    words = [line.split() for line in said.out.splitlines()]
    for name in LAYOUTS:
        (line,) = [line for line in words if line[:1] == [name]]
        assert line[2] in {"measured", "read", "assumed"}
    assert all(len(line) <= 80 for line in said.out.splitlines())
    found = imhi_here("build", "presets", "--json").json
    assert sorted(found) == sorted(LAYOUTS)
    assert found["irf"]["from"]["layout"] == "measured"


def test_a_preset_of_ones_own_is_held_against_a_file_even_where_nothing_fits(
    tmp_path: Path, imhi_here: Imhi
) -> None:
    path = write_csv(tmp_path / "letters.csv", ROWS)
    own = own_preset(tmp_path / "own.yaml", post="words")
    said = imhi_here("build", "inspect", path, "--preset", own, "--json")
    (fit,) = said.json["presets"]
    assert fit["missing"] == ["words", "label"] and fit["fits"] is False
