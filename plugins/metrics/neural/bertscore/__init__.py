"""BERTScore (Zhang et al., ICLR 2020, arXiv 1904.09675) by the conventions of ``bert-score``.

Equal to ``bert_score.score`` (the tests hold it to 1e-4) with less work: each distinct text is
encoded once, texts of like length share a batch, and embeddings of references are kept for the
models that are scored after the first. This module only declares: torch, transformers and
bert_score are imported when the metric is made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imhi import Argument, parse_count, parse_flag

if TYPE_CHECKING:
    from imhi.plugins.metrics.neural.bertscore.metric import BertScore

NAME = "bertscore"
SUMMARY = "BERTScore: tokens matched by cosine of contextual embeddings, with the reference"

_DTYPES = ("float32", "float16", "bfloat16")


def parse_device(text: str) -> str:
    """Parse ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``."""
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?|mps", text):
        raise ValueError("expected auto, cpu, cuda, cuda:N or mps")
    return text


def parse_dtype(text: str) -> str:
    if text not in _DTYPES:
        raise ValueError(f"expected {' or '.join(_DTYPES)}")
    return text


ARGUMENTS = (
    # bert_score.utils.lang2model["en"]; a test holds it to that.
    Argument("model", "encoder: a hub id or a folder", "roberta-large"),
    Argument(
        "layer",
        "layer whose output is compared; bert-score's own choice for the models of its table",
        None,
        parse_count,
    ),
    Argument(
        "idf",
        "weigh tokens by how rare they are in the references of the dataset",
        False,
        parse_flag,
    ),
    Argument(
        "rescale",
        "rescale by bert-score's baseline for English, so that unrelated texts score about 0",
        False,
        parse_flag,
    ),
    Argument("baseline", "with rescale=true: a baseline file of your own (LAYER,P,R,F)"),
    Argument("revision", "branch, tag or commit on the hub; not for folders"),
    Argument(
        "device",
        "auto (CUDA, else MPS, else CPU), cpu, cuda, cuda:N or mps",
        "auto",
        parse_device,
        changes_answers=False,
    ),
    Argument("dtype", "float32 (as bert-score), float16 or bfloat16", "float32", parse_dtype),
    Argument(
        "batch_tokens",
        "most tokens in one batch, padding included; else by device",
        None,
        parse_count,
        changes_answers=False,
    ),
    Argument(
        "max_length", "most tokens of a text, instead of what the tokenizer says", None, parse_count
    ),
    Argument(
        "references",
        "folder where embeddings of references are kept for later commands",
        changes_answers=False,
    ),
    Argument(
        "safetensors",
        "refuse weights in pickle form, which can run code when loaded",
        True,
        parse_flag,
    ),
)


def create(arguments: Mapping[str, Any]) -> BertScore:
    """Check model, layer and baseline, and return the metric; weights are loaded when needed.

    Raises:
        HarnessError: bert-score is not installed, or an argument names nothing that can be used.
    """
    from imhi.plugins.metrics.neural.bertscore.metric import BertScore

    return BertScore(arguments)
