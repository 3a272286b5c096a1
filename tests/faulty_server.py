"""A real HTTP server on loopback that speaks the OpenAI wire form and misbehaves as told.

It listens on a real socket and answers ``POST /v1/chat/completions``, ``POST /v1/completions`` and
``GET /v1/models``. What it answers is a *script*: a function ``(Asked) -> Reply``, or a list of
replies given in turn (the last one goes on). It records every request and how many were in flight.
Bodies may be packed with gzip, sent byte by byte, or of another content type; streams of events are
built in ``tests/event_streams.py``.

In a thread, for tests::

    with FaultyServer([status(429, retry_after="1"), answer("Yes, it does.")]) as server:
        client = OpenAI(base_url=server.url, api_key="x")
    assert len(server.asked) == 2

As a process of its own, for measurements and for tests that kill things::

    python tests/faulty_server.py --latency 0.2 --fault 429=0.1 --fault hang=0.05 --log asked.jsonl

which prints the base URL as its first line, and on SIGTERM ends. ``GET /recorded`` tells
``{"requests": N, "max_in_flight": M}``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gzip
import hashlib
import json
import random
import signal
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO


@dataclass(frozen=True)
class Asked:
    """A request as it came in. ``index`` counts from 0 over all POSTs; ``at`` is monotonic
    seconds; ``headers`` have lower-case names."""

    index: int
    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    at: float
    query: str = ""

    @property
    def prompt(self) -> str:
        """The text asked: the last message, or the completion prompt."""
        if "messages" in self.body:
            return str(self.body["messages"][-1]["content"])
        return str(self.body.get("prompt", ""))


@dataclass(frozen=True)
class Reply:
    """What to do with a request.

    After ``latency`` seconds: ``action`` ``reply`` sends ``status``, ``headers`` and ``body``
    (bytes as they are, anything else as JSON), packed with gzip if ``packed``, and where ``pace`` is
    not 0 one byte at a time, so many seconds apart; ``hang`` keeps the connection open for ever;
    ``reset`` closes it with a TCP reset; ``close`` ends it in the middle of the body.
    ``text`` given instead of a body: a well-formed answer of the asked form is built around it.
    """

    status: int = 200
    text: str | None = None
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    latency: float = 0.0
    action: str = "reply"
    finish_reason: str = "stop"
    refusal: str | None = None
    usage: tuple[int, int] | str | None = "counted"
    model: str | None = None
    content_type: str = "application/json"
    packed: bool = False
    pace: float = 0.0

    def after(self, seconds: float) -> Reply:
        """The same reply, ``seconds`` later."""
        return replace(self, latency=seconds)


def answer(text: str, **more: Any) -> Reply:
    """A good answer; ``usage=(prompt, completion)`` or None to report no usage."""
    return Reply(text=text, **more)


def status(status: int, message: str = "", *, retry_after: str = "", **error: Any) -> Reply:
    """An error with an OpenAI error body; ``error`` adds fields (``code=``, ``param=``)."""
    body = {"error": {"message": message or f"error {status}", "type": "error", **error}}
    return Reply(status, body=body, headers={"Retry-After": retry_after} if retry_after else {})


def hang() -> Reply:
    """Never answer."""
    return Reply(action="hang")


def reset() -> Reply:
    """Reset the connection."""
    return Reply(action="reset")


def cut_off() -> Reply:
    """Promise a long body and close in the middle of it."""
    return Reply(action="close", body=b'{"choices": [{"mess')


def garbled() -> Reply:
    """A body that is not JSON, with the content type of JSON."""
    return Reply(body=b'{"id": "x", "choices": [{"message": {"content": "Yes, th')


def wrong_form(body: Any = None) -> Reply:
    """JSON, but not a completion."""
    return Reply(body={"result": "Yes"} if body is None else body)


def empty_choices() -> Reply:
    """A completion without a choice."""
    return Reply(body={"id": "x", "object": "chat.completion", "model": "m", "choices": []})


def null_content() -> Reply:
    """A choice whose message has neither content nor refusal."""
    message = {"role": "assistant", "content": None}
    return Reply(body={"model": "m", "choices": [{"finish_reason": "stop", "message": message}]})


def filtered() -> Reply:
    """An answer that was held back by a content filter."""
    return Reply(text="", finish_reason="content_filter")


def refused(text: str = "I cannot help with that.") -> Reply:
    """A refusal in the field made for it."""
    return Reply(refusal=text)


FAULTS: Mapping[str, Callable[[], Reply]] = {
    "429": lambda: status(429, "slow down", retry_after="0.2"),
    "400": lambda: status(400, "bad request"),
    "500": lambda: status(500),
    "503": lambda: status(503, retry_after="0.1"),
    "hang": hang,
    "reset": reset,
    "cut": cut_off,
    "garbled": garbled,
    "form": wrong_form,
    "empty": empty_choices,
    "null": null_content,
    "filter": filtered,
    "refusal": refused,
}

Script = Callable[[Asked], Reply] | Sequence[Reply]

PATHS = ("/v1/chat/completions", "/v1/completions")


def echo(asked: Asked) -> Reply:
    """Answer with the prompt's last 40 characters: each answer can be told from the others."""
    return answer(f"No. Reasoning: echo of {asked.prompt[-40:]}")


