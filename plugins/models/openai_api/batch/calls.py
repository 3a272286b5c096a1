"""Calls of a batch interface, each repeated until it is answered or pointless."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, TypeVar

from imhi import HarnessError
from imhi.io import disk_error
from imhi.plugins.models.openai_api.batch.server import BatchState, Full, Refused
from imhi.plugins.models.openai_api.client_config import Session
from imhi.plugins.models.openai_api.failures import AGAIN, AT_ONCE, Failure, IllFormed, backoff

GO_ON = "run the same command again to go on; what the server works on is not asked again"
NO_BATCHES = "run the same command again to send the requests anew; mode=live needs no batches"

T = TypeVar("T")


class Calls:
    """Repeats calls through a client that does not repeat them by itself.

    Args:
        understand: returns what an exception of the client's means, where that is not what
            :meth:`Session.failure` makes of it.
    """

    def __init__(
        self, session: Session, understand: Callable[[Exception], Failure] | None = None
    ) -> None:
        self.session = session
        self.options = session.config.options
        self._understand = understand or session.failure
        self._random = random.Random()
        self._met = False

    def insist(self, what: str, call: Callable[[], T], hint: str = "") -> T:
        """Repeat a call that can be repeated without harm.

        Raises:
            Refused: no other try will do.
            HarnessError: the tries are used up.
        """
        retry = 0
        while True:
            try:
                result = call()
                self._met = True
                return result
            except HarnessError:
                raise
            except Exception as error:
                failure = self._failure(error)
            # A server that was never there is most likely a wrong address: say so within seconds.
            never_there = failure.kind == "unreachable" and not self._met
            few = 3 if never_there else 2 if failure.kind == "ill_formed" else self.options.retries
            most = min(self.options.retries, few)
            if failure.kind not in AGAIN or retry >= most:
                raise self._error(what, failure, hint)
            self._rest(failure, retry)
            retry += 1

    def order(
        self,
        create: Callable[[], BatchState],
        find: Callable[[], BatchState | None],
        announce: Callable[[], None],
    ) -> BatchState:
        """Have a batch made, once; see :meth:`BatchServer.create`.

        Raises:
            Refused: the server did not make it.
            Full: nor did it, but later it may.
            HarnessError: it may have; ``find`` tells.
        """
        retry = 0
        while True:
            announce()
            try:
                return create()
            except HarnessError:
                raise
            except Exception as error:
                failure = self._failure(error)
                answered = _answered(error)
            # What no status answers may have been done all the same, whatever it looks like.
            if failure.kind not in AGAIN and not answered:
                failure = replace(failure, kind="passing")
            if failure.kind not in AGAIN or retry >= self.options.retries:
                said = self._error("making the batch", failure, NO_BATCHES)
                raise Full(str(said)) if failure.kind == "rate" else said
            self._rest(failure, retry)
            retry += 1
            if failure.kind in ("passing", "ill_formed") and (made := find()) is not None:
                return made

    def look_twice(self, look: Callable[[], BatchState | None], since: float) -> BatchState | None:
        """Look for a batch, and once more when the server had time to list it.

        Args:
            since: when the server was asked for it (seconds since 1970).

        Raises:
            HarnessError: the server does not tell; asking for the batch again is out of the question.
        """
        try:
            # After ``poll`` seconds a batch that was made is in the server's list.
            settled = since + self.options.poll
            looked = time.time()
            made = look()
            if made is None and looked < settled:
                # Where the clock was put back, settled may be far away.
                time.sleep(min(max(0.0, settled - time.time()), self.options.poll))
                made = look()
        except Refused as error:
            # That the list is refused does not say that the batch was.
            raise HarnessError(str(error)) from None
        return made

    @contextmanager
    def downloaded(
        self, what: str, fetch: Callable[[BinaryIO], None], folder: Path
    ) -> Iterator[BinaryIO]:
        """Give what ``fetch`` writes, copied to a nameless file in ``folder``."""

        def call(stream: BinaryIO) -> None:
            stream.seek(0)
            stream.truncate()
            fetch(stream)

        with tempfile.TemporaryFile(dir=folder) as stream:
            self.insist(what, lambda: call(stream))
            stream.seek(0)
            yield stream

    def _failure(self, error: Exception) -> Failure:
        failure = self._understand(error)
        if failure.kind != "unreachable":
            self._met = True
        return failure

    def _rest(self, failure: Failure, retry: int) -> None:
        self.session.capabilities.retries += 1
        if failure.kind == "rate":
            self.session.capabilities.rate_limit_pauses += 1
        wait = backoff(self.options.backoff, retry, self._random)
        time.sleep(wait if failure.wait is None else failure.wait)

    def _error(self, what: str, failure: Failure, hint: str) -> HarnessError:
        text = str(self.session.error(f"{what}: {self.session.told(failure)}"))
        if failure.kind in AGAIN:
            return HarnessError(f"{text}; {GO_ON}")
        # Where the account is at fault no other way of asking helps.
        return Refused(text if failure.kind in AT_ONCE else f"{text}; {hint or GO_ON}")


def _answered(error: Exception) -> bool:
    """Return whether a status came back. What the clients of both kinds raise holds it by one of
    these names."""
    statuses = (getattr(error, name, None) for name in ("status_code", "code"))
    return any(isinstance(status, int) and status != 200 for status in statuses)


def whole_chunks(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield what comes.

    Raises:
        IllFormed: it broke off.
    """
    while True:
        try:
            chunk = next(chunks, None)
        except Exception as error:
            raise IllFormed(f"the file broke off ({type(error).__name__}: {error})") from None
        if chunk is None:
            return
        yield chunk


def copy_chunks(chunks: Iterator[bytes], stream: BinaryIO, folder: Path) -> None:
    """Write what comes; what breaks off is told from what cannot be written here.

    Raises:
        IllFormed: it broke off.
        HarnessError: the disk is full, say.
    """
    for chunk in whole_chunks(chunks):
        try:
            stream.write(chunk)
        except OSError as error:
            raise disk_error(error, folder) from error
