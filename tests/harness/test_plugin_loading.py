"""A broken plugin is named with its file and its fault, and the others keep working."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from imhi._core.plugin_manager import PluginManager, load_plugins
from tests.conftest import Imhi

METRIC = """
from imhi import Measure, Metric, hookimpl

def score(examples, responses, predictions, context):
    return [Measure.mean("{name}", [1.0 for _ in responses])]

@hookimpl
def imhi_metrics():
    yield Metric("{name}", "One for each answer", score)
"""

# What is wrong -> (the file, the stage, what is said).
BROKEN = {
    "syntax": ("def f(:\n", "import", "SyntaxError"),
    "missing package": ("import no_such_package\n", "import", "No module named 'no_such_package'"),
    "leaves": ("raise SystemExit(3)\n", "import", "SystemExit: 3"),
    "unknown hook": (
        "from imhi import hookimpl\n@hookimpl\ndef imhi_metric():\n    return []\n",
        "hooks",
        "unknown hook 'imhi_metric': did you mean 'imhi_metrics'?",
    ),
    "no mark": (
        "def imhi_metrics():\n    return []\n",
        "hooks",
        "imhi_metrics is never called: it is not marked with @hookimpl",
    ),
    "unknown argument": (
        "from imhi import hookimpl\n@hookimpl\ndef imhi_event(evnt):\n    pass\n",
        "hooks",
        "evnt",
    ),
    "not an iterable": (
        "from imhi import hookimpl\n@hookimpl\ndef imhi_metrics():\n    return 3\n",
        "imhi_metrics",
        "imhi_metrics returned a int, expected an iterable of Metric",
    ),
    "a text": (
        "from imhi import hookimpl\n@hookimpl\ndef imhi_models():\n    return 'gpt2'\n",
        "imhi_models",
        "imhi_models returned a str, expected an iterable of ModelFamily or ModelPreset",
    ),
    "the wrong record": (
        "from imhi import Source, hookimpl\n@hookimpl\ndef imhi_metrics():\n"
        "    yield Source('s', 'a source', print)\n",
        "imhi_metrics",
        "imhi_metrics gave a Source, expected Metric",
    ),
    "raises": (
        "from imhi import hookimpl\n@hookimpl\ndef imhi_tasks():\n    return 1 / 0\n",
        "imhi_tasks",
        "ZeroDivisionError: division by zero",
    ),
    "bad declaration": (
        "from imhi import Dataset, Question, hookimpl\n@hookimpl\ndef imhi_tasks():\n"
        "    yield Dataset('d', (), (Question('?'),))\n",
        "imhi_tasks",
        "dataset 'd': labels must be distinct and at least one; there is none",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_is_named_with_its_fault_and_the_rest_is_there(
    kind: str, tmp_path: Path
) -> None:
    text, stage, message = BROKEN[kind]
    path = tmp_path / "broken.py"
    path.write_text(text)
    manager = load_plugins([path])
    (problem,) = manager.problems
    assert (problem.plugin, problem.distribution) == ("broken", str(path))
    assert problem.stage == stage
    assert message in problem.error and "\n" not in problem.error
    assert str(path) in problem.where
    assert manager.registry.datasets.get("DR").name == "DR"


def test_where_a_fault_lies_is_given_to_the_line(tmp_path: Path) -> None:
    for text in ("import imhi\n\nx = 1 / 0\n", "import imhi\n\ndef f(:\n"):
        path = tmp_path / "broken.py"
        path.write_text(text)
        (problem,) = load_plugins([path]).problems
        assert problem.where == f"{path}:3"


def test_what_a_hook_gave_before_it_raised_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "half.py"
    path.write_text(METRIC.format(name="first") + "    raise RuntimeError('no more')\n")
    manager = load_plugins([path])
    assert "first" in manager.registry.metrics.things
    (problem,) = manager.problems
    assert problem.error == "RuntimeError: no more"
    (loaded,) = [plugin for plugin in manager.plugins if plugin.name == "half"]
    assert loaded.adds == {"Metric": ["first"]}


def test_a_name_that_is_taken_is_refused_and_both_plugins_are_named(tmp_path: Path) -> None:
    path = tmp_path / "rival.py"
    path.write_text(METRIC.format(name="Accuracy"))
    manager = load_plugins([path])
    (problem,) = manager.problems
    assert problem.plugin == "rival"
    assert "metric 'Accuracy' is already registered by plugin 'metrics.labels'" in problem.error
    assert manager.registry.metrics.owners["accuracy"] == "metrics.labels"


def test_a_task_whose_dataset_is_taken_adds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "rival.py"
    path.write_text(
        "from imhi import Dataset, Label, Question, Task, hookimpl\n@hookimpl\n"
        "def imhi_tasks():\n    data = Dataset('mine', (Label('a', 'A.'),), (Question('?'),), "
        "aliases=('dr',))\n    yield Task('a new task', 's', (data,))\n"
    )
    manager = load_plugins([path])
    (problem,) = manager.problems
    assert "dataset 'dr' is already registered by plugin 'tasks.depression'" in problem.error
    assert "a new task" not in manager.registry.tasks.things
    assert "mine" not in manager.registry.datasets.things


def test_disabling_a_plugin_frees_its_names(tmp_path: Path) -> None:
    path = tmp_path / "rival.py"
    path.write_text(METRIC.format(name="accuracy"))
    manager = load_plugins([path], disabled=["metrics.labels"])
    assert manager.problems == []
    assert manager.registry.metrics.owners["accuracy"] == "rival"


def test_disabling_a_distribution_leaves_out_all_its_plugins() -> None:
    manager = load_plugins(disabled=["imhi-harness"])
    assert manager.plugins == []


def test_disabling_what_is_not_there_is_an_error(imhi_here: Imhi) -> None:
    said = imhi_here("tasks", "--disable-plugin", "metrics.label")
    assert said.code == 2
    assert "unknown plugin 'metrics.label': did you mean 'metrics.labels'?" in said.complaint


def test_plugins_named_in_the_environment_are_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.py").write_text(METRIC.format(name=name))
    both = os.pathsep.join(str(tmp_path / f"{name}.py") for name in ("one", "two"))
    monkeypatch.setenv("IMHI_PLUGINS", both)
    assert {"one", "two"} <= load_plugins().registry.metrics.things.keys()


def test_two_files_of_one_name_do_not_collide(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "plugin.py").write_text(METRIC.format(name=name))
    manager = load_plugins([tmp_path / "one" / "plugin.py", tmp_path / "two" / "plugin.py"])
    assert manager.problems == []
    assert {"one", "two"} <= manager.registry.metrics.things.keys()


def test_a_file_asked_for_by_name_that_is_broken_ends_the_command(imhi_here: Imhi) -> None:
    Path("broken.py").write_text("import no_such_package\n")
    said = imhi_here("run", "--plugin", "broken.py")
    assert said.code == 2 and said.out == ""
    assert said.complaint.startswith("imhi: plugin broken (broken.py): import: ModuleNotFoundError")
    assert "broken.py:1" in said.complaint
    assert not Path("runs").exists()


def test_the_list_of_plugins_shows_what_failed_and_why(imhi_here: Imhi) -> None:
    Path("broken.py").write_text("import no_such_package\n")
    Path("fine.py").write_text(METRIC.format(name="fine"))
    said = imhi_here("plugins", "--json", "--plugin", "broken.py", "--plugin=fine.py")
    assert said.code == 0
    (problem,) = said.json["problems"]
    assert problem["plugin"] == "broken" and "no_such_package" in problem["error"]
    by_name = {plugin["name"]: plugin for plugin in said.json["plugins"]}
    assert by_name["fine"]["adds"] == {"Metric": ["fine"]}
    assert by_name["metrics.labels"]["distribution"] == "imhi-harness"
    shown = imhi_here("plugins", "--plugin", "broken.py")
    assert "failed: broken (broken.py): import: ModuleNotFoundError" in shown.err


def test_a_plugin_from_the_environment_that_is_broken_is_a_warning(
    imhi_here: Imhi, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("broken.py").write_text("import no_such_package\n")
    monkeypatch.setenv("IMHI_PLUGINS", "broken.py")
    said = imhi_here("tasks")
    assert said.code == 0 and "dreaddit" in said.out
    assert said.complaint == "imhi: plugin problems in broken; see: imhi plugins"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path, as site-packages is."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def install(site: Path, name: str, entry_points: str, metadata: str | None = None) -> None:
    """Do what installing a distribution does."""
    info = site / f"{name.replace('-', '_')}-1.2.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text(entry_points)
    told = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n" if metadata is None else metadata
    (info / "METADATA").write_text(told)


def test_an_installed_plugin_that_cannot_be_imported_is_shown_with_its_distribution(
    site: Path, imhi_here: Imhi
) -> None:
    (site / "sad_plugin.py").write_text("import no_such_package\n")
    (site / "glad_plugin.py").write_text(METRIC.format(name="glad"))
    install(
        site,
        "third-party",
        "[imhi]\nsad = sad_plugin\nglad = glad_plugin\nabsent = nowhere\nhalf = glad_plugin:none\n",
    )
    said = imhi_here("plugins", "--json")
    problems = {problem["plugin"]: problem for problem in said.json["problems"]}
    assert problems.keys() == {"sad", "absent", "half"}
    assert all(problem["distribution"] == "third-party" for problem in problems.values())
    assert problems["sad"]["where"] == f"{site / 'sad_plugin.py'}:1"
    assert "No module named 'nowhere'" in problems["absent"]["error"]
    (glad,) = [plugin for plugin in said.json["plugins"] if plugin["name"] == "glad"]
    assert (glad["distribution"], glad["version"]) == ("third-party", "1.2")
    assert glad["file"] == str(site / "glad_plugin.py")

    listed = imhi_here("tasks")
    assert listed.code == 0 and "dreaddit" in listed.out
    assert listed.complaint == "imhi: plugin problems in absent, half, sad; see: imhi plugins"
    for name in ("sad_plugin", "glad_plugin"):
        sys.modules.pop(name, None)


def test_what_the_harness_has_stays_whatever_is_found_before_it(
    site: Path, imhi_here: Imhi
) -> None:
    (site / "greedy_plugin.py").write_text(METRIC.format(name="accuracy"))
    install(site, "greedy", "[imhi]\ngreedy = greedy_plugin\n")
    said = imhi_here("plugins", "--json")
    (problem,) = said.json["problems"]
    assert problem["plugin"] == "greedy"
    assert "metric 'accuracy' is already registered by plugin 'metrics.labels'" in problem["error"]
    sys.modules.pop("greedy_plugin", None)


@pytest.mark.parametrize(
    ("entry_points", "metadata"),
    [("[imhi]\nodd = odd_plugin\n", ""), ("[imhi]\nodd\n=\n", None), ("odd = \n[imhi\n", None)],
    ids=["no metadata", "no value", "no section"],
)
def test_a_damaged_distribution_does_not_stop_the_others(
    site: Path, imhi_here: Imhi, entry_points: str, metadata: str | None
) -> None:
    (site / "odd_plugin.py").write_text("")
    install(site, "odd-one", entry_points, metadata)
    said = imhi_here("tasks", "--json")
    assert said.code == 0
    assert len(said.json["tasks"]) == 10
    sys.modules.pop("odd_plugin", None)


OBSERVER = """
from imhi import ResponsesWritten, hookimpl

