"""How an extra is installed, as messages about missing packages say it."""

from __future__ import annotations

import importlib.metadata
import json
import shlex
from typing import Any

DISTRIBUTION = "imhi-harness"


def how_to_install(extra: str) -> str:
    """Return the command that installs an extra: ``pip install -e '/home/me/imhi-harness[hf]'``.

    It names what the harness itself was installed from, as pip recorded it: a checkout, a wheel, a
    repository at a commit. Never the distribution's name alone: on an index it may be anybody's.
    """
    import urllib.parse
    import urllib.request

    record = _record()
    if record is None:
        return f"install it again with the extra [{extra}], from where you have it (docs/installation.md)"
    address = str(record["url"])
    parts = urllib.parse.urlsplit(address)
    if "vcs_info" in record:
        found = record["vcs_info"]
        named = f"{DISTRIBUTION}[{extra}] @ {found['vcs']}+{address}@{found['commit_id']}"
    elif parts.scheme == "file":
        named = f"{urllib.request.url2pathname(parts.path)}[{extra}]"
    else:
        named = f"{DISTRIBUTION}[{extra}] @ {address}"
    editable = record.get("dir_info", {}).get("editable", False)
    return f"pip install {'-e ' if editable else ''}{shlex.quote(named)}"


def _record() -> dict[str, Any] | None:
    """Return direct_url.json (PEP 610) of this installation, if it came from an address."""
    # A checkout on the path has metadata of its own, which pip wrote no record into.
    for found in importlib.metadata.distributions(name=DISTRIBUTION):
        text = found.read_text("direct_url.json")
        if text:
            record: dict[str, Any] = json.loads(text)
            return record
    return None
