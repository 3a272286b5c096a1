"""What a run would take, without loading the model: tokens counted, or guessed from the text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from imhi._core.budget import Estimate
from imhi._core.checkpoints.finding import find_checkpoint

if TYPE_CHECKING:
    from imhi._core.context import Context
    from imhi._core.models import ModelSpec

_CHARACTERS_PER_TOKEN = 4


def estimate(spec: ModelSpec, prompts: Sequence[str], context: Context) -> Estimate:
    """Count prompt tokens with the checkpoint's tokenizer.json where it lies in a local folder,
    else at 4 characters per token; completions at the most they may be, which is none for a
    classifier. Local weights cost nothing. The hub is not asked.

    Raises:
        HarnessError: the target is a folder without a model in it.
    """
    written = context.generation.way != "likelihood"
    most = (context.generation.max_new_tokens or 0) * len(prompts) * written
    counted, notes = None, []
    folder = Path(spec.target).expanduser()
    if folder.is_dir():
        file = spec.arguments.get("gguf_file")
        find_checkpoint(spec.target, spec.arguments["revision"], user=spec.family.scheme, file=file)
        if file is None:
            counted = _count(str(folder / "tokenizer.json"), prompts)
            if _is_classifier(folder / "config.json"):
                most = 0
    if counted is None:
        counted = sum(-(-len(prompt) // _CHARACTERS_PER_TOKEN) for prompt in prompts)
        notes.append(f"prompt tokens guessed at {_CHARACTERS_PER_TOKEN} characters each")
    if most:
        notes.append("completion tokens are the most there can be")
    return Estimate(len(prompts), counted, most, None, "; ".join(notes))


def _is_classifier(config: Path) -> bool:
    architectures = json.loads(config.read_text(encoding="utf-8")).get("architectures") or [""]
    return str(architectures[0]).endswith("ForSequenceClassification")


def _count(path: str, prompts: Sequence[str]) -> int | None:
    try:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(path)
    except Exception:
        # tokenizers raises bare Exception for a file that is missing or of another version.
        return None
    return sum(len(encoding.ids) for encoding in tokenizer.encode_batch_fast(list(prompts)))
