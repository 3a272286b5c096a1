"""BARTScore (Yuan, Neubig and Liu 2021, arXiv 2106.11520): how likely a BART model finds a text
given another one. What it takes is declared here; nothing heavy is imported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imhi import Argument, parse_count, parse_flag
from imhi.plugins.metrics.neural.bartscore.directions import parse_directions

SUMMARY = "BARTScore: mean token log-probability under a BART model, in several directions"
DEFAULT_MODEL = "facebook/bart-large-cnn"
DTYPES = ("float32", "bfloat16", "float16")
PARTS = ("explanation", "answer")


def parse_part(text: str) -> str:
    """Parse which part of an answer is scored; for :attr:`Argument.parse`."""
    if text not in PARTS:
        raise ValueError(f"expected {' or '.join(PARTS)}")
    return text


def parse_dtype(text: str) -> str:
    """Parse the number format of the weights; for :attr:`Argument.parse`."""
    if text not in DTYPES:
        raise ValueError(f"expected {', '.join(DTYPES[:-1])} or {DTYPES[-1]}")
    return text


ARGUMENTS = (
    Argument("model", "BART model: a hub id or a local folder", DEFAULT_MODEL),
    Argument("revision", "branch, tag or commit of a hub id"),
    Argument("state", "file of fine-tuned weights for that model (bart.pth of ParaBank2)"),
    Argument(
        "directions",
        "those to score, or all",
        parse_directions("all"),
        parse_directions,
    ),
    Argument("part", "what is scored: explanation, or the whole answer", "explanation", parse_part),
    Argument("device", "auto, cpu, mps, cuda or cuda:N", "auto", changes_answers=False),
    Argument("dtype", "float32, bfloat16 or float16", "float32", parse_dtype),
    Argument(
        "batch_tokens",
        "tokens of a batch, both sides and padding included",
        None,
        parse_count,
        changes_answers=False,
    ),
    Argument(
        "max_length", "longest text in tokens, at most what the model takes", 1024, parse_count
    ),
    Argument(
        "safetensors",
        "refuse weights in pickle form, which can run code when loaded",
        True,
        parse_flag,
    ),
)


def create(arguments: Mapping[str, Any]) -> Any:
    """Return the metric at work; the model is loaded when something has to be computed.

    Raises:
        HarnessError: no such model, state file or device, or not a BART model.
    """
    from imhi.plugins.metrics.neural.bartscore.metric import BartScore

    return BartScore(arguments)
