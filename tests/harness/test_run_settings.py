"""Flags, run files and Python take the same settings by the same names."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import yaml

from imhi._core.cli.options import merge_settings
from imhi._core.errors import HarnessError
from imhi._core.settings import RunSettings, read_run_file, settings_from
from tests.conftest import Imhi

FIELDS = {field.name for field in dataclasses.fields(RunSettings)}


def test_every_setting_is_an_option_of_the_run_command(imhi_here: Imhi) -> None:
    shown = imhi_here("run", "--help").out
    for name in FIELDS:
        assert f"--{name.replace('_', '-')}" in shown


def test_a_run_file_holds_any_setting_under_the_name_of_its_option(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(
        "model: [baseline:majority, baseline:tfidf]\ndataset: DR\nmax-new-tokens: 9\n"
        "max_cost: 2\nlimit: null\nchat-template: off\nrepair-mojibake: true\nout: ~/x\n"
    )
    read = RunSettings(**read_run_file(path))
    assert read.model == ("baseline:majority", "baseline:tfidf")
    assert read.dataset == ("DR",)
    assert (read.max_new_tokens, read.max_cost, read.limit) == (9, 2.0, None)
    assert (read.chat_template, read.repair_mojibake) == ("off", True)
    assert read.out == Path.home() / "x"


def test_the_command_line_wins_over_the_run_file_and_that_over_the_defaults(
    tmp_path: Path,
) -> None:
    path = tmp_path / "run.yaml"
    path.write_text("limit: 5\nseed: 7\ndataset: [DR, SAD]\n")
    given = {"limit": 2, "seed": None, "dataset": ["CLP"], "model": None}
    merged = merge_settings(given, path)
    assert (merged.limit, merged.seed, merged.dataset) == (2, 7, ("CLP",))
    assert merged.model == RunSettings().model


def test_a_run_file_and_its_flags_make_the_same_run(imhi_here: Imhi) -> None:
    settings = {
        "model": "baseline:majority",
        "dataset": "DR",
        "limit": 3,
        "metric": "accuracy",
        "labeler": "strict",
    }
    Path("run.yaml").write_text(yaml.safe_dump(settings))
    flags = [word for name, value in settings.items() for word in (f"--{name}", str(value))]
    by_file, by_flags = imhi_here("run", "run.yaml", "--json"), imhi_here("run", *flags, "--json")
    assert by_file.code == 0
    assert by_file.json == by_flags.json


def test_all_settings_survive_a_round_trip_through_a_run_file(tmp_path: Path) -> None:
    plain = dataclasses.asdict(RunSettings())
    written = {
        k: list(v) if isinstance(v, tuple) else str(v) if isinstance(v, Path) else v
        for k, v in plain.items()
    }
    path = tmp_path / "run.yaml"
    path.write_text(yaml.safe_dump(written))
    assert RunSettings(**read_run_file(path)) == RunSettings()


def test_an_unknown_setting_in_python_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(HarnessError, match="unknown setting 'sed': did you mean 'seed'"):
        settings_from({"sed": 1}, "evaluate()")


NEVER = """
from imhi import ModelFamily, hookimpl

def create(spec, context):
    raise AssertionError("a dry run made the model")

@hookimpl
def imhi_models():
    yield ModelFamily("never", "must not be made", create)
"""


def test_a_dry_run_makes_no_model_and_no_folder_and_says_what_would_be_asked(
    imhi_here: Imhi,
) -> None:
    Path("never.py").write_text(NEVER)
    words = "run --dry-run --plugin never.py -m never:x -d DR -d IRF --limit 3"
    said = imhi_here(*words.split(), "--json")
    assert said.code == 0, said.err
    (preview,) = json.loads(said.out)["dry_run"]
    assert [row["dataset"] for row in preview["datasets"]] == ["DR", "IRF"]
    assert all(row["requests"] == 3 and row["prompt_tokens"] > 30 for row in preview["datasets"])
    assert preview["datasets"][0]["first_prompt"].startswith("Consider this post: ")
    assert not Path("runs").exists()
    shown = imhi_here(*words.split())
    assert shown.code == 0 and "Does the poster suffer from depression?" in shown.out
