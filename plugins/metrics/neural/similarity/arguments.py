"""What ``similarity`` takes."""

from __future__ import annotations

from dataclasses import dataclass

from imhi import Argument

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"


@dataclass(frozen=True)
class SimilarityArguments:
    """The arguments of the metric."""

    model: str = Argument.field(DEFAULT_MODEL, "sentence-transformers model: hub id or folder")
    revision: str | None = Argument.field(None, "branch, tag or commit of a hub id")
    post: bool = Argument.field(False, "also score the explanation against the post", Argument.flag)
    batch_tokens: int = Argument.field(
        1024, "tokens per batch", Argument.count, changes_answers=False
    )
    device: str = Argument.field("auto", "cpu, cuda, cuda:N, mps or auto", changes_answers=False)
    safetensors: bool = Argument.field(
        True, "refuse weights in pickle form, which can run code when loaded", Argument.flag
    )
