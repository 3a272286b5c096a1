"""Three situations in which runs are easily taken for one another, and what commands say of them."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from imhi._core.cli import app
from tests.recomputed.run_rows import Run, read_run

PLUGIN = Path(__file__).with_name("moods.py")
RESAMPLES = 1000
MINUS_NOTHING = re.compile(r"(?<![\d.])[-\N{MINUS SIGN}]0?\.0+(?!\d)")
DRAWN = ("--resamples", str(RESAMPLES))


def imhi(place: Path, *words: str, columns: int = 220, **environment: str) -> str:
    """What a command line prints on standard output, in a folder and with settings of its own."""
    code, printed, said = _done(place, words, {"COLUMNS": str(columns), **environment})
    assert code in (0, 1), said
    return printed


def complaint(place: Path, *words: str) -> str:
    """What a command line that cannot be done says on standard error."""
    code, _, said = _done(place, words, {})
    assert code > 1
    return said


def _done(
    place: Path, words: tuple[str, ...], environment: Mapping[str, str]
) -> tuple[int, str, str]:
    printed, said = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.delenv("IMHI_PLUGINS", raising=False)
        with redirect_stdout(printed), redirect_stderr(said):
            code = app.run(["--plugin", str(PLUGIN), *words])
    return code, printed.getvalue(), said.getvalue()


@dataclass(frozen=True)
class Situation:
    """Runs as they are given on a command line (``words``), and each of them once (``runs``), with a
    part of the name it must have: the folder it lies in, or its identity."""

    place: Path
    words: tuple[str, ...]
    runs: tuple[Run, ...]
    marks: tuple[str, ...]
    _said: dict[tuple[object, ...], str] = field(default_factory=dict, repr=False)

    def says(self, command: str, *words: str, columns: int = 220) -> str:
        """What a command prints about the runs; it is given once."""
        key = (command, words, columns)
        if key not in self._said:
            self._said[key] = imhi(self.place, command, *self.words, *words, columns=columns)
            assert not MINUS_NOTHING.search(self._said[key])
        return self._said[key]

    def json(self, command: str, *words: str) -> Any:
        return json.loads(self.says(command, *words, "--json"))

    def run_of(self, folder: str) -> Run:
        """The run that an output's folder is."""
        (found,) = [run for run in self.runs if run.folder == (self.place / folder).resolve()]
        return found

    def by_name(self, runs: Mapping[str, str]) -> dict[str, Run]:
        """The runs by what an output calls them (``runs``: folder by name): as many as there are,
        each of whose name says which it is."""
        named = {name: self.run_of(folder) for name, folder in runs.items()}
        assert {run.folder for run in named.values()} == {run.folder for run in self.runs}
        assert len(named) == len(self.runs)
        for run, mark in zip(self.runs, self.marks, strict=True):
            (name,) = [name for name, other in named.items() if other is run]
            assert mark in name and len(name) < 30
        return named


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the runs: of one command in ``ra`` and ``rb``, of three models called Same in
    ``rc``, the last of which left a fifth of its rows without an answer."""
    place = tmp_path_factory.mktemp("told-apart")
    asked = ("run", "--source", "invented", "--resamples", "200")
    for out, mood, skill in (("ra", "bright", "0.9"), ("rb", "dull", "0.6")):
        imhi(place, *asked, "-m", "mood:x,sure=1", "--out", out, MOOD=mood, SKILL=skill)
    for name, silent in (("p", "0"), ("q", "0"), ("r", "0.2")):
        model = f"mood:{name},sure=1,name=Same"
        imhi(place, *asked, "-m", model, "--out", "rc", MOOD=name, SKILL="0.7", SILENT=silent)
    for word in (*(place / "ra").iterdir(), *(place / "rb").iterdir(), *(place / "rc").iterdir()):
        imhi(place, "label", str(word), "--labeler", "strict", "--resamples", "100")
    (place / "link").symlink_to(place / "ra")
    return place


def _two_folders(place: Path) -> Situation:
    (name,) = [path.name for path in (place / "ra").iterdir()]
    words = (f"ra/{name}", f"rb/{name}")
    runs = tuple(read_run(place / word) for word in words)
    return Situation(place, words, runs, ("ra", "rb"))


def _twice(place: Path) -> Situation:
    apart = _two_folders(place)
    first, second = apart.words
    again = (first + "/", str(place / first), first.replace("ra", "link"))
    return Situation(place, (first, second, *again), apart.runs, apart.marks)


def _one_name(place: Path) -> Situation:
    words = tuple(f"rc/{name}" for name in sorted(path.name for path in (place / "rc").iterdir()))
    runs = tuple(read_run(place / word) for word in words)
    return Situation(place, words, runs, tuple(word[-10:][:6] for word in words))


SITUATIONS = {"two folders": _two_folders, "one run twice": _twice, "one name": _one_name}


@pytest.fixture(scope="session", params=list(SITUATIONS))
def situation(request: pytest.FixtureRequest, made: Path) -> Iterator[Situation]:
    yield SITUATIONS[request.param](made)
