"""A third-party package adds a task, a model and a metric through the public hooks alone."""

from __future__ import annotations

import json
import os
import shutil
import site
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "imhi-example-plugin"


def test_the_example_is_under_sixty_lines_of_python() -> None:
    lines = [len(path.read_text().splitlines()) for path in EXAMPLE.rglob("*.py")]
    assert 0 < sum(lines) < 60


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new environment into which the example package was installed.

    The harness and what it needs are lent from the environment of the tests, which spares a second
    installation of them; the example is in the new one only.
    """
    base = tmp_path_factory.mktemp("fresh")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", base / "venv"], check=True)
    python = base / "venv" / "bin" / "python"
    packages = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    lent = [f"import site; site.addsitedir({path!r})" for path in site.getsitepackages()]
    (Path(packages) / "lent.pth").write_text("\n".join(lent) + "\n")
    shutil.copytree(EXAMPLE, base / "example")  # building leaves files behind
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-index",
         "--no-deps", "--no-build-isolation", base / "example"],
        check=True,
    )  # fmt: skip
    return python


def imhi(python: Path, folder: Path, *arguments: str) -> dict[str, object]:
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "IMHI_PLUGINS"}}
    done = subprocess.run(
        [python, "-m", "imhi", *arguments, "--json"],
        cwd=folder, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.slow
def test_it_is_listed_with_distribution_version_and_what_it_adds(
    fresh: Path, tmp_path: Path
) -> None:
    listed = imhi(fresh, tmp_path, "plugins")
    assert listed["problems"] == []
    plugins = listed["plugins"]
    assert isinstance(plugins, list)
    found = next(plugin for plugin in plugins if plugin["name"] == "sleep")
    assert (found["distribution"], found["version"]) == ("imhi-example-plugin", "0.1.0")
    assert found["adds"] == {
        "Task": ["sleep trouble detection"], "ModelFamily": ["keyword"], "Metric": ["grounded"]
    }  # fmt: skip


@pytest.mark.slow
def test_its_model_runs_on_its_task_and_its_metric_gets_an_interval(
    fresh: Path, tmp_path: Path
) -> None:
    printed = imhi(
        fresh, tmp_path, "run", "--source", "own", "--dataset", "sleep",
        "--model", "keyword:awake|insomnia", "--metric", "accuracy", "--metric", "grounded",
    )  # fmt: skip
    scores = printed["scores"]
    assert isinstance(scores, list)
    values = {row["metric"]: row for row in scores}
    # Two of the four bad sleepers use one of the words; nobody else does.
    assert values["accuracy"]["value"] == 75.0
    assert (values["accuracy"]["n"], values["accuracy"]["unparsed"]) == (8, 0)
    assert values["grounded"]["low"] < values["grounded"]["value"] < values["grounded"]["high"]
