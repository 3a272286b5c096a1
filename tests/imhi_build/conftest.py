"""Fixtures: small builds of fictional posts, ready for one stage or another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from imhi._core.records import Example
from imhi._core.registry import Registry
from imhi.build.config import Config, read_config
from imhi.build.folder import BuildFolder
from imhi.build.new import new_build
from imhi.build.stages.read import read
from tests.imhi_build.raw_demo import demo_rows, write_dr


@pytest.fixture
def demo_dr(registry: Registry) -> list[Example]:
    """The demo rows of DR."""
    return demo_rows(registry, "DR")


MakeBuild = Callable[..., tuple[BuildFolder, Config]]


@pytest.fixture
def dr_build(tmp_path: Path, registry: Registry, demo_dr: list[Example]) -> MakeBuild:
    """Make a build of the demo rows of DR (or of ``rows``), read and not yet explained."""

    def make(*overrides: str, rows: list[Example] | None = None, **options: str) -> tuple:
        raw = write_dr(tmp_path / "raw", demo_dr if rows is None else rows)
        folder = new_build(tmp_path / "build", [f"dr={raw}"], registry, **options)
        config = read_config(folder.config_file, overrides, registry)
        read(folder, config, registry)
        return folder, config

    return make
