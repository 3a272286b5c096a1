"""Servers that other people wrote, started for a test or a benchmark and stopped after it.

Each of ``vllm``, ``llama_cpp`` and ``transformers_serve`` is a context manager: it starts the server on a
free port of loopback, waits until it answers, and stops it. Which model they serve is their argument;
:func:`real_model` and :func:`real_gguf` name the one of this machine. Engines that need packages of
their own are run by another Python, named by an environment variable:

====================== ===========================================================
IMHI_REAL_MODEL        folder of a causal checkpoint (safetensors and tokenizer)
IMHI_REAL_GGUF         the same model as a GGUF file, for llama.cpp
IMHI_VLLM_PYTHON       a Python that has ``vllm``; this one, where not set
IMHI_LLAMACPP_PYTHON   a Python that has ``xllamacpp``; this one, where not set
====================== ===========================================================
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

PATIENCE = 400  # seconds a server may take to start on a busy machine
_LLAMA_CPP = Path(__file__).with_name("serve_llama_cpp.py")


class NotHere(Exception):
    """A server or a model is not installed; the text says what is missing and how to name it."""


@dataclass(frozen=True)
class Served:
    """A server at work: its engine as ``engines.yaml`` calls it, the URL that ends in /v1, the model's
    name there, and the most tokens that prompt and answer may have (None: it knows no limit)."""

    engine: str
    base_url: str
    model: str
    window: int | None

    @property
    def root(self) -> str:
        """Return the URL without its /v1."""
        return self.base_url.removesuffix("/v1")

    def post(self, path: str, body: Mapping[str, object]) -> tuple[int, Any]:
        """Send one request below /v1; return the status, and the JSON or the text of the answer."""
        request = urllib.request.Request(
            self.base_url + path,
            json.dumps({"model": self.model, **body}).encode(),
            {"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode("utf-8", "replace")


Starter = Callable[[], AbstractContextManager[Served]]


def real_model() -> Path:
    """Return the folder of this machine's real model.

    Raises:
        NotHere: none is named, or there is no such folder.
    """
    return _named("IMHI_REAL_MODEL", "the folder of a causal checkpoint")


def real_gguf() -> Path:
    """Return the GGUF file of this machine's real model.

    Raises:
        NotHere: none is named, or there is no such file.
    """
    return _named("IMHI_REAL_GGUF", "a GGUF file")


def _named(variable: str, what: str) -> Path:
    value = os.environ.get(variable)
    if not value:
        raise NotHere(f"{variable} names no model: set it to {what}")
    path = Path(value).expanduser()
    if not path.exists():
        raise NotHere(f"{variable}={value}: there is no such file or folder")
    return path


@cache
def python_with(package: str, variable: str) -> str:
    """Return the Python that has the package.

    Raises:
        NotHere: it has it not.
    """
    python = os.environ.get(variable) or sys.executable
    probe = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({package!r}) is None)"
    try:
        found = subprocess.run([python, "-c", probe], capture_output=True, check=False)
    except OSError as error:
        raise NotHere(f"{variable}={python}: {error.strerror}") from None
    if found.returncode:
        raise NotHere(f"{package} is not installed in {python}: set {variable} to a Python with it")
    return python


@contextmanager
def vllm(model: Path, *, window: int = 2048) -> Iterator[Served]:
    """vLLM's server in float32, without compiling anything."""
    python = python_with("vllm", "IMHI_VLLM_PYTHON")
    port = _free_port()
    command = [
        python, "-m", "vllm.entrypoints.openai.api_server", "--model", str(model),
        "--host", "127.0.0.1", "--port", str(port), "--dtype", "float32", "--enforce-eager",
        "--max-model-len", str(window),
    ]  # fmt: skip
    settings = {"VLLM_CPU_KVCACHE_SPACE": "2", "VLLM_NO_USAGE_STATS": "1"}
    with _started(command, port, settings):
        yield Served("vllm", f"http://127.0.0.1:{port}/v1", str(model), window)


@contextmanager
def llama_cpp(
    gguf: Path, *, window: int = 2048, slots: int = 1, chat_template: str = ""
) -> Iterator[Served]:
    """llama.cpp's server. ``window`` is that of one slot, since it divides its context over them."""
    python = python_with("xllamacpp", "IMHI_LLAMACPP_PYTHON")
    port = _free_port()
    options = {
        "model": str(gguf), "port": port, "window": window, "slots": slots,
        "chat_template": chat_template,
    }  # fmt: skip
    with _started([python, str(_LLAMA_CPP), json.dumps(options)], port):
        yield Served("llamacpp", f"http://127.0.0.1:{port}/v1", str(gguf), window)


@contextmanager
def transformers_serve(model: Path, *, window: int | None = None) -> Iterator[Served]:
    """``transformers serve`` of this Python, in float32 on the CPU. It does not look at the model's
    window: ``window`` says what that is, where it is to be tried."""
    for package in ("torch", "transformers", "fastapi", "uvicorn", "openai"):
        python_with(package, "PATH of this Python")
    port = _free_port()
    command = [
        str(Path(sys.executable).with_name("transformers")), "serve", "--host", "127.0.0.1",
        "--port", str(port), "--device", "cpu", "--dtype", "float32", str(model),
    ]  # fmt: skip
    if not Path(command[0]).exists():
        # A virtual environment that only sees the packages of another has no commands.
        command[:1] = [
            sys.executable,
            "-c",
            "from transformers.cli.transformers import main; main()",
        ]
    with _started(command, port):
        yield Served("transformers-serve", f"http://127.0.0.1:{port}/v1", str(model), window)


@contextmanager
def _started(
    command: Sequence[str], port: int, settings: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Run a server until the block is left.

    Raises:
        RuntimeError: it ended, or did not answer in time; with the end of what it printed.
    """
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", **(settings or {})}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        try:
            _wait_until_it_answers(process, port, log)
            yield
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(30)


def _wait_until_it_answers(process: subprocess.Popen[bytes], port: int, log: Any) -> None:
    # Not /v1/models: that of `transformers serve` fails where the hub's cache is empty.
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2).close()
            return
        except OSError:  # no connection yet, or 503 while it loads
            pass
        if process.poll() is not None or time.monotonic() > deadline:
            log.seek(0)
            said = log.read().decode("utf-8", "replace")[-800:]
            raise RuntimeError(f"{process.args!r} did not start: {said}")
        time.sleep(0.3)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
