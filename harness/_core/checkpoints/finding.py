"""Where a model or adapter is: a local folder, or a commit of the hub; without importing torch."""

from __future__ import annotations

import functools
import re
from pathlib import Path

from imhi._core.checkpoints.checkpoint import Checkpoint
from imhi._core.errors import HarnessError
from imhi._core.installing import how_to_install

HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")
_COMMIT = re.compile(r"[0-9a-f]{40}")


def find_checkpoint(
    written: str,
    revision: str | None,
    what: str = "model",
    user: str = "hf",
    option: str = ",{}",
    file: str | None = None,
) -> Checkpoint:
    """Find a local folder, or ask the hub (failing that, its local cache) for the commit. ``user``,
    ``option`` and ``file`` are those of :class:`Checkpoint`.

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
        if file is None:
            _check_folder(folder, config, what, user)
        else:
            _check_file(folder, file, user)
        return Checkpoint(written, folder=folder, user=user, option=option, file=file)
    if folder.exists():
        hint = _gguf_hint(folder, user) if folder.suffix == ".gguf" and what == "model" else ""
        raise HarnessError(
            f"{user}:{written}: found a file, expected the {what}'s folder (with {config} in it){hint}"
        )
    if written[0] in "./~\\" or not HUB_ID.fullmatch(written):
        raise HarnessError(
            f"{user}:{written}: there is no such folder; expected a {what} folder (with {config} in "
            "it) or a hub id such as owner/name"
        )
    commit = _hub_commit(written, revision, user)
    return Checkpoint(written, commit=commit, user=user, option=option, file=file)


def _check_file(folder: Path, file: str, user: str) -> None:
    if (folder / file).is_file():
        with (folder / file).open("rb") as stream:
            begins = stream.read(4)
        if begins != b"GGUF":
            raise HarnessError(
                f"{user}:{folder},gguf_file={file}: not a GGUF file (it begins with {begins!r}); copy or "
                "download it again, or leave gguf_file out"
            )
        return
    present = sorted(path.name for path in folder.glob("*.gguf"))[:6]
    raise HarnessError(
        f"{user}:{folder},gguf_file={file}: there is no such file in the folder (GGUF files found: "
        f"{', '.join(present) or 'none'})"
    )


def _check_folder(folder: Path, config: str, what: str, user: str) -> None:
    if (folder / config).is_file():
        return
    if what == "model" and (folder / "adapter_config.json").is_file():
        hint = f"; write hf:BASE_MODEL,peft={folder}" if user == "hf" else ": merge it first"
        raise HarnessError(f"{user}:{folder}: found a PEFT adapter, expected a whole model{hint}")
    present = sorted(path.name for path in folder.iterdir())[:6]
    packed = min(folder.glob("*.gguf"), default=None) if what == "model" else None
    hint = _gguf_hint(packed, user) if packed else "; give a folder that save_pretrained wrote"
    raise HarnessError(
        f"{user}:{folder}: not {'an' if what == 'adapter' else 'a'} {what} folder: there is no {config} "
        "in it (found: "
        f"{', '.join(present) or 'nothing'}){hint}"
    )


def _gguf_hint(file: Path, user: str) -> str:
    """Return what to do with a GGUF file where a folder of transformers is expected."""
    if user == "hf":
        return f"; write hf:{file.parent},gguf_file={file.name} or gguf:{file}"
    return f"; unpack it first: imhi finetune unpack {file} --to FOLDER, and give that folder"


@functools.cache
def _hub_commit(repository: str, revision: str | None, user: str) -> str:
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
            f"{how_to_install('hf')}"
        ) from None
    branch = revision or "main"
    try:
        commit = HfApi().model_info(repository, revision=revision, timeout=10).sha
        if commit:
            return str(commit)
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
