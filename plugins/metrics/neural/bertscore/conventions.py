"""What the ``bert-score`` package prescribes: layers, baselines, idf weights, the signature."""

from __future__ import annotations

import csv
import importlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imhi import HarnessError, how_to_install
from imhi.plugins.metrics.neural.bertscore.arguments import BertScoreArguments

USER = "bertscore"


def bert_score_utils() -> Any:
    """Return ``bert_score.utils``.

    Raises:
        HarnessError: the package, or one that it needs, is not installed.
    """
    try:
        return importlib.import_module("bert_score.utils")
    except ImportError as error:
        raise HarnessError(
            f"{USER} needs the package '{error.name or 'bert_score'}', which is not installed: "
            f"{how_to_install('hf')}"
        ) from None


def table_name(written: str, folder: Path | None) -> str | None:
    """Return the name under which bert-score's layer table has a model: its id or, for a folder,
    the id that ends in the folder's name. None where there is none, or more than one."""
    table = bert_score_utils().model2layers
    if folder is None:
        return written if written in table else None
    name = folder.resolve().name
    matching = [known for known in table if name in (known, known.rpartition("/")[2])]
    return matching[0] if len(matching) == 1 else None


def choose_layer(
    asked: int | None, known: str | None, layers: int, written: str
) -> tuple[int, bool]:
    """Return the layer (1 is the first above the embeddings) and whether bert-score chose it.

    Raises:
        HarnessError: out of range, or not given for a model outside bert-score's table.
    """
    chosen = asked
    if chosen is None:
        if known is None:
            raise HarnessError(
                f"{USER}:{written}: bert-score has chosen no layer for this model; expected "
                f"layer=1 to layer={layers}: write {USER}:{written},layer=N (about two thirds "
                "of the way up is usual)"
            )
        chosen = int(bert_score_utils().model2layers[known])
    if chosen > layers:
        whose = f"found layer={chosen}" if asked else f"bert-score's layer for {known} is {chosen}"
        raise HarnessError(
            f"{USER}:{written}: {whose}, but the model has {layers} layers; expected layer=1 to "
            f"layer={layers}"
        )
    return chosen, asked is None


@dataclass(frozen=True)
class Baseline:
    """Mean scores of unrelated texts, on the scale 0 to 1: a raw score x becomes
    ``(x - baseline) / (1 - baseline)``, each of the three with its own baseline.
    ``given``: by the user, not by bert-score."""

    values: tuple[float, float, float]
    file: Path
    given: bool

    def rescaled(self, scores: Sequence[float]) -> list[float]:
        """Return precision, recall and F1, rescaled."""
        return [(x - base) / (1 - base) for x, base in zip(scores, self.values, strict=True)]


def find_baseline(
    arguments: BertScoreArguments, folder: Path | None, layer: int
) -> Baseline | None:
    """Return the baseline asked for, None where none was.

    bert-score skips rescaling where it finds no file; here that is an error.

    Raises:
        HarnessError: no such file, or no usable row for the layer in it.
    """
    written, given = arguments.model, arguments.baseline
    if not arguments.rescale:
        if given:
            raise HarnessError(
                f"{USER}:{written}: found baseline={given} without rescale=true; expected both or "
                "neither"
            )
        return None
    if given:
        return _read_baseline(Path(given).expanduser(), layer, True)
    shipped = Path(bert_score_utils().__file__).parent / "rescale_baseline" / "en"
    known = table_name(written, folder)
    file = shipped / f"{known}.tsv"
    if folder is not None:
        hint = f"; if this is {known}, add baseline={file}" if known and file.is_file() else ""
        raise HarnessError(
            f"{USER}:{written}: found rescale=true for a folder, but bert-score's baselines belong "
            f"to model ids ({_names(shipped)}); expected baseline=FILE beside it{hint}"
        )
    if not file.is_file():
        raise HarnessError(
            f"{USER}:{written}: found rescale=true, but bert-score has no English baseline for "
            f"this model; there are some for {_names(shipped)}; add baseline=FILE or leave rescale "
            "out"
        )
    return _read_baseline(file, layer, False)


def _names(folder: Path) -> str:
    names = sorted(p.relative_to(folder).as_posix()[:-4] for p in folder.rglob("*.tsv"))
    return ", ".join(names)


def _read_baseline(file: Path, layer: int, given: bool) -> Baseline:
    columns = ("LAYER", "P", "R", "F")
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = getattr(error, "strerror", None) or "it is not a text file"
        raise HarnessError(
            f"{USER}: baseline={file}: cannot be read ({why}); expected a file with the columns "
            "LAYER,P,R,F"
        ) from None
    for number, row in enumerate(rows, start=2):
        where = f"{USER}: baseline={file}: line {number}"
        try:
            number_of_layer, *values = (float(row[column]) for column in columns)
        except (KeyError, TypeError, ValueError):
            raise HarnessError(
                f"{where}: found {','.join(str(v) for v in row.values())!r}, expected numbers in "
                "the columns LAYER,P,R,F, separated by commas"
            ) from None
        if number_of_layer != layer:
            continue
        if not all(math.isfinite(value) and value < 1 for value in values):
            raise HarnessError(f"{where}: found {values}, expected three numbers below 1")
        precision, recall, f1 = values
        return Baseline((precision, recall, f1), file, given)
    layers = ", ".join(row["LAYER"] for row in rows) or "none"
    raise HarnessError(
        f"{USER}: baseline={file}: no row for layer {layer} (layers there: {layers}); choose one "
        "of them with layer=N"
    )


def inverse_frequencies(documents: Sequence[Sequence[int]]) -> Mapping[int, float]:
    """Return bert-score's idf weight by token id, over the token ids of all references; a token
    that no reference has weighs ``log(references + 1)``."""
    # Without a tokenizer the documents are token ids; nthreads=0 starts no processes.
    weights: Mapping[int, float] = bert_score_utils().get_idf_dict(documents, None, nthreads=0)
    return weights


def signature(model: str, layer: int, idf: bool, baseline: Baseline | None) -> str:
    """Return bert-score's hash of the settings, in its own form."""
    return str(
        bert_score_utils().get_hash(
            model, layer, idf, baseline is not None, bool(baseline and baseline.given), False
        )
    )
