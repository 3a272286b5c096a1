"""The command that says where the files for ``accelerate launch`` are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from imhi import UnknownName
from imhi.io import options

LAUNCH = Path(__file__).resolve().parents[1] / "launch"


def launch(
    strategy: Annotated[
        str | None, typer.Argument(metavar="STRATEGY", help="Print the path of its file alone.")
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """List the files for accelerate launch, for trainings on several GPUs."""
    from imhi.io import Table, print_json, say, show_table

    files = launch_files()
    if strategy is not None and strategy not in files:
        raise UnknownName("strategy", strategy, files)
    if as_json:
        print_json({n: str(f) for n, f in files.items() if strategy in (None, n)})
    elif strategy is not None:
        print(files[strategy])
    else:
        rows = [(name, _summary(file)) for name, file in files.items()]
        show_table(Table("", Table.texts("strategy", "what it does"), rows))
        say(command("STRATEGY"))


def launch_files() -> dict[str, Path]:
    """Return the files that come with the project, by strategy (``hardware.strategy``)."""
    return {file.stem: file for file in sorted(LAUNCH.glob("*.yaml"))}


def command(strategy: str) -> str:
    """Return the shell command that trains with a strategy's file.

    It runs the installed command by its path. ``-m imhi`` would take what lies in the working
    directory, such as an ``imhi.py``, for the package.
    """
    return (
        f'accelerate launch --config_file "$(imhi finetune launch {strategy})" --num_processes 8 '
        '"$(command -v imhi)" finetune RECIPE'
    )


def _summary(file: Path) -> str:
    """Return the first sentence of the file's head."""
    lines = []
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.strip("# ") == "" or not line.startswith("#"):
            break
        lines.append(line.strip("# "))
    return " ".join(lines).partition(" (hardware.strategy")[0]
