"""What a GGUF file says of its model, read without loading it.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (versions 2 and 3, little
endian): magic, version, numbers of tensors and of metadata, then metadata as key, type and value.
"""

from __future__ import annotations

import functools
import math
import mmap
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from imhi import HarnessError

_VERSIONS = (2, 3)
_STRING, _ARRAY = 8, 9
_NUMBERS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
_PART = re.compile(r"(.+)-(\d{5})-of-(\d{5})\.gguf")
_CONTROL = 3  # LLAMA_TOKEN_TYPE_CONTROL
# Names that transformers gives templates, and the metadata that holds the token's id.
_SPECIAL = {
    "bos_token": "bos_token_id",
    "eos_token": "eos_token_id",
    "unk_token": "unknown_token_id",
    "pad_token": "padding_token_id",
    "sep_token": "seperator_token_id",  # so spelt in the format
}
_BYTES_OF_F16 = 2


@dataclass(frozen=True)
class GgufFile:
    """A model file, and what stands in its header.

    Attributes:
        parts: all files of the model, in order; more than one where it was split.
        architecture: as llama.cpp calls it.
        window: tokens that prompt and answer may have together; None where it does not say.
        parameters: weights, counted over this part's tensors; None where it was split.
        cache_bytes: of the keys and values of one token in float16; 0 where it does not say.
        chat_template: Jinja; None where there is none.
        special_tokens: texts by the names that templates know (``bos_token``).
        control_tokens: texts by id of all tokens that mark and are not text.
        eos: id of the token that ends an answer; None where it does not say.
    """

    path: Path
    parts: tuple[Path, ...]
    architecture: str
    window: int | None
    parameters: int | None
    cache_bytes: int
    chat_template: str | None
    special_tokens: Mapping[str, str]
    control_tokens: Mapping[int, str]
    eos: int | None

    @property
    def size(self) -> int:
        """Bytes of all parts."""
        return sum(part.stat().st_size for part in self.parts)


def find_gguf(target: str) -> GgufFile:
    """Read the header of the file that ``gguf:TARGET`` names.

    Raises:
        HarnessError: there is no such file, it is none in GGUF format or a damaged one, it holds no
            language model, or a part is missing.
    """
    path = Path(target).expanduser()
    if path.is_dir():
        names = sorted(one.name for one in path.glob("*.gguf"))
        found = f"found a folder with {', '.join(names[:4])}" if names else "found a folder"
        raise HarnessError(f"gguf:{target}: {found}, expected a file; write gguf:FOLDER/NAME.gguf")
    try:
        stat = path.stat()
    except OSError as error:
        raise HarnessError(
            f"gguf:{target}: {error.strerror or error}; expected a model file such as "
            "Llama-3.2-1B-Instruct-Q4_K_M.gguf"
        ) from None
    file, count = _read(path.resolve(), target, stat.st_size, stat.st_mtime_ns)
    return replace(file, parts=_parts(file.path, target, count)) if count > 1 else file


@functools.lru_cache(maxsize=8)
def _read(path: Path, target: str, size: int, changed: int) -> tuple[GgufFile, int]:
    """Return what the header says, and the number of files the model was split into."""
    try:
        metadata, parameters = _read_header(path, target)
    except (struct.error, IndexError, UnicodeDecodeError, OverflowError):
        raise HarnessError(
            f"gguf:{target}: its header is damaged or cut off ({size:,} bytes); copy or download the "
            "file again"
        ) from None
    except OSError as error:
        raise HarnessError(f"gguf:{target}: cannot be read: {error.strerror or error}") from None
    count = int(metadata.get("split.count") or 1)
    architecture = str(metadata.get("general.architecture", ""))
    kind = metadata.get("general.type", "model")
    if not architecture or kind != "model":
        raise HarnessError(
            f"gguf:{target}: found a GGUF file of type '{kind}'"
            f"{'' if architecture else ' without an architecture'}, expected a language model"
        )
    tokens = metadata.get("tokenizer.ggml.tokens", ())
    types = metadata.get("tokenizer.ggml.token_type", ())
    template = metadata.get("tokenizer.chat_template")
    window = metadata.get(f"{architecture}.context_length")
    file = GgufFile(
        path=path,
        parts=(path,),
        architecture=architecture,
        window=int(window) if window else None,
        parameters=parameters if count == 1 else None,
        cache_bytes=_cache_bytes(metadata, architecture),
        chat_template=str(template) if template else None,
        special_tokens={
            name: tokens[at]
            for name, key in _SPECIAL.items()
            if isinstance(at := metadata.get(f"tokenizer.ggml.{key}"), int) and at < len(tokens)
        },
        control_tokens={
            at: tokens[at] for at, kind in enumerate(types) if kind == _CONTROL and at < len(tokens)
        },
        eos=metadata.get("tokenizer.ggml.eos_token_id"),
    )
    return file, count


