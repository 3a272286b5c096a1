"""``imhi cache``: what the answer cache holds, and how it is kept small."""

from __future__ import annotations

import dataclasses
import datetime
import re
import time
from pathlib import Path
from typing import Annotated

import typer

from imhi._core.cli import options
from imhi._core.cli.console import print_json, say
from imhi._core.errors import HarnessError
from imhi._core.tables.table import Table
from imhi._core.tables.terminal import show_table

application = typer.Typer(
    help="Show or prune the answers that --cache keeps across runs.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_SECONDS = {"h": 3600, "d": 86_400, "w": 7 * 86_400}
_BYTES = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}

Folder = Annotated[
    Path | None, typer.Argument(metavar="[FOLDER]", help="The cache (default IMHI_CACHE).")
]


def seconds_of(text: str) -> int:
    """Return how long a time is that is written like 12h, 30d or 4w.

    Raises:
        HarnessError: it is written otherwise.
    """
    found = re.fullmatch(r"(\d{1,6})([hdw])", text.strip())
    if found is None:
        raise HarnessError(
            f"--older-than: found {text}, expected hours, days or weeks: 12h, 30d, 4w"
        )
    return int(found[1]) * _SECONDS[found[2]]


def bytes_of(text: str) -> int:
    """Return how many bytes are written like 500MB or 1.5GB (powers of ten).

    Raises:
        HarnessError: it is written otherwise.
    """
    found = re.fullmatch(r"(\d{1,15}(?:\.\d{1,6})?)\s*([KMGT]?B|)", text.strip().upper())
    if found is None:
        raise HarnessError(f"--max-size: found {text}, expected bytes such as 500MB or 5GB")
    return int(float(found[1]) * _BYTES[found[2]])


def size(count: int) -> str:
    """Return bytes as people write them: 1.2 MB."""
    value = float(count)
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


@application.command("show")
def show(folder: Folder = None, as_json: options.AsJson = False) -> None:
    """Show whose answers a cache holds, how many, and how old they are."""
    from imhi._core.answer_cache.pruning import contents

    cache = options.opened_cache(folder)
    found = list(contents(cache))
    if as_json:
        print_json({"cache": str(cache.path), "models": [dataclasses.asdict(one) for one in found]})
        return
    if not found:
        say(f"{cache.path}: no answers yet")
        return
    rows = [
        (
            one.called,
            one.entries,
            size(one.bytes),
            _day(one.oldest),
            _day(one.newest),
            one.model[:10],
        )
        for one in found
    ]
    damaged = sum(one.damaged for one in found)
    total = (
        f"{sum(one.entries for one in found):,} answers, {size(sum(one.bytes for one in found))}"
    )
    notes = [f"{total} in {cache.path}"]
    if damaged:
        notes.append(
            f"{damaged:,} damaged entries, which are asked again; take out: imhi cache prune"
        )
    heads = Table.whole_texts("answers", "size", "oldest", "newest", "key")
    show_table(Table("", [*Table.texts("model"), *heads], rows, notes))


def _day(at: int) -> str:
    if not at:
        return ""
    return datetime.datetime.fromtimestamp(at, datetime.UTC).date().isoformat()


@application.command("prune")
def prune(
    folder: Folder = None,
    older_than: Annotated[
        str | None, typer.Option(metavar="TIME", help="Take out older answers: 12h, 30d, 4w.")
    ] = None,
    max_size: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="Take out the oldest until so much is left: 500MB, 5GB."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Take out all of models that have this in their name."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be taken out.")
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """Take old, damaged and double answers out of a cache, and merge its files.

    Runs that use the cache meanwhile are not disturbed.
    """
    from imhi._core.answer_cache import pruning

    since = int(time.time()) - seconds_of(older_than) if older_than else 0
    done = pruning.prune(
        options.opened_cache(folder),
        since=since,
        most_bytes=bytes_of(max_size) if max_size else None,
        without=model,
        dry=dry_run,
    )
    if as_json:
        print_json(dataclasses.asdict(done))
        return
    would = "would be " if dry_run else ""
    say(
        f"{done.removed:,} answers ({size(done.removed_bytes)}) and {done.damaged:,} damaged entries "
        f"{would}taken out; {done.kept:,} answers ({size(done.kept_bytes)}) stay"
    )
    if done.in_use:
        say(f"{done.in_use:,} files are being written by others and were left alone", "yellow")
