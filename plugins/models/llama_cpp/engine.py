"""llama.cpp at work in this process: started, asked, stopped; its log kept away from the terminal.

``xllamacpp.Server`` is llama.cpp's own server in this process. It is asked through the port on loopback
that it always opens, and that a key made for this process keeps to ourselves: its calls from Python give
no tokens, know no tokenizer, and cannot be given up while a prompt is computed, which
takes minutes where many wait.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import secrets
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from imhi import HarnessError
from imhi.checkpoints import require_package
from imhi.plugins.models.llama_cpp.gguf_file import GgufFile

_SILENT, _ERRORS = 0, 1  # of its log
_LOG_LINE = re.compile(r"^[\d.]+ E +(?:\w+ +)?[\w ]+: +(?:error loading model: *)?(.+)$")
_LOG_PATIENCE = 0.5  # seconds for what another thread of it writes
# What its errors say in passing, and what says nothing.
_IDLE = ("failed to load model", "exiting due to", "encountered an error while trying to fit")
_PATIENCE = 24 * 3600.0  # seconds: how long an answer takes is known to nobody; it always comes


@dataclass(frozen=True)
class Size:
    """How large an engine is: ``slots`` requests at once, each of ``context`` tokens at most, prompt
    and answer together."""

    slots: int
    context: int

    def holds(self, other: Size) -> bool:
        """Say whether requests that need ``other`` can be answered as well."""
        return self.slots >= other.slots and self.context >= other.context


@dataclass(frozen=True)
class Reply:
    """What came of one request: text and tokens, and whether the answer ended by itself or at a stop
    text (else there were no tokens left); or ``error``."""

    text: str = ""
    tokens: tuple[int, ...] = ()
    ended: bool = False
    error: str = ""


class Cancelling:
    """Ends requests that are being answered: llama.cpp gives up what nobody waits for any more,
    within a second and one step of its computation."""

    def __init__(self) -> None:
        self._open: set[http.client.HTTPConnection] = set()
        self._lock = threading.Lock()
        self.cancelled = False

    @contextlib.contextmanager
    def closing(self, connection: http.client.HTTPConnection) -> Iterator[None]:
        """Close the connection if, while in here, everything is cancelled."""
        with self._lock:
            if self.cancelled:
                raise ConnectionAbortedError
            if connection.sock is None:
                connection.connect()
            self._open.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(connection)

    def cancel(self) -> None:
        """End all of them."""
        with self._lock:
            self.cancelled = True
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)


class Engine:
    """One loaded model.

    Args:
        size: None where only its tokenizer is wanted: no weights are read.
        threads: None for what llama.cpp takes.
        gpu_layers: auto, all or a number.

    Raises:
        HarnessError: xllamacpp is not installed, or llama.cpp cannot load the file; with its reason.
    """

    def __init__(
        self, file: GgufFile, name: str, size: Size | None, threads: int, gpu_layers: str
    ) -> None:
        self.size = size
        self._name = name
        self._key = secrets.token_hex(16)
        self._local = threading.local()

        def start(verbosity: int) -> Any:
            return _start(file, name, size, threads, gpu_layers, self._key, verbosity)

        try:
            self._server = start(_SILENT)
        except RuntimeError:
            # It says no more than that it failed; why stands in its log, so once more with that.
            with _standard_error() as said:
                try:
                    self._server = start(_ERRORS)
                except RuntimeError:
                    raise HarnessError(_why(said(), file, name, size)) from None
        # Stopped before its loop runs it would wait for ever: this is answered by the loop.
        self._server.handle_metrics()

    def complete(self, body: Mapping[str, object], cancelled: Cancelling) -> Reply:
        """Ask for one completion and wait for it."""
        status, said = self._sent("POST", "/completion", {**body, "return_tokens": True}, cancelled)
        if status != 200:
            error = said.get("error", said)
            return Reply(error=f"llama.cpp: {str(error.get('message', error))[:200]}")
        # Its words: eos, word (a stop text), limit.
        ended = said["stop_type"] in ("eos", "word")
        return Reply(said["content"], tuple(said["tokens"]), ended)

    def post(self, path: str, body: Mapping[str, object]) -> Any:
        """Ask for something that is computed at once, and return it.

        Raises:
            HarnessError: it refuses, or does not answer.
        """
        return self._answered("POST", path, body)

    def properties(self) -> Mapping[str, Any]:
        """Return what it says of itself and of the model."""
        properties: Mapping[str, Any] = self._answered("GET", "/props", None)
        return properties

    def _answered(self, method: str, path: str, body: Mapping[str, object] | None) -> Any:
        status, said = self._sent(method, path, body)
        if status != 200:
            raise HarnessError(
                f"{self._name}: llama.cpp refuses {path} ({status}): {str(said)[:200]}"
            )
        return said

    def _sent(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None,
        cancelled: Cancelling | None = None,
    ) -> tuple[int, Any]:
        """Send a request; return the status and what was answered."""
        cancelled = cancelled or Cancelling()
        connection = self._connection()
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        payload = None if body is None else json.dumps(body)
        for last in (False, True):
            try:
                with cancelled.closing(connection):
                    connection.request(method, path, payload, headers)
                    answer = connection.getresponse()
                    return answer.status, json.loads(answer.read())
            except (http.client.RemoteDisconnected, ConnectionError, http.client.CannotSendRequest):
                # It lets go of connections that were idle; the next call opens one.
                connection.close()
                if last or cancelled.cancelled:
                    raise
        raise AssertionError

    def _connection(self) -> http.client.HTTPConnection:
        """Return this thread's connection."""
        if not hasattr(self._local, "connection"):
            host = urlsplit(self._server.listening_address)
            assert host.hostname is not None
            self._local.connection = http.client.HTTPConnection(
                host.hostname, host.port, timeout=_PATIENCE
            )
        connection: http.client.HTTPConnection = self._local.connection
        return connection

    def close(self) -> None:
        """Free its memory. Nothing may be asked any more, nor be in flight."""
        if hasattr(self._local, "connection"):
            self._local.connection.close()
        self._server = None


