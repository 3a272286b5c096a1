"""What ``bartscore`` takes."""

from __future__ import annotations

from dataclasses import dataclass

from imhi import Argument
from imhi.plugins.metrics.neural.bartscore.directions import parse_directions


@dataclass(frozen=True)
class BartScoreArguments:
    """The arguments of the metric."""

    model: str = Argument.field("facebook/bart-large-cnn", "BART model: a hub id or a local folder")
    revision: str | None = Argument.field(None, "branch, tag or commit of a hub id")
    state: str | None = Argument.field(
        None, "file of fine-tuned weights for that model (bart.pth of ParaBank2)"
    )
    directions: tuple[str, ...] = Argument.field(
        parse_directions("all"), "those to score, or all", parse_directions
    )
    part: str = Argument.field(
        "explanation",
        "what is scored: explanation, or the whole answer",
        Argument.choice("explanation", "answer"),
    )
    device: str = Argument.field("auto", "auto, cpu, mps, cuda or cuda:N", changes_answers=False)
    dtype: str = Argument.field(
        "float32",
        "float32, bfloat16 or float16",
        Argument.choice("float32", "bfloat16", "float16"),
    )
    batch_tokens: int | None = Argument.field(
        None,
        "tokens of a batch, both sides and padding included",
        Argument.count,
        changes_answers=False,
    )
    max_length: int = Argument.field(
        1024, "longest text in tokens, at most what the model takes", Argument.count
    )
    safetensors: bool = Argument.field(
        True, "refuse weights in pickle form, which can run code when loaded", Argument.flag
    )
