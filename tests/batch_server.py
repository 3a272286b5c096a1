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
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tests.batch_results import End, Line, Result, answer, not_run
from tests.misbehaving_server import Answered, Asked, MisbehavingServer

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


class BatchServer(MisbehavingServer):
    """The server. ``charged`` counts, by prompt, what was charged; ``queue`` is how many requests may
    wait in batches that are not done, ``most`` how many one batch may hold. It ``forgets`` a batch's
    ``metadata`` or ``input_file_id``, as gateways may."""

    def __init__(
        self,
        answers: Callable[[Line], Result] = answer,
        ends: Iterable[End] = (),
        queue: int = 10**9,
        most: int = 50_000,
        forgets: str = "",
    ) -> None:
        super().__init__()
        self.answers = answers
        self.ends = deque(ends)
        self.charged: Counter[str] = Counter()
        self.files: dict[str, bytes] = {}
        self.purposes: dict[str, str] = {}
        self.made: dict[str, Made] = {}
        self.unlisted = 0
        """How many lists come before a new batch is in them."""
        self._queue, self._most, self._forgets = queue, most, forgets

    @property
    def url(self) -> str:
        return f"{self.host}/v1"

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

    def route(self, asked: Asked) -> tuple[str, Callable[[], Answered]]:
        endpoint, act = self._route(asked)
        return endpoint, lambda: Answered(*act())

    def _route(self, asked: Asked) -> tuple[str, Callable[[], tuple[int, Any]]]:
        match asked.method, asked.path.removeprefix("/v1/").split("/"):
            case "POST", ["files"]:
                parsed = _multipart(asked.headers["content-type"], asked.body)
                return "upload", lambda: self.upload(parsed["file"], parsed["purpose"].decode())
            case "POST", ["batches"]:
                return "create", lambda: self.create(json.loads(asked.body))
            case "GET", ["batches"]:
                limit = int(asked.query.get("limit", PAGE))
                return "list", lambda: self.list(asked.query.get("after", ""), limit)
            case "GET", ["batches", id]:
                return "retrieve", lambda: self.retrieve(id)
            case "GET", ["files", id, "content"]:
                return "download", lambda: self.download(id)
        return "other", lambda: (404, {"error": {"message": f"no such path: {asked.path}"}})


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
