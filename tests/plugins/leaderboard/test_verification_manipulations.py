"""Every planted manipulation is refused, by the check that looks for it, with words that name it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from imhi._core.plugin_manager import PluginManager
from imhi.plugins.leaderboard.verification.verify import Report, Verifier, open_verifier
from tests.plugins.leaderboard.manipulating import Manipulation
from tests.plugins.leaderboard.manipulations import ALL
from tests.plugins.leaderboard.submitted_runs import Forger, demo_run, packed


@pytest.fixture(scope="module")
def forger(manager: PluginManager, tmp_path_factory: pytest.TempPathFactory) -> Forger:
    folder = tmp_path_factory.mktemp("forger")
    return Forger(manager, demo_run(manager, folder / "runs"), folder)


@pytest.fixture(scope="module")
def good(forger: Forger, manager: PluginManager) -> bytes:
    return packed(forger.honest, manager)


@pytest.fixture(scope="module")
def verifier(manager: PluginManager) -> Verifier:
    return open_verifier("demo", manager.registry)


Verify = Callable[[bytes], Report]


@pytest.fixture
def verify(verifier: Verifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Verify:
    monkeypatch.chdir(tmp_path)

    def verify(archive: bytes) -> Report:
        path = tmp_path / "archive.zip"
        path.write_bytes(archive)
        return verifier.verify(path)

    return verify


def test_the_submission_they_are_made_of_passes_every_check(good: bytes, verify: Verify) -> None:
    report = verify(good)
    assert report.passed, report.to_json()
    assert [check.name for check in report.checks if not check.passed] == []


@pytest.mark.parametrize("manipulation", ALL, ids=lambda m: m.name.replace(" ", "-"))
def test_a_manipulation_is_refused_and_named(
    manipulation: Manipulation, good: bytes, forger: Forger, verify: Verify, tmp_path: Path
) -> None:
    report = verify(manipulation.make(good, forger))
    assert not report.passed
    assert report.entry is None
    found = {check.name: check.detail for check in report.checks if check.refuses}
    assert manipulation.words in found.get(manipulation.check, ""), found
    assert all(detail.isprintable() for detail in found.values())
    assert [path.name for path in tmp_path.iterdir()] == ["archive.zip"]


def test_there_are_enough_of_them_and_none_stands_there_twice() -> None:
    assert len({manipulation.name for manipulation in ALL}) == len(ALL) >= 40
