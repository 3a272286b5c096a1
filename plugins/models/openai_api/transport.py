"""HTTP as it is needed here: one POST to the server that was named, its answer read within bounds of
size and time, and no other place gone to."""

from __future__ import annotations

import json
import ssl
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from imhi import HarnessError
from imhi.plugins.models.openai_api.credentials import is_loopback
from imhi.plugins.models.openai_api.failures import Failure, NoAnswer

_LONGEST_ERROR = 1_000_000
"""Bytes that are read of a refusal, and of what a server says of itself."""
_MOST_VALUES = 500_000
_LONGEST_CONNECT = 10.0
"""Seconds."""
_CHUNK = 64 * 1024
_END_OF_STREAM = b"data: [DONE]"
_UNPACKED = ("", "identity")
_PACKED = ("gzip", "x-gzip", "deflate")


@dataclass(frozen=True)
class Answer:
    """What a server sent. ``headers`` have lower-case names; ``body`` is parsed JSON, or the text
    where it is none."""

    status: int
    headers: Mapping[str, str]
    body: object


@dataclass(frozen=True)
class Address:
    """Where to ask and how. ``url`` has no slash at its end; ``headers`` hold the key.
    ``timeout`` in seconds for one exchange, all in all; ``max_bytes`` of an unpacked body."""

    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    timeout: float
    max_bytes: int

    def __repr__(self) -> str:
        return f"Address({self.url!r})"


