"""``openai:``: what servers send is written without the keys, and messages without what was sent."""

from __future__ import annotations

import base64
import json
import random
import string

import pytest

from imhi.plugins.models.openai_api.masking import KEY, MESSAGE_LENGTH, POST, Mask

SECRET = "sk-proj-Zt7Qa19-mXw4Ue8_rLp2Nc6Vb0"
SENT = "Since March I lie awake at night, and my sister Ilvery-42 says I should ring Dr. Quennett."


def forms(key: str) -> dict[str, str]:
    basic = base64.b64encode(f"user:{key}".encode()).decode()
    return {
        "whole": key,
        "reversed": key[::-1],
        "part": key[5:17],
        "base64": base64.b64encode(key.encode()).decode(),
        "base64 after a name": basic,
        "urlsafe": base64.urlsafe_b64encode(f"k={key}".encode()).decode(),
    }


@pytest.mark.parametrize("form", forms(SECRET))
def test_a_key_is_taken_out_of_an_answer_in_every_form(form: str) -> None:
    planted = forms(SECRET)[form]
    masked = Mask([SECRET]).answer(f"Yes. Reasoning: {planted} is what I was told.")
    assert KEY in masked and masked.endswith(" is what I was told.")
    assert not any(part in masked for part in _parts(planted, 12))


def _parts(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(len(text) - size + 1)]


def test_a_key_is_found_wherever_it_begins() -> None:
    mask = Mask([SECRET])
    for before in range(40):
        assert mask.answer("x" * before + SECRET + "y") == "x" * before + KEY + "y"


def test_of_random_texts_nothing_is_taken() -> None:
    draw = random.Random(7)
    mask = Mask([SECRET])
    for _ in range(300):
        text = "".join(draw.choices(string.printable, k=draw.randrange(200)))
        assert mask.answer(text) == text


@pytest.mark.parametrize("key", ["", "x", "EMPTY", "no-key"])
def test_what_is_too_short_to_be_a_secret_stands_in_answers(key: str) -> None:
    assert Mask([key]).answer("x EMPTY no-key") == "x EMPTY no-key"


def test_texts_within_json_are_masked_too() -> None:
    assert Mask([SECRET]).within({"a": [f"<{SECRET}>", 1], SECRET: None}) == {
        "a": [f"<{KEY}>", 1],
        KEY: None,
    }


@pytest.mark.parametrize(
    "quoted",
    [
        SENT,
        SENT.upper(),
        SENT[10:40],
        json.dumps(SENT).replace("night", "ni\\u0067ht"),
        json.dumps(json.dumps({"content": SENT})),
        "  ".join(SENT.split()),
        "the name ilvery-42 alone",
    ],
)
def test_a_message_repeats_nothing_of_what_was_sent(quoted: str) -> None:
    message = Mask([]).message(f"cannot read input: {quoted} (at column 7)", SENT)
    assert POST in message and message.startswith("cannot read input: ")
    low = message.lower()
    assert "ilvery-42" not in low
    assert not any(part.lower() in low for part in _parts(" ".join(SENT.split()), 12))


def test_a_message_that_repeats_nothing_stays_as_it_is() -> None:
    said = "HTTP 400: temperature must be between 0 and 2"
    assert Mask([SECRET]).message(said, SENT) == said


@pytest.mark.parametrize("begins", range(0, len(SENT) - 24, 5))
def test_of_other_posts_a_stretch_of_24_characters_is_found(begins: int) -> None:
    said = f"line 3: {SENT[begins : begins + 24]} is no JSON"
    message = Mask([]).message(said, "another post", others=iter(["", SENT]))
    assert POST in message and SENT[begins + 6 : begins + 18] not in message


def test_of_a_short_post_the_whole_is_found() -> None:
    assert Mask([]).message("bad input 'so sad'", "so sad") == f"bad input '{POST}'"


def test_a_message_is_one_short_line_without_what_looks_like_a_key() -> None:
    message = Mask([]).message("Incorrect key\nsk-other***1234 " + "word " * 400)
    assert message.startswith(f"Incorrect key {KEY} word")
    assert len(message) == MESSAGE_LENGTH and message.endswith("...")
