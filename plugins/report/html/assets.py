"""Style sheet and scripts of the page, all of which are written into it.

DataTables comes from the package itables, which carries it as an ES module for use without a
network. Ours runs in the same ``script`` element, since a module that is inline cannot be imported.
"""

from __future__ import annotations

import base64
import hashlib
import re
from importlib import resources
from pathlib import Path

from imhi import HarnessError, how_to_install

_HERE = Path(__file__).parent


def check_installed() -> None:
    """Raise HarnessError where the library that draws is not installed: before the work is done."""
    try:
        import matplotlib  # noqa: F401
    except ModuleNotFoundError:
        raise HarnessError(
            "the HTML report needs matplotlib, which is not installed: "
            f"{how_to_install('report')}, or choose another --format (markdown, latex, csv)"
        ) from None


def style() -> str:
    """Return the style sheet."""
    return (_HERE / "report.css").read_text(encoding="utf-8")


def script() -> str:
    """Return DataTables and the page's own script as one module.

    Raises:
        HarnessError: the bundle does not export DataTables as it used to.
    """
    file = resources.files("itables").joinpath("html/dt_bundle.js")
    bundle = file.read_text(encoding="utf-8").replace("\r\n", "\n")
    exports = re.findall(r"\bexport\s*\{([^}]*)\}", bundle)
    default = re.search(r"([\w$]+) as default\b", exports[-1] if exports else "")
    if default is None:
        raise HarnessError(
            "itables: found a dt_bundle.js without a default export, expected DataTables; install a "
            f"version of itables that this one knows: {how_to_install('report')}"
        )
    # Either could keep the page's parser from seeing where the script ends.
    bundle = bundle.replace("<!--", "\\x3c!--").replace("<script", "\\x3cscript")
    own = (_HERE / "report.js").read_text(encoding="utf-8")
    return f"{bundle}\n;{own.strip().rstrip(';')}({default[1]});\n"


def policy_hash(text: str) -> str:
    """Return how a content security policy names the one script it lets run."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
