"""Manipulations of files: archives that attack whoever opens them."""

from __future__ import annotations

import gzip
import io
import pickle
import stat
import tarfile
import zipfile
from collections.abc import Callable

from tests.plugins.leaderboard.archives import (
    LOCAL,
    Parts,
    directory_of,
    encrypted,
    overlapping,
    patched,
    shifted,
    with_member,
)
from tests.plugins.leaderboard.manipulating import Make, Manipulation, of_bytes
from tests.plugins.leaderboard.submitted_runs import Forger


def _truncated(good: bytes, forger: Forger) -> bytes:
    return good[: len(good) // 2]


def _tar(good: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("submission.json"))
    return stream.getvalue()


class _Harmful:
    """Leaves a file behind where somebody loads it."""

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, ("a-pickle-was-loaded", "w")


def _bomb(good: bytes) -> bytes:
    parts = Parts.of(good)
    parts.members["responses/DR.jsonl"] += b" " * 50_000_000
    return parts.zipped()


def _declared(size: int) -> Callable[[bytes], bytes]:
    """Let the directory declare other sizes than there are."""
    return lambda good: patched(good, b"PK\x01\x02", 24, size.to_bytes(4, "little"))


def _twice(good: bytes) -> bytes:
    return with_member(good, "scores.json", b"{}")


def _other_case(good: bytes) -> bytes:
    return with_member(good, "responses/dr.jsonl", b"{}\n")


def _without(name: str) -> Callable[[bytes], bytes]:
    def make(good: bytes) -> bytes:
        parts = Parts.of(good)
        del parts.members[name]
        return parts.zipped()

    return make


def _empty_archive(good: bytes) -> bytes:
    return Parts({}).zipped()


def _method(compression: int) -> Callable[[bytes], bytes]:
    return lambda good: Parts.of(good).zipped(compression)


def _damaged(good: bytes) -> bytes:
    at = good.find(b"scores.json") + 200
    return good[:at] + bytes(255 - byte for byte in good[at : at + 4]) + good[at + 4 :]


def _member(name: str, data: bytes = b"x", mode: int = 0) -> Make:
    return of_bytes(lambda good: with_member(good, name, data, mode))


FILES = (
    Manipulation(
        "an absolute path",
        "archive",
        "member '/etc/passwd': an absolute path",
        _member("/etc/passwd"),
    ),
    Manipulation("a drive letter", "archive", "member 'C:/x': an absolute path", _member("C:/x")),
    Manipulation("a parent path", "archive", "leads out of the archive", _member("../../x.json")),
    Manipulation(
        "a parent path with backslashes",
        "archive",
        "leads out of the archive",
        _member("responses\\..\\..\\x"),
    ),
    Manipulation(
        "a folder",
        "archive",
        "member 'responses/': not a file of a submission",
        _member("responses/", b""),
    ),
    Manipulation(
        "a name with escapes",
        "archive",
        "member '\N{REPLACEMENT CHARACTER}[2Jx': not a file",
        _member("\x1b[2Jx"),
    ),
    Manipulation(
        "a symbolic link",
        "archive",
        "a link, folder or device",
        _member("responses/X.jsonl", b"/etc/passwd", stat.S_IFLNK | 0o777),
    ),
    Manipulation(
        "a pickle as member",
        "archive",
        "member 'model.pkl': a file that is no part",
        _member("model.pkl", pickle.dumps(_Harmful())),
    ),
    Manipulation(
        "an archive in the archive",
        "archive",
        "member 'inner.zip': not a file",
        _member("inner.zip", b"PK\x05\x06" + bytes(18)),
    ),
    Manipulation(
        "a file more",
        "files",
        "responses/X.jsonl: in the archive, but of no dataset",
        _member("responses/X.jsonl"),
    ),
    Manipulation(
        "a file less",
        "files",
        "scores.json: missing in the archive",
        of_bytes(_without("scores.json")),
    ),
    Manipulation(
        "no submission.json", "files", "no submission.json", of_bytes(_without("submission.json"))
    ),
    Manipulation(
        "a name twice", "archive", "member 'scores.json': stands there twice", of_bytes(_twice)
    ),
    Manipulation(
        "a name twice but for case",
        "archive",
        "member 'responses/dr.jsonl': stands there twice",
        of_bytes(_other_case),
    ),
    Manipulation("a bomb", "archive", "unpacks to more than 100 times its size", of_bytes(_bomb)),
    Manipulation(
        "sizes of gigabytes declared",
        "archive",
        "bytes unpacked",
        of_bytes(_declared(4_000_000_000)),
    ),
    Manipulation("smaller sizes declared", "archive", "damaged", of_bytes(_declared(10))),
    Manipulation(
        "a million members",
        "archive",
        "a directory of",
        of_bytes(lambda good: directory_of(1_000_000)),
    ),
    Manipulation(
        "a thousand members",
        "archive",
        "a directory of 1,000 members",
        of_bytes(lambda good: directory_of(1_000)),
    ),
    Manipulation("encrypted", "archive", "encrypted", of_bytes(encrypted)),
    Manipulation(
        "LZMA", "archive", "packed in another way than deflate", of_bytes(_method(zipfile.ZIP_LZMA))
    ),
    Manipulation(
        "bzip2",
        "archive",
        "packed in another way than deflate",
        of_bytes(_method(zipfile.ZIP_BZIP2)),
    ),
    Manipulation(
        "a program before it",
        "archive",
        "something before",
        of_bytes(lambda good: b"#!/bin/sh\n" + good),
    ),
    Manipulation(
        "a program before it, offsets mended", "archive", "or a gap is before it", of_bytes(shifted)
    ),
    Manipulation(
        "something behind it",
        "archive",
        "something behind its end",
        of_bytes(lambda good: good + b"#"),
    ),
    Manipulation(
        "a comment", "archive", "behind its end", of_bytes(lambda good: good[:-2] + b"\x02\x00hi")
    ),
    Manipulation("members that overlap", "archive", "overlaps another one", of_bytes(overlapping)),
    Manipulation(
        "zip64",
        "archive",
        "zip64",
        of_bytes(lambda good: patched(good, b"PK\x05\x06", 8, b"\xff\xff\xff\xff")),
    ),
    Manipulation(
        "another name inside",
        "archive",
        "has another name inside the file",
        of_bytes(lambda good: patched(good, LOCAL, 30, b"X")),
    ),
    Manipulation("cut off", "archive", "cut off", _truncated),
    Manipulation("a damaged member", "archive", "damaged", of_bytes(_damaged)),
    Manipulation(
        "a pickle",
        "archive",
        "a pickle (never loaded)",
        of_bytes(lambda good: pickle.dumps(_Harmful())),
    ),
    Manipulation("a tar", "archive", "a tar file", of_bytes(_tar)),
    Manipulation(
        "a tar.gz", "archive", "a gzip file", of_bytes(lambda good: gzip.compress(_tar(good)))
    ),
    Manipulation(
        "a text", "archive", "not a ZIP", of_bytes(lambda good: b"weighted_f1 = 100\n" * 9)
    ),
    Manipulation("an empty file", "archive", "an empty file", of_bytes(lambda good: b"")),
    Manipulation("an empty archive", "archive", "no member", of_bytes(_empty_archive)),
)
