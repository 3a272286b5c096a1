"""The annotation page: one HTML file that needs no network and keeps its marks in the browser.

Items are written into the page, escaped, as forms; the script beside them only moves between them
and keeps marks. A content security policy names the one script and the one style by their hashes
and forbids everything else, so that even a post that slipped through could load and run nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

from imhi.build.human_evaluation.items import Item
from imhi.io import Marking

FORMAT = 1
KIND = "imhi-annotation"
_TEMPLATE, _STYLE, _SCRIPT = "page.html.jinja", "page.css.jinja", "page.js.jinja"


def page(items: Sequence[Item], scheme: Marking, annotator: str, sample: str, name: str) -> bytes:
    """Return the page of an annotator; ``items`` in their order, ``sample`` the digest."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(Path(__file__).parent)
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    # Both hold no values and are taken as they are: their hashes are of what the browser sees.
    style, script = (loader.get_source(environment, part)[0] for part in (_STYLE, _SCRIPT))
    about = {
        "kind": KIND,
        "format": FORMAT,
        "sample": sample,
        "name": name,
        "annotator": annotator,
        "criteria": list(scheme.names),
        "marks": list(Marking.MARKS),
        "items": [item.id for item in items],
    }
    text = environment.get_template(_TEMPLATE).render(
        about=about,
        items=items,
        scheme=scheme,
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
    )
    return text.encode("utf-8", "replace")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
