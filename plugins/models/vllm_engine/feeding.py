"""Hands requests to the engine, and hands out each answer when it is finished."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from imhi import HarnessError
from imhi.plugins.models.vllm_engine.starting import Engine

Key = TypeVar("Key")


@dataclass(frozen=True)
class Asked(Generic[Key]):
    """What the engine is asked: a prompt as token ids, and ``vllm.SamplingParams``. ``key`` is the
    asker's own."""

    key: Key
    ids: list[int]
    params: Any


@dataclass(frozen=True)
class Refused:
    """What the engine said of a request that it does not take."""

    reason: str


def answers(engine: Engine, asked: Iterable[Asked[Key]]) -> Iterator[tuple[Asked[Key], Any]]:
    """Yield each request with its finished ``vllm.CompletionOutput``, or :class:`Refused`, as it comes.

    The engine always has more requests than it computes at a time, and never all of them. What is
    still in the engine when the caller stops is taken out of it.

    Raises:
        HarnessError: the engine died; what it had answered was yielded before.
    """
    from vllm.exceptions import VLLMClientError

    core = engine.core
    rest = iter(asked)
    waiting: dict[str, Asked[Key]] = {}
    more = True
    try:
        while True:
            while more and len(waiting) < engine.in_flight:
                one = next(rest, None)
                if one is None:
                    more = False
                    break
                name = engine.next_name()
                try:
                    core.add_request(
                        name,
                        {"type": "token", "prompt_token_ids": one.ids},
                        one.params,
                        lora_request=engine.adapter,
                    )
                except (VLLMClientError, ValueError) as error:
                    yield one, Refused(" ".join(str(error).split())[:300])
                else:
                    waiting[name] = one
            if not waiting:
                if more:
                    continue
                return
            for output in core.step():
                if output.finished and output.request_id in waiting:
                    yield waiting.pop(output.request_id), output.outputs[0]
    except (GeneratorExit, HarnessError):
        raise
    except Exception as error:
        # A dead engine raises whatever broke it, from RuntimeError to errors of its own.
        engine.dead = True
        raise HarnessError(
            f"{engine.name}: vLLM's engine died ({engine.told(error)}); what was answered is kept: run "
            "again to go on; out of memory: lower max_num_seqs or kv_cache_gib"
        ) from error
    finally:
        if waiting and not engine.dead:
            # Ctrl-C may have come in the middle of a step; it must not be lost to what that leaves.
            with contextlib.suppress(Exception):
                core.abort_request(list(waiting))
