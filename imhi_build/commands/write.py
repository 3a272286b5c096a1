"""The command ``imhi build write``, and the stage as ``imhi build run`` makes it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from imhi import HarnessError
from imhi.build.commands.options import Build, Overrides, opened
from imhi.io import options

if TYPE_CHECKING:
    from imhi import PluginManager
    from imhi.build.config import Config
    from imhi.build.folder import BuildFolder
    from imhi.build.stage_records import WriteRecord

_UNITS = ("bytes", "kB", "MB", "GB")


def write(
    context: typer.Context,
    build: Build,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FOLDER", help="Where it goes (BUILD/written).")
    ] = None,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            metavar="NAME",
            help="official, parquet, dataset or statistics; repeatable (default: all).",
        ),
    ] = None,
    push: Annotated[
        str | None,
        typer.Option(
            metavar="OWNER/NAME",
            help="Upload the format dataset to the Hub: posts leave this machine. Needs HF_TOKEN.",
        ),
    ] = None,
    public: Annotated[
        bool, typer.Option("--public", help="With --push: let everybody read it.")
    ] = False,
    override: Overrides = None,
    as_json: options.AsJson = False,
) -> None:
    """Write the rows that are kept as instruction data: as published, as Parquet, for the Hub.

    What is written contains posts: do not share it.
    """
    from imhi.build.writing.publishing import check_push, push as push_dataset
    from imhi.io import print_json, say

    folder, config = opened(context, build, override, "write")
    chosen = formats or list(config.write.formats)
    if public and push is None:
        raise HarnessError("--public says who may read what --push uploads; give both, or neither")
    if push is not None:
        if "dataset" not in chosen:
            raise HarnessError("--push uploads the format dataset: add --format dataset")
        check_push(push)
    with folder.lock():
        result = write_rows(folder, config, context.obj, chosen, to)
    pushed = {}
    if push is not None:
        place = Path(result.formats["dataset"].path)
        pushed = {"pushed": push_dataset(place, push, private=not public)}
    if as_json:
        print_json({**result.to_json(), **pushed})
        return
    show_written(result)
    for address in pushed.values():
        say(f"pushed to {address} ({'public' if public else 'private'})")


def write_build(folder: BuildFolder, config: Config, manager: PluginManager) -> None:
    """Write a build as its configuration says, and show what was written. The caller holds the
    build's lock."""
    show_written(write_rows(folder, config, manager))


def write_rows(
    folder: BuildFolder,
    config: Config,
    manager: PluginManager,
    formats: list[str] | None = None,
    to: Path | None = None,
) -> WriteRecord:
    """Write a build in these formats; what is not given is as the configuration says."""
    from imhi.build.writing.pipeline import write as write_formats
    from imhi.io import err

    place = to or (Path(config.write.to).expanduser() if config.write.to else None)
    chosen = formats or list(config.write.formats)
    with err().status(f"writing {', '.join(chosen)}"):
        return write_formats(folder, manager.registry, chosen, place or folder.path / "written")


def show_written(result: WriteRecord) -> None:
    """Print what was written: rows by dataset and split, then files by format."""
    from imhi.build.writing.counters import in_order
    from imhi.io import Table, out, say, show_table

    splits = in_order(split for counts in result.rows.values() for split in counts)
    rows = [
        {
            "dataset": name,
            **{split: f"{counts.get(split, 0):,}" for split in splits},
            "all": f"{sum(counts.values()):,}",
            "quarantined": f"{result.left_out[name].quarantined:,}",
            "unexplained": f"{result.left_out[name].unexplained:,}",
        }
        for name, counts in result.rows.items()
    ]
    show_table(Table.of("", rows), gap=True)
    formats = [
        {"format": name, "files": f"{one.files:,}", "size": _size(one.bytes)}
        for name, one in result.formats.items()
    ]
    show_table(Table.of("", formats))
    out().print(f"written to {result.to}", markup=False, soft_wrap=True)
    for note in result.notes:
        say(f"note: {note}")
    if "official" in result.formats:
        path = result.formats["official"].path
        say(f"to train on it: imhi finetune RECIPE --source official:{path}")
    say(f"{result.to} contains posts: it is readable by you only; do not share it", "yellow")


def _size(count: int) -> str:
    value, unit = float(count), _UNITS[0]
    for unit in _UNITS:
        if value < 1000 or unit == _UNITS[-1]:
            break
        value /= 1000
    return f"{value:,.0f} {unit}" if unit == _UNITS[0] else f"{value:,.1f} {unit}"
