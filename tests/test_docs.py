"""What the documentation says is so: commands run, options exist, links lead somewhere, and the
generated parts are those that the code would write.

In the guides, a fenced block ``sh`` is run, ``python run`` too, and a block with ``file=NAME`` is
written to that file first; all blocks of a guide share one folder. ``sh needs=WHAT`` is run where
WHAT can be had (imhi, outputs) and otherwise only parsed.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from docs.generator import figures
from imhi._core.cli.app import run
from imhi._core.metrics import MetricSpec
from imhi._core.models import ModelSpec
from imhi._core.plugin_manager import REGISTER_HOOKS, PluginManager

ROOT = Path(__file__).resolve().parents[1]
GUIDES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGES = [*GUIDES, *sorted(ROOT.glob("examples/*/README.md")), ROOT / "benchmarks" / "README.md"]
_REAL = ("imhi", "outputs")
_PART = {"DR", "SAD", "dreaddit"}  # datasets; on all of them the guides take minutes
_FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: language, flags (``run``) and settings (``needs=, file=``), and its text."""

    language: str
    text: str
    flags: tuple[str, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def need(self) -> str:
        return self.settings.get("needs", "")


def blocks(page: Path) -> Iterator[Block]:
    for language, info, text in _FENCE.findall(page.read_text(encoding="utf-8")):
        words = info.split()
        settings = dict(word.split("=", 1) for word in words if "=" in word)
        yield Block(language, text, tuple(w for w in words if "=" not in w), settings)


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def guides_with(*needs: str) -> list[Path]:
    """Return the guides that have something to run with one of these needs ('' is none)."""
    return [
        page
        for page in GUIDES
        if any(
            block.need in needs and (block.language == "sh" or "run" in block.flags)
            for block in blocks(page)
        )
    ]


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder in which ``imhi`` is this checkout's."""
    command = tmp_path / "bin" / "imhi"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m imhi "$@"\n')
    command.chmod(0o755)
    work = tmp_path / "work"
    work.mkdir()
    return work


def run_block(block: Block, folder: Path) -> None:
    """Write a file block; run a command or Python block. What fails is shown with its output."""
    if "file" in block.settings:
        path = folder / block.settings["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")
    elif block.language == "python" and "run" in block.flags:
        run_program([sys.executable, "-c", block.text], folder)
    elif block.language == "sh":
        lines = block.text.replace("\\\n", " ").splitlines()
        if all(is_plain(line) for line in lines):
            for line in lines:
                run_line(line, folder)
        else:
            run_program(["bash", "-euo", "pipefail", "-c", block.text], folder)


def is_plain(line: str) -> bool:
    """Tell whether a line is one command of ours, which needs no shell and no process of its own."""
    words = shlex.split(line, comments=True)
    return not words or (words[0] == "imhi" and not re.search(r"[|&;<>$`*?~]", line))


def run_line(line: str, folder: Path) -> None:
    words = shlex.split(line, comments=True)[1:]
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = run(words) if words else 0
    assert code == 0, f"{line}\n{out.getvalue()}\n{err.getvalue()}"


def run_program(command: list[str], folder: Path) -> None:
    environment = os.environ | {
        "PATH": f"{folder.parent / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{command[-1]}\n{done.stdout}\n{done.stderr}"


@pytest.mark.slow
@pytest.mark.parametrize("page", guides_with(""), ids=named)
def test_what_a_guide_shows_works_without_network_data_or_models(page: Path, folder: Path) -> None:
    for block in blocks(page):
        if not block.need:
            run_block(block, folder)


def link_part(whole: Path, part: Path) -> None:
    """Make a folder of links to the files of some datasets."""
    for path in whole.rglob("*.csv"):
        place = path.relative_to(whole)
        if _PART & {*place.parts, place.stem}:
            (part / place).parent.mkdir(parents=True, exist_ok=True)
            (part / place).symlink_to(path)


@pytest.mark.slow
@pytest.mark.parametrize("page", guides_with(*_REAL), ids=named)
def test_what_a_guide_shows_of_the_published_data_works_on_them(
    page: Path, folder: Path, imhi: Path, model_outputs: Path
) -> None:
    link_part(imhi, folder / "data" / "imhi")
    answers = sorted(path for path in model_outputs.iterdir() if path.is_dir())[0]
    link_part(answers, folder / "my-answers")
    for block in blocks(page):
        if block.need in _REAL:
            run_block(block, folder)


@pytest.mark.parametrize("page", guides_with("", *_REAL, "network", "model", "files"), ids=named)
def test_commands_in_a_guide_have_the_options_models_and_metrics_they_show(
    page: Path, manager: PluginManager
) -> None:
    import typer

    from imhi._core.cli.app import build, take_global_options

    application = typer.main.get_command(build(manager))
    for block in blocks(page):
        for line in block.text.splitlines() if block.language == "sh" else ():
            name, *words = shlex.split(line, comments=True) or [""]
            if name != "imhi":
                continue
            options, words = take_global_options(words)
            command = application
            # A group may be a command of its own (imhi models).
            while words and hasattr(command, "commands"):
                known = words[0] in command.commands
                command = command.commands[words.pop(0) if known else command.default]
            parsed = command.make_context(line, words).params
            if block.need != "files" and command.name != "prices":  # which takes bare names too
                named_models = parsed.get("model") or ()
                models = [named_models] if isinstance(named_models, str) else named_models
                for model in (*models, *(parsed.get("judge") or ())):
                    ModelSpec.parse(model, manager.registry)
                if not options.plugins:
                    metric = parsed.get("metric") or ()
                    names = [metric] if isinstance(metric, str) else metric
                    MetricSpec.parse([name for name in names if name != "all"], manager.registry)


@pytest.mark.parametrize("page", figures.pages(), ids=named)
def test_generated_parts_and_figures_of_a_page_are_those_of_their_sources(
    page: Path, generate: ModuleType
) -> None:
    assert page.read_text(encoding="utf-8") == generate.filled(page, generate.built_in()), (
        "run: make docs"
    )


@pytest.mark.parametrize("page", figures.pages(), ids=named)
def test_every_figure_of_a_page_has_a_source(page: Path) -> None:
    assert figures.untraced(page, page.read_text(encoding="utf-8")) == [], (
        "run: python docs/figures/trace.py"
    )


def test_a_figure_that_a_page_states_of_itself_has_no_source(tmp_path: Path) -> None:
    text = (
        "A share of 12.5% of 1,234 rows of `500` (version 0.1, `x 7`).\n\n```sh\nimhi run 8\n```\n"
    )
    page = ROOT / "docs" / "no-such-page.md"
    assert [found.split(" ")[0] for _, found in figures.untraced(page, text)] == ["12.5", "1,234"]


def test_stored_figures_are_those_of_the_commands_that_are_said_to_make_them() -> None:
    sources = yaml.safe_load((figures.FIGURES / "sources.yaml").read_text(encoding="utf-8"))
    stored = {path.stem for path in (figures.FIGURES / "stored").glob("*.json")}
    assert stored == sources.keys()
    for name, source in sources.items():
        found = figures.stored(name)
        assert found["command"] == source["command"], name
        assert found["commit"] and found["measured"] and found["figures"], name
        assert ("recorded" in found) == ("recorded" in source), name


def test_every_hook_stands_in_the_plugin_guide_with_its_signature(generate: ModuleType) -> None:
    guide = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
    for name in [*REGISTER_HOOKS, "imhi_commands", "imhi_event"]:
        assert f"### {name}\n\n`{name}(" in guide


def test_the_example_in_every_hookspec_loads_as_a_plugin(generate: ModuleType) -> None:
    import imhi

    for name, code in re.findall(
        r"^### (imhi_\w+)\n.*?^```python\n(.*?)^```$", generate.hooks(), re.DOTALL | re.MULTILINE
    ):
        plugin = ModuleType(f"example_of_{name}")
        vars(plugin).update({public: getattr(imhi, public) for public in imhi.__all__})
        exec(code, vars(plugin))
        manager = PluginManager()
        manager.register(plugin, name, "example", "0")
        assert manager.problems == []
        if name in REGISTER_HOOKS:
            assert manager.plugins[0].adds, f"the example of {name} adds nothing"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith("http"):
            continue
        file, _, heading = target.partition("#")
        other = (page.parent / file).resolve() if file else page
        assert other.exists(), f"{named(page)}: {target}"
        if heading:
            titles = re.findall(r"^#+ (.+)$", other.read_text(encoding="utf-8"), re.MULTILINE)
            anchors = {re.sub(r"[^\w\- ]", "", t.lower()).replace(" ", "-") for t in titles}
            assert heading in anchors, f"{named(page)}: {target}"


def test_every_benchmark_is_listed() -> None:
    listed = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    for script in (ROOT / "benchmarks").glob("*.py"):
        assert f"`{script.name}`" in listed
