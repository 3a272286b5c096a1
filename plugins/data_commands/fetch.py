"""``imhi data fetch``: the published checkout, complete or in part, into a folder.

What is fetched goes to ``TO/.imhi-fetch/`` first and is checked there as a whole; only then are
files moved into place, one by one, each complete or not at all. Files that are already there and
right are kept. A record, ``TO/.imhi-fetch.json``, holds the commit and every file's SHA-256, so
that fetching again what is complete asks the network for nothing.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from imhi import DataError, HarnessError, file_checksum
from imhi.io import write_json
from imhi.plugins.data_commands import archives, git_checkout, http_download
from imhi.plugins.data_commands.manifest import (
    COMMIT,
    REPOSITORY,
    Checksum,
    GitBlob,
    official_checksums,
)
from imhi.plugins.data_commands.published_files import (
    DATA_FOLDERS,
    PublishedFiles,
    data_files,
    held_against_published,
)

RECORD = ".imhi-fetch.json"
STAGE = ".imhi-fetch"


@dataclass
class FetchReport:
    """What a fetch did. ``checked``: files with the published checksum; ``unchecked``: files of which
    none is known; ``missing``: files with one that the address did not have; ``kept``/``written``:
    files that were there already / were written."""

    address: str
    to: str
    commit: str
    asked: str
    commit_verified: bool
    checked: int = 0
    unchecked: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    kept: int = 0
    written: int = 0

    def lines(self) -> list[str]:
        """Return the report as lines for a person."""
        commit = self.commit[:12] + ("" if self.commit_verified else " (as said, not verified)")
        if not self.commit.startswith(self.asked):
            commit += f" (there is no {self.asked}: the checksums tell whether the files are right)"
        lines = [
            f"{self.to}: {self.written} files written, {self.kept} kept; commit {commit}",
            # A file that differs stops the fetch, and nothing is written.
            f"{self.checked} of {self.checked} files have the published checksum, "
            f"{len(self.unchecked)} without a known sum, 0 differ; {len(self.missing)} missing",
        ]
        for what, paths in (("without a known sum", self.unchecked), ("missing", self.missing)):
            if paths:
                more = f" and {len(paths) - 8} more (--json)" if len(paths) > 8 else ""
                lines.append(f"{what}: {', '.join(paths[:8])}{more}")
        return [*lines, f"next: imhi data check official:{self.to}"]


def fetch_checkout(
    address: str,
    to: Path,
    commit: str | None = None,
    tell: Callable[[str], None] = lambda text: None,
    pinned: Mapping[str, Checksum | GitBlob] | None = None,
) -> FetchReport:
    """Fetch ``address`` (git address, folder, archive; path or URL) at ``commit`` into ``to``.

    Without ``commit`` it is :data:`COMMIT`; a copy of the repository that does not have it (made
    anew, under other commits) gives what it has, and the checksums say whether that is right.
    ``pinned`` holds the checksums that files must have; the default is ours for :data:`COMMIT` and
    none for another commit that was asked for, whose files may well differ.

    Raises:
        HarnessError: the address cannot be read, has no IMHI data, no such commit; no disk space.
        DataError: a file has another checksum than the pinned one: nothing was written.
    """
    to = to.expanduser()
    strict = commit is not None or address == REPOSITORY
    commit = commit or COMMIT
    if pinned is None:
        pinned = official_checksums() if commit.startswith(COMMIT) else {}
    done = _already_complete(address, to, commit, pinned)
    if done is not None:
        return done
    stage = to / STAGE
    try:
        stage.mkdir(parents=True, exist_ok=True)
        tree, resolved = _obtain(address, commit, strict, stage, tell)
        files = _data_files(address, tree)
        tell("checking")
        sums = {path: file_checksum(file) for path, file in files.items()}
        held = held_against_published(files, pinned)
        _refuse_changed(address, files, held, pinned)
        report = FetchReport(
            shown(address), str(to), resolved or commit, commit, resolved is not None
        )
        tell("writing")
        for path, file in files.items():
            if _put(file, to / path, sums[path], stage):
                report.written += 1
            else:
                report.kept += 1
        _count(report, held, pinned)
        record = {
            "address": report.address,
            "commit": report.commit,
            "verified": report.commit_verified,
            "files": sums,
        }
        write_json(to / RECORD, record)
    except DataError:
        # What was downloaded is wrong: the next call must not start from it.
        shutil.rmtree(stage, ignore_errors=True)
        raise
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise HarnessError(
                f"{to}: no space left on the disk; free some or choose another folder with --to, "
                "then run the same command again: it goes on from there"
            ) from None
        raise HarnessError(
            f"{error.filename or to}: {error.strerror}; expected a folder you may write to (--to)"
        ) from None
    shutil.rmtree(stage, ignore_errors=True)
    return report


def _obtain(
    address: str, commit: str, strict: bool, stage: Path, tell: Callable[[str], None]
) -> tuple[Path, str | None]:
    """Return a folder with the files, and the full commit where git says which it is."""
    local = _local_path(address)
    if local is None:
        if address.startswith(("http://", "https://")):
            download = archives.archive_url(address, commit, git=git_checkout.is_installed())
            if download is not None:
                archive = http_download.download(download, stage, shown(download), tell)
                return archives.unpack(archive, stage / "tree", shown(download), commit, strict)
        return git_checkout.check_out(
            address, commit, strict, stage / "repository", tell, shown(address)
        )
    if local.is_file():
        return archives.unpack(local, stage / "tree", str(local), commit, strict)
    if not local.is_dir():
        raise HarnessError(
            f"--from {address}: there is nothing there; expected a git address, a folder, or a "
            ".tar.gz or .zip archive (a path or a URL)"
        )
    if git_checkout.is_repository(local):
        where = str(local.resolve())
        return git_checkout.check_out(where, commit, strict, stage / "repository", tell, str(local))
    return local, None


def shown(address: str) -> str:
    """Return an address without user, password and query: they may hold a secret."""
    parts = urlsplit(address)
    if "://" not in address or not (parts.query or "@" in parts.netloc):
        return address
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()


def _local_path(address: str) -> Path | None:
    """Return the path an address stands for; None for an address on a network."""
    parts = urlsplit(address)
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    # A one-letter scheme is a drive; host:path is git's short form, unless it is there as a path.
    path = Path(address).expanduser()
    if path.exists() or (len(parts.scheme) < 2 and ":" not in address):
        return path
    return None


def _data_files(address: str, tree: Path) -> dict[str, Path]:
    """Return the files by path within the checkout, which may lie one folder down."""
    roots = [tree, *sorted(path for path in tree.iterdir() if path.is_dir())]
    for root in roots:
        if any((root / folder).is_dir() for folder in DATA_FOLDERS):
            return data_files(root, links=False)
    raise HarnessError(
        f"--from {shown(address)}: found none of the folders {', '.join(DATA_FOLDERS)}; expected "
        "the files of the published IMHI repository"
    )


def _refuse_changed(
    address: str,
    files: Mapping[str, Path],
    held: PublishedFiles,
    known: Mapping[str, Checksum | GitBlob],
) -> None:
    if not held.differ:
        return
    path, *others = held.differ
    more = f" ({len(others)} more files differ: {', '.join(others)})" if others else ""
    raise DataError(
        f"{shown(address)}: {path}: {known[path].difference(files[path])}{more}; nothing was written: "
        "the files were changed or damaged on the way; fetch them from another place (--from), or "
        "name the commit they are from (--commit)"
    )


def _put(source: Path, target: Path, checksum: str, stage: Path) -> bool:
    """Copy a file into place unless it is there and right; return whether it was written."""
    if target.is_file() and file_checksum(target) == checksum:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    part = stage / f"{os.getpid()}.part"
    shutil.copyfile(source, part)
    part.replace(target)
    return True


def _count(
    report: FetchReport, held: PublishedFiles, known: Mapping[str, Checksum | GitBlob]
) -> None:
    report.unchecked = list(held.unknown)
    report.checked = len(held.same)
    report.missing = [path for path in known if path not in held.same]


def _already_complete(
    address: str, to: Path, commit: str, known: Mapping[str, Checksum | GitBlob]
) -> FetchReport | None:
    """Return the report if an earlier fetch of the same is there and every file is right.

    Asked for addresses on a network only: looking at a local one costs little and may show more.
    """
    if _local_path(address) is not None:
        return None
    try:
        record = json.loads((to / RECORD).read_text(encoding="utf-8"))
        sums: dict[str, str] = record["files"]
        same = record["address"] == shown(address) and record["commit"].startswith(commit)
        if not same or any(file_checksum(to / path) != found for path, found in sums.items()):
            return None
        held = held_against_published({path: to / path for path in sums}, known)
        if held.differ:
            return None
        report = FetchReport(shown(address), str(to), record["commit"], commit, record["verified"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    report.kept = len(sums)
    _count(report, held, known)
    return report
