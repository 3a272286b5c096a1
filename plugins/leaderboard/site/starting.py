"""``imhi leaderboard init``: the folder of a new board."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from imhi import HarnessError, Registry, open_source
from imhi.io import replacing, yaml_models
from imhi.plugins.leaderboard.site import OFFICIAL
from imhi.plugins.leaderboard.site.board import FILE, IMHI, Board, read_board
from imhi.plugins.leaderboard.site.installing import FOLDER, Package

_STARTER = Path(__file__).with_name("starter")
FILES = {
    FILE: "board.yaml.jinja",
    ".gitignore": "gitignore.jinja",
    "README.md": "readme.md.jinja",
    "submissions/README.md": "submissions.md.jinja",
    "package/README.md": "package.md.jinja",
    ".github/workflows/verify.yml": "verify.yml.jinja",
    ".github/workflows/publish.yml": "publish.yml.jinja",
}


def start(
    folder: Path, title: str, url: str, source: str, package: Package, registry: Registry
) -> list[str]:
    """Write the files of a new board and return their names.

    A board of the published data has all ten datasets, whether they are here or not; one of another
    ``source`` has those that the source has. A wheel is copied beside the board.

    Raises:
        HarnessError: there is a board already, one of the files is there, the source cannot be
            opened, or title or url are not allowed.
    """
    if (folder / FILE).exists():
        raise HarnessError(
            f"{folder}: found {FILE}, expected a folder without a board; edit that file, or choose "
            "another folder"
        )
    wheel = f"{FOLDER}/{package.wheel}"
    files = [*FILES, *([wheel] if package.wheel else [])]
    existing = [name for name in files if (folder / name).exists()]
    if existing:
        raise HarnessError(
            f"{folder}: found {', '.join(existing)}, which would be overwritten; move them away, or "
            "choose another folder"
        )
    values = {"title": title, "url": url, "source": source}
    yaml_models.validated(Board, values, "imhi leaderboard init")
    about = {"datasets": IMHI, "synthetic": False}
    if source != OFFICIAL:
        _, opened = open_source(source, registry)
        synthetic = bool(opened.describe().get("synthetic"))
        about = {"datasets": tuple(opened.datasets()), "synthetic": synthetic}
    filled = {**values, **about, "package": package}
    contents = {name: text.encode("utf-8") for name, text in _contents(filled).items()}
    if package.wheel:
        contents[wheel] = package.content
    for name, content in contents.items():
        with replacing(folder / name) as stream:
            stream.write(content)
    (folder / "entries").mkdir(exist_ok=True)
    read_board(folder)
    return files


def _contents(values: Mapping[str, object]) -> dict[str, str]:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # Not the usual braces: workflows use them. What is written is YAML and Markdown, not HTML, and
    # what is filled in is quoted as JSON, which is YAML.
    environment = Environment(
        loader=FileSystemLoader(_STARTER),
        undefined=StrictUndefined,
        autoescape=False,
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["shell"] = shlex.quote
    return {
        name: environment.get_template(template).render(
            values, fetched=values["source"] == OFFICIAL
        )
        for name, template in FILES.items()
    }
