"""What ``bertscore`` takes, and how it is read."""

from __future__ import annotations

import re
from dataclasses import dataclass

from imhi import Argument


def parse_device(text: str) -> str:
    """Parse ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``."""
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?|mps", text):
        raise ValueError("expected auto, cpu, cuda, cuda:N or mps")
    return text


@dataclass(frozen=True)
class BertScoreArguments:
    """The arguments of the metric. The model is ``bert_score.utils.lang2model["en"]``; a test holds
    it to that."""

    model: str = Argument.field("roberta-large", "encoder: a hub id or a folder")
    layer: int | None = Argument.field(
        None,
        "layer whose output is compared; bert-score's own choice for the models of its table",
        Argument.count,
    )
    idf: bool = Argument.field(
        False, "weigh tokens by how rare they are in the references of the dataset", Argument.flag
    )
    rescale: bool = Argument.field(
        False,
        "rescale by bert-score's baseline for English, so that unrelated texts score about 0",
        Argument.flag,
    )
    baseline: str | None = Argument.field(
        None, "with rescale=true: a baseline file of your own (LAYER,P,R,F)"
    )
    revision: str | None = Argument.field(None, "branch, tag or commit on the hub; not for folders")
    device: str = Argument.field(
        "auto",
        "auto (CUDA, else MPS, else CPU), cpu, cuda, cuda:N or mps",
        parse_device,
        changes_answers=False,
    )
    dtype: str = Argument.field(
        "float32",
        "float32 (as bert-score), float16 or bfloat16",
        Argument.choice("float32", "float16", "bfloat16"),
    )
    batch_tokens: int | None = Argument.field(
        None,
        "most tokens in one batch, padding included; else by device",
        Argument.count,
        changes_answers=False,
    )
    max_length: int | None = Argument.field(
        None, "most tokens of a text, instead of what the tokenizer says", Argument.count
    )
    references: str | None = Argument.field(
        None,
        "folder where embeddings of references are kept for later commands",
        changes_answers=False,
    )
    safetensors: bool = Argument.field(
        True, "refuse weights in pickle form, which can run code when loaded", Argument.flag
    )
