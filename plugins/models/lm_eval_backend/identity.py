"""What an lm-eval model's stored answers are keyed by, found without loading it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from imhi import Context, ModelSpec, UnknownName, digest, file_checksum
from imhi.plugins.models.lm_eval_backend import compat_backends
from imhi.plugins.models.lm_eval_backend.arguments import MODEL_PATHS, check_paths, refuse_secrets

# Raised whenever a backend is asked otherwise than before, so that no run goes on with other answers.
# 2: completion servers are sent BOS, and a checkpoint's decoding defaults are not used.
ASKING = 2

# Files beside the weights that do not change an answer.
_IGNORED = {".md", ".png", ".jpg", ".svg", ".pdf", ".lock", ".log"}


def folder_checksum(path: Path) -> str:
    """Return the SHA-256 over the names and contents of a model's files (or of one file)."""
    if path.is_file():
        return file_checksum(path)
    files = sorted(
        file
        for file in path.rglob("*")
        if file.is_file()
        and file.suffix.lower() not in _IGNORED
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
    )
    return digest([[str(file.relative_to(path)), file_checksum(file)] for file in files])


def fingerprint(spec: ModelSpec, context: Context) -> Mapping[str, object]:
    """Return lm-eval's version, a hash of each local model folder among the arguments, and
    :data:`ASKING`.

    The arguments themselves are in ``spec.identity()``. A model of a hub is known by its id and
    ``revision=``: pin that to a commit where it matters.

    Raises:
        HarnessError: unknown backend, a key among the arguments, or a folder that is not there.
    """
    refuse_secrets(spec)
    check_paths(spec)
    names = compat_backends.backend_names()
    if spec.target not in names:
        raise UnknownName(
            "lm-eval backend", spec.target, names, "expected lm-eval:BACKEND,key=value,..."
        )
    hashes = {}
    for name in MODEL_PATHS:
        value = spec.given.get(name)
        if not isinstance(value, str) or not value:
            continue
        path = Path(value).expanduser()
        if path.exists():
            hashes[name] = folder_checksum(path)
    return {"lm_eval": compat_backends.version(), "files": hashes, "asking": ASKING}
