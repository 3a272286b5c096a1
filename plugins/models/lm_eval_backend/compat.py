"""What touches lm-eval's models: this module, ``compat_backends`` for the classes they are made of,
and ``compat_servers`` for those that ask servers.

Written against 0.4.13; the contract test is ``tests/plugins/models/test_lm_eval_backend.py``.

What is relied on: ``lm_eval.api.registry.get_model`` after ``lm_eval.models`` was imported (the
other order hides the built-in backends); ``LM.generate_until(requests)``, which reads only
``request.args`` and returns texts in order; ``LM.set_cache_hook(obj)``, which calls
``obj.add_partial(method, (context, gen_kwargs), text)`` as generations finish (several backends
never call it); ``LM.loglikelihood(requests)``, which reads ``request.args`` too and returns pairs
``(sum, is greedy)`` in order; ``LM.apply_chat_template``, ``LM.chat_template`` and ``tok_encode``
where they work.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict

from imhi.plugins.models.lm_eval_backend.compat_backends import is_server


class GenerationArguments(TypedDict, total=False):
    """lm-eval's ``gen_kwargs``: how one answer is decoded."""

    until: list[str]
    do_sample: bool
    temperature: float
    top_p: float
    max_gen_toks: int
    max_length: int


@dataclass(frozen=True)
class Instance:
    """One generation, in the few attributes that backends read of lm-eval's ``Instance``.

    ``context`` is a text, or the chat messages in the form the backend's ``apply_chat_template``
    gives them.
    """

    context: Any
    gen_kwargs: GenerationArguments
    idx: int = 0
    doc: dict[str, object] = field(default_factory=dict)
    task_name: str | None = None
    doc_id: int | None = None
    repeats: int = 1
    request_type: str = "generate_until"

    @property
    def args(self) -> tuple[Any, GenerationArguments]:
        """Return what ``generate_until`` reads: prompt and decoding."""
        return (self.context, self.gen_kwargs)

    arguments = args


def best_device() -> str:
    """Return the device HFLM should use where none is named; its own default is CUDA even on
    machines without."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def seed_everything(lm: Any, seed: int) -> None:
    """Seed what in-process backends sample with, and what servers are sent; neither takes a seed per
    request."""
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(seed)
    if is_server(type(lm)) and hasattr(lm, "_seed"):
        lm._seed = seed


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
    """Whether a loaded model reads the prompt and writes the answer in separate windows."""
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


def facts(lm: Any) -> dict[str, object]:
    """Return what a loaded model says of itself, as JSON values; nothing is looked up online."""
    network: Any = getattr(lm, "_model", None)
    told = {
        "device": getattr(lm, "device", None),
        "dtype": getattr(network, "dtype", None),
        "architecture": type(network).__name__ if network is not None else None,
        "served_model": getattr(lm, "model", None) if is_server(type(lm)) else None,
    }
    known: dict[str, object] = {
        name: str(value).removeprefix("torch.") for name, value in told.items() if value is not None
    }
    if (window := window_of(lm)) is not None:
        known = {"max_length": window, **known}
    if hasattr(network, "num_parameters"):
        known["parameters"] = int(network.num_parameters())
    return known


# --- answers -------------------------------------------------------------------------------------


class Hook:
    """Stands where lm-eval's cache would, and hands finished generations on."""

    def __init__(self, finished: Callable[[Any, str], None]) -> None:
        self._finished = finished

    def add_partial(self, method: str, call: Sequence[Any], result: Any) -> None:
        """Take a finished generation; ``call`` begins with its prompt."""
        if method == "generate_until" and isinstance(result, str):
            self._finished(call[0], result)


def generate(
    lm: Any, instances: Sequence[Instance], finished: Callable[[Any, str], None]
) -> list[Any]:
    """Run ``generate_until``; ``finished(context, text)`` is called, on this thread, for each
    generation the backend announces. Returns all texts, in the order of ``instances``."""
    lm.set_cache_hook(Hook(finished))
    options = {}
    if "disable_tqdm" in inspect.signature(lm.generate_until).parameters:
        options["disable_tqdm"] = True
    results: list[Any] = lm.generate_until(list(instances), **options)
    return results


@dataclass(frozen=True)
class Continuation:
    """One prompt and what may follow it, in the few attributes that backends read of lm-eval's
    ``Instance``."""

    context: str
    continuation: str
    idx: int = 0
    doc: dict[str, object] = field(default_factory=dict)
    task_name: str | None = None
    doc_id: int | None = None
    repeats: int = 1
    request_type: str = "loglikelihood"

    @property
    def args(self) -> tuple[str, str]:
        """Return what ``loglikelihood`` reads."""
        return (self.context, self.continuation)

    arguments = args


def log_likelihoods(lm: Any, continuations: Sequence[Continuation]) -> list[float]:
    """Run ``loglikelihood``; return the sum over each continuation's tokens, in nats, in order.

    Raises:
        NotImplementedError: the backend's models or servers tell none.
    """
    lm.set_cache_hook(Hook(lambda context, text: None))
    options = {}
    if "disable_tqdm" in inspect.signature(lm.loglikelihood).parameters:
        options["disable_tqdm"] = True
    return [float(value) for value, _ in lm.loglikelihood(list(continuations), **options)]


def decode_plainly(lm: Any) -> dict[str, object]:
    """Take the decoding habits of a loaded HFLM's checkpoint away, as ``hf:`` does; return them.

    ``generate`` would otherwise take a repetition penalty, or a minimum length, from the checkpoint's
    generation_config.json, at temperature 0 too.
    """
    from imhi.checkpoints import plain_generation

    if getattr(lm, "tokenizer", None) is None:
        return {}
    return plain_generation(lm.model, lm.tokenizer)


def free_memory() -> None:
    """Give memory of a dropped model back to the device."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
