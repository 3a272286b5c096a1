"""What becomes of requests, of batches, and of calls at :class:`tests.batch_server.BatchServer`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Line:
    """A line of a batch's file."""

    custom_id: str
    url: str
    body: Mapping[str, Any]

    @property
    def prompt(self) -> str:
        if "messages" in self.body:
            return str(self.body["messages"][-1]["content"])
        return str(self.body["prompt"])


@dataclass(frozen=True)
class Result:
    """What becomes of a request: ``lines`` go to the batch's ``file``, ``charged`` says whether the
    server takes money for it."""

    lines: tuple[bytes, ...]
    file: Literal["output", "error"] = "output"
    charged: bool = True


def _row(line: Line, response: Any, error: Any = None, custom_id: str = "") -> bytes:
    row = {"id": "batch_req", "custom_id": custom_id or line.custom_id}
    return json.dumps({**row, "response": response, "error": error}).encode() + b"\n"


def answer(
    line: Line, text: str = "", usage: tuple[int, int] | None = (10, 5), **more: Any
) -> Result:
    """A good answer (default: an echo of the prompt)."""
    text = text or f"No. Reasoning: echo of {line.prompt[-40:]}"
    choice: dict[str, Any] = {"index": 0, "finish_reason": more.pop("finish_reason", "stop")}
    if line.url.endswith("/chat/completions"):
        choice["message"] = {"role": "assistant", "content": text, "refusal": None}
    else:
        choice["text"] = text
    body: dict[str, Any] = {"id": "c", "model": f"{line.body['model']}-served", "choices": [choice]}
    body |= {"system_fingerprint": "fp_batch", **more}
    if usage is not None:
        body["usage"] = {"prompt_tokens": usage[0], "completion_tokens": usage[1]}
    return Result((_row(line, {"status_code": 200, "request_id": "r", "body": body}),))


def refused(line: Line, status: int, message: str = "", **error: Any) -> Result:
    """An HTTP error for this request alone; ``error`` adds fields (``code=``, ``param=``)."""
    body = {"error": {"message": message or f"error {status}", "type": "error", **error}}
    response = {"status_code": status, "request_id": "r", "body": body}
    return Result((_row(line, response),), "error", charged=False)


def not_run(line: Line, code: str, message: str = "not run") -> Result:
    """A line without an HTTP answer, as for what expired."""
    return Result((_row(line, None, {"code": code, "message": message}),), "error", charged=False)


def wrong_form(line: Line) -> Result:
    """An answer, charged, that is no completion."""
    return Result((_row(line, {"status_code": 200, "body": {"result": "Yes"}}),))


def garbled(line: Line) -> Result:
    """An answer, charged, whose line was cut."""
    return Result((answer(line).lines[0][:60] + b"\n",))


def silent(line: Line) -> Result:
    """An answer, charged, that is in no file."""
    return Result(())


def doubled(line: Line) -> Result:
    """An answer that comes twice, charged once."""
    return Result(answer(line).lines + answer(line, "The second.").lines)


def with_stranger(line: Line) -> Result:
    """An answer beside one that nobody asked for."""
    stranger = Line("stranger", line.url, line.body)
    return Result(answer(line).lines + answer(stranger, "Who?").lines)


@dataclass(frozen=True)
class End:
    """What becomes of a batch. ``run``: how many of its requests are executed (None: all); the others
    expire or are cancelled with it, of which lines tell if ``told``. ``errors`` are those of a batch
    that fails. ``looks`` it is in progress for; ``nameless``: looks at which it is done and names no
    file yet."""

    status: Literal["completed", "failed", "expired", "cancelled"] = "completed"
    run: int | None = None
    errors: tuple[Mapping[str, Any], ...] = ()
    looks: int = 0
    nameless: int = 0
    told: bool = True


def failed(code: str, message: str = "no", *lines: int) -> End:
    """A batch that is refused as a whole, because of these lines if any are named."""
    rows = [{"code": code, "message": message, "line": line, "param": None} for line in lines]
    return End("failed", 0, tuple(rows or [{"code": code, "message": message}]))


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one call. ``done``: the server does what it was asked for all the same.
    ``action``: ``reply`` sends ``status`` and ``body``; ``hang`` waits until the server ends or the
    client is gone; ``reset`` is a TCP reset; ``cut`` ends in the middle of the body, and ``stall`` sends
    nothing more from there."""

    action: Literal["reply", "hang", "reset", "cut", "stall"] = "reply"
    status: int = 500
    body: bytes = b'{"error": {"message": "it broke", "type": "server_error"}}'
    headers: Mapping[str, str] = field(default_factory=dict)
    done: bool = False


def garbled_reply(done: bool = True) -> Fault:
    return Fault(status=200, body=b'{"id": "ba', done=done)
