"""Checks and completes what was written after ``lm-eval:BACKEND``.

lm-eval hands arguments it does not know on to whatever library stands behind the backend, or
swallows them: a misspelt ``pretraned=`` or ``temprature=`` then changes nothing, or fails far away.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from inspect import Parameter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from imhi import HarnessError, ModelSpec, UnknownName
from imhi.plugins.models.lm_eval_backend import compat, compat_backends

_SECRET = re.compile(r"(^|_)(api_?key|token|secret|password|header)$", re.IGNORECASE)
# What backends themselves declare and is a key all the same; their other "..._token" are texts or flags.
_CREDENTIALS = frozenset(
    {"api_key", "apikey", "token", "auth_token", "use_auth_token", "access_token", "hf_token"}
    | {"header", "password", "secret"}
)

# Arguments whose value may be a model on this machine; other folders (caches, offloading) may not.
MODEL_PATHS = ("pretrained", "peft", "delta", "tokenizer", "model", "gguf_file", "path")

CONCURRENT = 8
_BATCH = 8
_ENGINE_BATCH = 64


def refuse_secrets(spec: ModelSpec) -> None:
    """Raise HarnessError where a key stands in the model name, which is stored and shown."""
    for name, value in spec.given.items():
        if _holds_key(name, spec.target):
            raise HarnessError(
                f"lm-eval:{spec.target}: argument '{name}' would store a key with the results; "
                "expected it in the environment (OPENAI_API_KEY, ANTHROPIC_API_KEY, HF_TOKEN, ...)"
            )
        if "://" in str(value):
            parts = urlsplit(str(value))
            if parts.password or parts.username or re.search(r"key|token", parts.query, re.I):
                raise HarnessError(
                    f"lm-eval:{spec.target}: the address given as '{name}' holds credentials, "
                    "which would be stored with the results; expected them in the environment"
                )


def _holds_key(name: str, backend: str) -> bool:
    """Say whether an argument is a key by its name; a backend is only imported where that is open."""
    if not _SECRET.search(name):
        return False
    return name.lower() in _CREDENTIALS or name not in compat_backends.declared(backend)


def check_paths(spec: ModelSpec) -> None:
    """Raise HarnessError where what can only be a path on this machine is not there."""
    for name in MODEL_PATHS:
        value = str(spec.given.get(name) or "")
        if value.startswith((".", "/", "~")) and not Path(value).expanduser().exists():
            raise HarnessError(
                f"model '{spec.name}': {name}={value}: there is no such folder or file; expected "
                "a model's folder, or an id of the hub"
            )


Values = dict[str, object]
"""Arguments of a backend, by name: which there are only its library knows."""


def given_arguments(spec: ModelSpec) -> Values:
    """Return the arguments as values: JSON where they look like it, else as lm-eval reads them."""
    values: Values = {}
    for name, value in spec.given.items():
        if isinstance(value, str) and value[:1] in "{[":
            try:
                values[name] = json.loads(value)
            except ValueError as error:
                raise HarnessError(
                    f"lm-eval:{spec.target}: argument {name}: found '{value}', expected JSON "
                    f"({error})"
                ) from None
        elif name in MODEL_PATHS:
            # A name made of digits stays a name.
            values[name] = str(Path(value).expanduser())
        elif isinstance(value, str) and name != "batch_size":
            values[name] = compat_backends.parse_value(value)
        else:
            values[name] = value
    return values


def complete(spec: ModelSpec, cls: type[Any], seed: int) -> Values:
    """Return all arguments the backend is made with: those given, checked, and our defaults.

    Raises:
        HarnessError: an argument is unknown or missing.
    """
    known, open_ended = compat_backends.parameters(cls)
    values = given_arguments(spec)
    allowed = frozenset(known)
    handed_on = compat_backends.handed_on(cls) if open_ended else frozenset()
    if handed_on is not None:
        allowed |= handed_on
        for name in values:
            if name not in allowed:
                unknown = UnknownName(f"argument of lm-eval:{spec.target}", name, allowed)
                raise HarnessError(f"model '{spec.name}': {unknown}")
    if compat_backends.is_server(cls):
        # The class has defaults for both, None, and fails when it asks.
        needed = ("model", "base_url") if compat_backends.needs_address(cls) else ("model",)
        wanted = [name for name in needed if _missing(name, known, values)]
        if wanted == ["model"] and values.get("pretrained"):
            wanted = []
    else:
        wanted = [
            name
            for name, parameter in known.items()
            if parameter.default is parameter.empty and name not in values
        ]
    if wanted:
        raise HarnessError(
            f"model '{spec.name}': the backend {spec.target} needs {' and '.join(wanted)}: "
            f"lm-eval:{spec.target},{','.join(f'{name}=...' for name in wanted)}"
        )
    defaults: Values = {"batch_size": _batch_size(cls), "seed": seed}
    if compat_backends.is_server(cls):
        defaults["num_concurrent"] = CONCURRENT
        if not compat_backends.is_chat_server(cls):
            # Prompts begin as the tokenizer begins them; lm-eval's own default leaves BOS out.
            defaults["add_bos_token"] = True
    if compat_backends.is_transformers(cls):
        defaults["device"] = values.get("device") or compat.best_device()
        if defaults["device"] == "cpu":
            # As hf: does. Half precision is several times slower there, and answers otherwise.
            defaults["dtype"] = "float32"
    return {name: value for name, value in defaults.items() if name in known} | values


def _missing(name: str, known: Mapping[str, Parameter], values: Values) -> bool:
    return (
        not values.get(name) and name in known and known[name].default in (None, known[name].empty)
    )


def _batch_size(cls: type[Any]) -> int:
    if compat_backends.is_server(cls):
        return 1
    names = {base.__name__ for base in cls.__mro__}
    # Engines batch by themselves; what they are handed at once only sets how often answers come.
    return _ENGINE_BATCH if names & {"VLLM", "SGLangLM"} else _BATCH
