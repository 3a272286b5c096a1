"""What touches lm-eval: this module, and ``compat_servers`` for the backends that ask servers.

Written against 0.4.13; the contract test is ``tests/plugins/models/test_lm_eval_backend.py``.

What is relied on: ``lm_eval.api.registry.get_model`` after ``lm_eval.models`` was imported (the
other order hides the built-in backends); ``LM.generate_until(requests)``, which reads only
``request.args`` and returns texts in order; ``LM.set_cache_hook(obj)``, which calls
``obj.add_partial(method, (context, gen_kwargs), text)`` as generations finish (several backends
never call it); ``LM.apply_chat_template``, ``LM.chat_template`` and ``tok_encode`` where they work.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import inspect
import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from imhi import HarnessError, UnknownName

# Arguments that HFLM hands on to ``from_pretrained`` without naming them itself.
_FROM_PRETRAINED = frozenset(
    {
        "attn_implementation",
        "bnb_4bit_compute_dtype",
        "bnb_4bit_quant_type",
        "bnb_4bit_use_double_quant",
        "cache_dir",
        "device_map",
        "experts_implementation",
        "force_download",
        "ignore_mismatched_sizes",
        "load_in_4bit",
        "load_in_8bit",
        "local_files_only",
        "low_cpu_mem_usage",
        "max_memory",
        "offload_buffers",
        "offload_state_dict",
        "quantization_config",
        "rope_scaling",
        "sliding_window",
        "use_cache",
        "use_safetensors",
        "variant",
        "weights_only",
    }
)


@dataclass(frozen=True)
class Ask:
    """One generation, in the few attributes that backends read of lm-eval's ``Instance``.

    ``context`` is a text, or the chat messages in the form the backend's ``apply_chat_template``
    gives them.
    """

    context: Any
    gen_kwargs: dict[str, Any]
    idx: int = 0
    doc: dict[str, Any] = field(default_factory=dict)
    task_name: str | None = None
    doc_id: int | None = None
    repeats: int = 1
    request_type: str = "generate_until"

    @property
    def args(self) -> tuple[Any, dict[str, Any]]:
        return (self.context, self.gen_kwargs)

    arguments = args


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
        found: type[Any] = get_model(name)
    except ImportError as error:
        raise HarnessError(
            f"lm-eval:{name} needs the package '{getattr(error, 'name', None) or error}', which "
            f"is not installed: pip install 'imhi-harness[hf]', or 'lm_eval[{name}]'"
        ) from error
    return found


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
    return _has_base(cls, "HFLM")


def parameters(cls: type[Any]) -> tuple[dict[str, inspect.Parameter], bool]:
    """Return the constructor's named parameters, those of base classes that its ``**kwargs`` can
    reach included, and whether an unknown name would be handed on to something unseen."""
    found: dict[str, inspect.Parameter] = {}
    for base in cls.__mro__:
        if base.__name__ in ("LM", "TemplateLM"):
            break  # they take nothing
        if "__init__" not in vars(base):
            continue
        own = inspect.signature(vars(base)["__init__"]).parameters
        for name, parameter in list(own.items())[1:]:
            if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
                found.setdefault(name, parameter)
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in own.values()):
            return found, False
    # TemplateAPI swallows what nobody names; the rest hand it on.
    return found, not is_server(cls)


def handed_on(cls: type[Any]) -> frozenset[str] | None:
    """Return the further names a backend's library takes; None where they cannot be known."""
    if is_transformers(cls):
        return _FROM_PRETRAINED
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


def best_device() -> str:
    """Return the device HFLM should use where none is named; its own default is CUDA even on
    machines without."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def seed_everything(seed: int) -> None:
    """Seed what in-process backends sample with; they take no seed per request."""
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(seed)


# --- prompts -------------------------------------------------------------------------------------


def template_of(lm: Any) -> str | None:
    """Return the chat template a text backend applies on this side; None where it has none."""
    try:
        template = lm.chat_template(True)
    except (NotImplementedError, AttributeError, ValueError):
        return None
    return template if isinstance(template, str) and template else None


def as_chat(lm: Any, messages: list[dict[str, str]]) -> Any:
    """Return chat messages in the form the backend takes: a text, or encoded messages."""
    return lm.apply_chat_template(messages)


def window_of(lm: Any) -> int | None:
    """Return how many tokens prompt and answer may have together (prompt alone for
    encoder-decoders); None where the backend does not check."""
    if is_server(type(lm)) and not getattr(lm, "tokenized_requests", False):
        return None
    window = getattr(lm, "max_length", None)
    return window if isinstance(window, int) and window > 0 else None


def is_encoder_decoder(lm: Any) -> bool:
    return getattr(lm, "backend", None) == "seq2seq"


def one_at_a_time(lm: Any) -> None:
    """Set the batch size of a loaded HFLM to 1."""
    lm.batch_size_per_gpu = 1


def token_count(lm: Any, context: Any) -> int | None:
    """Return a prompt's length in the backend's tokens; None where it has no tokenizer here."""
    encode = getattr(lm, "tok_encode", None)
    if encode is None or not isinstance(context, str):
        return None
    try:
        tokens = encode(context)
    except Exception:  # a backend that counts badly can still answer
        return None
    if isinstance(tokens, (list, tuple)) and (not tokens or isinstance(tokens[0], int)):
        return len(tokens)
    return None


def facts(lm: Any) -> dict[str, Any]:
    """Return what a loaded model says of itself, as JSON values; nothing is looked up online."""
    network: Any = getattr(lm, "_model", None)
    found: dict[str, Any] = {"max_length": window_of(lm)}
    for name, value in (
        ("device", getattr(lm, "device", None)),
        ("dtype", getattr(network, "dtype", None)),
        ("architecture", type(network).__name__ if network is not None else None),
        ("served_model", getattr(lm, "model", None) if is_server(type(lm)) else None),
    ):
        if value is not None:
            found[name] = str(value)
    if hasattr(network, "num_parameters"):
        found["parameters"] = int(network.num_parameters())
    return {name: value for name, value in found.items() if value is not None}


# --- answers -------------------------------------------------------------------------------------


class Hook:
    """Stands where lm-eval's cache would, and hands finished generations on."""

    def __init__(self, finished: Callable[[Any, str], None]) -> None:
        self._finished = finished

    def add_partial(self, method: str, call: Sequence[Any], result: Any) -> None:
        if method == "generate_until" and isinstance(result, str):
            self._finished(call[0], result)


def generate(lm: Any, asks: Sequence[Ask], finished: Callable[[Any, str], None]) -> list[Any]:
    """Run ``generate_until``; ``finished(context, text)`` is called, on this thread, for each
    generation the backend announces. Returns all texts, in the order of ``asks``."""
    lm.set_cache_hook(Hook(finished))
    options = {}
    if "disable_tqdm" in inspect.signature(lm.generate_until).parameters:
        options["disable_tqdm"] = True
    results: list[Any] = lm.generate_until(list(asks), **options)
    return results


def free_memory() -> None:
    """Give memory of a dropped model back to the device."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
