"""What :mod:`tests.batch_process` forks off has imported this, once for all processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anthropic  # noqa: F401
import google.genai  # noqa: F401
import openai  # noqa: F401

from imhi._core.models import ModelSpec
from imhi._core.registry import Registry
from imhi._core.run_store.cache import CacheFolder
from imhi.plugins.models import openai_api
from imhi.plugins.models.openai_api.batch import (  # noqa: F401
    anthropic_server,
    gemini_server,
    openai_server,
    scheduling,
)
from tests.openai_asking import Asker, requests

__all__ = ["model_of", "requests"]


def model_of(scheme: str, url: str, folder: Path, arguments: str) -> Any:
    """Return a model that asks in batches, with quick looks and retries."""
    registry = Registry()
    for thing in openai_api.imhi_models():
        registry.add(thing, "models.openai")
    text = f"{scheme}:m,base_url={url},mode=batch,poll=0.01,backoff=0.02"
    text += f",{arguments}" if arguments else ""
    context = Asker(registry).context(cache=CacheFolder(folder))
    return ModelSpec.parse(text, registry).create(context)
