"""``lm-eval:BACKEND,ARGS``: every model backend of lm-evaluation-harness, as a model of ours.

The backends are adapted through lm-eval's ``LM`` class. All contact with lm-eval is in the modules
``compat``, ``compat_backends`` and ``compat_servers`` of this package. lm-eval's own response cache
is never used: its keys leave out the model, so one model's answers could be credited to another.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from imhi import Argument, ModelFamily, ModelSpec, hookimpl

SCHEME = "lm-eval"


def parse_batch_size(text: str) -> int | str:
    """Parse a number, ``auto`` or ``auto:N``."""
    head, _, factor = text.partition(":")
    if head == "auto" and (not factor or factor.isdigit()):
        return text
    try:
        return Argument.count(text)
    except ValueError:
        raise ValueError("expected a whole number above 0, auto or auto:N") from None


def gpus(spec: ModelSpec) -> int:
    """Return how many GPUs one copy of a model takes, by the argument that vllm and sglang have."""
    return int(spec.arguments.get("tensor_parallel_size") or 1)


_way_of_asking = partial(Argument, parse=Argument.count, changes_answers=False)


@hookimpl
def imhi_models() -> Iterator[ModelFamily]:
    yield ModelFamily(
        SCHEME,
        "Any lm-evaluation-harness backend (hf, vllm, sglang, local-chat-completions, ...)",
        create="imhi.plugins.models.lm_eval_backend.model:create",
        gpus=gpus,
        target="BACKEND",
        arguments=(
            _way_of_asking(
                "batch_size",
                "prompts at a time (default: 1 for servers and encoder-decoders, 8 in this "
                "process, 64 for vllm and sglang); auto probes at the full window, which is slow",
                parse=parse_batch_size,
            ),
            _way_of_asking("max_batch_size", "upper bound for batch_size=auto"),
            _way_of_asking("num_concurrent", "requests in flight at a server (default 8)"),
            _way_of_asking("timeout", "seconds a server may take for a request"),
            _way_of_asking("max_retries", "times a server is asked again"),
        ),
        fingerprint="imhi.plugins.models.lm_eval_backend.identity:fingerprint",
        open_arguments=True,
        answers=("text", "likelihood"),
        examples=(
            "lm-eval:hf,pretrained=FOLDER,batch_size=4",
            "lm-eval:vllm,pretrained=ORG/MODEL",
            "lm-eval:local-chat-completions,model=NAME,base_url=http://localhost:8000/v1/chat/completions",
        ),
    )
