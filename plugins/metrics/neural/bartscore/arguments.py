"""What ``bartscore`` takes."""

from __future__ import annotations

from dataclasses import dataclass

from imhi import argument, parse_choice, parse_count, parse_flag
from imhi.plugins.metrics.neural.bartscore.directions import parse_directions


@dataclass(frozen=True)
class BartScoreArguments:
    """The arguments of the metric."""

    model: str = argument("facebook/bart-large-cnn", "BART model: a hub id or a local folder")
    revision: str | None = argument(None, "branch, tag or commit of a hub id")
    state: str | None = argument(
        None, "file of fine-tuned weights for that model (bart.pth of ParaBank2)"
    )
    directions: tuple[str, ...] = argument(
        parse_directions("all"), "those to score, or all", parse_directions
    )
    part: str = argument(
        "explanation",
        "what is scored: explanation, or the whole answer",
        parse_choice("explanation", "answer"),
    )
    device: str = argument("auto", "auto, cpu, mps, cuda or cuda:N", changes_answers=False)
    dtype: str = argument(
        "float32",
        "float32, bfloat16 or float16",
        parse_choice("float32", "bfloat16", "float16"),
    )
    batch_tokens: int | None = argument(
        None,
        "tokens of a batch, both sides and padding included",
        parse_count,
        changes_answers=False,
    )
    max_length: int = argument(
        1024, "longest text in tokens, at most what the model takes", parse_count
    )
    safetensors: bool = argument(
        True, "refuse weights in pickle form, which can run code when loaded", parse_flag
    )
