"""The wheel, installed for real, claims one name and works from folders that use ours otherwise."""

from __future__ import annotations

import csv
import email
import email.message
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.built_wheel import FOLDERS, build, copy_of_the_project, lending_environment

pytestmark = pytest.mark.slow

_LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
RUN = ["run", "--model", "baseline:majority", "--dataset", "DR", "--limit", "6", "--json"]
SCRIPT = """
from imhi import evaluate
results = evaluate(["baseline:majority"], datasets=["DR"], limit=6, {more})
print(results.complete)
"""


@dataclass(frozen=True)
class Built:
    """The wheel built from the checkout, the source distribution, and the wheel built from that."""

    files: frozenset[Path]  # of the checkout, relative to it
    direct: Path
    sdist: Path
    by_sdist: Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    base = tmp_path_factory.mktemp("wheels")
    checkout = copy_of_the_project(base / "checkout")
    files = frozenset(p.relative_to(checkout) for p in checkout.rglob("*") if p.is_file())
    build(checkout, base / "direct", "--wheel")
    shutil.rmtree(checkout / "build")
    build(checkout, base / "by-sdist")  # a source distribution, and a wheel of that
    (direct,), (by_sdist,) = (sorted((base / at).glob("*.whl")) for at in ("direct", "by-sdist"))
    (sdist,) = (base / "by-sdist").glob("*.tar.gz")
    return Built(files, direct, sdist, by_sdist)


@pytest.fixture(scope="module")
def unpacked(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution's one folder."""
    base = tmp_path_factory.mktemp("sdist")
    with tarfile.open(built.sdist) as archive:
        # Made here; Pythons before 3.11.4 have no filters.
        archive.extractall(base, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    (folder,) = base.iterdir()
    return folder


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def metadata(wheel: Path) -> email.message.Message:
    (raw,) = (value for name, value in contents(wheel).items() if name.endswith("/METADATA"))
    return email.message_from_bytes(raw)


def test_the_wheel_claims_one_name_and_has_every_file_of_the_checkout(built: Built) -> None:
    names = {n for n in contents(built.direct) if ".dist-info/" not in n}
    assert {name.partition("/")[0] for name in names} == {"imhi"}
    expected = {
        f"{inside}/{file.relative_to(folder).as_posix()}"
        for folder, inside in FOLDERS.items()
        for file in built.files
        if file.is_relative_to(folder)
    }
    assert names == expected
    assert {"imhi/py.typed", "imhi/finetune/launch/fsdp.yaml"} <= names


def test_the_source_distribution_makes_the_same_wheel(built: Built) -> None:
    assert contents(built.direct) == contents(built.by_sdist)


def test_the_source_distribution_is_the_whole_project(built: Built, unpacked: Path) -> None:
    found = {path.relative_to(unpacked) for path in unpacked.rglob("*") if path.is_file()}
    assert built.files - found == set()
    made = {name for name in found - built.files if "imhi_harness.egg-info" not in name.parts}
    assert made == {Path("PKG-INFO"), Path("setup.cfg")}


def test_every_link_of_the_guides_leads_somewhere_in_the_source_distribution(
    unpacked: Path,
) -> None:
    pages = [*unpacked.glob("*.md"), *(unpacked / "docs").glob("*.md")]
    links = {(page, link) for page in pages for link in _LINK.findall(page.read_text("utf-8"))}
    assert len(links) > 50
    assert [(page.name, link) for page, link in links if not (page.parent / link).exists()] == []


def test_the_description_on_an_index_has_no_link_that_leads_nowhere(built: Built) -> None:
    description = str(metadata(built.direct).get_payload())
    assert "[arXiv 2309.13567](https://arxiv.org/abs/2309.13567)" in description
    assert "See docs/leaderboard.md." in description
    assert _LINK.findall(description) == []


def test_the_metadata_name_the_pythons_and_no_address_that_is_not_there(built: Built) -> None:
    said = metadata(built.direct)
    assert said["Requires-Python"] == ">=3.11"
    named = [str(value) for value in said.get_all("Classifier", [])]
    versions = [value.rpartition(" ")[2] for value in named if ":: 3." in value]
    assert versions == ["3.11", "3.12", "3.13"]
    assert said["Project-URL"] is None and said["Home-page"] is None


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
def fresh(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    base = tmp_path_factory.mktemp("fresh")
    python, packages = lending_environment(base / "venv")
    made = Fresh(python, packages)
    made.pip("install", "--no-index", "--no-deps", built.direct)
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
