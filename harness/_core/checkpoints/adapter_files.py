"""The files of an adapter: on this machine, its configuration read, the shapes of its weights known."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imhi._core.checkpoints.checkpoint import Checkpoint
from imhi._core.checkpoints.finding import find_checkpoint

TRAINED_ON = "trained_on.json"
# Files that hold the words of a tokenizer, by the names that transformers gives them.
VOCABULARIES = (
    *("tokenizer.json", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model"),
    *("vocab.json", "vocab.txt", "merges.txt", "tiktoken.model"),
)
_TOKENIZER = (
    *("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"),
    *("chat_template.jinja", "additional_chat_templates/*.jinja"),
)
_WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")


@dataclass(frozen=True)
class AdapterFiles:
    """An adapter whose files lie in ``folder``; ``config`` is its adapter_config.json."""

    checkpoint: Checkpoint
    folder: Path
    config: Mapping[str, Any]

    @property
    def written(self) -> str:
        """How it was named."""
        return self.checkpoint.written

    @property
    def base(self) -> str:
        """The base that its configuration names; empty where it names none."""
        return str(self.config.get("base_model_name_or_path") or "")

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The shape of each tensor of its weights file, by name."""
        for name in _WEIGHTS:
            if (path := self.folder / name).is_file():
                stat = path.stat()
                with self.checkpoint.loading("adapter"):
                    return _shapes(path, stat.st_size, stat.st_mtime_ns)
        return {}

    def not_finite(self) -> list[str]:
        """Return the names of its tensors that hold NaN or infinity."""
        import torch

        for name in _WEIGHTS:
            if (path := self.folder / name).is_file():
                with self.checkpoint.loading("adapter"):
                    return [key for key, held in _tensors(path) if not torch.isfinite(held).all()]
        return []


def _tensors(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield the tensors of a weights file one by one."""
    if path.suffix == ".safetensors":
        from safetensors import safe_open

        with safe_open(path, "pt") as tensors:
            names: list[str] = tensors.keys()
            for name in names:
                yield name, tensors.get_tensor(name)
        return
    import torch

    yield from torch.load(path, map_location="cpu", weights_only=True).items()


def open_adapter(checkpoint: Checkpoint, *, safetensors: bool = True) -> AdapterFiles:
    """Return an adapter's files, downloaded where it is on the hub: its own and those of its tokenizer
    (repositories may hold merged weights or a trainer's leftovers).

    Raises:
        HarnessError: it cannot be had, its configuration cannot be read, or ``safetensors`` is asked
            for and its weights are in pickle form only.
    """
    folder, found = checkpoint.folder, checkpoint
    if folder is None:
        from huggingface_hub import snapshot_download

        patterns = ["adapter_*", TRAINED_ON, *VOCABULARIES, *_TOKENIZER]
        with checkpoint.loading("adapter"):
            folder = Path(
                snapshot_download(
                    checkpoint.written, revision=checkpoint.commit, allow_patterns=patterns
                )
            )
            local = find_checkpoint(str(folder), None, "adapter", checkpoint.user)
            found = Checkpoint(checkpoint.written, local.folder, checkpoint.commit, checkpoint.user)
    if safetensors:
        found.require_safetensors("adapter")
    with checkpoint.loading("adapter"):
        said = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
        if not isinstance(said, dict):
            raise ValueError("adapter_config.json holds no object")
    return AdapterFiles(checkpoint, folder, said)


@functools.lru_cache(maxsize=64)
def _shapes(path: Path, size: int, changed: int) -> Mapping[str, tuple[int, ...]]:
    if path.suffix == ".safetensors":
        from safetensors import safe_open

        with safe_open(path, "pt") as tensors:
            names: list[str] = tensors.keys()
            return {name: tuple(tensors.get_slice(name).get_shape()) for name in names}
    import torch

    held = torch.load(path, map_location="cpu", weights_only=True)
    return {name: tuple(tensor.shape) for name, tensor in held.items()}
