"""The tokenizer and chat template that lie beside an adapter, used where they differ from the base's:
it was trained on what they write."""

from __future__ import annotations

import json
from typing import Any

from imhi._core.checkpoints.adapter_files import VOCABULARIES, AdapterFiles
from imhi._core.checkpoints.checkpoint import Checkpoint
from imhi._core.errors import HarnessError

# They say how batches are filled up and cut, which the harness does itself.
_OF_BATCHES = ("padding", "truncation")
# What fills up short rows is not looked at.
_NO_WORDS = ("pad_token",)


def adapter_tokenizer(
    adapter: AdapterFiles, own: Any, *, trust_remote_code: bool = False
) -> tuple[Any, str]:
    """Return the tokenizer to ask with, and what of the adapter's differs from the base's (``own``), in
    words; empty where nothing does, and then it is the base's own.

    Raises:
        HarnessError: the adapter's cannot be loaded.
    """
    if not any((adapter.folder / name).is_file() for name in VOCABULARIES):
        return _templated(adapter, own)
    import transformers

    with adapter.checkpoint.loading("tokenizer"):
        theirs = transformers.AutoTokenizer.from_pretrained(
            str(adapter.folder), trust_remote_code=trust_remote_code
        )
    parts = []
    if _words(theirs) != _words(own):
        parts.append("tokens")
    if _special(theirs) != _special(own):
        parts.append("special tokens")
    if theirs.chat_template != own.chat_template:
        parts.append("chat template")
    return (theirs, ", ".join(parts)) if parts else (own, "")


def tokenizer_note(differs: str) -> str:
    """Return the note for a run on what :func:`adapter_tokenizer` found to differ."""
    return f"the adapter's own tokenizer is used, which differs from that of its base in: {differs}"


def check_rows(tokenizer: Any, rows: int, adapter: AdapterFiles, base: Checkpoint) -> None:
    """Refuse an adapter's tokenizer that has more tokens than the model with the adapter has embeddings.

    Raises:
        HarnessError: with both numbers.
    """
    highest = max(tokenizer.get_vocab().values(), default=0)
    if highest >= rows:
        raise HarnessError(
            f"{base.user}:{base.written}: the tokenizer of the adapter {adapter.written} gives tokens up to "
            f"{highest}, but the model knows {rows} tokens and the adapter's file holds no embeddings for "
            "more; expected a tokenizer that goes with the model: save the adapter with its embeddings "
            "(peft: save_embedding_layers=True), or remove its tokenizer files to use the base's"
        )


def _templated(adapter: AdapterFiles, own: Any) -> tuple[Any, str]:
    """Return the base's tokenizer, with the adapter's chat template where it brings one alone."""
    template: Any = None
    with adapter.checkpoint.loading("tokenizer"):
        if (path := adapter.folder / "chat_template.jinja").is_file():
            template = path.read_text(encoding="utf-8")
        elif (path := adapter.folder / "tokenizer_config.json").is_file():
            template = _named_template(json.loads(path.read_text(encoding="utf-8")))
    if template is None or template == own.chat_template:
        return own, ""
    own.chat_template = template
    return own, "chat template"


def _named_template(config: Any) -> str | dict[str, str] | None:
    """Return the template of a tokenizer_config.json; several by name.

    Raises:
        ValueError: it is neither.
    """
    said = config.get("chat_template") if isinstance(config, dict) else config
    if said is None or isinstance(said, str):
        return said
    if isinstance(said, list):
        named = [one for one in said if isinstance(one, dict) and {"name", "template"} <= {*one}]
        if len(named) == len(said):
            return {str(one["name"]): str(one["template"]) for one in named}
    raise ValueError("chat_template in tokenizer_config.json is neither a text nor texts by name")


def _words(tokenizer: Any) -> object:
    """Return what makes token ids of a text."""
    core = getattr(tokenizer, "backend_tokenizer", None)
    if core is None:
        return sorted(tokenizer.get_vocab().items())
    said = json.loads(core.to_str())
    return {name: part for name, part in said.items() if name not in _OF_BATCHES}


def _special(tokenizer: Any) -> dict[str, str]:
    known = tokenizer.special_tokens_map
    return {name: str(token) for name, token in known.items() if name not in _NO_WORDS}
