"""Figures in prose: each comes from something that is named, and is written from it.

``docs/figures/stored/SOURCE.json`` holds what a command measured. ``docs/figures/traces/PAGE.yaml``
holds the sentences of a page that have figures, with the figures left open::

    - "the released labels differ in {audit IRF.differ} of {audit IRF.rows}"
    - "10,000 times"                    # no: a figure that stands there itself needs a reason
    - text: "drawn {code imhi.statistics.DRAWS} times, as in Noreen 1989"
      quoted: Noreen 1989

``{SOURCE PATH}`` is a value of a stored file by its path (keys and numbers of list items, joined by
dots), ``{code MODULE.NAME}`` a constant of the code; ``|`` and a format specification of Python may
follow. A figure that the text itself has needs one of :data:`REASONS`. Words that are no figures
(*F1*, *95% interval*) stand in ``terms.yaml``, as regular expressions, for all pages.

``make docs`` writes the figures into the pages; a test fails where a page differs from its sources
or has a figure without one.
"""

from __future__ import annotations

import functools
import importlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from docs.generator.markdown import table

ROOT = Path(__file__).resolve().parents[2]
FIGURES = ROOT / "docs" / "figures"

# Why a figure may stand in a sentence as it is.
REASONS = {
    "quoted": "measured or said by others; names the page",
    "tested": "held by a test; names its file",
    "defined": "a choice, a setting of the command beside it, arithmetic of the sentence",
}

_NUMBER = r"[-−+]?\d+(?:,\d{3})*(?:\.\d+)?(?:e-?\d+)?"
_OPEN = re.compile(r"\{(?P<source>[\w/-]+) (?P<path>[^|{}]+)(?:\|(?P<format>[^{}]*))?\}")
# What no reader takes for a figure of ours: generated parts, code, targets of links, comments.
_NO_PROSE = re.compile(
    r"<!-- generated: .*?<!-- end -->|^```.*?^```$|`[^`\n]*`|\]\([^)\s]*\)|<!--.*?-->|^\s*(?:\*\*)?\d+\. ",
    re.DOTALL | re.MULTILINE,
)
# Digits, but not those of names (7B, d3fd539, T5) or of versions with two dots.
_FIGURE = re.compile(
    r"(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)?(?:e-?\d+)?x?(?!\w|\.\d)|(?<![\w.])\d+(?=-\w)"
)


class FigureError(Exception):
    """A page and its sources do not fit: says which page, which sentence, and what to do."""


@dataclass(frozen=True)
class Traced:
    """A figure of a page: where it stands (characters from ``start`` to ``end``), where it comes from."""

    page: str
    start: int
    end: int
    value: str
    source: str
    command: str
    commit: str


@dataclass(frozen=True)
class _Sentence:
    text: str
    reason: str = ""
    named: str = ""


def pages() -> list[Path]:
    """Return every page: README, CONTRIBUTING and the like, the guides, those of examples and benchmarks."""
    top = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
    return [*top, ROOT / "benchmarks" / "README.md", *sorted(ROOT.glob("examples/*/README.md"))]


def filled(path: Path, text: str) -> str:
    """Return a page with the figures of its sentences as their sources have them."""
    for one in sorted(_from_sources(path, text), key=lambda one: one.start, reverse=True):
        text = text[: one.start] + one.value + text[one.end :]
    return text


def traced(path: Path, text: str) -> list[Traced]:
    """Return every figure of a page with its source, in the order of the page.

    Raises:
        FigureError: a sentence of the page's traces does not stand on it; a source is missing.
    """
    found = [*_from_sources(path, text), *_with_reasons(path, text), *_terms(path, text)]
    return sorted(found, key=lambda one: one.start)


def untraced(path: Path, text: str) -> list[tuple[int, str]]:
    """Return the figures of a page without a source: line, and figure with the words around it."""
    prose = _prose(text)
    covered = [(one.start, one.end) for one in traced(path, text)]
    left = []
    for match in _FIGURE.finditer(prose):
        if not any(start <= match.start() and match.end() <= end for start, end in covered):
            around = " ".join(text[max(0, match.start() - 40) : match.end() + 30].split())
            left.append((text.count("\n", 0, match.start()) + 1, f"{match[0]} (... {around} ...)"))
    return left


def _prose(text: str) -> str:
    """Return a page with blanks in the place of all that is no prose."""
    return _NO_PROSE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def stored_table(name: str) -> str:
    """Return a table that a stored file holds: ``SOURCE PATH`` leads to its header and rows."""
    source, _, path = name.partition(" ")
    found = _value(source, path)
    return table(found["header"], [[str(cell) for cell in row] for row in found["rows"]])


@functools.cache
def stored(source: str) -> Mapping[str, Any]:
    """Return a stored file: its command, commit and figures.

    Raises:
        FigureError: there is none.
    """
    path = FIGURES / "stored" / f"{source}.json"
    if not path.is_file():
        raise FigureError(f"found no {path.relative_to(ROOT)}, expected what a command measured")
    found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


# --- sentences ------------------------------------------------------------------------------------


