"""The commands that look after what was trained."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Name = Annotated[str, typer.Argument(metavar="NAME", help="A name below --out, or a folder.")]
Out = Annotated[
    Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where trained folders are.")
]


def merge(
    context: typer.Context,
    name: Name,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FOLDER", help="Where the merged model goes (NAME-merged)."),
    ] = None,
    out: Out = Path("trained"),
) -> None:
    """Add an adapter to its base: a whole model, for tools that know no adapters."""
    from imhi.finetune.trained.folder import find_trained
    from imhi.finetune.trained.merging import merge as merge_adapter
    from imhi.io import say

    folder = find_trained(name, out)
    place = to or folder.path.with_name(f"{folder.name}-merged")
    data = folder.finished().recipe.data
    for written in merge_adapter(folder, place, context.obj):
        use = f"imhi run --model hf:{written},chat_template={data.chat_template} --prompt {data.style}"
        say(f"merged model: {written}; to use it: {use}")


def unpack(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A GGUF file of a causal model.")],
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FOLDER", help="Where the model goes (the file's name)."),
    ] = None,
) -> None:
    """Make a folder of a GGUF file that trainings start from (base.model): float32 safetensors."""
    from imhi.finetune.trained.unpacking import unpack as unpack_file
    from imhi.io import say

    place = unpack_file(file, to or Path(file.stem))
    say(f"unpacked model: {place}; to train it: --set base.model={place}")


def card(name: Name, out: Out = Path("trained")) -> None:
    """Write model card and curves again, from training.json."""
    from imhi.finetune.experiments.single import describe
    from imhi.finetune.trained.folder import find_trained
    from imhi.io import say

    folder = find_trained(name, out)
    for written in describe(folder, folder.finished()):
        say(f"written: {written}")
