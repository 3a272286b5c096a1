"""Observers that are chosen by name: ``NAME:VALUE,key=value``; opened for a command, closed with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from imhi._core.arguments import parse_chosen, parse_reference
from imhi._core.declarations import resolve
from imhi._core.errors import HarnessError
from imhi._core.events import Event
from imhi._core.extensions import Observer
from imhi._core.hookspecs import hookimpl
from imhi._core.plugin_manager import PluginManager
from imhi._core.registry import Registry


class OpenObserver(Protocol):
    """What an :class:`imhi.Observer` makes."""

    def observe(self, event: Event) -> None:
        """Be told of an event."""

    def close(self, failed: bool) -> None:
        """Let go of what is held; ``failed``: the command ended before its end."""


@dataclass(frozen=True)
class ObserverSpec:
    """An observer as asked for."""

    observer: Observer
    value: str
    arguments: Mapping[str, Any]

    @classmethod
    def parse(cls, text: str, registry: Registry) -> ObserverSpec:
        """Read the name of an observer.

        Raises:
            HarnessError: there is none of that name, its value is missing or holds a password, or an
                argument is not one of its.
        """
        observer = registry.observers.get(parse_reference(text).name)
        declared = observer.arguments
        value, arguments = parse_chosen(
            "observer", text, "observer", observer.value, declared, observer.summary
        )
        if _has_password(value):
            # Command lines stand in the manifests of trainings, and in the history of shells.
            raise HarnessError(
                f"--observer {observer.name}: found a password in its address, expected none; give it "
                "in the environment, as the tracker's own documentation says"
            )
        return cls(observer, value, arguments)

    @classmethod
    def parse_all(cls, texts: Sequence[str], registry: Registry) -> tuple[ObserverSpec, ...]:
        """Read several names, each once."""
        return tuple(cls.parse(text, registry) for text in dict.fromkeys(texts))

    def open(self) -> OpenObserver:
        """Make it; what it needs must be installed."""
        made: OpenObserver = resolve(self.observer.create)(self.value, **self.arguments)
        return made


def _has_password(address: str) -> bool:
    try:
        return urlsplit(address).password is not None
    except ValueError:
        return False


class _Told:
    """Hands events on until the observer fails: one that cannot be reached costs its time limit once."""

    def __init__(self, observer: OpenObserver) -> None:
        self._observer = observer
        self._failed = False

    @hookimpl
    def imhi_event(self, event: Event) -> None:
        if self._failed:
            return
        try:
            self._observer.observe(event)
        except BaseException:
            self._failed = True
            raise

    def close(self, failed: bool) -> None:
        if not self._failed:
            self._observer.close(failed)


@contextmanager
def observed(specs: Sequence[ObserverSpec], manager: PluginManager) -> Iterator[None]:
    """Have observers told of all that happens within.

    Raises:
        HarnessError: what an observer needs is not installed, or its value says nothing.
    """
    opened = [(spec.observer.name, _Told(spec.open())) for spec in specs]
    failed = True
    for name, told in opened:
        manager.observe(told, f"{name}-{id(told)}" if _several(name, specs) else name)
    try:
        yield
        failed = False
    finally:
        for name, told in opened:
            manager.forget(told)
            manager.call_last(told.close, failed, name)


def _several(name: str, specs: Sequence[ObserverSpec]) -> bool:
    return sum(spec.observer.name == name for spec in specs) > 1
