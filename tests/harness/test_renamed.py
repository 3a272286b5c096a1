"""A plugin written against the earlier names is told in one line what to import now."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from imhi._core.renamed import _DOORS, _MODULES, _WRITTEN

BODY = """
@hookimpl
def imhi_metrics():
    return []
"""
# What stands in the file -> what is said of it.
OLD = {
    "from harness import Metric, hookimpl\n": (
        "write `from imhi import Metric, hookimpl` for `from harness import Metric, hookimpl`"
    ),
    "from harness.declarations import Metric\nfrom harness.run_store import RunFolder\n"
    "from harness import hookimpl, mean_measure\n": (
        "write `from imhi import Metric` for `from harness.declarations import Metric`; "
        "write `from imhi.runs import RunFolder` for `from harness.run_store import RunFolder`; "
        "write `from imhi import hookimpl, mean_measure` for `from harness import hookimpl, mean_measure`"
    ),
    "from harness.models import ModelSpec, parse_model\nfrom harness.sanitizing import one_line\n": (
        "write `from imhi import ModelSpec` for `from harness.models import ModelSpec, parse_model` "
        "(parse_model is ModelSpec.parse); write `from imhi.io import sanitizing` for `from "
        "harness.sanitizing import one_line` (one_line is sanitizing.one_line)"
    ),
    "from harness.cli.app import take_global_options\n": (
        "`take_global_options` of harness.cli.app is private now (docs/plugins.md lists what is public)"
    ),
    "from harness.run_store import RunFolder, secret\n": (
        "write `from imhi.runs import RunFolder` for `from harness.run_store import RunFolder`; "
        "`secret` of harness.run_store is private now (docs/plugins.md lists what is public)"
    ),
    "import plugins.metrics.labels\n": (
        "`plugins.metrics.labels` is private now (docs/plugins.md lists what is public)"
    ),
    "from imhi_build.records import BuiltRow\n": (
        "write `from imhi import BuiltRow` for `from imhi_build.records import BuiltRow`"
    ),
    "import finetune\n": "write `import imhi.finetune` for `import finetune`",
    "from tasks import demo\n": (
        "`demo` of tasks is private now (docs/plugins.md lists what is public)"
    ),
}


def imhi(folder: Path, *words: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command where our folders are on nobody's path."""
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "IMHI_PLUGINS"}}
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    return subprocess.run(
        [sys.executable, "-m", "imhi", *words],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_a_file_says_what_it_imports_and_what_to_import_now(tmp_path: Path) -> None:
    words: list[str] = []
    for number, text in enumerate(OLD):
        (tmp_path / f"old{number}.py").write_text(text + BODY)
        words += ["--plugin", f"old{number}.py"]
    done = imhi(tmp_path, "plugins", "--json", *words)
    errors = [problem["error"] for problem in json.loads(done.stdout)["problems"]]
    assert len(errors) == len(OLD)
    for error, said in zip(errors, OLD.values(), strict=True):
        assert error.startswith("ModuleNotFoundError: No module named ") and "\n" not in error
        assert error.endswith(f"the harness is one package now, imhi: {said}")
    refused = imhi(tmp_path, "tasks", "--plugin", "old0.py")
    assert refused.returncode == 2
    assert "from imhi import Metric, hookimpl" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_a_missing_package_of_another_name_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text("import no_such_package\n")
    done = imhi(tmp_path, "plugins", "--json", "--plugin", "other.py")
    (problem,) = json.loads(done.stdout)["problems"]
    assert problem["error"] == "ModuleNotFoundError: No module named 'no_such_package'"


@pytest.mark.slow
def test_an_installed_plugin_of_the_earlier_kind_is_told_too(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "old_plugin.py").write_text("from harness import hookimpl\n" + BODY)
    (project / "pyproject.toml").write_text(
        "[build-system]\nrequires = ['setuptools']\nbuild-backend = 'setuptools.build_meta'\n"
        "[project]\nname = 'old-plugin'\nversion = '0.1'\n"
        "[project.entry-points.imhi]\nold = 'old_plugin'\n"
        "[tool.setuptools]\npy-modules = ['old_plugin']\n"
    )
    site = tmp_path / "site"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps",
         "--no-build-isolation", "--target", site, project],
        check=True,
    )  # fmt: skip
    done = imhi(tmp_path, "plugins", path=site)
    assert done.returncode == 0
    (line,) = done.stderr.splitlines()
    assert line.startswith("failed: old (old-plugin): import: ModuleNotFoundError")
    assert "`from imhi import hookimpl` for `from harness import hookimpl`" in line
    assert line.endswith(f"[{site / 'old_plugin.py'}:1]")


def test_what_is_written_otherwise_now_is_there() -> None:
    for now in {*_WRITTEN.values(), *_MODULES}:
        offered, *attributes = now.split(".")
        home = next(door for door in _DOORS if offered in dir(importlib.import_module(door)))
        thing = getattr(importlib.import_module(home), offered)
        for attribute in attributes:
            thing = getattr(thing, attribute)
