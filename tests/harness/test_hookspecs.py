"""The hookspecs are the plugin author's manual: each says when, what, and shows an example."""

from __future__ import annotations

import inspect
import textwrap
from pathlib import Path

import pytest

import imhi
from imhi._core import hookspecs
from imhi._core.plugin_manager import REGISTER_HOOKS, hook_signature, load_plugins
from imhi._core.registry import Registry

HOOKS = [name for name in dir(hookspecs) if name.startswith("imhi_")]


def example(hook: str) -> str:
    """The code shown in a hook's docstring."""
    doc = inspect.getdoc(getattr(hookspecs, hook)) or ""
    return textwrap.dedent(doc.partition("::\n")[2])


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_says_when_it_is_called_and_shows_a_short_example(hook: str) -> None:
    doc = inspect.getdoc(getattr(hookspecs, hook))
    assert doc and "Called" in doc
    assert inspect.signature(getattr(hookspecs, hook)).return_annotation
    code = example(hook)
    assert f"@hookimpl\ndef {hook}(" in code
    assert len(code.strip().splitlines()) <= 8


@pytest.mark.parametrize("hook", HOOKS)
def test_the_example_of_a_hook_works_as_a_plugin(hook: str, tmp_path: Path) -> None:
    names = [name for name in imhi.__all__ if name != "hookimpl"]
    head = f"from imhi import hookimpl, {', '.join(names)}\n"
    path = tmp_path / "example.py"
    path.write_text(head + example(hook))
    manager = load_plugins([path])
    assert manager.problems == []
    (loaded,) = [plugin for plugin in manager.plugins if plugin.name == "example"]
    assert bool(loaded.adds) == (hook in REGISTER_HOOKS)
    if hook == "imhi_commands":
        import typer

        app = typer.Typer()
        manager.add_commands(app)
        assert "hello" in {
            command.callback.__name__ for command in app.registered_commands if command.callback
        }
        assert manager.problems == []


def test_the_table_of_kinds_and_the_hookspecs_name_the_same_hooks_and_types() -> None:
    assert set(HOOKS) == {*REGISTER_HOOKS, "imhi_commands", "imhi_event"}
    for hook, kinds in REGISTER_HOOKS.items():
        names = " | ".join(kind.__name__ for kind in kinds)
        assert hook_signature(hook) == f"{hook}() -> 'Iterable[{names}]'"


def test_whatever_a_hook_may_give_can_be_registered_under_its_name() -> None:
    registry = Registry()
    check = imhi.BuildCheck("short", "Short ones", find=lambda rows, settings: [])
    registry.add(check, "mine")
    assert registry.build_checks.get("SHORT") is check
    with pytest.raises(
        imhi.HarnessError, match="check 'short' is already registered by plugin 'mine'"
    ):
        registry.add(check, "theirs")
    with pytest.raises(imhi.HarnessError, match="a Label cannot be registered"):
        registry.add(imhi.Label("yes", "Yes."), "mine")
