"""What tells one model's answers from any other's."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from imhi import digest, file_checksum
from imhi.checkpoints import engine_facts
from imhi.plugins.models.llama_cpp.arguments import GgufArguments
from imhi.plugins.models.llama_cpp.gguf_file import GgufFile, find_gguf

if TYPE_CHECKING:
    from imhi import Context, ModelSpec


def fingerprint(spec: ModelSpec, context: Context) -> dict[str, str]:
    """Return the file's SHA-256 (of a split model that of its parts'), and its name in place of its
    path: part of the run id, so that the same file is the same run wherever it lies."""
    file = find_gguf(spec.target)
    return {"target": file.path.name, "model": checksum(file)}


def checksum(file: GgufFile) -> str:
    """Return ``sha256:`` and the hash. A file is read again only if its size or time of change moved."""
    sums = []
    for part in file.parts:
        stat = part.stat()
        sums.append(_checksum_at(part, stat.st_size, stat.st_mtime_ns))
    return f"sha256:{sums[0] if len(sums) == 1 else digest(sums)}"


@functools.lru_cache(maxsize=64)
def _checksum_at(path: Path, size: int, changed: int) -> str:
    return file_checksum(path)


def cache_key(spec: ModelSpec, context: Context) -> dict[str, object]:
    """Return all that this model's answers depend on besides the request and the decoding. How many slots
    were at work does not count, as in a run that goes on."""
    arguments = GgufArguments(**spec.arguments)
    file = find_gguf(spec.target)
    mode = arguments.chat_template or context.generation.chat_template
    template = file.chat_template if mode != "off" else None
    return {
        **engine_facts(
            ("xllamacpp",),
            ("imhi.plugins.models.llama_cpp",),
            [template.encode()] if template else [],
        ),
        "model": checksum(file),
        "gpu_layers": arguments.gpu_layers,
        "max_length": arguments.max_length,
        "chat_template": arguments.chat_template,
        "template": dict(arguments.template or {}),
    }