class Connection:
    """Connections to one server, for one event loop; an asynchronous context manager."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._session: Any = None
        self._proxy: str | None = None

    async def __aenter__(self) -> Connection:
        import aiohttp

        address = self._address
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=_certificates(address.url)),
            cookie_jar=aiohttp.DummyCookieJar(),
            # Sizes are bounded after unpacking, so that is done here.
            auto_decompress=False,
            headers={"Accept-Encoding": "identity", **address.headers},
            timeout=_limits(address.timeout),
            # Proxies are named below: with trust_env logins of a .netrc would be sent as well.
            trust_env=False,
        )
        self._proxy = proxy_for(address.url)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def post(self, path: str, body: Mapping[str, object]) -> Answer:
        """Send a body as JSON to a path below the address; return what came.

        Raises:
            NoAnswer: nothing came that can be read, or the body cannot be sent.
        """
        try:
            data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        except UnicodeEncodeError as error:
            # Half of a surrogate pair, say: no other try will do. Its text would quote the prompt.
            raise NoAnswer(
                Failure("request", f"the prompt cannot be sent ({error.reason})")
            ) from None
        return await self._exchange("POST", path, data)

    async def get(self, path: str, seconds: float) -> Answer:
        """Ask for a path; ``seconds`` bound the exchange.

        Raises:
            NoAnswer: nothing came that can be read.
        """
        return await self._exchange("GET", path, None, seconds)

    async def _exchange(
        self, method: str, path: str, data: bytes | None, seconds: float | None = None
    ) -> Answer:
        address, looks = self._address, method == "GET"
        url = path if "://" in path else address.url + path
        more = {"timeout": _limits(seconds)} if seconds else {}
        try:
            async with self._session.request(
                method,
                url,
                params=address.query or None,
                data=data,
                headers={"Content-Type": "application/json"} if data is not None else None,
                allow_redirects=False,
                proxy=self._proxy,
                **more,
            ) as response:
                headers = {name.lower(): value for name, value in response.headers.items()}
                packed = headers.get("content-encoding", "").strip().lower()
                text = bytearray()
                refused = response.status >= 300
                most = min(address.max_bytes, _LONGEST_ERROR) if refused or looks else None
                unpack = _Unpacking(packed, most or address.max_bytes, cut=refused)
                async for chunk in response.content.iter_chunked(_CHUNK):
                    for piece in unpack(chunk):
                        text += piece
                    if unpack.done:
                        break
                    # Some servers leave a stream open after its last event.
                    if text[-40:].rstrip().endswith(_END_OF_STREAM):
                        break
                text += unpack.rest()
                return Answer(response.status, headers, _parsed(bytes(text)))
        except NoAnswer:
            raise
        except Exception as error:
            failure = read_connection_error(error, seconds or address.timeout)
            raise NoAnswer(failure) from None


class _Unpacking:
    """Unpacks a body piece by piece, none of them larger than what may still come. ``done``: nothing
    that follows counts.

    Args:
        cut: take what fits of a larger body, which is refused otherwise.

    Raises:
        NoAnswer: it is larger than ``most`` bytes, or packed in a way that was not asked for.
    """

    def __init__(self, packed: str, most: int, cut: bool = False) -> None:
        self.done = False
        self._cut = cut
        self._room = most
        self._most = most
        self._packed = packed
        if packed not in (*_UNPACKED, *_PACKED):
            raise NoAnswer(
                Failure("foreign", f"the answer is packed ({packed[:40]}), expected plain JSON")
            )
        # 47: gzip or zlib, told apart by their first bytes.
        self._unpack = zlib.decompressobj(47) if packed in _PACKED else None

    def __call__(self, chunk: bytes) -> Iterator[bytes]:
        if self._unpack is None:
            yield self._within(chunk)
            return
        try:
            while chunk and not self.done:
                yield self._within(self._unpack.decompress(chunk, _CHUNK))
                chunk = self._unpack.unconsumed_tail
            self.done = self.done or self._unpack.eof
        except zlib.error:
            raise NoAnswer(
                Failure("ill_formed", f"the answer is not in the {self._packed} it claims to be in")
            ) from None

    def rest(self) -> bytes:
        """Return what is left when the last piece has come: some hundred bytes at most."""
        if self._unpack is None or self.done:
            return b""
        return self._within(self._unpack.flush())

    def _within(self, piece: bytes) -> bytes:
        room, self._room = self._room, self._room - len(piece)
        if self._room < 0 and self._cut:
            self.done = True
            return piece[:room]
        if self._room < 0:
            raise NoAnswer(
                Failure(
                    "foreign",
                    f"the answer has more than {self._most:,} bytes; expected an answer, or a larger "
                    "max_bytes=",
                )
            )
        return piece


def _limits(seconds: float) -> Any:
    import aiohttp

    # A server that is there takes a connection at once, however long it thinks about an answer.
    return aiohttp.ClientTimeout(total=seconds, sock_connect=min(seconds, _LONGEST_CONNECT))


def proxy_for(url: str) -> str | None:
    """Return the proxy that the environment names for an address; none for this machine, for which a
    proxy to the world outside is no place.

    Raises:
        HarnessError: it is of a kind that is not spoken here.
    """
    if is_loopback(url):
        return None
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    if proxy_bypass(parts.hostname or ""):
        return None
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if proxy and not proxy.startswith(("http://", "https://")):
        raise HarnessError(
            f"openai: the environment names a proxy for {parts.hostname} that is not HTTP "
            f"({proxy.partition(':')[0]}); expected http://HOST:PORT in {parts.scheme.upper()}_PROXY, or "
            f"{parts.hostname} in NO_PROXY"
        )
    return proxy


def _parsed(data: bytes) -> object:
    text = data.decode("utf-8-sig", "replace")
    # What is made of it takes many times its size where it is nothing but brackets.
    if len(data) > _LONGEST_ERROR and sum(map(data.count, (b"{", b"[", b","))) > _MOST_VALUES:
        raise NoAnswer(Failure("foreign", f"the answer holds more than {_MOST_VALUES:,} values"))
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _certificates(url: str) -> Any:
    """Return what server certificates are checked against: the system's, and those that Mozilla
    trusts, since a Python that was installed for itself has none."""
    if not url.startswith("https:"):
        return True
    import certifi

    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def read_connection_error(error: Exception, timeout: float) -> Failure:
    """Return what an exception of an HTTP library means. ``timeout`` in seconds. Texts of exceptions
    may quote what was sent, so only those of the system's calls are told."""
    chain = list(causes(error))
    names = {base.__name__ for one in chain for base in type(one).__mro__}
    system = [one for one in chain if isinstance(one, OSError) and one.strerror]
    last = next((str(one.strerror) for one in reversed(system)), type(chain[-1]).__name__)
    if names & {"ConnectError", "ClientConnectorError", "ConnectTimeout", "ConnectionTimeoutError"}:
        return Failure("unreachable", f"no connection ({last})")
    if names & {"TimeoutError", "TimeoutException", "APITimeoutError"} and not any(
        isinstance(one, ConnectionError) for one in chain
    ):
        return Failure("passing", f"no answer within {timeout:g} s", billed=True)
    if names & {"BadStatusLine", "ClientResponseError"} and not (
        names & {"ServerDisconnectedError", "ClientPayloadError"}
    ):
        return Failure("foreign", f"the server does not speak HTTP as expected ({last})")
    if isinstance(error, OSError) or names & {"ClientError", "HTTPError", "APIConnectionError"}:
        return Failure("passing", f"the connection was lost ({last})", billed=True)
    # The request itself cannot be sent: no other try will do.
    return Failure("request", f"the request cannot be sent ({type(error).__name__})")


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and those that it was raised from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
