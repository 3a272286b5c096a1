"""What ``bertscore`` takes, and how it is read."""

from __future__ import annotations

import re
from dataclasses import dataclass

from imhi import argument, parse_choice, parse_count, parse_flag


def parse_device(text: str) -> str:
    """Parse ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``."""
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?|mps", text):
        raise ValueError("expected auto, cpu, cuda, cuda:N or mps")
    return text


@dataclass(frozen=True)
class BertScoreArguments:
    """The arguments of the metric. The model is ``bert_score.utils.lang2model["en"]``; a test holds
    it to that."""

    model: str = argument("roberta-large", "encoder: a hub id or a folder")
    layer: int | None = argument(
        None,
        "layer whose output is compared; bert-score's own choice for the models of its table",
        parse_count,
    )
    idf: bool = argument(
        False, "weigh tokens by how rare they are in the references of the dataset", parse_flag
    )
    rescale: bool = argument(
        False,
        "rescale by bert-score's baseline for English, so that unrelated texts score about 0",
        parse_flag,
    )
    baseline: str | None = argument(
        None, "with rescale=true: a baseline file of your own (LAYER,P,R,F)"
    )
    revision: str | None = argument(None, "branch, tag or commit on the hub; not for folders")
    device: str = argument(
        "auto",
        "auto (CUDA, else MPS, else CPU), cpu, cuda, cuda:N or mps",
        parse_device,
        changes_answers=False,
    )
    dtype: str = argument(
        "float32",
        "float32 (as bert-score), float16 or bfloat16",
        parse_choice("float32", "float16", "bfloat16"),
    )
    batch_tokens: int | None = argument(
        None,
        "most tokens in one batch, padding included; else by device",
        parse_count,
        changes_answers=False,
    )
    max_length: int | None = argument(
        None, "most tokens of a text, instead of what the tokenizer says", parse_count
    )
    references: str | None = argument(
        None,
        "folder where embeddings of references are kept for later commands",
        changes_answers=False,
    )
    safetensors: bool = argument(
        True, "refuse weights in pickle form, which can run code when loaded", parse_flag
    )
