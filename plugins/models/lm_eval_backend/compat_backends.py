"""What touches lm-eval's registry and the classes in it (lm-eval 0.4.13): which backends there are,
of which kind, and which arguments they take. No model is made here."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import inspect
import logging
import os
from typing import Any

from imhi import HarnessError, UnknownName, how_to_install

# Arguments that HFLM hands on to ``from_pretrained`` without naming them itself.
_FROM_PRETRAINED = (
    "attn_implementation bnb_4bit_compute_dtype bnb_4bit_quant_type bnb_4bit_use_double_quant "
    "cache_dir device_map experts_implementation force_download ignore_mismatched_sizes "
    "load_in_4bit load_in_8bit local_files_only low_cpu_mem_usage max_memory offload_buffers "
    "offload_state_dict quantization_config rope_scaling sliding_window use_cache use_safetensors "
    "variant weights_only"
)


def version() -> str:
    """Return the installed lm-eval's version.

    Raises:
        HarnessError: lm-eval is not installed.
    """
    try:
        return importlib.metadata.version("lm_eval")
    except importlib.metadata.PackageNotFoundError:
        raise HarnessError(
            "lm-eval: models need the package 'lm_eval', which is not installed: "
            "pip install 'lm_eval[api]'"
        ) from None


def backend_names() -> list[str]:
    """Return the registered backends; imports no backend."""
    version()
    # vLLM tells its makers how it is used, unless this was set before it is imported.
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
    import lm_eval.models  # noqa: F401  (first: it registers the built-in backends)
    from lm_eval.api.registry import model_registry

    return sorted(model_registry.keys())


def backend_class(name: str) -> type[Any]:
    """Import a backend.

    Raises:
        HarnessError: no such backend, or a package it needs is missing.
    """
    names = backend_names()
    if name not in names:
        raise UnknownName("lm-eval backend", name, names, "expected lm-eval:BACKEND,key=value,...")
    from lm_eval.api.registry import get_model

    quiet_logging()
    try:
        backend: type[Any] = get_model(name)
    except ImportError as error:
        raise HarnessError(
            f"lm-eval:{name} needs the package '{getattr(error, 'name', None) or error}', which "
            f"is not installed: {how_to_install('hf')}, or pip install 'lm_eval[{name}]'"
        ) from error
    return backend


def quiet_logging() -> None:
    """Keep lm-eval's log off the terminal unless the user has set its level: it repeats servers'
    answers, posts included. What matters in it becomes notes and errors of ours."""
    logger = logging.getLogger("lm_eval")
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.CRITICAL)


def _has_base(cls: type[Any], name: str) -> bool:
    return any(base.__name__ == name for base in cls.__mro__)


def is_server(cls: type[Any]) -> bool:
    """Whether answers come from a server (lm-eval's ``TemplateAPI``)."""
    return _has_base(cls, "TemplateAPI")


def needs_address(cls: type[Any]) -> bool:
    """Whether a server backend sends its requests to ``base_url`` itself (LiteLLM knows better)."""
    base = next((base for base in cls.__mro__ if base.__name__ == "TemplateAPI"), None)
    return base is not None and cls.model_call is vars(base).get("model_call")


def is_chat_server(cls: type[Any]) -> bool:
    """Whether the backend takes nothing but chat messages (``LocalChatCompletion``,
    ``AnthropicChat``, ...); the name is all that tells them from completion servers."""
    return is_server(cls) and any("Chat" in base.__name__ for base in cls.__mro__)


def is_transformers(cls: type[Any]) -> bool:
    """Whether the backend is lm-eval's own over transformers (``HFLM``)."""
    return _has_base(cls, "HFLM")


def parameters(cls: type[Any]) -> tuple[dict[str, inspect.Parameter], bool]:
    """Return the constructor's named parameters, those of base classes that its ``**kwargs`` can
    reach included, and whether an unknown name would be handed on to something unseen."""
    named: dict[str, inspect.Parameter] = {}
    for base in cls.__mro__:
        if base.__name__ in ("LM", "TemplateLM"):
            break  # they take nothing
        if "__init__" not in vars(base):
            continue
        declared = inspect.signature(vars(base)["__init__"]).parameters
        for name, parameter in list(declared.items())[1:]:
            if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
                named.setdefault(name, parameter)
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in declared.values()):
            return named, False
    # TemplateAPI swallows what nobody names; the rest hand it on.
    return named, not is_server(cls)


def declared(name: str) -> frozenset[str]:
    """Return the arguments a backend of this name declares; none where it cannot be imported."""
    try:
        return frozenset(parameters(backend_class(name))[0])
    except HarnessError:
        return frozenset()


def handed_on(cls: type[Any]) -> frozenset[str] | None:
    """Return the further names a backend's library takes; None where they cannot be known."""
    if is_transformers(cls):
        return frozenset(_FROM_PRETRAINED.split())
    try:
        if _has_base(cls, "VLLM"):
            from vllm import EngineArgs

            return frozenset(item.name for item in dataclasses.fields(EngineArgs))
        if _has_base(cls, "SGLangLM"):
            from sglang.srt.server_args import ServerArgs

            return frozenset(item.name for item in dataclasses.fields(ServerArgs))
    except (ImportError, TypeError):
        pass
    return None


def parse_value(text: str) -> Any:
    """Turn ``key=value`` text into a value as lm-eval's own command line does."""
    from lm_eval.utils import handle_arg_string

    return handle_arg_string(text)
