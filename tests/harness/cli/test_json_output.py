"""``--json`` is read by programs, and seen in terminals too."""

from __future__ import annotations

import json

import pytest

from imhi._core.cli.console import print_json


def test_what_steers_a_terminal_is_escaped_and_says_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    value = {"text": "a\x1b[2J\x9b2Jb\u202ec\u2066d\x7f\r\n\té 🙂", "half": "\ud83d"}
    print_json(value)
    printed = capsys.readouterr().out
    assert json.loads(printed) == value
    assert all(sign.isprintable() or sign == "\n" for sign in printed)
    assert "é 🙂" in printed, "what is written is left as it is"
