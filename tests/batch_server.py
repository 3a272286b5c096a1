"""A real HTTP server on loopback that speaks the Files and Batch interfaces and misbehaves as told.

It takes files (``POST /v1/files``, multipart), makes batches of them (``POST /v1/batches``), lists and
shows them (``GET /v1/batches``, ``GET /v1/batches/ID``) and gives their files out
(``GET /v1/files/ID/content``). It checks what OpenAI checks of a batch. A batch is executed, and
**charged**, the moment it is made; how long it then pretends to work is counted in looks at it.
Clients may come and go (and be killed): everything is kept until the server ends. ::

    with BatchServer() as server:
        ...
    assert server.charged == {"Is post 0 sad?": 1}

What becomes of a request is told by ``answers``, a function of its line; what becomes of the batches,
in turn, by ``ends``; what goes wrong on the way, in turn for each endpoint, by ``faults``.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from tests.batch_results import End, Fault, Line, Result, answer, not_run

Endpoint = Literal["upload", "create", "list", "retrieve", "download"]
PAGE = 20


@dataclass
class Made:
    """A batch. ``results`` are those of its lines, in order."""

    number: int
    shown: dict[str, Any]
    lines: Sequence[Line]
    end: End
    looks: int = 0


@dataclass(frozen=True)
class Called:
    """A call as it came in; ``at`` in monotonic seconds."""

    endpoint: str
    headers: Mapping[str, str]
    at: float


class BatchServer:
    """The server; a context manager that runs it in threads of its own.

    ``called`` lists the calls in order; ``charged`` counts, by prompt, what was charged;
    ``queue`` is how many requests may wait in batches that are not done, ``most`` how many one batch
    may hold. It ``forgets`` a batch's ``metadata`` or ``input_file_id``, as gateways may.
    """

    def __init__(
        self,
        answers: Callable[[Line], Result] = answer,
        ends: Iterable[End] = (),
        queue: int = 10**9,
        most: int = 50_000,
        forgets: str = "",
    ) -> None:
        self.answers = answers
        self.ends = deque(ends)
        self.faults: dict[str, deque[Fault | None]] = defaultdict(deque)
        self.called: list[Called] = []
        self.charged: Counter[str] = Counter()
        self.files: dict[str, bytes] = {}
        self.purposes: dict[str, str] = {}
        self.made: dict[str, Made] = {}
        self.unlisted = 0
        """How many lists come before a new batch is in them."""
        self._queue, self._most, self._forgets = queue, most, forgets
        self._lock = threading.RLock()
        self._ending = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def calls(self, endpoint: Endpoint) -> int:
        return sum(call.endpoint == endpoint for call in self.called)

    def wait_for(self, holds: Callable[[], bool], seconds: float = 20) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, f"not so within {seconds} s"
            time.sleep(0.005)

    def __enter__(self) -> BatchServer:
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

    # --- what is done ----------------------------------------------------------------------------

    def upload(self, content: bytes, purpose: str) -> tuple[int, Any]:
        if purpose != "batch":
            return 400, {"error": {"message": f"purpose {purpose!r}"}}
        id = f"file-in-{len(self.files)}"
        self.files[id], self.purposes[id] = content, purpose
        return 200, {"id": id, "object": "file", "bytes": len(content), "purpose": purpose}

    def create(self, asked: Mapping[str, Any]) -> tuple[int, Any]:
        file = asked.get("input_file_id")
        if file not in self.purposes:
            return 400, {"error": {"message": f"No such File object: {file}"}}
        if asked.get("completion_window") != "24h":
            return 400, {"error": {"message": "completion_window: expected 24h"}}
        number = len(self.made) + 1
        lines, errors = _checked(self.files[file], str(asked["endpoint"]), self._most)
        waiting = sum(
            len(made.lines) for made in self.made.values() if made.shown["status"] == "in_progress"
        )
        if not errors and waiting + len(lines) > self._queue:
            errors = [{"code": "token_limit_exceeded", "message": "Enqueued token limit reached"}]
        end = self.ends.popleft() if self.ends and not errors else End()
        if errors:
            end = End("failed", 0, tuple(errors))
        shown = {
            "id": f"batch_{number}",
            "object": "batch",
            "endpoint": asked["endpoint"],
            "input_file_id": file,
            "metadata": asked.get("metadata"),
            "created_at": int(time.time()),
            "status": "in_progress",
            "errors": None,
            "output_file_id": None,
            "error_file_id": None,
        }
        if self._forgets:
            shown[self._forgets] = None
        made = Made(number, shown, lines, end)
        self.made[shown["id"]] = made
        self._execute(made)
        return 200, self._show(made, 0)

    def _execute(self, made: Made) -> None:
        """Answer, charge, and write the files (which are named when the batch is done)."""
        run = len(made.lines) if made.end.run is None else made.end.run
        results = []
        for number, line in enumerate(made.lines):
            if number < run:
                result = self.answers(line)
                self.charged[line.prompt] += result.charged
                results.append(result)
            elif made.end.told and made.end.status in ("expired", "cancelled"):
                results.append(not_run(line, f"batch_{made.end.status}"))
        for kind in ("output", "error"):
            data = b"".join(row for r in results if r.file == kind for row in r.lines)
            if data:
                self.files[f"file-{kind}-{made.number}"] = data
        made.shown["request_counts"] = {
            "total": len(made.lines),
            "completed": sum(r.file == "output" for r in results),
            "failed": sum(r.file == "error" for r in results),
        }

    def _show(self, made: Made, looks: int) -> dict[str, Any]:
        made.looks += looks
        if made.looks > made.end.looks:
            made.shown["status"] = made.end.status
            if made.end.errors:
                made.shown["errors"] = {"object": "list", "data": list(made.end.errors)}
        if made.looks > made.end.looks + made.end.nameless:
            for kind in ("output", "error"):
                if (id := f"file-{kind}-{made.number}") in self.files:
                    made.shown[f"{kind}_file_id"] = id
        return dict(made.shown)

    def retrieve(self, id: str) -> tuple[int, Any]:
        if id not in self.made:
            return 404, {"error": {"message": f"No batch found with id '{id}'."}}
        return 200, self._show(self.made[id], 1)

    def list(self, after: str, limit: int) -> tuple[int, Any]:
        if self.unlisted:
            self.unlisted -= 1
            return 200, {"object": "list", "data": [], "has_more": False}
        newest = [self._show(made, 0) for made in reversed(self.made.values())]
        ids = [one["id"] for one in newest]
        start = ids.index(after) + 1 if after in ids else 0
        page = newest[start : start + min(limit, PAGE)]
        more = start + len(page) < len(newest)
        return 200, {"object": "list", "data": page, "has_more": more}

    def download(self, id: str) -> tuple[int, Any]:
        if id not in self.files:
            return 404, {"error": {"message": f"No such File object: {id}"}}
        return 200, self.files[id]

    # --- HTTP ------------------------------------------------------------------------------------

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
                outer._serve(self, self.rfile.read(int(self.headers["content-length"])))

        return Handler

    def _serve(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        parts = urlsplit(handler.path)
        path, query = parts.path, {k: v[0] for k, v in parse_qs(parts.query).items()}
        endpoint, act = self._route(handler, path, query, body)
        headers = {name.lower(): value for name, value in handler.headers.items()}
        with self._lock:
            faults = self.faults[endpoint]
            fault = faults.popleft() if faults else None
            status, answered = 0, None
            if fault is None or fault.done:
                status, answered = act()
            # Written down when it is done: who sees the call finds its effect.
            self.called.append(Called(endpoint, headers, time.monotonic()))
        data = answered if isinstance(answered, bytes) else json.dumps(answered).encode()
        if fault is None:
            _send(handler, status, data)
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
            head = (
                f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(data)}"
            )
            handler.wfile.write(head.encode() + b"\r\n\r\n" + data[: len(data) // 2])

    def _route(
        self, handler: BaseHTTPRequestHandler, path: str, query: Mapping[str, str], body: bytes
    ) -> tuple[str, Callable[[], tuple[int, Any]]]:
        match handler.command, path.removeprefix("/v1/").split("/"):
            case "POST", ["files"]:
                parsed = _multipart(handler.headers["content-type"], body)
                return "upload", lambda: self.upload(parsed["file"], parsed["purpose"].decode())
            case "POST", ["batches"]:
                return "create", lambda: self.create(json.loads(body))
            case "GET", ["batches"]:
                limit = int(query.get("limit", PAGE))
                return "list", lambda: self.list(query.get("after", ""), limit)
            case "GET", ["batches", id]:
                return "retrieve", lambda: self.retrieve(id)
            case "GET", ["files", id, "content"]:
                return "download", lambda: self.download(id)
        return "other", lambda: (404, {"error": {"message": f"no such path: {path}"}})


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


def _multipart(content_type: str, body: bytes) -> dict[str, bytes]:
    """Return the parts of a form by their names."""
    boundary = content_type.partition("boundary=")[2].strip('"').encode()
    parts = {}
    for part in body.split(b"--" + boundary)[1:-1]:
        head, _, content = part.strip(b"\r\n").partition(b"\r\n\r\n")
        name = head.partition(b'name="')[2].partition(b'"')[0].decode()
        parts[name] = content
    return parts


def _checked(data: bytes, endpoint: str, most: int) -> tuple[list[Line], list[dict[str, Any]]]:
    """Return the lines of a file, and what OpenAI finds wrong with them."""
    lines: list[Line] = []
    errors: list[dict[str, Any]] = []
    seen: set[str] = set()
    for number, raw in enumerate(data.splitlines(), start=1):
        try:
            row = json.loads(raw)
        except ValueError:
            errors.append({"code": "invalid_json_line", "line": number, "message": "not JSON"})
            continue
        wrong = (
            ("duplicate_custom_id", row["custom_id"] in seen),
            ("invalid_method", row["method"] != "POST"),
            ("url_mismatch", row["url"] != endpoint),
        )
        errors += [{"code": code, "line": number, "message": code} for code, bad in wrong if bad]
        seen.add(row["custom_id"])
        lines.append(Line(row["custom_id"], row["url"], row["body"]))
    if not lines:
        errors.append({"code": "empty_file", "line": None, "message": "empty"})
    if len(lines) > most:
        errors.append({"code": "too_many_tasks", "line": None, "message": f"over {most}"})
    return lines, errors
