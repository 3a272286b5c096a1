"""What the providers' clients for batches read is bounded, as it is for single requests: by size and by
time, and nothing is packed, since that cannot be bounded before it is unpacked."""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterator
from typing import Any

from imhi.plugins.models.openai_api.failures import Failure, NoAnswer
from imhi.plugins.models.openai_api.transport import proxy_for

LARGEST_FILE = 4_000_000_000
"""Bytes of a file of answers; OpenAI's largest batch has 50,000 of them."""
# How paths of such files end: OpenAI, Anthropic, Gemini.
_FILES = ("/content", "/results", ":download")


def http_library(client: type[Any] | None = None) -> Any:
    """Return the library a client is built on: httpx2, or httpx before that."""
    bases = client.__mro__ if client is not None else ()
    names = [name for base in bases if (name := base.__module__.partition(".")[0])[:5] == "httpx"]
    for name in (*names, "httpx2", "httpx"):
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise ImportError("neither httpx2 nor httpx is installed")


def bounded_transport(library: Any, url: str, timeout: float, max_bytes: int) -> Any:
    """Return a transport for a synchronous client.

    Args:
        library: httpx or httpx2.
        url: the address that is asked, which says whether by a proxy of the environment.
        timeout: seconds in which the body of an answer has to come; files of answers have no such limit.
        max_bytes: of the body of an answer that is no file of answers.

    Reading a body that breaks a bound raises NoAnswer.
    """
    inner = library.HTTPTransport(proxy=proxy_for(url))

    class BoundedStream(library.SyncByteStream):  # type: ignore[misc,name-defined]
        def __init__(self, stream: Any, most: int, deadline: float | None) -> None:
            self._stream = stream
            self._most = most
            self._deadline = deadline

        def __iter__(self) -> Iterator[bytes]:
            read = 0
            for chunk in self._stream:
                read += len(chunk)
                if read > self._most:
                    what = f"the answer has more than {self._most:,} bytes"
                    raise NoAnswer(Failure("foreign", what))
                if self._deadline is not None and time.monotonic() > self._deadline:
                    raise NoAnswer(Failure("passing", f"no answer within {timeout:g} s"))
                yield chunk

        def close(self) -> None:
            self._stream.close()

    class BoundedTransport(library.BaseTransport):  # type: ignore[misc,name-defined]
        def handle_request(self, request: Any) -> Any:
            request.headers["Accept-Encoding"] = "identity"
            answer = inner.handle_request(request)
            packed = answer.headers.get("content-encoding", "").strip().lower()
            if packed not in ("", "identity"):
                answer.close()
                what = f"the answer is packed ({packed[:40]}), expected plain JSON"
                raise NoAnswer(Failure("foreign", what))
            file = request.url.path.endswith(_FILES)
            most = LARGEST_FILE if file else max_bytes
            deadline = None if file else time.monotonic() + timeout
            answer.stream = BoundedStream(answer.stream, most, deadline)
            return answer

        def close(self) -> None:
            inner.close()

    return BoundedTransport()
