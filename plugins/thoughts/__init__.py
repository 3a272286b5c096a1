"""The thought formats that come with the harness: data, in ``formats.yaml``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from imhi import ThoughtFormat, hookimpl

FORMATS = Path(__file__).with_name("formats.yaml")


@hookimpl
def imhi_thought_formats() -> Iterator[ThoughtFormat]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for entry in yaml.load(FORMATS.read_text(encoding="utf-8"), Loader=loader):
        given: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in entry.items()
        }
        yield ThoughtFormat(**given)
