"""What the answers of a checkpoint depend on besides the request: for the answer cache, without loading
the weights."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from pathlib import Path

from imhi._core.checkpoints.checkpoint import Checkpoint
from imhi._core.fingerprints import code_checksum
from imhi._core.records import JsonObject
from imhi._core.run_store.environment import package_versions

# What writes prompts as token ids, and reads answers, for every engine.
_CODE = (
    "imhi._core.checkpoints",
    "imhi._core.thoughts",
    "imhi._core.answered",
    "imhi._core.label_choice",
)
# What reads tokenizers and chat templates, also where an engine does not name it.
_PACKAGES = ("transformers", "tokenizers", "sentencepiece", "jinja2")
_TEMPLATES = ("chat_template.jinja", "tokenizer_config.json")
_TODAY = b"strftime_now"


def answer_facts(
    checkpoint: Checkpoint,
    adapter: Checkpoint | None,
    *,
    packages: Iterable[str],
    modules: Iterable[str],
    templated: bool,
) -> JsonObject:
    """Return what any engine's answers depend on: the contents (or commit) of model and adapter, the
    versions of ``packages`` as far as installed, the source of the harness's code and of the engine's
    own ``modules``. Where prompts may be ``templated`` and the chat template reads the date, a prompt of
    today is another one tomorrow: then the date is among it."""
    facts: dict[str, object] = {
        "model": checkpoint.identity(),
        "adapter": adapter.identity() if adapter else None,
    }
    places = [checkpoint, *([adapter] if adapter else [])]
    files = [file for place in places for file in _template_files(place)] if templated else []
    return facts | engine_facts(packages, modules, [path.read_bytes() for path in files])


def engine_facts(
    packages: Iterable[str], modules: Iterable[str], templates: Iterable[bytes] = ()
) -> dict[str, object]:
    """Return the part of :func:`answer_facts` that is no checkpoint's; ``templates`` are sources that may
    read the date."""
    facts: dict[str, object] = {
        "packages": package_versions((*_PACKAGES, *packages)),
        "code": code_checksum(*_CODE, *modules),
    }
    if any(_TODAY in template for template in templates):
        facts["today"] = datetime.date.today().isoformat()
    return facts


def _template_files(checkpoint: Checkpoint) -> list[Path]:
    """Return the files that may hold chat templates; those of a hub id are downloaded."""
    if checkpoint.folder is not None:
        folder = checkpoint.folder
        found = [*(folder / name for name in _TEMPLATES)]
        found += (folder / "additional_chat_templates").glob("*.jinja")
        return [path for path in found if path.is_file()]
    from huggingface_hub import snapshot_download

    patterns = [*_TEMPLATES, "additional_chat_templates/*.jinja"]
    with checkpoint.loading("tokenizer"):
        place = snapshot_download(
            checkpoint.written, revision=checkpoint.commit, allow_patterns=patterns
        )
    return _template_files(Checkpoint(checkpoint.written, folder=Path(place)))
