"""Processes that work for a run import what was installed, whatever lies in the working directory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
HOSTILE = "raise ImportError('this is not the file you are looking for')\n"
RUN = [
    "run",
    "--model",
    "baseline:majority",
    "--dataset",
    "DR",
    "--limit",
    "6",
    "--json",
    "--metric",
    "accuracy",
]


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A folder of somebody's project that uses the names of ours, and one of numpy's."""
    for name in ("plugins", "finetune", "imhi_build"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(HOSTILE)
    for name in ("tasks.py", "harness.py", "numpy.py", "cloudpickle.py"):
        (tmp_path / name).write_text(HOSTILE)
    return tmp_path


def python(folder: Path, *words: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "IMHI_PLUGINS"}}
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env={**environment, **more},
        capture_output=True, text=True, timeout=240,
    )  # fmt: skip


SCRIPT = """
from imhi import evaluate
results = evaluate(["baseline:majority"], datasets=["DR"], limit=6, metric=["accuracy"],
                   executor="processes:2")
print(results.complete, len(results.rows()))
"""


@pytest.mark.slow
def test_the_command_line_spreads_a_run_over_processes_from_such_a_folder(hostile: Path) -> None:
    done = python(hostile, "-m", "imhi", *RUN, "--executor", "processes:2")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["complete"]


@pytest.mark.slow
def test_a_script_that_lies_in_such_a_folder_does_too(hostile: Path) -> None:
    # What the script's own process imports is for Python to say: it looks beside the script first.
    for name in ("numpy.py", "cloudpickle.py"):
        (hostile / name).unlink()
    (hostile / "script.py").write_text(SCRIPT)
    done = python(hostile, "script.py")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("True ")


@pytest.mark.slow
def test_a_module_beside_the_script_reaches_the_processes_all_the_same(hostile: Path) -> None:
    for name in ("numpy.py", "cloudpickle.py"):
        (hostile / name).unlink()
    (hostile / "shouting.py").write_text(
        "from imhi import ModelFamily, Response, hookimpl\n"
        "class Shouting:\n"
        "    def generate(self, requests):\n"
        "        for r in requests:\n"
        "            yield Response(r.id, r.dataset, r.prompt_hash, text='YES')\n"
        "    def describe(self):\n        return {}\n"
        "    def close(self):\n        pass\n"
        "def create(spec, context):\n    return Shouting()\n"
        "@hookimpl\n"
        "def imhi_models():\n    yield ModelFamily('shout', 'says yes, loudly', create)\n"
    )
    (hostile / "script.py").write_text(
        "import shouting\nfrom imhi import evaluate, load_plugins\n"
        "manager = load_plugins()\nmanager.register(shouting, 'shouting', 'mine', '0')\n"
        "results = evaluate(['shout:x'], datasets=['DR'], limit=6, metric=['accuracy'],\n"
        "                   executor='processes:2', manager=manager)\n"
        "print(results.complete)\n"
    )
    done = python(hostile, "script.py")
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr


@pytest.mark.slow
def test_a_process_that_cannot_start_is_not_taken_for_one_that_ran_out_of_memory(
    hostile: Path,
) -> None:
    # PYTHONPATH is the user's word: what it names is imported, by processes of the executor too.
    places = hostile / "places"
    places.mkdir()
    (places / "sitecustomize.py").write_text(
        "import os, sys\nif sys.argv[:1] == ['-c']:\n    os._exit(7)\n"
    )
    done = python(
        hostile, "-m", "imhi", *RUN, "--executor", "processes:2", PYTHONPATH=str(places)
    )  # fmt: skip
    assert done.returncode == 2
    assert "executor processes: a process ended while it started (exit code 7)" in done.stderr
    assert "memory" not in done.stderr


@pytest.mark.slow
def test_ray_imports_nothing_from_such_a_folder(hostile: Path) -> None:
    pytest.importorskip("ray", reason="the package ray is not installed (extra: ray)")
    done = python(hostile, "-m", "imhi", *RUN, "--executor", "ray:2")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["complete"]


@pytest.mark.parametrize("named", [".", "WHOLE"])
def test_the_working_directory_is_there_where_pythonpath_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    from imhi._core.worker_imports import worker_import_path

    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delenv("PYTHONPATH", raising=False)
    assert str(tmp_path) not in worker_import_path()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path) if named == "WHOLE" else named)
    assert str(tmp_path) in worker_import_path()