def _start(
    file: GgufFile,
    name: str,
    size: Size | None,
    threads: int,
    gpu_layers: str,
    key: str,
    verbosity: int,
) -> Any:
    xllamacpp = require_package("xllamacpp", name, "gguf")
    wanted = size or Size(1, 256)
    params = xllamacpp.CommonParams()
    params.model.path = str(file.path)
    params.verbosity = verbosity
    # Its context is divided over the slots.
    params.n_parallel = wanted.slots
    params.n_ctx = wanted.slots * wanted.context
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    # Prompts that are kept change later answers, and take up to 8 GB.
    params.cache_prompt = False
    params.cache_idle_slots = False
    params.cache_ram_mib = 0
    params.n_ctx_checkpoints = 0
    params.slot_prompt_similarity = 0.0
    params.warmup = False
    # Between two steps of its computation requests are given up: a step is no longer than pays.
    params.n_batch = params.n_ubatch
    # Prompts are written by us; a template that llama.cpp cannot read is no reason not to load.
    params.chat_template = "chatml"
    # Nobody else on this machine reads prompts or has answers made.
    params.api_keys = [key]
    params.endpoint_slots = False
    params.endpoint_metrics = True
    params.ui = False
    params.n_threads_http = wanted.slots + 8  # each holds one connection
    if size is None:
        params.n_gpu_layers = 0
        params.no_extra_bufts = True  # would copy the weights into another order
        params.fit_params = False
        return xllamacpp.Server(params)
    params.n_gpu_layers = {"auto": -1, "all": -2}.get(gpu_layers) or int(gpu_layers)
    params.fit_params = gpu_layers == "auto" and has_gpu(xllamacpp)
    return xllamacpp.Server(params)


def has_gpu(xllamacpp: Any) -> bool:
    """Say whether llama.cpp finds another device than the processor."""
    return bool(gpus(xllamacpp))


def gpus(xllamacpp: Any) -> list[Mapping[str, Any]]:
    """Return what it says of each device that is not the processor."""
    kinds = xllamacpp.ggml_backend_dev_type
    taken = (kinds.GGML_BACKEND_DEVICE_TYPE_GPU, kinds.GGML_BACKEND_DEVICE_TYPE_IGPU)
    return [device for device in xllamacpp.get_device_info() if device["type"] in taken]


@contextlib.contextmanager
def _standard_error() -> Iterator[Callable[[], str]]:
    """Keep what is written to the process's standard error, by C++ too; yield what reads it."""
    saved = os.dup(2)
    with tempfile.TemporaryFile() as file:

        def said() -> str:
            end, size = time.monotonic() + _LOG_PATIENCE, -1
            while time.monotonic() < end and size != (size := os.fstat(file.fileno()).st_size):
                time.sleep(_LOG_PATIENCE / 5)
            file.seek(0)
            return file.read().decode("utf-8", "replace")

        os.dup2(file.fileno(), 2)
        try:
            yield said
        finally:
            os.dup2(saved, 2)
            os.close(saved)


def _why(log: str, file: GgufFile, name: str, size: Size | None) -> str:
    """Return in one line why a file cannot be loaded, from what llama.cpp wrote about it."""
    told = [match[1].strip() for line in log.splitlines() if (match := _LOG_LINE.match(line))]
    reasons = [line for line in told if not any(idle in line for idle in _IDLE)]
    reason = reasons[0][:240] if reasons else "llama.cpp gives no reason"
    lower = " ".join(reasons).lower()
    if "not within the file bounds" in lower:
        return (
            f"{name}: the file is cut off or damaged ({reason}); copy or download it again "
            f"({file.size:,} bytes here)"
        )
    if "unknown model architecture" in lower:
        return (
            f"{name}: this llama.cpp does not know its architecture '{file.architecture}'; install a "
            "newer xllamacpp"
        )
    if size is not None and ("alloc" in lower or "out of memory" in lower):
        return (
            f"{name}: it does not fit the memory with {size.slots} slots of {size.context} tokens "
            f"({reason}); write slots=1, a smaller max_length, or take a smaller file"
        )
    return f"{name}: llama.cpp cannot load it: {reason}"