def mixed(shares: Mapping[str, float], seed: int = 0, latency: float = 0.0,
          good: Callable[[Asked], Reply] = echo) -> Callable[[Asked], Reply]:  # fmt: skip
    """A script in which each request meets fault ``name`` with probability ``shares[name]``.

    The draw depends on the seed and the request's number only.
    """
    unknown = sorted(set(shares) - set(FAULTS))
    if unknown or sum(shares.values()) > 1:
        raise ValueError(f"faults {unknown or shares}: expected shares of {', '.join(FAULTS)}")

    def script(asked: Asked) -> Reply:
        draw = random.Random(f"{seed}/{asked.index}").random()
        for name, share in shares.items():
            if draw < share:
                return FAULTS[name]().after(latency)
            draw -= share
        return good(asked).after(latency)

    return script


class FaultyServer:
    """The server; a context manager that runs it in a thread of its own.

    ``asked`` lists the POSTs in order; ``max_in_flight`` is the most that were being answered at
    one time; ``url`` is the base URL (``http://127.0.0.1:PORT/v1``), ``root`` the same without
    ``/v1``. What is asked at other ``paths`` than these is answered with 404 (None: at any path).
    ``places`` answer what is looked up (GET) by path; ``looked_up`` lists those paths.
    """

    def __init__(
        self,
        script: Script = echo,
        port: int = 0,
        log: TextIO | None = None,
        paths: Sequence[str] | None = PATHS,
        places: Mapping[str, Reply] | None = None,
    ) -> None:
        self.script = script
        self.port = port
        self.paths = paths
        self.places = places or {}
        self.looked_up: list[str] = []
        self.asked: list[Asked] = []
        self.in_flight = 0
        self.max_in_flight = 0
        self._log = log
        self._connections: set[asyncio.Task[Any]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.root}/v1"

    @property
    def prompts(self) -> list[str]:
        return [asked.prompt for asked in self.asked]

    def __enter__(self) -> FaultyServer:
        started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self.serve(started.set)))
        self._thread.start()
        if not started.wait(10):
            raise RuntimeError("the server did not start within 10 s")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._loop is not None and self._stop is not None and self._thread is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    async def serve(self, started: Callable[[], None]) -> None:
        """Serve until stopped; calls ``started`` once the port is known."""
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._connection, "127.0.0.1", self.port, backlog=1024)
        self.port = server.sockets[0].getsockname()[1]
        started()
        await self._stop.wait()
        server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def stop(self) -> None:
        """Stop serving; call it in the server's own loop."""
        assert self._stop is not None
        self._stop.set()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(task)
            with contextlib.suppress(Exception):
                writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Read one request and answer it; False where the connection is to end."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines if line)
        }
        raw = await reader.readexactly(int(headers.get("content-length", "0")))
        path, _, query = target.partition("?")
        if method == "GET":
            self.looked_up.append(path)
            if path in self.places:
                place = self.places[path]
                await _send(writer, place.status, place.body, place.headers)
            else:
                await _send(writer, *self._look_up(path))
            return True
        try:
            body = json.loads(raw or b"{}")
        except ValueError:
            await _send(writer, 400, {"error": {"message": "the request is not JSON"}})
            return True
        asked = Asked(len(self.asked), path, headers, body, time.monotonic(), query)
        self.asked.append(asked)
        if self._log is not None:
            self._log.write(json.dumps({"path": path, "body": body}) + "\n")
            self._log.flush()
        if self.paths is not None and path not in self.paths:
            await _send(writer, 404, {"error": {"message": f"no such path: {path}"}})
            return True
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        try:
            return await _perform(self._reply_to(asked), asked, writer)
        finally:
            self.in_flight -= 1

    def _reply_to(self, asked: Asked) -> Reply:
        if callable(self.script):
            return self.script(asked)
        return self.script[min(asked.index, len(self.script) - 1)]

    def _look_up(self, path: str) -> tuple[int, Any]:
        if path == "/v1/models":
            return 200, {"object": "list", "data": [{"id": "faulty", "object": "model"}]}
        if path == "/recorded":
            return 200, {"requests": len(self.asked), "max_in_flight": self.max_in_flight}
        return 404, {"error": {"message": f"no such path: {path}"}}


