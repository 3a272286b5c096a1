"""Runs told apart: by where they lie, never by what they are called.

One command given in two folders makes two runs of one id, and any model may be given any name. What
is looked up of a run is looked up by its folder; names are for people, and made here so that no two
runs of a table have the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from imhi._core.run_store.folder import RunFolder
from imhi._core.sanitizing import one_line

_IDENTITY = re.compile(r"-([0-9a-f]{10})$")  # ends the id of a run that the harness named
_LETTERS = 6  # of an identity, where they are enough

Key = tuple[str, str, str]  # model, prompt style, folder
_Label = Callable[[Key], str]


def distinct_runs(folders: Sequence[RunFolder]) -> tuple[list[RunFolder], list[str]]:
    """Return each run once, in order, and a sentence for each that was given again, by whatever
    path."""
    first: dict[Path, RunFolder] = {}
    notes = []
    for folder in folders:
        known = first.setdefault(folder.path.resolve(), folder)
        if known is not folder:
            same = "" if known.path == folder.path else f", also as {known.path}"
            notes.append(f"{folder.path}: given twice{same}; it is one run and counts once")
    return list(first.values()), list(dict.fromkeys(notes))


def distinct_names(runs: Sequence[Key], shown: Callable[[str], str] = one_line) -> list[str]:
    """Return what each run ``(model, prompt style, folder)`` is called, no two alike.

    A run is called as its model. Where several are, what tells them apart follows in brackets: the
    prompt style; the beginning of the identity that their ids end in; the folder they lie in; what
    of these is needed. ``shown`` makes a text harmless: names are told apart as they are shown.
    """
    places = [(shown(model), style, str(Path(folder).resolve())) for model, style, folder in runs]
    groups: dict[str, list[Key]] = {}
    for key in dict.fromkeys(places):
        groups.setdefault(key[0], []).append(key)
    called = {key: name for group in groups.values() for key, name in _apart(group, shown)}
    return _numbered([called[key] for key in places])


def _apart(group: Sequence[Key], shown: Callable[[str], str]) -> Iterator[tuple[Key, str]]:
    """Yield the runs of one model with their names."""

    def named(key: Key, labels: Sequence[_Label]) -> str:
        said = ", ".join(filter(None, (shown(label(key)) for label in labels)))
        return f"{key[0]} ({said})" if said else key[0]

    chosen: list[_Label] = []
    if len(group) > 1:
        candidates = list(_labels(group))
        alone = [label for label in candidates if len({label(key) for key in group}) == len(group)]
        chosen = alone[:1]
        for label in candidates if not alone else ():
            before = {tuple(one(key) for one in chosen) for key in group}
            after = {tuple(one(key) for one in (*chosen, label)) for key in group}
            if len(after) > len(before):
                chosen.append(label)
    for key in group:
        yield key, named(key, chosen)


def _labels(group: Sequence[Key]) -> Iterator[_Label]:
    """Yield what may tell runs apart, what says most to a reader first."""
    yield lambda key: key[1]
    yield lambda key: _identity(key, _LETTERS)
    yield _identity
    yield lambda key: Path(key[2]).name
    deepest = max(len(Path(key[2]).parts) for key in group)
    for level in range(deepest - 1):
        yield lambda key, level=level: _parent(key, level)  # type: ignore[misc]


def _identity(key: Key, letters: int | None = None) -> str:
    """Return the identity that a run's id ends in, or its folder's name where people chose one."""
    name = Path(key[2]).name
    found = _IDENTITY.search(name)
    return found[1][:letters] if found else name


def _parent(key: Key, level: int) -> str:
    parents = Path(key[2]).parents
    return parents[level].name if level < len(parents) else ""


def _numbered(names: Sequence[str]) -> list[str]:
    """Return names, with a number where two are alike as they are shown, whatever was done."""
    found: list[str] = []
    for name in names:
        number, chosen = 1, name
        while chosen in found:
            number += 1
            chosen = f"{name} [{number}]"
        found.append(chosen)
    return found
