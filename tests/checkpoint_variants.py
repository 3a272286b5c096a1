"""The same weights with other habits: folders of links to a checkpoint, with files of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

# What authors of chat models ship; heeded, each changes greedy answers or would, were it sampled.
HABITS = {
    "do_sample": True,
    "temperature": 0.7,
    "top_k": 20,
    "top_p": 0.8,
    "min_p": 0.05,
    "repetition_penalty": 1.3,
}


def variant(
    checkpoint: Path,
    folder: Path,
    *,
    habits: Mapping[str, object] | None = None,
    chat_template: str = "",
) -> Path:
    """Make ``folder``: the checkpoint's files, ``habits`` added to its generation_config.json, and a
    chat template where one is given (else its own). Returns the folder."""
    folder.mkdir(parents=True)
    for file in checkpoint.iterdir():
        (folder / file.name).symlink_to(file.resolve())
    if habits:
        path = folder / "generation_config.json"
        old = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        _write(path, json.dumps({**old, **habits}))
    if chat_template:
        _write(folder / "chat_template.jinja", chat_template)
    return folder


def _write(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.write_text(text, encoding="utf-8")
