"""Runs on fictional posts, made once for all tests of reports, and pages made of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from imhi._core.evaluation import evaluate
from imhi._core.plugin_manager import PluginManager, load_plugins
from imhi._core.run_store import RunFolder
from imhi.plugins.report.html.material import Material, gather
from imhi.plugins.report.html.page import page

MODELS = ("baseline:tfidf", "baseline:majority", "troubled:demo")


@dataclass(frozen=True)
class DemoRuns:
    """Scored runs of three models on all demo datasets."""

    folders: list[RunFolder]
    manager: PluginManager

    def material(self, **how: Any) -> Material:
        return gather(self.folders, self.manager, resamples=200, **how)


@pytest.fixture(scope="session")
def demo_runs(tmp_path_factory: pytest.TempPathFactory) -> DemoRuns:
    manager = load_plugins([Path(__file__).with_name("troubled_model.py")])
    out = tmp_path_factory.mktemp("reported")
    results = evaluate(MODELS, manager=manager, metric="labels", resamples=200, out=str(out))
    return DemoRuns([RunFolder(path) for path in results.folders], manager)


@pytest.fixture(scope="session")
def demo_material(demo_runs: DemoRuns) -> Material:
    return demo_runs.material()


@pytest.fixture(scope="session")
def demo_page(demo_material: Material, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page without posts."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_bytes(page(demo_material))
    return path


@pytest.fixture(scope="session")
def demo_page_with_posts(demo_runs: DemoRuns, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page-with-posts") / "report.html"
    path.write_bytes(page(demo_runs.material(with_posts=True)))
    return path


@pytest.fixture(scope="session")
def small_page_with_posts(demo_runs: DemoRuns, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page about two datasets, one with several questions."""
    path = tmp_path_factory.mktemp("small-page") / "report.html"
    path.write_bytes(page(demo_runs.material(datasets=["DR", "IRF"], with_posts=True)))
    return path
