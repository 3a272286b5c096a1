"""Archives of the repository: which addresses are one, and unpacking them safely."""

from __future__ import annotations

import lzma
import platform
import re
import shutil
import tarfile
import zipfile
import zlib
from pathlib import Path
from urllib.parse import urlsplit

from imhi import HarnessError

_SUFFIXES = (".tar.gz", ".tgz", ".tar", ".tar.xz", ".tar.bz2", ".zip")
_COMMIT = re.compile("[0-9a-f]{40}")
_DAMAGED = (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError)


def archive_url(address: str, commit: str, git: bool) -> str | None:
    """Return the address of the archive to download; None where the address is git's.

    Archives end in one of the usual suffixes, or have the form GitHub serves them in
    (``.../OWNER/NAME/tar.gz/COMMIT``). Without git, GitHub is asked for an archive.
    """
    parts = urlsplit(address)
    path = parts.path.rstrip("/")
    if path.lower().endswith(_SUFFIXES) or "/tar.gz/" in path or "/zip/" in path:
        return address
    if parts.hostname == "github.com" and not git:
        return f"https://codeload.github.com{path.removesuffix('.git')}/tar.gz/{commit}"
    return None


def unpack(
    archive: Path, folder: Path, shown: str, commit: str, strict: bool
) -> tuple[Path, str | None]:
    """Unpack an archive into a new folder; return it, and the commit the archive says it holds.

    ``git archive`` and GitHub write the commit into the comment of an archive. Members with
    absolute paths, paths out of the folder, links out of it or devices are refused; so is, where
    ``strict``, an archive of another commit. ``shown`` is the address as messages may show it.

    Raises:
        HarnessError: not an archive, a damaged one, one with such members, or of another commit.
    """
    if not hasattr(tarfile, "data_filter"):
        raise HarnessError(
            f"Python {platform.python_version()} cannot unpack archives safely, expected 3.11.4 "
            "or later; update Python, or unpack it yourself and give the folder with --from"
        )
    said: str | None = None
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as zipped:
                for name in zipped.namelist():
                    if name.startswith(("/", "\\")) or ".." in Path(name).parts:
                        raise HarnessError(
                            f"{shown}: found the member {name!r}, expected paths inside the "
                            "archive; do not use this archive"
                        )
                said = zipped.comment.decode("ascii", "replace")
                zipped.extractall(folder)
        elif tarfile.is_tarfile(archive):
            with tarfile.open(archive) as tarred:
                said = tarred.pax_headers.get("comment")
                tarred.extractall(folder, filter="data")
        else:
            raise HarnessError(
                f"{shown}: found no archive, expected a .tar.gz or .zip of the repository; check "
                "the address (--from)"
            )
    except tarfile.FilterError as error:
        raise HarnessError(
            f"{shown}: found an unsafe member: {error}; do not use this archive"
        ) from None
    except _DAMAGED as error:
        _discard_download(archive, folder)
        raise HarnessError(
            f"{shown}: the archive is damaged ({error}); expected a whole .tar.gz or .zip; run "
            "the same command again to download it anew"
        ) from None
    if said is None or not _COMMIT.fullmatch(said):
        return folder, None
    if strict and not said.startswith(commit):
        raise HarnessError(
            f"{shown}: found an archive of commit {said}, expected {commit}; get that one, or name "
            "the commit you have with --commit"
        )
    return folder, said


def _discard_download(archive: Path, folder: Path) -> None:
    # A download lies beside the folder it is unpacked to; a user's own file does not.
    if archive.parent == folder.parent:
        archive.unlink(missing_ok=True)
