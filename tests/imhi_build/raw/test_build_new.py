"""``imhi build new`` makes a folder that can be built, or nothing at all."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from imhi._core.registry import Registry
from imhi.build.config import read_config
from imhi.build.new import new_build
from tests.conftest import Imhi
from tests.imhi_build.raw.raw_tables import POSTS, own_preset, write_csv, write_table


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A raw folder of DR, and a preset ``own.yaml`` for another dataset."""
    rows = [{"text": post, "label": n % 2} for n, post in enumerate(POSTS)]
    write_table(tmp_path / "raw" / "dr.csv", rows)
    own_preset(tmp_path / "own.yaml", dataset="dreaddit", files={"train": {"path": "dr.csv"}})
    return tmp_path / "raw"


def test_a_build_says_what_was_asked_for_with_paths_that_hold_from_anywhere(
    raw: Path,
    registry: Registry,
    imhi_here: Imhi,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = imhi_here(
        "build", "new", "deep/mine", "--raw", "dr=raw", "--raw", "own.yaml=raw/dr.csv",
        "--given", "demo", "--model", "chatgpt", "--seed", "7", "--limit", "2",
    )  # fmt: skip
    assert (said.code, said.out) == (0, ""), said.err
    assert "imhi build run deep/mine" in said.err
    config = read_config(tmp_path / "deep" / "mine" / "build.yaml", (), registry)
    assert [(one.preset, one.path) for one in config.raw] == [
        ("dr", str(raw)),
        (str(tmp_path / "own.yaml"), str(raw / "dr.csv")),
    ]
    assert (config.seed, config.limit) == (7, 2)
    assert (config.explain.given, config.explain.model) == ("demo", "chatgpt")
    monkeypatch.chdir("/")
    assert imhi_here("build", "read", tmp_path / "deep" / "mine").code == 0


def test_only_the_owner_can_look_into_a_build(raw: Path, imhi_here: Imhi, tmp_path: Path) -> None:
    assert imhi_here("build", "new", "mine", "--raw", "dr=raw").code == 0
    assert stat.S_IMODE((tmp_path / "mine").stat().st_mode) == 0o700


def test_an_empty_folder_may_be_there_already(raw: Path, imhi_here: Imhi, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    assert imhi_here("build", "new", "mine", "--raw", "dr=raw").code == 0
    assert imhi_here("build", "status", "mine").code == 0


@pytest.mark.parametrize("name", ["a: b", "# no", "yes", "'it", 'say "x"', "{a}", "ünï", "[x]"])
def test_any_path_is_written_so_that_it_is_read_again(
    name: str, registry: Registry, tmp_path: Path
) -> None:
    write_table(tmp_path / name / "dr.csv", [{"text": "Soup", "label": 1}])
    folder = new_build(tmp_path / "mine", [f"dr={tmp_path / name}"], registry)
    assert read_config(folder.config_file, (), registry).raw[0].path == str(tmp_path / name)


# What follows `imhi build new` -> what its refusal says.
REFUSED: dict[str, tuple[str, ...]] = {
    "mine": ("Missing option '--raw'", "see: imhi build new --help"),
    "mine --raw raw": ("--raw raw: expected PRESET=PATH", "imhi build presets"),
    "mine --raw dr=": ("--raw dr=: expected PRESET=PATH",),
    "mine --raw =raw": ("--raw =raw: expected PRESET=PATH",),
    "mine --raw drr=raw": ("unknown preset 'drr'", "did you mean 'dr'?"),
    "mine --raw nope.yaml=raw": ("nope.yaml: there is no such file",),
    "mine --raw dr=nowhere": ("there is no", "nowhere", "expected the folder of the raw files"),
    "mine --raw swmh=raw": ("found dr.csv, expected one of train.csv", "correct 'files'"),
    "mine --raw dr=raw --raw dr=raw/dr.csv": ("DR is named twice", "expected each dataset once"),
    "mine --raw dr=raw --limit 0": ("limit: found 0, expected a number above 0",),
    "mine --raw dr=raw --limit -1": ("limit: found -1",),
    "mine --raw dr=raw --limit few": ("--limit",),
    "mine --raw dr=raw --seed -1": ("seed: found -1, expected at least 0",),
    "mine --raw dr=raw --given nope": ("unknown source 'nope'",),
    "mine --raw dr=raw --given official:nowhere": ("official:nowhere", "no such folder"),
    "mine --raw dr=raw --experts official": ("expected official:PATH",),
    "mine --raw dr=raw --model chatgtp": ("unknown model 'chatgtp'", "did you mean 'chatgpt'?"),
    "mine --raw dr=raw --model null": ("unknown model 'null'",),
    "full --raw dr=raw": ("full: found a folder with other things in it",),
    "file --raw dr=raw": ("file: found a file, expected a new folder",),
    "built --raw dr=raw": ("there is a build already", "choose another folder"),
}


@pytest.mark.parametrize("line", REFUSED)
def test_what_could_not_be_built_is_refused_and_leaves_nothing_behind(
    line: str, raw: Path, imhi_here: Imhi, tmp_path: Path
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letters.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    (tmp_path / "built").mkdir()
    (tmp_path / "built" / "build.yaml").write_text("raw: []\n", encoding="utf-8")
    before = {path: path.is_file() and path.read_bytes() for path in tmp_path.rglob("*")}
    said = imhi_here("build", "new", *line.split())
    assert (said.code, said.out) == (2, "")
    assert len(said.err.splitlines()) == 1
    for part in REFUSED[line]:
        assert part in said.complaint
    assert {path: path.is_file() and path.read_bytes() for path in tmp_path.rglob("*")} == before


# A changed field of build.yaml -> what its refusal says.
CONFIGS: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"raw": []}, ("raw: found []",)),
    ({"raw": "dr"}, ("raw: found 'dr', expected a list",)),
    ({"raw": [{"preset": "dr"}]}, ("raw.0.path: nothing found",)),
    ({"raw": [{"preset": "dr", "path": "raw", "clear": "strict"}]}, ("'raw.0.clear'", "raw.clean")),
    ({"seeds": 3}, ("unknown field 'seeds'", "did you mean 'seed'?")),
    ({"seed": "three"}, ("seed: found 'three', expected a whole number",)),
    ({"clean": "strictly"}, ("clean: found 'strictly'", "'published' or 'strict'")),
    ({"gold": "both"}, ("gold: found 'both', expected 'human' or 'model'",)),
]