async def _perform(reply: Reply, asked: Asked, writer: asyncio.StreamWriter) -> bool:
    if reply.latency:
        await asyncio.sleep(reply.latency)
    if reply.action == "hang":
        await asyncio.Event().wait()
    if reply.action == "reset":
        # SO_LINGER of 0 s turns the close into a TCP reset.
        linger = struct.pack("ii", 1, 0)
        import socket

        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()
        return False
    if reply.action == "close":
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {reply.content_type}\r\n".encode("latin-1"))
        writer.write(b"Content-Length: 5000\r\n\r\n" + reply.body)
        await writer.drain()
        return False
    built = reply.body is None and (reply.text is not None or reply.refusal is not None)
    await _send(
        writer,
        reply.status,
        _completion(reply, asked) if built else reply.body,
        {"Content-Type": reply.content_type, **reply.headers},
        reply.packed,
        reply.pace,
    )
    return True


async def _send(
    writer: asyncio.StreamWriter,
    code: int,
    body: Any,
    headers: Mapping[str, str] | None = None,
    packed: bool = False,
    pace: float = 0.0,
) -> None:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {code} Status"]
    if packed:
        payload = gzip.compress(payload)
        lines += ["Content-Encoding: gzip"]
    lines += [f"Content-Length: {len(payload)}"]
    fields = {"Content-Type": "application/json"} | dict(headers or {})
    lines += [f"{name}: {value}" for name, value in fields.items()]
    writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n")
    for piece in [payload] if not pace else [payload[i : i + 1] for i in range(len(payload))]:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(pace)


def _completion(reply: Reply, asked: Asked) -> dict[str, Any]:
    chat = asked.path.endswith("/chat/completions")
    choice: dict[str, Any] = {"index": 0, "finish_reason": reply.finish_reason}
    if chat:
        choice["message"] = {"role": "assistant", "content": reply.text, "refusal": reply.refusal}
    else:
        choice["text"] = reply.text
    body: dict[str, Any] = {
        "id": "faulty-" + hashlib.sha256(asked.prompt.encode()).hexdigest()[:12],
        "object": "chat.completion" if chat else "text_completion",
        "created": 0,
        "model": reply.model or f"{asked.body.get('model')}-served",
        "system_fingerprint": "fp_faulty",
        "choices": [choice],
    }
    if reply.usage is not None:
        prompt, completion = (
            (len(asked.prompt.split()), len((reply.text or "").split()))
            if isinstance(reply.usage, str)
            else reply.usage
        )
        body["usage"] = {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        }
    return body


@contextlib.contextmanager
def server_process(*arguments: str) -> Iterator[str]:
    """Run the server as a process of its own; gives its base URL."""
    import subprocess

    process = subprocess.Popen(
        [sys.executable, __file__, *arguments], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        if not url:
            raise RuntimeError(f"the server did not start: {' '.join(arguments)}")
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _share(text: str) -> tuple[str, float]:
    name, _, share = text.partition("=")
    if name not in FAULTS:
        raise argparse.ArgumentTypeError(f"{name}: expected one of {', '.join(FAULTS)}")
    return name, float(share or 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each reply")
    parser.add_argument("--fault", type=_share, action="append", default=[], metavar="NAME=SHARE")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--answer", help="answer this text (default: an echo of the prompt)")
    parser.add_argument("--log", type=Path, help="append every request to this JSONL file")
    options = parser.parse_args()

    def fixed(asked: Asked) -> Reply:
        return answer(options.answer)

    good = fixed if options.answer is not None else echo
    script = mixed(dict(options.fault), options.seed, options.latency, good)
    with contextlib.ExitStack() as stack:
        log = stack.enter_context(options.log.open("a")) if options.log else None
        server = FaultyServer(script, options.port, log)

        async def serve() -> None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.stop)
            await server.serve(lambda: print(server.url, flush=True))

        asyncio.run(serve())


if __name__ == "__main__":
    main()
