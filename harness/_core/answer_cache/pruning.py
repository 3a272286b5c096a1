"""What is in a cache, and what is to stay: old entries out, files merged.

Others may read and write meanwhile: a file that a process is writing is left alone; a merged file is
there before those it is made of go.
"""

from __future__ import annotations

import secrets
from array import array
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from imhi._core.answer_cache.cache_folder import CacheFolder, ModelFolder
from imhi._core.answer_cache.entries import Entry, entry_in, lines_of, lock_of
from imhi._core.run_store.jsonl import replacing
from imhi._core.run_store.lock import held

_BLOCK = 1 << 20  # bytes copied at a time
_AT_ONCE = 200  # files merged, each with its lock open


@dataclass
class ModelEntries:
    """What a cache holds of one model. ``bytes`` counts lines of answers; ``oldest`` and ``newest`` are
    seconds since 1970, 0 where there are none."""

    model: str
    called: str
    entries: int = 0
    bytes: int = 0
    damaged: int = 0
    oldest: int = 0
    newest: int = 0


@dataclass
class Pruned:
    """What pruning took out (duplicates among ``removed``), and what is left; ``in_use`` counts files
    that others were writing."""

    removed: int = 0
    removed_bytes: int = 0
    damaged: int = 0
    kept: int = 0
    kept_bytes: int = 0
    in_use: int = 0


def contents(cache: CacheFolder) -> Iterator[ModelEntries]:
    """Count what there is of each model; every entry is read and checked."""
    for model in cache.models():
        found = ModelEntries(model.path.name, model.called())
        for path in model.segments():
            for line, entry in _entries(path):
                if entry is None:
                    found.damaged += 1
                    continue
                found.entries += 1
                found.bytes += len(line)
                found.oldest = min(found.oldest or entry.at, entry.at)
                found.newest = max(found.newest, entry.at)
        yield found


def _entries(path: Path) -> Iterator[tuple[bytes, Entry | None]]:
    try:
        stream = path.open("rb")
    except FileNotFoundError:  # pruned meanwhile
        return
    with stream:
        for line in lines_of(stream):
            yield line, entry_in(line)


def prune(
    cache: CacheFolder,
    *,
    since: int = 0,
    most_bytes: int | None = None,
    without: str | None = None,
    dry: bool = False,
) -> Pruned:
    """Take out what was made before ``since`` (seconds since 1970), then the oldest entries until
    ``most_bytes`` are left, all of models whose name has ``without`` in it, what is damaged and what
    is there twice; merge files. ``dry``: only count.

    Raises:
        HarnessError: another process is pruning this cache.
    """
    refusal = f"{cache.path}: another process is pruning this cache; wait for it to end"
    done = Pruned()
    with held(cache.path / "prune.lock", refusal):
        models = [(model, _is_out(model, without)) for model in cache.models()]
        if most_bytes is not None:
            since = max(since, _since([m for m, out in models if not out], since, most_bytes))
        for model, out in models:
            groups: dict[str, list[Path]] = {}
            for path in model.segments():
                groups.setdefault(path.name.partition("-")[0], []).append(path)
            for group, paths in groups.items():
                for first in range(0, len(paths), _AT_ONCE):
                    some = paths[first : first + _AT_ONCE]
                    _prune_group(model.path, group, some, since, out, dry, done)
            if not dry and not any(model.path.glob("*.jsonl*")):
                _remove(model.path)
    return done


def _is_out(model: ModelFolder, without: str | None) -> bool:
    return without is not None and without in model.called()


def _since(models: Sequence[ModelFolder], since: int, most_bytes: int) -> int:
    """Return the time from which on entries fit into so many bytes. 16 bytes are held of each."""
    times, sizes = array("q"), array("q")
    for model in models:
        for path in model.segments():
            for line, entry in _entries(path):
                if entry is not None and entry.at >= since:
                    times.append(entry.at)
                    sizes.append(len(line))
    total = 0
    for place in sorted(range(len(times)), key=times.__getitem__, reverse=True):
        total += sizes[place]
        if total > most_bytes:
            return times[place] + 1
    return since


def _prune_group(
    folder: Path, group: str, paths: Sequence[Path], since: int, out: bool, dry: bool, done: Pruned
) -> None:
    """Write what stays of the answers of one group into one file, and remove the others."""
    from filelock import FileLock, Timeout

    with ExitStack() as locks:
        free = []
        for path in paths:
            try:
                locks.enter_context(FileLock(lock_of(path), timeout=0, mode=0o600))
                free.append(path)
            except Timeout:
                done.in_use += 1
        before = done.removed + done.damaged
        staying = list(_staying(free, since, out, done))
        changed = done.removed + done.damaged > before or len(free) > 1
        if dry or not changed:
            _drop_locks(free)
            return
        if staying:
            # The oldest file's time: of several answers to one request the first stays the answer.
            stamp = free[0].name.split("-")[1]
            merged = folder / f"{group}-{stamp}-{secrets.token_hex(4)}.jsonl"
            with replacing(merged, 0o600) as stream:
                for path, start, length in staying:
                    with path.open("rb") as source:
                        source.seek(start)
                        for block in range(0, length, _BLOCK):
                            stream.write(source.read(min(_BLOCK, length - block)))
        for path in free:
            path.unlink()
        _drop_locks(free)


def _staying(
    paths: Sequence[Path], since: int, out: bool, done: Pruned
) -> Iterator[tuple[Path, int, int]]:
    """Yield the file, first byte and length of each run of lines that stays, and count."""
    seen: set[bytes] = set()
    for path in paths:
        start = length = 0
        with path.open("rb") as stream:
            for line in lines_of(stream):
                at = stream.tell() - len(line)
                entry = entry_in(line)
                key = bytes.fromhex(entry.key) if entry is not None else b""
                if entry is not None and not out and entry.at >= since and key not in seen:
                    seen.add(key)
                    done.kept += 1
                    done.kept_bytes += len(line)
                    if not length:
                        start = at
                    length += len(line)
                    continue
                if entry is None:
                    done.damaged += 1
                else:
                    done.removed += 1
                    done.removed_bytes += len(line)
                if length:
                    yield path, start, length
                    length = 0
        if length:
            yield path, start, length


def _drop_locks(paths: Sequence[Path]) -> None:
    for path in paths:
        with suppress(OSError):
            Path(lock_of(path)).unlink()


def _remove(folder: Path) -> None:
    """Remove a model's folder, unless somebody begins to write in it."""
    for name in ("described.json", "model.json"):
        with suppress(OSError):
            (folder / name).unlink()
    with suppress(OSError):
        folder.rmdir()
