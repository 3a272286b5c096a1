"""Where a model or adapter comes from, and exactly which one it is; without importing torch."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path

from imhi._core.errors import HarnessError
from imhi._core.fingerprints import digest, file_checksum

_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack", ".gguf")
_TEXTS = (".json", ".model", ".txt", ".jinja", ".py", ".tiktoken", ".spm", ".vocab", ".bpe")
# Left behind by training; they say nothing about what the model answers.
_LEFTOVERS = re.compile(
    r"optimizer|scheduler|rng_state|training_args|trainer_state|scaler|all_results|"
    r"(train|eval)_results|README|.*\.log"
)


@dataclass(frozen=True)
class Checkpoint:
    """A model or adapter: a local folder, or a hub id with the commit it stands at. ``user`` is
    who needs it (``hf``, a metric): errors begin with ``USER:WRITTEN``."""

    written: str
    folder: Path | None = None
    commit: str | None = None
    user: str = "hf"

    @property
    def location(self) -> str:
        """What ``from_pretrained`` takes."""
        return str(self.folder) if self.folder else self.written

    def identity(self) -> str:
        """Return what changes when the answers may: the hash of the folder's model files, or the
        commit."""
        return f"sha256:{folder_checksum(self.folder)}" if self.folder else f"commit:{self.commit}"


def find_checkpoint(
    written: str, revision: str | None, what: str = "model", user: str = "hf"
) -> Checkpoint:
    """Find a local folder, or ask the hub (failing that, its local cache) for the commit.

    Raises:
        HarnessError: no such folder, not a model or adapter folder, no such hub id or revision, or
            neither the hub nor the cache can be asked.
    """
    folder = Path(written).expanduser()
    config = "config.json" if what == "model" else "adapter_config.json"
    if folder.is_dir():
        if revision is not None:
            raise HarnessError(
                f"{user}:{written}: found revision={revision} for a local folder, expected none: a "
                "folder has no revisions; leave it out"
            )
        _check_folder(folder, config, what, user)
        return Checkpoint(written, folder=folder, user=user)
    if folder.exists():
        raise HarnessError(
            f"{user}:{written}: found a file, expected the {what}'s folder (with {config} in it)"
        )
    if written[0] in "./~\\" or not _HUB_ID.fullmatch(written):
        raise HarnessError(
            f"{user}:{written}: there is no such folder; expected a {what} folder (with {config} in "
            "it) or a hub id such as owner/name"
        )
    return Checkpoint(written, commit=hub_commit(written, revision, user), user=user)


def _check_folder(folder: Path, config: str, what: str, user: str) -> None:
    if (folder / config).is_file():
        return
    if what == "model" and (folder / "adapter_config.json").is_file():
        hint = f"; write hf:BASE_MODEL,peft={folder}" if user == "hf" else ": merge it first"
        raise HarnessError(f"{user}:{folder}: found a PEFT adapter, expected a whole model{hint}")
    present = sorted(path.name for path in folder.iterdir())[:6]
    raise HarnessError(
        f"{user}:{folder}: not a {what} folder: there is no {config} in it (found: "
        f"{', '.join(present) or 'nothing'}); give a folder that save_pretrained wrote"
    )


@functools.cache
def hub_commit(repository: str, revision: str | None, user: str = "hf") -> str:
    """Return the commit a hub id stands at, so that a run loads and records one and the same.

    A full commit is taken at its word; otherwise the hub is asked, and where it cannot be reached,
    the local cache.

    Raises:
        HarnessError: as in :func:`find_checkpoint`.
    """
    if revision is not None and _COMMIT.fullmatch(revision):
        return revision
    try:
        from huggingface_hub import HfApi, constants
        from huggingface_hub.errors import (
            HFValidationError,
            RepositoryNotFoundError,
            RevisionNotFoundError,
        )
    except ImportError:
        raise HarnessError(
            f"{user}:{repository} needs the package 'huggingface_hub', which is not installed: "
            "pip install 'imhi-harness[hf]'"
        ) from None
    branch = revision or "main"
    try:
        found = HfApi().model_info(repository, revision=revision, timeout=10).sha
        if found:
            return str(found)
        why = "the hub named no commit"
    except RevisionNotFoundError:
        raise HarnessError(
            f"{user}:{repository}: found revision={branch}, but the hub has no such branch, tag or "
            "commit of it; see its 'Files and versions' page"
        ) from None
    except (RepositoryNotFoundError, HFValidationError):
        raise HarnessError(
            f"{user}:{repository}: neither a folder here nor a model the hub shows to you; check the "
            "spelling, or 'hf auth login' if it is private"
        ) from None
    except Exception as error:
        # Whatever keeps the hub from answering (no network, offline mode, 5xx): ask the cache.
        why = " ".join(str(error).split())[:120] or type(error).__name__
    cache = Path(constants.HF_HUB_CACHE) / f"models--{repository.replace('/', '--')}"
    reference = cache / "refs" / branch
    if reference.is_file():
        return reference.read_text(encoding="utf-8").strip()
    raise HarnessError(
        f"{user}:{repository}: there is no such folder here, it is not in the download cache ({cache}) "
        f"and the hub cannot be reached ({why}); give a model folder, or download it with 'hf "
        f"download {repository}' where there is a network"
    )


def model_files(folder: Path) -> list[Path]:
    """Return the files of a folder that make up the model, in order of their names: weights,
    configs, tokenizer, templates, code; not what training left behind."""
    chosen = [
        path
        for path in folder.iterdir()
        if path.is_file()
        and path.suffix in (*_WEIGHTS, *_TEXTS)
        and not path.name.startswith(".")
        and not _LEFTOVERS.match(path.name)
    ]
    templates = folder / "additional_chat_templates"
    if templates.is_dir():
        chosen += [path for path in templates.iterdir() if path.suffix == ".jinja"]
    return sorted(chosen, key=lambda path: path.relative_to(folder).as_posix())


def folder_checksum(folder: Path) -> str:
    """Return the SHA-256 over names and contents of a folder's model files.

    Contents are hashed again only if size or time of change moved since (gigabytes of weights are
    read once per process).
    """
    parts = []
    for path in model_files(folder):
        stat = path.stat()
        checksum = _checksum_at(path, stat.st_size, stat.st_mtime_ns)
        parts.append([path.relative_to(folder).as_posix(), checksum])
    return digest(parts)


@functools.lru_cache(maxsize=1024)
def _checksum_at(path: Path, size: int, changed: int) -> str:
    return file_checksum(path)


def require_safetensors(checkpoint: Checkpoint, what: str, option: str = ",{}") -> None:
    """Refuse a local folder whose weights exist in pickle form only. ``option`` is how a setting is
    written: ``,{}`` behind a model's name, or something else.

    Raises:
        HarnessError: with what to write to load it all the same.
    """
    if checkpoint.folder is None:
        return
    names = [path.name for path in model_files(checkpoint.folder)]
    if any(name.endswith(".safetensors") for name in names):
        return
    pickles = [name for name in names if name.endswith(_WEIGHTS)]
    if not pickles:
        raise HarnessError(
            f"{checkpoint.user}:{checkpoint.written}: the {what} folder holds no weights (found: "
            f"{', '.join(names[:6]) or 'nothing'}); expected .safetensors files"
        )
    raise HarnessError(
        f"{checkpoint.user}:{checkpoint.written}: found weights in pickle form only ({pickles[0]}), "
        "which can run code when loaded; expected .safetensors; convert them, or add "
        f"'{option.format('safetensors=false')}' if you trust where they come from"
    )
