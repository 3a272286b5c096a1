"""Repair of text that was decoded with the wrong table (``don‚Äôt``), by ftfy; off by default."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Callable

from imhi._core.errors import HarnessError
from imhi._core.records import Example

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_BESIDE = 4  # characters; the patterns of ftfy 6 reach two


@functools.cache
def _fix() -> Callable[[str], str]:
    try:
        import ftfy
    except ModuleNotFoundError:
        raise HarnessError(
            "--repair-mojibake needs the package ftfy, which is not installed: pip install ftfy"
        ) from None
    # Only wrong decodings are undone: curly quotes, ligatures and widths are the poster's own.
    config = ftfy.TextFixerConfig(
        unescape_html=False,
        uncurl_quotes=False,
        fix_latin_ligatures=False,
        fix_character_width=False,
        fix_line_breaks=False,
        remove_control_chars=False,
        remove_terminal_escapes=False,
        normalization=None,
    )
    return functools.partial(ftfy.fix_text, config=config)


def repair(text: str) -> str:
    """Return the text as it was before it was decoded wrongly; sound text comes back unchanged."""
    return _fix()(text)


def has_mojibake(text: str) -> bool:
    """Say whether a text shows signs of a wrong decoding: what ``ftfy.badness.is_bad`` says, which tries
    its thirty patterns at every character. Each needs a character beyond ASCII and a few beside it."""
    if text.isascii():
        return False
    from ftfy.badness import BADNESS_RE

    return any(
        BADNESS_RE.search(text, max(0, found.start() - _BESIDE), found.end() + _BESIDE)
        for found in _BEYOND_ASCII.finditer(text)
    )


def repaired(example: Example) -> Example:
    """Return the example with its post, prompt and explanation repaired."""
    return dataclasses.replace(
        example,
        post=repair(example.post),
        prompt=repair(example.prompt),
        explanation=repair(example.explanation),
    )
