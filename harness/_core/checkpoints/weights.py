"""What weights files hold, read from their headers: names, shapes, contents; nothing is loaded."""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path
from typing import Any

from imhi._core.checkpoints.checkpoint import Checkpoint
from imhi._core.errors import HarnessError
from imhi._core.fingerprints import digest, file_checksum

_SINGLE, _INDEX = "model.safetensors", "model.safetensors.index.json"
_BLOCK = 1 << 22
# Four bits is the least that a weight is packed into, so a byte holds two at most; and a model whose
# configuration asks for eight times what its files can hold is not a matter of counting too roughly.
_WEIGHTS_PER_BYTE = 2
_BY_FAR = 8


def weights_identity(checkpoint: Checkpoint) -> str | None:
    """Return the SHA-256 over names, types, shapes and contents of a model's tensors: the same wherever
    it lies and however it is cut into files. Of weights in pickle form or GGUF it is that of the files.
    None: they are not on this machine, or not of a form that is known.
    """
    files = weights_files(checkpoint)
    if not files:
        return None
    parts: list[object] = []
    for path in files:
        stat = path.stat()
        parts += _parts(path, stat.st_size, stat.st_mtime_ns)
    return f"sha256:{digest(sorted(parts, key=str))}"


def weights_files(checkpoint: Checkpoint) -> list[Path]:
    """Return the weights files that transformers would load, as far as they are on this machine; the
    hub is not asked."""
    folder = checkpoint.folder or _cached(checkpoint)
    if folder is None:
        return []
    if checkpoint.file is not None:
        return [folder / checkpoint.file] if (folder / checkpoint.file).is_file() else []
    if (folder / _SINGLE).is_file():
        return [folder / _SINGLE]
    if (folder / _INDEX).is_file():
        try:
            named = json.loads((folder / _INDEX).read_text(encoding="utf-8"))["weight_map"]
        except (ValueError, KeyError):
            return []
        files = [folder / name for name in sorted(set(named.values()))]
        return files if all(path.is_file() for path in files) else []
    return sorted(folder.glob("pytorch_model*.bin"))


def check_size(checkpoint: Checkpoint, config: Any) -> None:
    """Refuse a local model whose configuration asks for far more than its weights files hold: making it
    would take all memory, or for ever.

    Counted are embeddings and, of each layer, one matrix of the hidden size (any layer has more): a
    lower bound, so that no real model is refused.

    Raises:
        HarnessError: with both figures.
    """
    if checkpoint.folder is None or checkpoint.file is not None:
        return
    files = weights_files(checkpoint)
    if not files:
        return
    text = config.get_text_config()
    layers = _number(text, "num_hidden_layers") + _number(text, "decoder_layers")
    hidden = _number(text, "hidden_size")
    asked = _number(text, "vocab_size") * hidden + layers * hidden * hidden
    held = _WEIGHTS_PER_BYTE * sum(path.stat().st_size for path in files)
    tensors = _tensors(files)
    if asked <= _BY_FAR * held and (tensors is None or layers <= tensors):
        return
    raise HarnessError(
        f"{checkpoint.user}:{checkpoint.written}: its config.json asks for {layers:,} layers of width "
        f"{hidden:,} and {_number(text, 'vocab_size'):,} tokens (at least {asked:,} weights), its weights "
        f"files hold {'' if tensors is None else f'{tensors:,} tensors and '}at most {held:,} weights; "
        "expected the config.json that belongs to them: copy it from where the model comes from"
    )


def _number(config: Any, name: str) -> int:
    value = getattr(config, name, None)
    return value if isinstance(value, int) and value > 0 else 0


def _tensors(files: list[Path]) -> int | None:
    if any(path.suffix != ".safetensors" for path in files):
        return None
    try:
        return sum(len(_header(path)[0]) for path in files)
    except (OSError, ValueError):
        return None  # loading says what is wrong with them


def _cached(checkpoint: Checkpoint) -> Path | None:
    """Return where a model of the hub lies in the download cache, if it does."""
    from huggingface_hub import snapshot_download

    try:
        return Path(
            snapshot_download(checkpoint.written, revision=checkpoint.commit, local_files_only=True)
        )
    except (OSError, ValueError):  # not there; or no hub id at all
        return None


@functools.lru_cache(maxsize=1024)
def _parts(path: Path, size: int, changed: int) -> tuple[object, ...]:
    """Return what each tensor of a file is known by."""
    if path.suffix != ".safetensors":
        return ((path.name, file_checksum(path)),)
    try:
        tensors, begin = _header(path)
    except (OSError, ValueError):
        return ((path.name, file_checksum(path)),)
    parts = []
    with path.open("rb") as stream:
        for name, said in sorted(tensors.items()):
            first, last = said["data_offsets"]
            stream.seek(begin + first)
            left, content = last - first, hashlib.sha256()
            while left > 0 and (block := stream.read(min(left, _BLOCK))):
                content.update(block)
                left -= len(block)
            parts.append((name, said["dtype"], tuple(said["shape"]), content.hexdigest()))
    return tuple(parts)


def _header(path: Path) -> tuple[dict[str, Any], int]:
    """Return what a safetensors file says of its tensors, and where their bytes begin
    (huggingface.co/docs/safetensors: 8 bytes of length, little endian, then JSON)."""
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if length > path.stat().st_size:
            raise ValueError(f"{path}: torn")
        said = json.loads(stream.read(length))
    said.pop("__metadata__", None)
    return said, 8 + length
