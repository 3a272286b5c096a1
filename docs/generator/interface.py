"""The generated list of the public interface: four modules, their names, a sentence on each."""

from __future__ import annotations

import importlib
import inspect
import re
import types
import typing
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
    choices = typing.get_args(thing)
    if typing.get_origin(thing) in (typing.Literal, typing.Union, types.UnionType):
        return f"one of: {', '.join(_code(one) for one in choices)}"
    value = "type" if choices else "value"
    shown = getattr(thing, "__name__", None) or repr(thing)
    return f"the {value} `{shown}`".replace("imhi._core.", "")


def _code(thing: Any) -> str:
    return f"`{getattr(thing, '__name__', thing)}`"


def _first_line(module: Any) -> str:
    return markdown(inspect.getdoc(module) or "").partition("\n\n")[0]


def _sentence(thing: Any) -> str:
    text = " ".join(markdown(inspect.getdoc(thing) or "").partition("\n\n")[0].split())
    match = _SENTENCE.match(text)
    return (match[0] if match else text).rstrip(".:")