@hookimpl
def imhi_event(event):
    if isinstance(event, ResponsesWritten):
        raise RuntimeError("the tracker is down")
"""
QUICK = "run -m baseline:majority -d DR --limit 3 --metric accuracy --labeler strict"


def test_an_observer_that_raises_never_fails_a_run_and_is_reported_once(imhi_here: Imhi) -> None:
    Path("watch.py").write_text(OBSERVER)
    said = imhi_here(*QUICK.split(), "--plugin", "watch.py", "--json")
    assert said.code == 0 and said.json["complete"]
    (line,) = [line for line in said.err.splitlines() if "observer failed" in line]
    assert "watch" in line and "RuntimeError: the tracker is down" in line


def test_strict_observers_let_it_fail_and_keep_the_answers(imhi_here: Imhi) -> None:
    Path("watch.py").write_text(OBSERVER)
    said = imhi_here(*QUICK.split(), "--plugin", "watch.py", "--strict-observers")
    assert said.code == 2
    assert "the tracker is down" in said.complaint
    (responses,) = Path("runs").glob("*/responses/DR.jsonl")
    assert len(responses.read_text().splitlines()) == 1


def test_a_command_that_cannot_be_added_is_a_problem_and_not_the_end(imhi_here: Imhi) -> None:
    Path("commands.py").write_text(
        "from imhi import hookimpl\n@hookimpl\ndef imhi_commands(app):\n    app.nonsense()\n"
    )
    said = imhi_here("plugins", "--plugin", "commands.py", "--json")
    assert said.code == 0
    (problem,) = said.json["problems"]
    assert problem["stage"] == "imhi_commands" and "nonsense" in problem["error"]


def test_a_plugin_adds_a_command(imhi_here: Imhi) -> None:
    Path("hello.py").write_text(
        "from imhi import hookimpl\n@hookimpl\ndef imhi_commands(app):\n    @app.command()\n"
        "    def hello(name: str) -> None:\n        print('Hello', name)\n"
    )
    said = imhi_here("--plugin", "hello.py", "hello", "you")
    assert (said.code, said.out) == (0, "Hello you\n")


def test_an_observer_that_only_watches_for_a_while_is_forgotten() -> None:
    class Watcher:
        pass

    manager, watcher = PluginManager(), Watcher()
    manager.observe(watcher, "watcher")
    manager.forget(watcher)
    manager.observe(watcher, "watcher")