@pytest.mark.parametrize(("changes", "said"), CONFIGS, ids=[str(c) for c, _ in CONFIGS])
def test_a_mistake_in_build_yaml_is_named_and_nothing_is_read(
    changes: dict[str, Any], said: tuple[str, ...], raw: Path, imhi_here: Imhi, tmp_path: Path
) -> None:
    assert imhi_here("build", "new", "mine", "--raw", "dr=raw").code == 0
    file = tmp_path / "mine" / "build.yaml"
    values = yaml.safe_load(file.read_text(encoding="utf-8"))
    file.write_text(yaml.safe_dump({**values, **changes}), encoding="utf-8")
    found = imhi_here("build", "read", "mine")
    assert (found.code, found.out) == (2, "")
    assert "mine/build.yaml: " in found.complaint
    for part in said:
        assert part in found.complaint
    assert not (tmp_path / "mine" / "posts").exists()


def test_a_field_is_changed_for_one_reading_with_set(
    raw: Path, imhi_here: Imhi, tmp_path: Path
) -> None:
    write_csv(raw / "dr.csv", [{"text": "Ask @lena_k", "label": 1}] * 2)
    assert imhi_here("build", "new", "mine", "--raw", "dr=raw").code == 0
    plain = imhi_here("build", "read", "mine", "--json").json["datasets"]["DR"]
    strict = imhi_here("build", "read", "mine", "--json", "--set", "clean=strict").json
    assert (plain["masked"], plain["removed"]) == ({}, {})
    assert strict["datasets"]["DR"]["masked"] == {"users": 2}
    assert strict["datasets"]["DR"]["removed"] == {"duplicate": 1}
    wrong = imhi_here("build", "read", "mine", "--set", "cleaning=strict")
    assert wrong.code == 2 and "unknown field 'cleaning'" in wrong.complaint
