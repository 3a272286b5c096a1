"""Reports written: a page, or a table in one of the other formats."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

from imhi import HarnessError, PluginManager, compare
from imhi.io import replacing, say
from imhi.runs import Answers, PublishedResult, RunFolder

_MARK = b'name="generator" content="imhi-harness report"'
_HEAD = 4096  # bytes of a page in which the mark stands


class ComparisonOptions(TypedDict):
    """How runs are compared: the options of :func:`imhi.compare`."""

    labeler: str
    metrics: Sequence[str]
    datasets: Sequence[str]
    allow: Sequence[str]
    rows: str
    resamples: int
    seed: int


def write_page(
    runs: Sequence[RunFolder],
    manager: PluginManager,
    to: Path,
    published: bool,
    with_posts: bool,
    options: ComparisonOptions,
) -> None:
    """Write the HTML page; one with posts is for its owner only.

    Raises:
        HarnessError: a library is missing, the file cannot be written, or it is not a report.
    """
    from imhi.plugins.report.html.assets import check_installed

    check_installed()
    _check_place(to)
    from imhi.plugins.report.html.material import gather
    from imhi.plugins.report.html.page import page

    with _no_collection():
        material = gather(runs, manager, published=published, with_posts=with_posts, **options)
        content = page(material)
    mode = 0o600 if with_posts else 0o666
    with replacing(to, mode) as stream:
        stream.write(content)
    say(f"written to {to}: {len(material.runs)} runs, {len(content) / 1e6:.1f} MB")
    if with_posts:
        say(f"{to} holds posts: keep it private and do not pass it on", "yellow")
    else:
        say("no post, reference or answer is in it (--with-posts adds them)")


@contextmanager
def _no_collection() -> Iterator[None]:
    """Have a million rows in memory without looking again and again for cycles among them: they
    have none."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def write_table(
    runs: Sequence[RunFolder],
    manager: PluginManager,
    form: str,
    to: Path | None,
    published: bool,
    options: ComparisonOptions,
) -> None:
    """Write a table to a file, or to standard output."""
    from imhi.plugins.report.tables.writers import WRITERS

    if to is not None and to.is_dir():
        raise _is_folder(to)
    from imhi.plugins.report.html.material import without_places

    found = without_places(compare(runs, manager, **options))
    rows = PublishedResult.beside(PublishedResult.all(manager.registry), found) if published else []
    if any(one.missing for one in found.answers):
        say(f"not all rows were answered: {Answers.OFFER}")
    parts: list[str] = []
    WRITERS[form](found, rows, parts.append)
    if to is None:
        sys.stdout.write("".join(parts))
        return
    with replacing(to) as stream:
        stream.write("".join(parts).encode("utf-8", "replace"))
    say(f"written to {to}")


def _check_place(to: Path) -> None:
    """Raise HarnessError where a page would take the place of something that is none."""
    if to.is_dir():
        raise _is_folder(to)
    if not to.is_file() or not to.stat().st_size:
        return
    with to.open("rb") as stream:
        if _MARK not in stream.read(_HEAD):
            raise HarnessError(
                f"{to}: found a file that is no report of this program, expected none or an earlier "
                "report; move it, or choose another --to"
            )


def _is_folder(to: Path) -> HarnessError:
    return HarnessError(
        f"{to}: found a folder, expected the name of a file; say --to {to / 'report.html'}"
    )
