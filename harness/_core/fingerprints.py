"""Hashes: of JSON values, of prompts, of files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any

# How the modules of single-file plugins are named.
FILE_PLUGIN_PREFIX = "imhi_plugin_"


# Made once: json.dumps makes an encoder for every call that has arguments.
_canonical = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str
).encode


def canonical_json(value: Any) -> str:
    """Return the one JSON text for a value: sorted keys, no spaces, paths as text."""
    return _canonical(value)


def texts_json(*texts: str) -> bytes:
    """Return what :func:`canonical_json` makes of a list of texts, as bytes: for one list a row."""
    return f"[{','.join(map(encode_basestring, texts))}]".encode("utf-8", "surrogatepass")


def digest(value: Any) -> str:
    """Return the SHA-256 (hex) of a JSON value."""
    return hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()


def digest_of_lists(lists: Iterable[Iterable[Any]]) -> str:
    """Return what :func:`digest` returns of a list of lists, of which one value is held at a time."""
    made = hashlib.sha256(b"[")
    for place, values in enumerate(lists):
        made.update(b",[" if place else b"[")
        for number, value in enumerate(values):
            text = f"{',' if number else ''}{canonical_json(value)}"
            made.update(text.encode("utf-8", "surrogatepass"))
        made.update(b"]")
    made.update(b"]")
    return made.hexdigest()


def prompt_hash(system: str, prompt: str) -> str:
    """Return the key under which the answer to a prompt is stored (16 hex digits)."""
    return hashlib.sha256(texts_json(system, prompt)).hexdigest()[:16]


def post_key(post: str) -> str:
    """Return the key equal for rows about one post: white space and case do not count."""
    text = encode_basestring(" ".join(post.split()).casefold())
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def code_checksum(*modules: str) -> str:
    """Return the SHA-256 over the source of modules and of all modules within packages, by their names:
    it changes whenever they may do something else."""
    import importlib.util

    parts = []
    for name in modules:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"{name}: there is no such module with source", name=name)
        package = Path(spec.origin).parent
        files = sorted(package.rglob("*.py")) if spec.submodule_search_locations else []
        for path in files or [Path(spec.origin)]:
            parts.append([name, path.relative_to(package).as_posix(), file_checksum(path)])
    return digest(parts)


def file_checksum(path: Path) -> str:
    """Return the SHA-256 (hex) of a file, read in blocks."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
