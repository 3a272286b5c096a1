"""What may be shown of texts that come from elsewhere: no local path, no control character, no
post."""

from __future__ import annotations

import json
import re
from typing import Any

from imhi.io import figures, sanitizing

# From the root, from home, from here or from a drive; what follows a letter, a slash or a colon
# that is part of a longer word (a fraction, a URL, a model of somebody's) is none.
_PATH = re.compile(
    r"(?<![\w/\\.:<])(?P<scheme>[A-Za-z][\w-]*:)?"
    r"(?:(?:~|\.{1,2})?(?<!/)/(?!/)|[A-Za-z]:[\\/]|~\\|\.{1,2}\\)"
    r"(?P<rest>[^\s\"'<>|,;()\[\]{}=]+)"
)
_IN_URL = re.compile(r"(?P<start>\b[a-z][a-z0-9+.-]*://)(?:[^\s/@]*@)?(?P<rest>[^\s?#\"'<>]*)\S*")
_SHOWN = 160  # characters of an error


def without_paths(text: str) -> str:
    """Return text in which a local path is its last part only, a URL has neither user nor query,
    and a server of a local network no address."""
    if "/" not in text and "\\" not in text:
        return text
    kept: list[str] = []

    def put_aside(found: re.Match[str]) -> str:
        kept.append(sanitizing.without_local_servers(found["start"] + found["rest"]))
        return f"\0{len(kept) - 1}\0"

    text = _IN_URL.sub(put_aside, text)
    text = _PATH.sub(_last_part, text)
    return re.sub("\0(\\d+)\0", lambda found: kept[int(found[1])], text)


def _last_part(found: re.Match[str]) -> str:
    parts = [part for part in re.split(r"[/\\]", found["rest"]) if part]
    return (found["scheme"] or "") + (parts[-1] if parts else "")


def shown(value: Any) -> Any:
    """Return a text on one line, harmless and without local paths; anything else as it is. Markup
    is taken as it is: it was made here."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return without_paths(sanitizing.one_line(value))
    return value


def error_shown(error: str, post: str) -> str:
    """Return the beginning of an error, or the statement that it quotes the post."""
    line = without_paths(sanitizing.one_line(error))[:_SHOWN]
    if shares_words(line, post):
        return "the error quotes the post and is left out"
    return line


def shares_words(text: str, post: str, length: int = 20) -> bool:
    """Say whether two texts have ``length`` characters in a row in common, spaces and case aside."""
    text, post = ("".join(one.lower().split()) for one in (text, post))
    if len(post) < length:
        return bool(post) and post in text
    pieces = {text[i : i + length] for i in range(len(text) - length + 1)}
    return any(post[i : i + length] in pieces for i in range(len(post) - length + 1))


def json_for_page(value: Any) -> str:
    """Return JSON that ends no ``script`` element and begins none."""
    text = json.dumps(
        figures.unsigned_zeros(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
