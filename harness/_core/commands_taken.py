"""The names of commands, each taken once: the first keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from imhi._core.errors import HarnessError
from imhi._core.registry import KindRegistry, NameTaken

OURS = "imhi"


class Commands:
    """Watches what plugins add to an application (:class:`typer.Typer`), which itself would let the
    last one have a name. What is there at first is ours."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._taken: KindRegistry[Any] = KindRegistry("command")
        self._seen: set[int] = set()
        self._callback = app.registered_callback
        self.take_new(OURS)

    def take_new(self, owner: str) -> tuple[list[str], list[HarnessError]]:
        """Return the names of the commands and groups that are new, and why others were taken out
        of the application again."""
        added: list[str] = []
        refused: list[HarnessError] = []
        for infos in (self._app.registered_commands, self._app.registered_groups):
            for info in list(infos):
                if id(info) in self._seen:
                    continue
                names = list(_names(info))
                try:
                    for name in names:
                        self._taken.claims(name)
                except NameTaken as error:
                    infos.remove(info)
                    refused.append(error)
                    continue
                self._seen.add(id(info))
                for name in names:
                    self._taken.add(name, info, owner)
                added += names
        if self._app.registered_callback is not self._callback:
            self._app.registered_callback = self._callback
            refused.append(
                HarnessError(
                    "it replaces the options of imhi itself by @app.callback(), expected "
                    "@app.command() or app.add_typer(GROUP, name=NAME)"
                )
            )
        return added, refused


def _names(info: Any) -> Iterator[str]:
    """Yield what a command or a group is called; a group without a name is its commands."""
    group = getattr(info, "typer_instance", None)
    if group is None:
        yield info.name or info.callback.__name__.lower().replace("_", "-")
        return
    import typer.main

    name = typer.main.solve_typer_info_defaults(info).name
    if name:
        yield name
        return
    for inner in (*group.registered_commands, *group.registered_groups):
        yield from _names(inner)
