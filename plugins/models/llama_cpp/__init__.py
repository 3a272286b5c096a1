"""Quantised models in GGUF files, by llama.cpp in this process: ``gguf:FILE``.

This module only declares: ``xllamacpp`` is imported when a model is made.
"""

from __future__ import annotations

from collections.abc import Iterator

from imhi import Argument, ModelFamily, hookimpl
from imhi.plugins.models.llama_cpp.arguments import GgufArguments

SCHEME = "gguf"


@hookimpl
def imhi_models() -> Iterator[ModelFamily]:
    yield ModelFamily(
        SCHEME,
        "GGUF files (quantised models), by llama.cpp in this process",
        create="imhi.plugins.models.llama_cpp.model:create",
        target="FILE",
        arguments=Argument.all_of(GgufArguments),
        fingerprint="imhi.plugins.models.llama_cpp.identity:fingerprint",
        cache_key="imhi.plugins.models.llama_cpp.identity:cache_key",
        estimate="imhi.plugins.models.llama_cpp.estimating:estimate",
        answers=("text", "choice"),
        examples=(
            "gguf:./Llama-3.2-1B-Instruct-Q4_K_M.gguf",
            "gguf:./model.gguf,slots=1",
            "gguf:./model.gguf,gpu_layers=all",
        ),
    )
