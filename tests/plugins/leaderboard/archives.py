"""Archives taken apart, changed and put together again: what a forger does, in small functions."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]


@dataclass
class Parts:
    """The members of an archive."""

    members: dict[str, bytes]

    @classmethod
    def of(cls, archive: bytes) -> Parts:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            return cls({name: opened.read(name) for name in opened.namelist()})

    def document(self, name: str, change: Callable[[Row], None]) -> Parts:
        """Change a JSON member."""
        value = json.loads(self.members[name])
        change(value)
        self.members[name] = json.dumps(value, ensure_ascii=False).encode()
        return self

    def about(self, **values: Any) -> Parts:
        return self.document("submission.json", lambda about: about.update(values))

    def rows(self, name: str, change: Callable[[list[Row]], Any]) -> Parts:
        """Change the rows of a member, in their place."""
        found = [json.loads(line) for line in self.members[name].splitlines()]
        change(found)
        self.members[name] = "".join(
            json.dumps(row, ensure_ascii=False) + "\n" for row in found
        ).encode()
        return self

    def mended(self) -> Parts:
        """Make the checksums those of the members there are."""

        def mend(about: Row) -> None:
            about["files"] = {
                name: hashlib.sha256(data).hexdigest()
                for name, data in sorted(self.members.items())
                if name != "submission.json"
            }

        return self.document("submission.json", mend)

    def zipped(self, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", compression) as archive:
            for name, data in self.members.items():
                archive.writestr(zipfile.ZipInfo(name), data, compression)
        return stream.getvalue()


def with_member(archive: bytes, name: str, data: bytes = b"x", mode: int = 0) -> bytes:
    """Add a member of any name and kind."""
    stream = io.BytesIO(archive)
    with (
        warnings.catch_warnings(),
        zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as opened,
    ):
        warnings.simplefilter("ignore")  # of a name that is there already
        member = zipfile.ZipInfo("placeholder")
        member.filename = name  # as it is: the constructor would change it
        member.external_attr = mode << 16
        opened.writestr(member, data, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def directory_of(count: int) -> bytes:
    """Return an archive whose directory names ``count`` members: written by hand, so at once."""
    name = b"responses/DR.jsonl"
    row = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, *(0,) * 7, len(name), *(0,) * 6) + name
    directory = row * count
    end = struct.pack(
        "<4s4H2LH", b"PK\x05\x06", 0, 0, *(min(count, 0xFFFE),) * 2, len(directory), 0, 0
    )
    return directory + end


def patched(archive: bytes, mark: bytes, offset: int, value: bytes) -> bytes:
    """Overwrite bytes at an offset from every header that begins with ``mark``."""
    data = bytearray(archive)
    at = data.find(mark)
    while at >= 0:
        data[at + offset : at + offset + len(value)] = value
        at = data.find(mark, at + 1)
    return bytes(data)


LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"


def encrypted(archive: bytes) -> bytes:
    """Set the flag of encryption in all headers."""
    return patched(patched(archive, LOCAL, 6, b"\x01\x00"), CENTRAL, 8, b"\x01\x00")


def shifted(archive: bytes, by: int = 7) -> bytes:
    """Put bytes before an archive, and mend every offset, as self-extracting archives do."""
    data = bytearray(archive)
    at = data.find(CENTRAL)
    while at >= 0:
        (offset,) = struct.unpack_from("<L", data, at + 42)
        struct.pack_into("<L", data, at + 42, offset + by)
        at = data.find(CENTRAL, at + 1)
    end = data.rfind(END)
    (offset,) = struct.unpack_from("<L", data, end + 16)
    struct.pack_into("<L", data, end + 16, offset + by)
    return b"#" * by + bytes(data)


def overlapping(archive: bytes) -> bytes:
    """Let the second member of the directory lie where the first one does."""
    data = bytearray(archive)
    first = data.find(CENTRAL)
    second = data.find(CENTRAL, first + 1)
    data[second + 42 : second + 46] = data[first + 42 : first + 46]
    return bytes(data)


def zeros_in_gigabytes(declared: int, count: int = 10) -> bytes:
    """Return an archive whose one member unpacks to ``count`` gigabytes of zeros, whatever size is
    ``declared``; made in no time, since every megabyte packs to the same bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    megabyte = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    data = megabyte * (count << 10) + packer.flush()
    name = b"submission.json"
    short = min(declared, 0xFFFFFFFF)
    extra = struct.pack("<2HQ", 1, 8, declared) if declared > short else b""
    sizes = struct.pack("<3L", 0, len(data), short)
    local = struct.pack("<4s5H", LOCAL, 20, 0, 8, 0, 0) + sizes + struct.pack("<2H", len(name), 0)
    central = (
        struct.pack("<4s6H", CENTRAL, 20, 20, 0, 8, 0, 0)
        + sizes
        + struct.pack("<5H2L", len(name), len(extra), 0, 0, 0, 0, 0)
        + name
        + extra
    )
    start = len(local) + len(name) + len(data)
    end = struct.pack("<4s4H2LH", END, 0, 0, 1, 1, len(central), start, 0)
    return local + name + data + central + end