def _read_header(path: Path, target: str) -> tuple[dict[str, Any], int]:
    """Return the metadata and the number of weights."""
    with path.open("rb") as file:
        magic = file.read(4)
        if magic != b"GGUF":
            raise HarnessError(
                f"gguf:{target}: found a file that begins with {magic!r}, expected GGUF format; a "
                "folder of safetensors is asked as hf:FOLDER"
            )
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            reader = _Reader(data)
            version = reader.number("I")
            if version not in _VERSIONS:
                found = "of another byte order" if version > 0xFFFF else f"of version {version}"
                raise HarnessError(
                    f"gguf:{target}: found a GGUF file {found}, expected version 2 or 3, little "
                    "endian; convert it again with a newer llama.cpp"
                )
            tensors, entries = reader.number("Q"), reader.number("Q")
            metadata = {}
            for _ in range(entries):
                key = reader.text()
                metadata[key] = reader.value(reader.number("I"))
            return metadata, sum(reader.tensor() for _ in range(tensors))


class _Reader:
    """Reads one thing after the other; ``struct.error`` where the data end before it does."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        self.at = 4  # behind the magic

    def number(self, form: str) -> int:
        (value,) = struct.unpack_from(f"<{form}", self.data, self.at)
        self.at += struct.calcsize(f"<{form}")
        return value  # type: ignore[no-any-return]

    def text(self) -> str:
        size = self.number("Q")
        end = self.at + size
        if end > len(self.data):
            raise struct.error
        text = self.data[self.at : end].decode("utf-8", "replace")
        self.at = end
        return text

    def value(self, kind: int) -> Any:
        if kind == _STRING:
            return self.text()
        if kind != _ARRAY:
            if kind not in _NUMBERS:
                raise struct.error
            return self.number(_NUMBERS[kind])
        inner, count = self.number("I"), self.number("Q")
        if count > len(self.data) - self.at:
            raise struct.error
        if inner in (_STRING, _ARRAY):
            return [self.value(inner) for _ in range(count)]
        if inner not in _NUMBERS:
            raise struct.error
        form = f"<{count}{_NUMBERS[inner]}"
        values = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return values

    def tensor(self) -> int:
        """Return the number of weights of the next tensor."""
        self.text()
        dimensions = self.number("I")
        if dimensions > 8:
            raise struct.error
        weights = math.prod(self.number("Q") for _ in range(dimensions))
        self.number("I"), self.number("Q")  # type and place
        return weights


def _parts(path: Path, target: str, count: int) -> tuple[Path, ...]:
    named = _PART.fullmatch(path.name)
    if named is None:
        raise HarnessError(
            f"gguf:{target}: found one of {count} parts of a model under another name, expected "
            f"NAME-00001-of-{count:05}.gguf beside the others"
        )
    parts = [path.with_name(f"{named[1]}-{at:05}-of-{count:05}.gguf") for at in range(1, count + 1)]
    if missing := [part.name for part in parts if not part.is_file()]:
        raise HarnessError(
            f"gguf:{target}: {len(missing)} of its {count} parts are not beside it ({missing[0]}); "
            "copy or download them into the same folder"
        )
    if path != parts[0]:
        raise HarnessError(
            f"gguf:{target}: found a later part of a model, expected the first: "
            f"gguf:{Path(target).with_name(parts[0].name)}"
        )
    return tuple(parts)


def _cache_bytes(metadata: Mapping[str, Any], architecture: str) -> int:
    def of(name: str) -> Any:
        return metadata.get(f"{architecture}.{name}", 0)

    layers, heads = int(of("block_count")), of("attention.head_count")
    shared = of("attention.head_count_kv") or heads
    head = int(of("embedding_length")) // max(1, _largest(heads))
    width = int(of("attention.key_length") or head) + int(of("attention.value_length") or head)
    all_heads = sum(shared) if isinstance(shared, Sequence) else layers * int(shared)
    return int(all_heads) * width * _BYTES_OF_F16


def _largest(heads: Any) -> int:
    return int(max(heads, default=0)) if isinstance(heads, Sequence) else int(heads)