def _sentences(path: Path) -> Sequence[_Sentence]:
    file = FIGURES / "traces" / f"{_name(path)}.yaml"
    if not file.is_file():
        return ()
    found = []
    for entry in yaml.safe_load(file.read_text(encoding="utf-8")) or ():
        if isinstance(entry, str):
            found.append(_Sentence(entry))
            continue
        given = {key: value for key, value in entry.items() if key != "text"}
        if len(given) != 1 or not REASONS.keys() >= given.keys():
            raise FigureError(
                f"{file.name}: {entry.get('text')!r}: found {', '.join(given) or 'no reason'}, "
                f"expected one of {', '.join(REASONS)}"
            )
        ((reason, named),) = given.items()
        found.append(_Sentence(entry["text"], reason, str(named)))
    return found


def _name(path: Path) -> str:
    """Return what the traces of a page are called: its path in words."""
    parts = path.resolve().relative_to(ROOT).with_suffix("").parts
    return "-".join(part for part in parts if part != "docs")


def _shown(path: Path) -> str:
    return str(path.resolve().relative_to(ROOT))


def _places(path: Path, sentence: _Sentence, text: str) -> list[re.Match[str]]:
    """Return where a sentence stands, whatever its figures and line breaks."""
    # Not within a number or a word: "5 rows" is no part of "35 rows".
    pattern, end = (r"(?<![\w.,])" if sentence.text[0] in "0123456789{" else ""), 0
    for number, gap in enumerate(_OPEN.finditer(sentence.text)):
        pattern += _spaced(sentence.text[end : gap.start()]) + f"(?P<g{number}>{_NUMBER})"
        end = gap.end()
    pattern += _spaced(sentence.text[end:]) + r"(?!\w)"
    found = [*re.finditer(pattern, text)]
    if not found:
        raise FigureError(
            f"{_shown(path)}: found no sentence {sentence.text!r}, expected one; mend the "
            f"page or docs/figures/traces/{_name(path)}.yaml"
        )
    return found


def _spaced(text: str) -> str:
    return r"\s+".join(re.escape(word) for word in re.split(r"\s+", text))


def _from_sources(path: Path, text: str) -> Iterator[Traced]:
    for sentence in _sentences(path):
        gaps = [*_OPEN.finditer(sentence.text)]
        if not gaps:
            continue
        for place in _places(path, sentence, text):
            for number, gap in enumerate(gaps):
                start, end = place.span(f"g{number}")
                yield _filled_in(path, gap, start, end)


def _filled_in(path: Path, gap: re.Match[str], start: int, end: int) -> Traced:
    source, where = gap["source"], gap["path"].strip()
    value = _value(source, where)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FigureError(f"{_name(path)}.yaml: {gap[0]}: found {value!r}, expected a number")
    spec = gap["format"]
    if spec is None:
        spec = "," if isinstance(value, int) else ""
    if source == "code":
        command, commit = "", ""
    else:
        of = stored(source)
        command, commit = str(of["command"]), f"{of['commit']}{' (recorded)' * ('recorded' in of)}"
    return Traced(_shown(path), start, end, format(value, spec),
                  f"{source} {where}", command, commit)  # fmt: skip


def _with_reasons(path: Path, text: str) -> Iterator[Traced]:
    for sentence in _sentences(path):
        bare = _OPEN.sub("", sentence.text)
        if not sentence.reason:
            continue
        if not re.search(r"\d", bare):
            raise FigureError(
                f"{_name(path)}.yaml: {sentence.text!r}: found no figure that needs a reason"
            )
        if sentence.reason == "tested":
            _test_is_there(path, sentence)
        for place in _places(path, sentence, text):
            yield Traced(_shown(path), *place.span(), place[0],
                         f"{sentence.reason}: {sentence.named}", "", "")  # fmt: skip


def _test_is_there(path: Path, sentence: _Sentence) -> None:
    file, _, function = sentence.named.partition("::")
    there = (ROOT / file).is_file()
    if not there or (function and f"def {function}(" not in (ROOT / file).read_text()):
        raise FigureError(
            f"{_name(path)}.yaml: {sentence.text!r}: found no test {sentence.named}, expected the "
            "one that holds the figure"
        )


def _terms(path: Path, text: str) -> Iterator[Traced]:
    terms = yaml.safe_load((FIGURES / "traces" / "terms.yaml").read_text(encoding="utf-8"))
    for pattern, meaning in terms.items():
        for match in re.finditer(pattern, _prose(text)):
            yield Traced(_shown(path), *match.span(), match[0],
                         f"term: {meaning}", "", "")  # fmt: skip


# --- sources --------------------------------------------------------------------------------------


def _value(source: str, path: str) -> Any:
    if source == "code":
        module, _, name = path.rpartition(".")
        return getattr(importlib.import_module(module), name)
    found: Any = stored(source)["figures"]
    for key in path.strip().split("."):
        try:
            found = found[int(key)] if isinstance(found, list) else found[key]
        except (KeyError, IndexError, ValueError):
            raise FigureError(f"docs/figures/stored/{source}.json: found no {path}") from None
    return found
