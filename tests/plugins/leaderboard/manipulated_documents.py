"""Manipulations of documents: JSON that is none, and texts that steer what shows them."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from tests.plugins.leaderboard.manipulating import (
    Manipulation,
    changed,
    changed_bytes,
    changed_rows,
    saying,
)


def _doubled_key(data: bytes) -> bytes:
    return data.replace(b"{", b'{"format": 1, ', 1)


def _number(text: bytes) -> Callable[[bytes], bytes]:
    return lambda data: re.sub(rb'"format": 1', b'"format": ' + text, data, count=1)


DOCUMENTS = (
    Manipulation(
        "HTML in the name",
        "contents",
        "name: found '<script>",
        saying(name="<script>alert(1)</script>"),
    ),
    Manipulation(
        "a formula in the name", "contents", "name: found '=HYPERLINK", saying(name="=HYPERLINK(1)")
    ),
    Manipulation("a huge name", "contents", "name: found 'xxx", saying(name="x" * 100_000)),
    Manipulation("an empty name", "contents", "name: found ''", saying(name="")),
    Manipulation(
        "ANSI escapes",
        "contents",
        "description: a control character (U+001B)",
        saying(description="\x1b[2J\x1b[31mgreat"),
    ),
    Manipulation(
        "right-to-left override",
        "contents",
        "name: an invisible or direction-turning character (U+202E)",
        saying(name="model \u202egpj"),
    ),
    Manipulation(
        "zero-width space",
        "contents",
        "by: an invisible or direction-turning character (U+200B)",
        saying(by="A\u200bgroup"),
    ),
    Manipulation(
        "several lines",
        "contents",
        "description: a control character (U+000A)",
        saying(description="one\ntwo"),
    ),
    Manipulation(
        "decomposed letters",
        "contents",
        "name: not in Unicode's normal form",
        saying(name="mode\u0300le"),
    ),
    Manipulation(
        "a script as link",
        "contents",
        "link: found 'javascript:",
        saying(link="javascript:alert(1)"),
    ),
    Manipulation(
        "a password in the link",
        "contents",
        "link: a user name or password",
        saying(link="https://me:secret@example.org/"),
    ),
    Manipulation(
        "ANSI escapes in the settings",
        "contents",
        "a control or direction-turning character",
        saying(model_identity={"target": "\x1b]0;x\x07"}),
    ),
    Manipulation("an unknown field", "contents", "'admin' was unexpected", saying(admin=True)),
    Manipulation("a number where a text belongs", "contents", "by: found 7", saying(by=7)),
    Manipulation(
        "nested ten thousand deep",
        "contents",
        "nested deeper than 16",
        changed_bytes("submission.json", lambda data: b"[" * 10_000 + b"]" * 10_000),
    ),
    Manipulation(
        "nested deep in a row",
        "contents",
        "responses/DR.jsonl: line 1: nested deeper than 16",
        changed_bytes("responses/DR.jsonl", lambda data: b'{"key":' + b"[" * 9_000 + b"\n" + data),
    ),
    Manipulation(
        "NaN", "contents", "NaN is no number", changed_bytes("scores.json", _number(b"NaN"))
    ),
    Manipulation(
        "Infinity",
        "contents",
        "Infinity is no number",
        changed_bytes("scores.json", _number(b"-Infinity")),
    ),
    Manipulation(
        "1e999",
        "contents",
        "the number 1e999 is out of range",
        changed_bytes("scores.json", _number(b"1e999")),
    ),
    Manipulation(
        "ten thousand digits",
        "contents",
        "a whole number of 10000 digits",
        changed_bytes("scores.json", _number(b"9" * 10_000)),
    ),
    Manipulation(
        "too many resamples",
        "contents",
        "resamples: found 1000000000",
        changed("scores.json", lambda claims: claims.update(resamples=10**9)),
    ),
    Manipulation(
        "a key twice",
        "contents",
        "the key 'format' stands twice",
        changed_bytes("submission.json", _doubled_key),
    ),
    Manipulation(
        "not UTF-8",
        "contents",
        "not UTF-8 (byte 0)",
        changed_bytes("responses/DR.jsonl", lambda data: b"\xff\xfe" + data),
    ),
    Manipulation(
        "a lone surrogate",
        "contents",
        "half a character",
        changed_bytes(
            "responses/DR.jsonl",
            lambda data: data.replace(b'"text": "', b'"text": "\\ud800', 1).replace(
                b'"text":"', b'"text":"\\ud800', 1
            ),
        ),
    ),
    Manipulation(
        "not JSON",
        "contents",
        "expected plain JSON",
        changed_bytes("scores.json", lambda data: data[:-20]),
    ),
    Manipulation(
        "a list",
        "contents",
        "found a list, expected a JSON object",
        changed_bytes("submission.json", lambda data: b"[]"),
    ),
    Manipulation(
        "a huge line",
        "archive",
        "line 1 is longer than 1,000,000 bytes",
        changed_bytes(
            "responses/DR.jsonl", lambda data: random.Random(0).randbytes(600_000).hex().encode()
        ),
    ),
    Manipulation(
        "a huge answer",
        "contents",
        "text: found",
        changed_rows("responses/DR.jsonl", lambda rows: rows[0].update(text="word " * 30_000)),
    ),
    Manipulation(
        "an answer and an error",
        "contents",
        "responses/DR.jsonl: line 1",
        changed_rows("responses/DR.jsonl", lambda rows: rows[0].update(error="no answer")),
    ),
)
