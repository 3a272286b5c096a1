"""What ``gguf:`` takes, and how it is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from imhi import Argument


def parse_gpu_layers(text: str) -> str:
    """Parse ``auto``, ``all`` or a whole number, 0 or more."""
    if not re.fullmatch(r"auto|all|[0-9]{1,6}", text):
        raise ValueError("expected auto, all or a whole number, 0 or more")
    return text


_count = partial(Argument.field, None, parse=Argument.auto_count, changes_answers=False)


@dataclass(frozen=True)
class GgufArguments:
    """The arguments of one model."""

    slots: int | None = _count(
        summary="requests answered at once; auto: as memory allows, at most 16; 1: answers repeat"
    )
    threads: int | None = _count(
        summary="threads; auto: one for each core that this process may use"
    )
    gpu_layers: str = Argument.field(
        "auto",
        "layers put on the GPU where xllamacpp was built for one: auto (what fits), all, or a number",
        parse_gpu_layers,
        changes_answers=False,
    )
    max_length: int | None = Argument.field(
        None, "the model's window in tokens, instead of what the file says", Argument.count
    )
    chat_template: str | None = Argument.field(
        None,
        "auto, on or off for this model, instead of --chat-template",
        Argument.choice("auto", "on", "off"),
    )
    template: Mapping[str, Any] = Argument.group_field(
        "a variable that the chat template reads, such as template.enable_thinking=false",
        Argument.json_value,
    )
