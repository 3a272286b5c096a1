"""A server on loopback that costs next to nothing, so that what is measured is who asks it.

It speaks as much HTTP as it takes to answer ``POST`` with one fixed completion of chat messages after a
latency, or with an error; of what it is sent it reads the length and nothing else. Which requests meet
an error depends on the seed and on how many came before. ``GET .../recorded`` tells how many were
answered and the seconds from the first request to the last answer; what was asked before ``GET .../reset``
does not count. Run by itself it prints its base URL, and ends with its standard input::

    python benchmarks/loopback_server.py --latency 0.2 --fault 429=0.05 --fault 500=0.05
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

ANSWER = "No, the poster does not suffer from it. Reasoning: " + " ".join(["because"] * 60)


class Book:
    """What is answered, and what was: counts, and monotonic seconds."""

    def __init__(
        self, latency: float, faults: dict[int, float], retry_after: float | None, seed: int
    ) -> None:
        self.latency = latency
        self._good = _reply(200, _completion())
        self._faults = faults
        self._replies = {
            status: _reply(status, {"error": {"message": f"error {status}"}}, retry_after)
            for status in faults
        }
        self._seed = seed
        self.reset()

    def reset(self) -> None:
        self._random = random.Random(self._seed)
        self.asked = self.answered = self.failed = self.open = self.most_open = 0
        self.first = self.last = 0.0

    def begin(self) -> bytes:
        """Take note of a request; return what it will be answered."""
        if not self.asked:
            self.first = time.monotonic()
        self.asked += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        if self._faults:
            drawn = self._random.random()
            for status, share in self._faults.items():
                if drawn < share:
                    self.failed += 1
                    return self._replies[status]
                drawn -= share
        self.answered += 1
        return self._good

    def end(self) -> None:
        self.open -= 1
        self.last = time.monotonic()

    def recorded(self) -> bytes:
        return _reply(
            200,
            {
                "answered": self.answered,
                "failed": self.failed,
                "most_in_flight": self.most_open,
                "seconds": self.last - self.first,
            },
        )


class Exchange(asyncio.Protocol):
    """One connection. Requests come one after the other on it."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._came = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        came = self._came
        came += data
        while (end := came.find(b"\r\n\r\n")) >= 0:
            head = bytes(came[:end]).lower()
            whole = end + 4 + _length(head)
            if len(came) < whole:
                return
            del came[:whole]
            if head.startswith(b"get"):
                self._look_up(head.split(b" ", 2)[1])
            else:
                self._answer()

    def _look_up(self, path: bytes) -> None:
        if path.endswith(b"/reset"):
            self._book.reset()
        known = path.endswith((b"/recorded", b"/reset"))
        self._transport.write(self._book.recorded() if known else _reply(404, {}))

    def _answer(self) -> None:
        reply = self._book.begin()
        if self._book.latency:
            asyncio.get_running_loop().call_later(self._book.latency, self._send, reply)
        else:
            self._send(reply)

    def _send(self, reply: bytes) -> None:
        self._book.end()
        self._transport.write(reply)


def _length(head: bytes) -> int:
    _, found, rest = head.partition(b"content-length:")
    return int(rest.split(b"\r\n", 1)[0]) if found else 0


def _completion() -> dict[str, object]:
    message = {"role": "assistant", "content": ANSWER, "refusal": None}
    return {
        "id": "loopback",
        "object": "chat.completion",
        "created": 0,
        "model": "m",
        "system_fingerprint": "fp_loopback",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 200, "completion_tokens": 70, "total_tokens": 270},
    }


def _reply(status: int, body: object, retry_after: float | None = None) -> bytes:
    data = json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Status", "Content-Type: application/json"]
    if retry_after is not None and status in (429, 503):
        lines.append(f"Retry-After: {retry_after:g}")
    lines.append(f"Content-Length: {len(data)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


@contextlib.contextmanager
def loopback_server(*arguments: str) -> Iterator[str]:
    """Run the server as a process of its own; gives its base URL."""
    process = subprocess.Popen(
        [sys.executable, __file__, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        url = process.stdout.readline().strip()
        if not url:
            raise RuntimeError(f"the server did not start: {' '.join(arguments)}")
        yield url
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


def _share(text: str) -> tuple[int, float]:
    status, _, share = text.partition("=")
    return int(status), float(share)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each reply")
    parser.add_argument("--fault", type=_share, action="append", default=[], metavar="STATUS=SHARE")
    parser.add_argument("--retry-after", type=float, help="seconds, told with 429 and 503")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    book = Book(options.latency, dict(options.fault), options.retry_after, options.seed)

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Exchange(book), "127.0.0.1", 0, backlog=1024)
        print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
        # Whoever started it may be killed: then there is nobody left to serve.
        await loop.run_in_executor(None, sys.stdin.read)

    asyncio.run(serve())


if __name__ == "__main__":
    main()
