"""Answers made elsewhere: ``imhi import``, the model ``imported:PATH`` and the source
``imported:PATH``.

A file of answers is a model that has already spoken. With ``--source`` its rows are joined to the
examples by row or by id; without, the reference answers in the file itself are the examples.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from imhi import Argument, ModelFamily, Source, hookimpl


@hookimpl
def imhi_models() -> Iterator[ModelFamily]:
    yield ModelFamily(
        "imported",
        "answers made elsewhere: CSV, JSONL, Excel, logs of lm-eval, outputs of batches",
        "imhi.plugins.importing.model:create",
        target="FILE_OR_FOLDER",
        arguments=(
            Argument("dataset", "the dataset of a single file, if its name does not say it"),
            Argument(
                "rows",
                "all rows of the split are there, or the first of them (prefix)",
                "all",
                Argument.choice("all", "prefix"),
                changes_answers=False,  # the run's examples are others already
            ),
            Argument("id", "the column with the examples' ids; - for none"),
            Argument("text", "the column with the answers"),
            Argument("gold", "the column with the reference answers; - for none"),
            Argument("thought", "the column with the thoughts; - for none"),
        ),
        stored=True,
        gpus=0,
        fingerprint="imhi.plugins.importing.model:fingerprint",
        decodes=False,
        examples=("imported:answers/DR.csv",),
    )


@hookimpl
def imhi_sources() -> Iterator[Source]:
    yield Source(
        "imported",
        "The reference answers in files of imported answers (no posts)",
        "imhi.plugins.importing.source:open_imported",
        argument="FILE_OR_FOLDER",
    )


@hookimpl
def imhi_commands(app: Any) -> None:
    from imhi.plugins.importing.import_command import import_answers

    app.command("import")(import_answers)
