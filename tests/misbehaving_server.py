"""A real HTTP server on loopback that misbehaves as told; what it serves is up to who inherits it.

Clients may come and go (and be killed): everything is kept until the server ends. What goes wrong is
told by ``faults``, in turn for each endpoint.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.batch_results import Fault


@dataclass(frozen=True)
class Called:
    """A call as it came in; ``at`` in monotonic seconds."""

    endpoint: str
    headers: Mapping[str, str]
    at: float


@dataclass(frozen=True)
class Asked:
    """A request: its path without the query, and header names in small letters."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answered:
    """What is answered: bytes as they are, anything else as JSON."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def data(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class MisbehavingServer:
    """The server; a context manager that runs it in threads of its own. ``called`` lists the calls in
    order."""

    def __init__(self) -> None:
        self.faults: dict[str, deque[Fault | None]] = defaultdict(deque)
        self.called: list[Called] = []
        self._lock = threading.RLock()
        self._ending = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    def route(self, asked: Asked) -> tuple[str, Callable[[], Answered]]:
        """Return the name of the endpoint, and what it does."""
        raise NotImplementedError

    @property
    def host(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def calls(self, endpoint: str) -> int:
        return sum(call.endpoint == endpoint for call in self.called)

    def wait_for(self, holds: Callable[[], bool], seconds: float = 20) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, f"not so within {seconds} s"
            time.sleep(0.005)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body in one piece: apart, they would be 40 ms apart.
            wbufsize = -1

            def log_message(self, *_: Any) -> None:
                pass

            def do_GET(self) -> None:
                outer._serve(self, b"")

            def do_POST(self) -> None:
                outer._serve(self, self.rfile.read(int(self.headers["content-length"] or 0)))

        return Handler

    def _serve(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        parts = urlsplit(handler.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in handler.headers.items()}
        endpoint, act = self.route(Asked(handler.command, parts.path, query, headers, body))
        with self._lock:
            faults = self.faults[endpoint]
            fault = faults.popleft() if faults else None
            answered = Answered(0, None)
            if fault is None or fault.done:
                answered = act()
            # Written down when it is done: who sees the call finds its effect.
            self.called.append(Called(endpoint, headers, time.monotonic()))
        if fault is None:
            _send(handler, answered.status, answered.data, answered.headers)
        elif fault.action == "reply":
            _send(handler, fault.status, fault.body, fault.headers)
        elif fault.action == "hang":
            self._ending.wait(60)
            handler.close_connection = True
        elif fault.action == "reset":
            handler.close_connection = True
            linger = struct.pack("ii", 1, 0)
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            handler.connection.close()
        else:
            handler.close_connection = True
            data = answered.data
            head = (
                f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(data)}"
            )
            handler.wfile.write(head.encode() + b"\r\n\r\n" + data[: len(data) // 2])
            handler.wfile.flush()
            if fault.action == "stall":
                self._ending.wait(60)


def _send(
    handler: BaseHTTPRequestHandler, status: int, data: bytes, more: Mapping[str, str] | None = None
) -> None:
    try:
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(data)))
        for name, value in (more or {}).items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(data)
        handler.wfile.flush()
    except ConnectionError:  # the client was killed
        handler.close_connection = True
