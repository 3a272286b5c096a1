"""Token embeddings on disk, so that a reference is encoded for the first model only.

Unit vectors in float16: half the room of float32, and scores move by about 1e-6 to 1e-5
(``benchmarks/bertscore.py`` prints it). Whatever is compared passes through float16, so a score is
the same whether an embedding was just made or read. Only a text's own block is read, when it is
needed: nothing is held in memory but where blocks lie.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imhi import DataError, HarnessError, digest
from imhi.io import disk_error, jsonl

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Block = NDArray[np.float16]

_BYTES = 2  # of a float16


class EmbeddingStore:
    """Blocks of shape (tokens, width) by key, for one identity (model, layer, tokenizer ...).

    A process appends to files of its own (``ID.f16``, the numbers, and ``ID.jsonl``, where each
    block lies), written in that order: processes can share a folder, and a torn block is not
    listed. Nothing is unpickled.
    """

    def __init__(self, folder: Path | None, identity: Mapping[str, object]) -> None:
        """Open ``folder``, or a temporary one that goes with :meth:`close`.

        Raises:
            HarnessError: the folder cannot be made, or holds something else.
        """
        self._temporary = None
        if folder is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="imhi-bertscore-")
            folder = Path(self._temporary.name)
        self.folder = folder / digest(identity)[:16]
        self._blocks: dict[str, tuple[Path, int, int, int]] = {}
        self._data: Any = None
        self._index: jsonl.AppendLog | None = None
        self._readers: dict[Path, int] = {}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            about = self.folder / "about.json"
            if not about.exists():
                about.write_text(json.dumps(identity, indent=1, default=str), encoding="utf-8")
        except OSError as error:
            raise HarnessError(
                f"bertscore: references={folder}: {error.strerror}; expected a folder you may "
                "write to"
            ) from error
        for index in sorted(self.folder.glob("*.jsonl")):
            self._read_index(index)

    def _read_index(self, index: Path) -> None:
        data = index.with_suffix(".f16")
        size = data.stat().st_size if data.exists() else 0
        for line, row in jsonl.read_rows(index):
            try:
                key, start, (tokens, width) = str(row["key"]), int(row["start"]), row["shape"]
                end = start + int(tokens) * int(width) * _BYTES
            except (KeyError, TypeError, ValueError):
                raise DataError(
                    f"{index}: line {line}: not a row of this store (expected key, start, shape); "
                    f"delete {self.folder}: its embeddings are made again"
                ) from None
            if 0 <= start < end <= size:
                self._blocks[key] = (data, start, int(tokens), int(width))

    def __contains__(self, key: str) -> bool:
        return key in self._blocks

    def __len__(self) -> int:
        return len(self._blocks)

    def bytes(self) -> int:
        """Return how much room the listed blocks take."""
        return sum(tokens * width * _BYTES for _, _, tokens, width in self._blocks.values())

    def require_room(self, tokens: int, width: int) -> None:
        """Say before the work, not in the middle of it, that the disk is too small.

        Raises:
            HarnessError: fewer bytes are free than so many tokens take.
        """
        needed, free = tokens * width * _BYTES, shutil.disk_usage(self.folder).free
        if needed > free:
            raise HarnessError(
                f"bertscore: {self.folder}: {free / 1e9:.1f} GB are free, the embeddings of the "
                f"references take {needed / 1e9:.1f} GB; free some space, or name a folder on "
                "another disk with references=FOLDER (or TMPDIR)"
            )

    def put(self, key: str, block: Block) -> None:
        """Keep a float16 array of shape (tokens, width)."""
        tokens, width = block.shape
        try:
            if self._data is None:
                path = self.folder / f"{uuid.uuid4().hex}.f16"
                self._data = path.open("xb", buffering=0)
                self._index = jsonl.AppendLog(path.with_suffix(".jsonl"))
            path, start = Path(self._data.name), self._data.tell()
            view = memoryview(block.tobytes())
            while view:
                view = view[self._data.write(view) :]
        except OSError as error:
            raise disk_error(error, self.folder) from error
        assert self._index is not None
        self._index.append({"key": key, "start": start, "shape": [tokens, width]})
        self._blocks[key] = (path, start, tokens, width)

    def get(self, key: str) -> Block:
        """Return the array kept under a key: float16, shape (tokens, width)."""
        import numpy as np

        path, start, tokens, width = self._blocks[key]
        if path not in self._readers:
            self._readers[path] = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        reader, size = self._readers[path], tokens * width * _BYTES
        # Read, not mapped: pages of a map would count as this process's memory.
        os.lseek(reader, start, os.SEEK_SET)
        data = bytearray()
        while len(data) < size:
            part = os.read(reader, size - len(data))
            if not part:
                raise DataError(
                    f"{path}: shorter than its index says; delete {self.folder}: its embeddings "
                    "are made again"
                )
            data += part
        return np.frombuffer(data, dtype=np.float16).reshape(tokens, width)

    def close(self) -> None:
        """Close the files; a temporary folder is removed."""
        for reader in self._readers.values():
            os.close(reader)
        self._readers = {}
        if self._data is not None:
            self._data.close()
            self._data = None
        if self._index is not None:
            self._index.close()
            self._index = None
        if self._temporary is not None:
            self._temporary.cleanup()
