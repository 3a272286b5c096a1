"""The base an adapter was trained on, compared with the one it is put on.

By the contents of the weights where both are known: our trainings write down those of their base
(``trained_on.json`` beside the adapter), and the base that ``adapter_config.json`` names may lie on
this machine, as a folder or in the hub's download cache. By name otherwise.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from imhi._core.checkpoints.adapter_files import TRAINED_ON, AdapterFiles
from imhi._core.checkpoints.checkpoint import Checkpoint
from imhi._core.checkpoints.finding import HUB_ID
from imhi._core.checkpoints.weights import weights_identity
from imhi._core.errors import HarnessError


def write_trained_on(folder: Path, base: Checkpoint) -> None:
    """Write down, beside an adapter, which base it was trained on: identity (commit, or hash of the
    folder's files) and hash of the weights."""
    record = {"base": base.identity(), "weights": weights_identity(base)}
    (folder / TRAINED_ON).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class _Found:
    """What a comparison came to: in what the base is another one, or why that is not known; neither
    where it is the same."""

    other: str = ""
    unknown: str = ""


def check_adapter_base(
    adapter: AdapterFiles, base: Checkpoint, *, any_base: bool = False
) -> list[str]:
    """Return notes on what is not known about whether ``base`` is the one the adapter was trained on.

    Raises:
        HarnessError: it is another one. With ``any_base`` that is a note.
    """
    found = _recorded(adapter, base) or _here(adapter, base) or _by_name(adapter, base)
    if not found.other:
        told = f"whether the adapter {adapter.written} was trained on {base.written} is not known: "
        return [told + found.unknown] if found.unknown else []
    why = f"the adapter {adapter.written} was trained on another base: {found.other}"
    if any_base:
        return [f"{why} (any_base=true: it is put on all the same)"]
    raise HarnessError(
        f"{base.user}:{base.written}: {why}; give the base it was trained on, or write "
        f"hf:{base.written},peft={adapter.written},any_base=true if you mean this one"
    )


def _recorded(adapter: AdapterFiles, base: Checkpoint) -> _Found | None:
    """Compare with what the training wrote down; None where it wrote nothing."""
    path = adapter.folder / TRAINED_ON
    if not path.is_file():
        return None
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        identity, weights = said["base"], said["weights"]
        if not isinstance(identity, str) or not isinstance(weights, (str, type(None))):
            raise TypeError
    except (OSError, ValueError, KeyError, TypeError):
        raise HarnessError(
            f"{base.user}:{base.written}: {path} cannot be read, expected 'base' and 'weights' as a "
            "training writes them; restore it, or remove it to have bases compared by name"
        ) from None
    if identity == base.identity():
        return _Found()
    given = weights_identity(base)
    if given is None or weights is None:
        return _Found(unknown=f"it was {identity[:24]}, this is {base.identity()[:24]}")
    if given == weights:
        return _Found()
    return _Found(f"its weights were {weights[:19]}, those of {base.written} are {given[:19]}")


def _here(adapter: AdapterFiles, base: Checkpoint) -> _Found | None:
    """Compare with the base that the configuration names, as far as it is on this machine; None where
    it is not."""
    name, folder = adapter.base, Path(adapter.base).expanduser()
    if not name:
        return None
    if folder.is_dir():
        named = Checkpoint(name, folder=folder)
        if base.folder is not None and folder.resolve() == base.folder.resolve():
            return _Found()
    elif _is_hub_id(name) and not _same_hub_id(name, base):
        named = Checkpoint(name, commit=_revision(adapter))
    else:
        return None
    theirs = weights_identity(named)
    ours = weights_identity(base) if theirs is not None else None
    if theirs is None or ours is None:
        return None
    if theirs == ours:
        return _Found()
    return _Found(f"its configuration names {name}, whose weights are others")


def _by_name(adapter: AdapterFiles, base: Checkpoint) -> _Found:
    """Compare the names alone: two ids of the hub whose last parts differ are two models; a folder may
    be called anything, and mirrors keep the last part."""
    name = adapter.base
    if not name:
        return _Found(unknown="its configuration names no base")
    if _same_hub_id(name, base):
        revision = _revision(adapter)
        if revision is None or revision == base.commit or len(revision) != len(base.commit or ""):
            return _Found()
        given = (base.commit or "")[:12]
        return _Found(unknown=f"its configuration names revision {revision[:12]}, {given} is given")
    named, given = (
        text.replace("\\", "/").rstrip("/").rpartition("/")[2].casefold()
        for text in (name, base.written)
    )
    if named == given and (base.folder is not None or not _is_hub_id(name)):
        return _Found()
    if _is_hub_id(name) and base.folder is None and named != given:
        return _Found(f"its configuration names {name}")
    return _Found(unknown=f"its configuration names {name}, whose weights are not on this machine")


def _is_hub_id(name: str) -> bool:
    return "/" in name and HUB_ID.fullmatch(name) is not None


def _same_hub_id(name: str, base: Checkpoint) -> bool:
    return base.folder is None and name.casefold() == base.written.casefold()


def _revision(adapter: AdapterFiles) -> str | None:
    revision = adapter.config.get("revision")
    return str(revision) if revision else None
