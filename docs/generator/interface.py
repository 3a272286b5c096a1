"""The generated list of the public interface: four modules, their names, a sentence on each."""

from __future__ import annotations

import importlib
import inspect
import re
from typing import Any

from docs.generator.markdown import markdown, table
from imhi._core.lazy import offered_names

MODULES = ("imhi", "imhi.runs", "imhi.checkpoints", "imhi.io")
_SENTENCE = re.compile(r".*?[.:](?=\s|$)", re.DOTALL)


def interface() -> str:
    """Return a table for each public module."""
    parts = []
    for name in MODULES:
        module = importlib.import_module(name)
        names = sorted(offered_names(str(module.__file__)), key=str.lower)
        rows = [(f"`{one}`", _summary(getattr(module, one))) for one in names]
        parts.append(
            f"### {name}\n\n{_first_line(module)}\n\n{table(('name', 'what it is'), rows)}"
        )
    return "\n\n".join(parts)


def _summary(thing: Any) -> str:
    """Return the first sentence of what a class, function or module says of itself; the value of
    anything else."""
    if inspect.isclass(thing) or inspect.isroutine(thing) or inspect.ismodule(thing):
        return _sentence(thing)
    members = _members(thing)
    return f"one of: {members}" if members else f"the value `{thing!r}`".replace("imhi._core.", "")


def _members(thing: Any) -> str:
    return ", ".join(f"`{getattr(one, '__name__', one)}`" for one in getattr(thing, "__args__", ()))


def _first_line(module: Any) -> str:
    return markdown(inspect.getdoc(module) or "").partition("\n\n")[0]


def _sentence(thing: Any) -> str:
    text = " ".join(markdown(inspect.getdoc(thing) or "").partition("\n\n")[0].split())
    match = _SENTENCE.match(text)
    return (match[0] if match else text).rstrip(".:")
