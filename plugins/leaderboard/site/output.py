"""The folder of a site: only what changed is made and written, what is gone is removed.

``.build.json`` remembers, for each file, a digest of what it was made from and one of its bytes.
Nothing in it depends on when or how often it was built, so a site built step by step and one built
at once are the same files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imhi import HarnessError, digest
from imhi.io import disk_error, replacing, write_json

STATE = ".build.json"
_FORMAT = 1


@dataclass
class SiteFolder:
    """A site under way: :meth:`add` every file, then :meth:`finish`."""

    folder: Path
    generator: str
    written: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    _before: dict[str, object] = field(default_factory=dict)
    _files: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        state = self.folder / STATE
        if state.is_file():
            try:
                self._before = dict(json.loads(state.read_bytes())["files"])
            except (OSError, ValueError, KeyError, TypeError):
                raise HarnessError(
                    f"{state}: found something else than what a build leaves, expected its list of "
                    f"files; remove {self.folder} and build again"
                ) from None
        elif self.folder.is_dir() and any(self.folder.iterdir()):
            raise HarnessError(
                f"{self.folder}: found files but no {STATE}, expected a new or empty folder or a "
                "site of imhi leaderboard build; empty it, or choose another place with --to"
            )

    def add(self, name: str, inputs: Any, make: Callable[[], bytes]) -> None:
        """Have a file in the site; ``make`` is called only if ``inputs`` (a JSON value that decides
        its bytes) or the file changed."""
        made_from = digest([_FORMAT, self.generator, inputs])
        path = self.folder / name
        before = self._before.get(name)
        if isinstance(before, dict) and before.get("inputs") == made_from:
            try:
                same = hashlib.sha256(path.read_bytes()).hexdigest() == before.get("content")
            except OSError:
                same = False
            if same:
                self._files[name] = {"inputs": made_from, "content": str(before["content"])}
                return
        content = make()
        checksum = hashlib.sha256(content).hexdigest()
        self._files[name] = {"inputs": made_from, "content": checksum}
        try:
            unchanged = path.read_bytes() == content
        except OSError:
            unchanged = False
        if not unchanged:
            with replacing(path, durable=False) as stream:
                stream.write(content)
            self.written.append(name)

    def finish(self) -> None:
        """Remove what an earlier build made and this one did not, and remember what there is."""
        root = self.folder.resolve()
        for name in sorted(set(self._before) - set(self._files)):
            path = (root / name).resolve()
            # The file may have been edited: nothing outside of the site is removed for it.
            if root not in path.parents or not path.is_file():
                continue
            try:
                path.unlink()
            except OSError as error:
                raise disk_error(error, path) from error
            self.removed.append(name)
            if path.parent != root and not any(path.parent.iterdir()):
                path.parent.rmdir()
        state = {"format": _FORMAT, "generator": self.generator, "files": self._files}
        if {**state, "files": self._before} != state or not (root / STATE).is_file():
            state["files"] = dict(sorted(self._files.items()))
            write_json(root / STATE, state)

    @property
    def files(self) -> list[str]:
        """The names of all files of the site."""
        return sorted(self._files)
