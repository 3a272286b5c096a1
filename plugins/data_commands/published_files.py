"""The data files of a checkout, held against what was published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from imhi import DataError
from imhi.plugins.data_commands.manifest import Checksum, GitBlob, official_checksums

DATA_FOLDERS = ("train_data", "test_data", "human_evaluation", "examples")
_NAMED = 8  # files without a known checksum that are named


def data_files(root: Path, *, links: bool) -> dict[str, Path]:
    """Return the files of a checkout by path within it (with ``/``), in order: those of the data
    folders, the licence and the README; without hidden ones, which a Mac leaves.

    Links could point anywhere: without ``links`` they are left out, with them a published file is
    found by its path whatever is a link on the way, as a source finds it.
    """
    found = [*root.glob("LICENSE*"), *root.glob("README*")]
    for folder in DATA_FOLDERS:
        found += (root / folder).rglob("*")
    if links:
        found += [root / name for name in official_checksums()]
    files = sorted({p for p in found if p.is_file() and (links or not p.is_symlink())})
    named = {path.relative_to(root).as_posix(): path for path in files}
    return {name: path for name, path in named.items() if "/." not in f"/{name}"}


@dataclass(frozen=True)
class PublishedFiles:
    """Files of a checkout by path within it: those that are ``same`` as published, those that
    ``differ``, and those of which no checksum is known."""

    same: tuple[str, ...]
    differ: tuple[str, ...]
    unknown: tuple[str, ...]

    def is_published(self, path: str) -> bool | None:
        """Say whether a file is as published; None where nothing is known of it."""
        return True if path in self.same else False if path in self.differ else None

    def sentence(self) -> str:
        """Return the counts, and the names of all files that differ."""
        known = len(self.same) + len(self.differ)
        if not self.same and self.differ:
            named = ", ".join(self.differ)
            return f"none of {known} files is the published one (data of your own?): {named}"
        said = (
            f"{len(self.same)} of {known} files have the published checksum, "
            f"{len(self.unknown)} without a known sum, {len(self.differ)} differ"
        )
        return said + (f": {', '.join(self.differ)}" if self.differ else "")

    def absent(self) -> list[str]:
        """Return the published files that are not here; none where no file is a published one."""
        known = official_checksums() if self.same else {}
        return [name for name in known if self.is_published(name) is None]

    def missing(self) -> str:
        """Return how many published files are not here, and some of their names; nothing where all are."""
        absent = self.absent()
        if not absent:
            return ""
        more = f" and {len(absent) - _NAMED} more (--json)" if len(absent) > _NAMED else ""
        return (
            f"{len(absent)} of {len(official_checksums())} published files are not here: "
            f"{', '.join(absent[:_NAMED])}{more}"
        )

    def not_known(self) -> str:
        """Return which files no checksum is known of; nothing where there is none."""
        if not self.unknown:
            return ""
        more = len(self.unknown) - _NAMED
        named = ", ".join(self.unknown[:_NAMED])
        return f"without a known sum: {named}" + (f" and {more} more (--json)" if more > 0 else "")


def held_against_published(
    files: Mapping[str, Path], known: Mapping[str, Checksum | GitBlob] | None = None
) -> PublishedFiles:
    """Hold files, by path within the checkout, against what was published (or another ``known``).

    Raises:
        DataError: a file cannot be read.
    """
    known = official_checksums() if known is None else known
    same: list[str] = []
    differ: list[str] = []
    for name, path in files.items():
        if name in known:
            try:
                (differ if known[name].difference(path) else same).append(name)
            except OSError as error:
                raise DataError(
                    f"{path}: cannot be read: {error.strerror}; expected a file you may read"
                ) from None
    unknown = [name for name in files if name not in known]
    return PublishedFiles(tuple(same), tuple(differ), tuple(unknown))
