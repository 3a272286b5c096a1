"""Options that several commands of ``imhi build`` share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from imhi.io import options

if TYPE_CHECKING:
    from imhi import Registry
    from imhi.build.config import Config
    from imhi.build.folder import BuildFolder

Build = Annotated[Path, typer.Argument(metavar="BUILD", help="A build folder (imhi build new).")]
Overrides = Annotated[
    options.Texts,
    typer.Option(
        "--set", metavar="FIELD=VALUE", help="Change a field of build.yaml for now; repeatable."
    ),
]
Model = Annotated[
    options.Text,
    typer.Option("--model", "-m", metavar="NAME", help="The model that explains."),
]
MaxCost = Annotated[
    float | None,
    typer.Option(metavar="USD", help="Ask no more before this is exceeded, over all rounds."),
]
Executor = Annotated[
    str, typer.Option(metavar="NAME", help="Where work runs: local, processes[:N], ray[:N].")
]


def opened(
    context: typer.Context, build: Path, overrides: list[str] | None, stage: str = "read"
) -> tuple[BuildFolder, Config]:
    """Return a build and its configuration; say where stages before ``stage`` were run with another.

    Raises:
        HarnessError: not a build folder, or a configuration that is not allowed.
    """
    from imhi.build.config import read_config
    from imhi.build.folder import BuildFolder
    from imhi.build.outdated import outdated
    from imhi.io import say

    registry: Registry = context.obj.registry
    folder = BuildFolder(build)
    folder.record()
    config = read_config(folder.config_file, overrides or (), registry)
    for sentence in outdated(folder, config, stage, registry):
        say(f"note: {sentence}", "yellow")
    return folder, config
