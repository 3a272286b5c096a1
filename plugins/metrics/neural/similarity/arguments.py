"""What ``similarity`` takes."""

from __future__ import annotations

from dataclasses import dataclass

from imhi import argument, parse_count, parse_flag

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"


@dataclass(frozen=True)
class SimilarityArguments:
    """The arguments of the metric."""

    model: str = argument(DEFAULT_MODEL, "sentence-transformers model: hub id or folder")
    revision: str | None = argument(None, "branch, tag or commit of a hub id")
    post: bool = argument(False, "also score the explanation against the post", parse_flag)
    batch_tokens: int = argument(1024, "tokens per batch", parse_count, changes_answers=False)
    device: str = argument("auto", "cpu, cuda, cuda:N, mps or auto", changes_answers=False)
    safetensors: bool = argument(
        True, "refuse weights in pickle form, which can run code when loaded", parse_flag
    )
