"""Templates, and the files every page shares."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from imhi import HarnessError

if TYPE_CHECKING:
    from jinja2 import Environment

HERE = Path(__file__).parent
_EXPORTS = re.compile(r"export\{([^{}]*)\};?")


def generator() -> str:
    """Return a digest of all that decides how pages are made from their contents."""
    state = hashlib.sha256()
    for path in sorted(HERE.rglob("*")):
        if path.suffix in {".py", ".jinja", ".css", ".js"}:
            state.update(f"{path.relative_to(HERE).as_posix()}\0".encode())
            state.update(path.read_bytes() + b"\0")
    for package in ("jinja2", "markupsafe"):
        state.update(version(package).encode() + b"\0")
    return state.hexdigest()


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render(template: str, contents: Mapping[str, object]) -> bytes:
    """Return what a template makes of contents, everything in them escaped."""
    text: str = _environment().get_template(f"{template}.jinja").render(contents)
    return text.encode("utf-8")


def datatables() -> tuple[bytes, bytes]:
    """Return DataTables as a classic script and its style.

    The package ``itables`` carries it as an ES module, which browsers do not load from files
    (``file://``): the module is put in a function, with its export taken out by hand.

    Raises:
        HarnessError: itables carries something else.
    """
    import itables

    folder = Path(itables.__file__).parent / "html"
    try:
        module = (folder / "dt_bundle.js").read_text(encoding="utf-8")
        style = (folder / "dt_bundle.css").read_bytes()
    except OSError as error:
        raise HarnessError(
            f"{error.filename}: not in itables {version('itables')}, {_WANTED}"
        ) from None
    return classic(module, f"itables {version('itables')}").encode(), style


_WANTED = "expected itables 2.5 or later, with DataTables in html/dt_bundle.js and .css"


def classic(module: str, where: str) -> str:
    """Return an ES module whose default export is DataTables as a script that sets
    ``window.DataTable``.

    Raises:
        HarnessError: it has no default export, or imports others.
    """
    exports = list(_EXPORTS.finditer(module))
    named = dict(_exported(part) for part in exports[-1].group(1).split(",")) if exports else {}
    if "default" not in named or re.search(r"^\s*import[\s{\"']", module, re.MULTILINE):
        raise HarnessError(f"{where}: found another kind of bundle, {_WANTED}")
    start, end = exports[-1].span()
    return (
        f"/* DataTables, as {where} carries it. */\n"
        f'(function(){{"use strict";{module[:start]};window.DataTable={named["default"]};'
        f"{module[end:]}\n}})();\n"
    )


def _exported(part: str) -> tuple[str, str]:
    """Return the name outside and inside of ``inside as outside``."""
    inside, _, outside = part.strip().partition(" as ")
    return outside or inside, inside
