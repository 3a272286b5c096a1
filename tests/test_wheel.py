"""The wheel, installed for real, claims one name and works from folders that use ours otherwise."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = {
    "harness": "imhi",
    "plugins": "imhi/plugins",
    "tasks": "imhi/tasks",
    "imhi_build": "imhi/build",
    "finetune": "imhi/finetune",
}
LEAVINGS = shutil.ignore_patterns("__pycache__", "*.egg-info", "*.pyc")
RUN = ["run", "--model", "baseline:majority", "--dataset", "DR", "--limit", "6", "--json"]
SCRIPT = """
from imhi import evaluate
results = evaluate(["baseline:majority"], datasets=["DR"], limit=6, {more})
print(results.complete)
"""


def build(project: Path, to: Path, *what: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", to, *what, project],
        check=True, capture_output=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The wheel built from the checkout, and the one built from the source distribution."""
    base = tmp_path_factory.mktemp("wheels")
    checkout = base / "checkout"
    for name in FOLDERS:
        shutil.copytree(ROOT / name, checkout / name, ignore=LEAVINGS)
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, checkout)
    build(checkout, base / "direct", "--wheel")
    shutil.rmtree(checkout / "build")
    build(checkout, base / "by-sdist")  # a source distribution, and a wheel of that
    (direct,), (by_sdist,) = (sorted((base / at).glob("*.whl")) for at in ("direct", "by-sdist"))
    return direct, by_sdist


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_wheel_claims_one_name_and_has_every_file_of_the_checkout(
    wheels: tuple[Path, Path],
) -> None:
    names = {n for n in contents(wheels[0]) if ".dist-info/" not in n}
    assert {name.partition("/")[0] for name in names} == {"imhi"}
    expected = {
        f"{inside}/{path.relative_to(ROOT / folder).as_posix()}"
        for folder, inside in FOLDERS.items()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert names == expected


def test_the_source_distribution_makes_the_same_wheel(wheels: tuple[Path, Path]) -> None:
    direct, by_sdist = (contents(wheel) for wheel in wheels)
    assert direct == by_sdist


@dataclass(frozen=True)
class Fresh:
    """A new environment in which the wheel is installed, and no editable finder at work."""

    python: Path
    packages: Path

    def pip(self, *words: str | Path) -> None:
        """Run pip for this environment; nothing comes from the network."""
        command = [sys.executable, "-m", "pip", "--python", self.python, "--quiet", *words]
        subprocess.run(command, check=True)

    def run(self, folder: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """Run Python, or with ``imhi`` as the first word the command, in a folder."""
        first = self.python.with_name("imhi") if words[:1] == ("imhi",) else self.python
        rest = words[1:] if words[:1] == ("imhi",) else words
        environment = {
            k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "IMHI_PLUGINS"}
        }
        return subprocess.run(
            [first, *rest], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
        )

    def plugins(self, folder: Path) -> Any:
        """Return what ``imhi plugins`` says."""
        done = self.run(folder, "imhi", "plugins", "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def fresh(wheels: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    """What the harness needs is lent from the environment of the tests. A plain line in a .pth file
    adds a folder to the path and leaves its own .pth files alone, so editable installs are not
    found."""
    base = tmp_path_factory.mktemp("fresh")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", base / "venv"], check=True)
    python = base / "venv" / "bin" / "python"
    packages = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    lent = [place for place in sys.path if place.endswith(("site-packages", "dist-packages"))]
    (Path(packages) / "lent.pth").write_text("\n".join(lent) + "\n")
    made = Fresh(python, Path(packages))
    made.pip("install", "--no-index", "--no-deps", wheels[0])
    return made


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A folder of somebody's project that has our folders' names for other things."""
    for name in ("plugins", "finetune", "imhi_build"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise ImportError('not meant for imhi')\n")
    for name in ("tasks.py", "harness.py"):
        (tmp_path / name).write_text("raise ImportError('not meant for imhi')\n")
    return tmp_path


def test_imhi_comes_from_the_wheel(fresh: Fresh, tmp_path: Path) -> None:
    done = fresh.run(tmp_path, "-c", "import imhi, imhi.plugins; print(imhi.__file__)")
    assert done.stdout.strip() == str(fresh.packages / "imhi" / "__init__.py"), done.stderr


def test_the_command_line_works_beside_somebody_elses_plugins_and_tasks(
    fresh: Fresh, theirs: Path
) -> None:
    listed = fresh.plugins(theirs)
    assert listed["problems"] == []
    ours = [p for p in listed["plugins"] if p["distribution"] == "imhi-harness"]
    assert len(ours) > 30
    assert all(p["file"].startswith(str(fresh.packages / "imhi")) for p in ours)
    for more in ((), ("--executor", "processes:2")):
        done = fresh.run(theirs, "imhi", *RUN, *more, "--out", f"runs{len(more)}")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["complete"]
    assert fresh.run(theirs, "-m", "imhi", "tasks").returncode == 0


def test_a_script_beside_somebody_elses_plugins_and_tasks_works(fresh: Fresh, theirs: Path) -> None:
    for number, more in enumerate(("", "executor='processes:2'")):
        (theirs / "script.py").write_text(SCRIPT.format(more=f"out='runs{number}', {more}"))
        done = fresh.run(theirs, "script.py")
        assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr


def test_a_distribution_with_a_package_called_plugins_comes_and_goes(
    fresh: Fresh, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    for name in ("plugins", "tasks", "finetune"):
        (project / name).mkdir(parents=True)
        (project / name / "__init__.py").write_text("raise ImportError('not meant for imhi')\n")
    (project / "pyproject.toml").write_text(
        "[build-system]\nrequires = ['setuptools']\nbuild-backend = 'setuptools.build_meta'\n"
        "[project]\nname = 'claims-names'\nversion = '1'\n"
        "[tool.setuptools]\npackages = ['plugins', 'tasks', 'finetune']\n"
    )
    before = fresh.plugins(tmp_path)
    fresh.pip("install", "--no-index", "--no-deps", "--no-build-isolation", project)
    assert (fresh.packages / "plugins" / "__init__.py").exists()
    assert fresh.plugins(tmp_path) == before
    fresh.pip("uninstall", "--yes", "claims-names")
    assert not (fresh.packages / "plugins").exists()
    assert fresh.plugins(tmp_path) == before
    (record,) = fresh.packages.glob("imhi_harness-*.dist-info/RECORD")
    with record.open(newline="") as file:
        missing = [row[0] for row in csv.reader(file) if not (fresh.packages / row[0]).exists()]
    assert missing == []
