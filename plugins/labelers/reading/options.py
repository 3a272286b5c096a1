"""Lists of options in an answer: what they offer is not what the answer says.

A model that was not told how to answer often lays out options (``A) Work B) Money``) and then picks one,
or stops. The options are taken out of the text, so that none of them is read as the answer; a letter
that is picked afterwards stands for its option. The question may list options too: then a letter will do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from imhi.plugins.labelers.reading.text import holds

_MARK = re.compile(r"(?<![\w'])\(?(?:([a-i])[).:]|([1-9])[).])(?=\s+\S)")
# Where the last option of a list ends, if not with its line.
_LAST_ENDS = re.compile(
    r"\n|\?|(?<=[a-z)])\.(?:\s|$)|\b(?:(?:the )?(?:correct |best |final )?answer\b|please\b|reasoning\b|"
    r"explanation\b|hint\b|which\b|select\b|choose\b)"
)
# A numbered list of longer items is an argument in points; letters are given to options only.
_MOST_WORDS = {1: 40, 2: 8}
_LONGEST = 600  # characters of the last option

# A line for yes and a line for no: both are offered.
_YES_LINE = re.compile(r"(?:^|\n)\W*yes\b[, ][^\n]*")
_NO_LINE = re.compile(r"(?:^|\n)\W*no\b[, ][^\n]*")
_FIRST = ("a)", "a.", "a:", "1)", "1.")

_PICKED = re.compile(
    r"(?:\b(?:answer|label|category|choice|option|choose|select|pick|response)\b[^.\n]{0,40}?(?:\bis\b|:|\s)\s*|^\W*)"
    r"[\"'(\[]*(?:option )?([a-i1-9])(?:[).:,\]\"']|\s*$|\n)"
)


# Options without letters, behind words that offer them.
_OFFERED = re.compile(
    r"\b(?:select|choose|pick)\b[^.:\n]{0,60}\b(?:options?|following|answers?)\b[^.:\n]{0,40}[.:\n]"
    r"(?:(?!\banswer\b)[\s\S])*"
)


def split_options(text: str) -> tuple[str, Mapping[str, str]]:
    """Return a normalised text without its lists of options, and the options by their letter."""
    if "select" in text or "choose" in text or "pick" in text:
        text = _OFFERED.sub(" ", text)
    if "\n" in text and _YES_LINE.search(text) and _NO_LINE.search(text):
        text = _NO_LINE.sub("\n", _YES_LINE.sub("\n", text))
    if not holds(text, _FIRST):
        return text, {}
    marks = list(_MARK.finditer(text))
    if len(marks) < 2:
        return text, {}
    offered: dict[str, str] = {}
    kept: list[str] = []
    end = 0
    at = 0
    while at < len(marks):
        run = _run(marks, at)
        items = _items(text, run) if len(run) > 1 else []
        kind = 1 if marks[at][1] else 2
        short = all(len(item.split()) <= _MOST_WORDS[kind] for _, item, _ in items)
        argued = bool(items) and kind == 2 and _is_argued([item for _, item, _ in items])
        if items and short and not argued:
            kept.append(text[end : run[0].start()])
            end = items[-1][2]
            for letter, item, _ in items:
                offered.setdefault(letter, item)
            at += len(run)
        else:
            at += 1
    return "\n".join([*kept, text[end:]]).strip(), offered


def _is_argued(items: Sequence[str]) -> bool:
    """Say whether a list begins with an answer and goes on with what speaks for it."""
    answers = [bool(re.match(r"(?:yes|no|maybe)\b", item)) for item in items]
    return answers[0] and not any(answers[1:])


def _run(marks: Sequence[re.Match[str]], at: int) -> list[re.Match[str]]:
    """Return the marks from ``at`` on that count up from a or 1."""
    kind = 1 if marks[at][1] else 2
    first = "a" if kind == 1 else "1"
    run: list[re.Match[str]] = []
    for index in range(at, len(marks)):
        mark = marks[index]
        if mark[kind] == chr(ord(first) + len(run)):
            run.append(mark)
        elif run:
            break
        else:
            return []
    return run


def _items(text: str, run: Sequence[re.Match[str]]) -> list[tuple[str, str, int]]:
    """Return letter, text and end of each option."""
    items = []
    for mark, following in zip(run, [*run[1:], None], strict=True):
        end = following.start() if following else len(text)
        if following is None:
            end = min(end, mark.end() + _LONGEST)
            cut = _LAST_ENDS.search(text, mark.end(), end)
            end = cut.start() if cut else end
        items.append((mark[1] or mark[2], text[mark.end() : end].strip(" \n.\"'"), end))
    return items


def picked(text: str, offered: Mapping[str, str]) -> str | None:
    """Return the option that the rest of an answer picks by its letter, or None."""
    if not offered:
        return None
    for match in _PICKED.finditer(text):
        if match[1] in offered:
            return offered[match[1]]
    return None
