"""A stranger's ZIP file, opened with care: its directory is looked at before anything reads it.

Nothing is extracted. Members are read as streams, and only those of a name that a submission has.
"""

from __future__ import annotations

import hashlib
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from imhi.plugins.leaderboard.submission.limits import LIMITS
from imhi.plugins.leaderboard.submission.refusal import MADE_BY_SUBMIT, Unacceptable, shown

MEMBER = re.compile(
    r"submission\.json|scores\.json|(?:responses|predictions)/[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\.jsonl"
)
_END = struct.Struct("<4s4H2LH")  # end of central directory, without a comment
_LOCAL = struct.Struct("<4s5H3L2H")
_UTF8_NAMES, _ENCRYPTED = 0x800, 0x1
_OTHER_FORMATS = (
    (b"\x1f\x8b", "a gzip file"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ", "an xz file"),
    (b"7z\xbc\xaf", "a 7z file"),
    (b"\x80", "a pickle (never loaded)"),
)


def _refuse(path: Path, text: str) -> Unacceptable:
    return Unacceptable("archive", f"{path.name}: {text}; {MADE_BY_SUBMIT}")


@dataclass(frozen=True)
class Archive:
    """An archive whose members are sound as far as the directory says."""

    path: Path
    names: tuple[str, ...]
    size: int
    _zip: zipfile.ZipFile

    def lines(self, name: str, state: hashlib._Hash) -> Iterator[tuple[int, bytes]]:
        """Yield the numbered lines of a member; ``state`` takes up all bytes.

        Raises:
            Unacceptable: a line, the number of lines or the data themselves are not as they may be.
        """
        with self._stream(name) as stream:
            number = 0
            while line := stream.readline(LIMITS.line + 1):
                number += 1
                if len(line) > LIMITS.line:
                    text = f"{name}: line {number} is longer than {LIMITS.line:,} bytes"
                    raise _refuse(self.path, text)
                if number > LIMITS.rows:
                    raise _refuse(self.path, f"{name}: more than {LIMITS.rows:,} rows")
                state.update(line)
                yield number, line

    def document(self, name: str) -> bytes:
        """Return a member as a whole."""
        with self._stream(name) as stream:
            data = stream.read(LIMITS.document + 1)
        if len(data) > LIMITS.document:
            raise _refuse(self.path, f"{name}: more than {LIMITS.document:,} bytes")
        return data

    @contextmanager
    def _stream(self, name: str) -> Iterator[BinaryIO]:
        # zipfile gives no more bytes than the directory declares, and compares the checksum.
        try:
            with self._zip.open(name) as stream:
                yield stream  # type: ignore[misc]
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise _refuse(self.path, f"{name}: damaged ({shown(error)})") from None


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open a submission's archive.

    Raises:
        Unacceptable: not a ZIP file as ``imhi submit`` writes it.
    """
    try:
        stream = path.open("rb")
    except OSError as error:
        raise Unacceptable(
            "archive", f"{path}: cannot be read ({error.strerror}), expected a submission's file"
        ) from None
    with stream:
        size = stream.seek(0, 2)
        _check_directory(path, stream, size)
        try:
            opened = zipfile.ZipFile(stream)
        except (zipfile.BadZipFile, ValueError, struct.error, NotImplementedError) as error:
            raise _refuse(path, f"its directory cannot be read ({shown(error)})") from None
        with opened:
            _check_members(path, stream, opened)
            yield Archive(path, tuple(opened.namelist()), size, opened)


def _check_directory(path: Path, stream: BinaryIO, size: int) -> None:
    """Look at the end of the file: is there one directory, small, and nothing behind it?"""
    if size > LIMITS.archive:
        raise _refuse(path, f"{size:,} bytes, more than {LIMITS.archive:,}")
    if size == 0:
        raise _refuse(path, "an empty file, expected a ZIP archive")
    stream.seek(0)
    start = stream.read(512)
    if start[257:262] == b"ustar":
        raise _refuse(path, "a tar file, expected a ZIP archive")
    for mark, what in _OTHER_FORMATS:
        if start.startswith(mark):
            raise _refuse(path, f"{what}, expected a ZIP archive")
    stream.seek(max(0, size - _END.size))
    end = stream.read(_END.size)
    if len(end) < _END.size or not end.startswith(b"PK\x05\x06"):
        what = "cut off, or with something behind its end" if start[:2] == b"PK" else "not a ZIP"
        raise _refuse(path, f"{what}, expected a ZIP archive that ends with its directory")
    _, disk, first_disk, here, members, length, offset, comment = _END.unpack(end)
    if 0xFFFF in (here, members) or 0xFFFFFFFF in (length, offset):
        raise _refuse(path, "a directory in the zip64 format, which no submission needs")
    if members > LIMITS.members or length > LIMITS.directory:
        raise _refuse(
            path,
            f"a directory of {members:,} members and {length:,} bytes, more than "
            f"{LIMITS.members:,} and {LIMITS.directory:,}",
        )
    if disk or first_disk or here != members or comment:
        raise _refuse(path, "a directory of several parts or with a comment")
    if offset + length + _END.size != size:
        raise _refuse(path, "something before, behind or between its parts that is no member")
    if members == 0:
        raise _refuse(path, "no member, expected submission.json and the rest")


def _check_members(path: Path, stream: BinaryIO, opened: zipfile.ZipFile) -> None:
    members = opened.infolist()
    seen: set[str] = set()
    total = 0
    for member in members:
        # As it is written: zipfile cuts names at a zero byte and turns slashes round.
        name = member.orig_filename
        where = f"member '{shown(name)}'"
        if not MEMBER.fullmatch(name):
            raise _refuse(path, f"{where}: {_why_not(name)}")
        if name.casefold() in seen:
            raise _refuse(path, f"{where}: stands there twice")
        seen.add(name.casefold())
        mode = member.external_attr >> 16
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG) or member.external_attr & 0x10:
            raise _refuse(path, f"{where}: a link, folder or device, expected a plain file")
        if member.flag_bits & _ENCRYPTED:
            raise _refuse(path, f"{where}: encrypted, expected a file that can be read")
        if member.flag_bits & ~_UTF8_NAMES or member.compress_type not in (
            zipfile.ZIP_STORED,
            zipfile.ZIP_DEFLATED,
        ):
            raise _refuse(path, f"{where}: packed in another way than deflate")
        total += member.file_size
        if member.file_size > LIMITS.member or total > LIMITS.total:
            raise _refuse(
                path,
                f"{where}: {member.file_size:,} bytes unpacked, {total:,} with those before it; "
                f"more than {LIMITS.member:,} and {LIMITS.total:,}",
            )
        if member.file_size > LIMITS.member_ratio * max(member.compress_size, 1_000):
            raise _refuse(
                path,
                f"{where}: unpacks to more than {LIMITS.member_ratio} times its size (a bomb)",
            )
    _check_layout(path, stream, opened)


def _check_layout(path: Path, stream: BinaryIO, opened: zipfile.ZipFile) -> None:
    """See that members lie one behind the other from the first byte to the directory."""
    expected = 0
    for member in sorted(opened.infolist(), key=lambda member: member.header_offset):
        where = f"member '{shown(member.orig_filename)}'"
        if member.header_offset != expected:
            raise _refuse(path, f"{where}: overlaps another one, or a gap is before it")
        stream.seek(expected)
        header = stream.read(_LOCAL.size)
        if len(header) < _LOCAL.size or not header.startswith(b"PK\x03\x04"):
            raise _refuse(path, f"{where}: not where the directory says")
        *_, name_length, extra_length = _LOCAL.unpack(header)
        if extra_length:
            raise _refuse(path, f"{where}: with extra fields, which no submission needs")
        if stream.read(name_length) != member.orig_filename.encode("ascii"):
            raise _refuse(path, f"{where}: has another name inside the file")
        expected += _LOCAL.size + name_length + member.compress_size
    if expected != opened.start_dir:
        raise _refuse(path, "something between the members and the directory")


def _why_not(name: str) -> str:
    if name.startswith("/") or re.match(r"[A-Za-z]:", name):
        return "an absolute path"
    if ".." in re.split(r"[/\\]", name):
        return "a path that leads out of the archive"
    if name.endswith((".pkl", ".pickle", ".pt", ".bin")):
        return "a file that is no part of a submission (pickles are never loaded)"
    return "not a file of a submission"
