"""Every name is taken once; an unknown one is answered with the plugins that may have it."""

from __future__ import annotations

from pathlib import Path

import pytest

from imhi import HarnessError, Measure, Metric, UnknownName, compare, evaluate
from imhi._core.metrics import MetricSpec, refuse_taken_measures
from imhi._core.plugin_manager import load_plugins
from imhi._core.registry import NameTaken, Registry
from tests.conftest import Imhi

COMMANDS = """
import typer
from imhi import hookimpl

@hookimpl
def imhi_commands(app):
    {}
"""
COMMAND = "@app.command('{0}')\n    def mine() -> None:\n        print('mine, not yours')"
GROUP = (
    "group = typer.Typer(name='{0}')\n"
    "    group.command('list')(lambda: print('mine, not yours'))\n"
    "    group.command('more')(lambda: print('mine, not yours'))\n"
    "    app.add_typer(group)"
)
NAMELESS = (
    "group = typer.Typer()\n"
    "    group.command('{0}')(lambda: print('mine, not yours'))\n"
    "    app.add_typer(group)"
)


@pytest.mark.parametrize("way", [COMMAND, GROUP, NAMELESS], ids=["command", "group", "nameless"])
@pytest.mark.parametrize(
    ("name", "owner"), [("runs", "imhi"), ("build", "build"), ("published", "published.imhi")]
)
def test_a_command_of_a_taken_name_is_refused_and_ours_stays(
    way: str, name: str, owner: str, imhi_here: Imhi, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("rival.py").write_text(COMMANDS.format(way.format(name)))
    monkeypatch.setenv("IMHI_PLUGINS", "rival.py")
    assert "mine" not in imhi_here(name, "--help").out
    problems = imhi_here("plugins", "--json").json["problems"]
    assert [(p["plugin"], p["stage"]) for p in problems] == [("rival", "imhi_commands")]
    assert problems[0]["error"].startswith(
        f"command '{name}' is already registered by plugin '{owner}'"
    )


def test_the_first_of_two_plugins_keeps_a_command(imhi_here: Imhi) -> None:
    for name in ("one", "two"):
        Path(f"{name}.py").write_text(
            COMMANDS.format(COMMAND.format("hello").replace("mine, not yours", name))
        )
    both = ("--plugin", "one.py", "--plugin", "two.py")
    said = imhi_here("plugins", "--json", *both)
    (problem,) = said.json["problems"]
    assert problem["plugin"] == "two"
    assert "command 'hello' is already registered by plugin 'one'" in problem["error"]
    assert next(p["adds"] for p in said.json["plugins"] if p["name"] == "one") == {
        "Command": ["hello"]
    }
    assert imhi_here("hello", *both).code == 2  # a file that was asked for by name has a problem
    assert imhi_here("hello", "--plugin", "one.py").out == "one\n"


def test_the_options_of_imhi_itself_are_not_replaced(
    imhi_here: Imhi, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("rival.py").write_text(
        COMMANDS.format("@app.callback()\n    def root() -> None:\n        print('mine')")
    )
    monkeypatch.setenv("IMHI_PLUGINS", "rival.py")
    said = imhi_here("tasks")
    assert said.code == 0 and "mine" not in said.out
    (problem,) = imhi_here("plugins", "--json").json["problems"]
    assert "replaces the options of imhi itself" in problem["error"]


def test_a_measure_belongs_to_one_metric() -> None:
    ours = MetricSpec(Metric("labels", "s", print), owner="metrics.labels")
    theirs = MetricSpec(Metric("mine", "s", print), owner="rival")
    one, two = Measure.mean("weighted_f1", [1.0, 0.0]), Measure.mean("my_f1", [1.0, 1.0])
    refuse_taken_measures([(ours, one), (theirs, two)])
    refuse_taken_measures([(ours, one)], {"my_f1": "mine"})
    with pytest.raises(HarnessError) as both:
        refuse_taken_measures([(ours, one), (theirs, one)])
    assert str(both.value).startswith(
        "metric mine (plugin 'rival') gives the measure 'weighted_f1', which metric labels (plugin "
        "'metrics.labels') gives too"
    )
    with pytest.raises(HarnessError, match="which metric labels, scored before, gives too"):
        refuse_taken_measures([(theirs, one)], {"weighted_f1": "labels"})


def test_a_metric_is_not_called_like_a_group() -> None:
    registry = Registry()
    registry.add(Metric("depth", "s", print, group="neural"), "ours")
    for metric in (Metric("neural", "s", print), Metric("mine", "s", print, group="Depth")):
        with pytest.raises(NameTaken, match="would be a metric and a group"):
            registry.add(metric, "theirs")


# --- unknown names -------------------------------------------------------------------------------

BROKEN = "import no_such_package\n"
MAY = (
    "1 plugin failed to load and may have it: lost (ModuleNotFoundError: No module named "
    "'no_such_package'); see: imhi plugins"
)


@pytest.fixture
def lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin that is loaded wherever imhi is, and cannot be imported."""
    (tmp_path / "lost.py").write_text(BROKEN)
    monkeypatch.setenv("IMHI_PLUGINS", str(tmp_path / "lost.py"))


@pytest.mark.usefixtures("lost")
@pytest.mark.parametrize(
    "words",
    [
        "run --model wonder:x",
        "run --source wonder",
        "run --dataset wonder",
        "run --metric wonder",
        "run --labeler wonder",
        "run --executor wonder",
        "run --view wonder",
        "run --prompt wonder",
        "run --format wonder",
        "wonder",
    ],
)
def test_with_an_unknown_name_stand_the_plugins_that_failed_to_load(
    words: str, tmp_path: Path, imhi_here: Imhi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMHI_PLUGINS", str(tmp_path / "lost.py"))
    said = imhi_here(*words.split(), "--out", "runs") if "run" in words else imhi_here(words)
    assert said.code == 2
    (line,) = [line for line in said.err.splitlines() if "wonder" in line]
    assert line.endswith(MAY)


@pytest.mark.usefixtures("lost")
def test_evaluate_names_them_too(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="unknown source 'wonder'") as one:
        evaluate(["baseline:majority"], source="wonder", out=tmp_path / "runs")
    assert str(one.value).endswith(MAY)


@pytest.mark.usefixtures("lost")
def test_compare_names_them_too(tmp_path: Path) -> None:
    results = evaluate(
        ["baseline:majority"], datasets=["DR"], limit=5, metric=["accuracy"], out=tmp_path / "runs"
    )
    with pytest.raises(UnknownName, match="unknown metric 'wonder'") as one:
        compare(results.folders, metrics=["wonder"])
    assert str(one.value).endswith(MAY)


def test_where_all_were_loaded_nothing_is_said_of_plugins(imhi_here: Imhi) -> None:
    assert "failed to load" not in imhi_here("run", "--source", "wonder").err


def test_a_long_error_is_cut_and_each_plugin_is_named_once(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.py").write_text(f"raise RuntimeError('{name * 100}')\n")
    manager = load_plugins([tmp_path / "one.py", tmp_path / "two.py"])
    with pytest.raises(UnknownName) as unknown, manager.naming_failures():
        manager.registry.views.get("wonder", "a hint")
    line = str(unknown.value)
    assert "; a hint; 2 plugins failed to load and may have it: one (RuntimeError: one" in line
    assert len(line) < 600 and line.count("two (") == 1
