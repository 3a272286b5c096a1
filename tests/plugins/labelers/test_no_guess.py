"""No labeler reads a label into what holds none; 200 texts of each kind, made here from a seed."""

from __future__ import annotations

import random
import string
from collections.abc import Callable

import pytest

from imhi._core.context import Context
from imhi._core.records import Response

LATIN = "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor ut labore"
QUESTIONS = (
    "Why or why not?",
    "Please explain your reasoning.",
    "What do you think about this post?",
    "Can you find evidence in the text?",
    "What are the signs, and how would you help?",
    "Does the poster suffer from stress?",
    "Which label fits best, and why?",
)
OPTIONS = (
    "Work",
    "School",
    "Yes",
    "No",
    "Depression",
    "Anxiety",
    "PTSD",
    "Medication",
    "Alienation",
)
PAGES = (
    "<html><head><title>{code} {word}</title></head><body><h1>{code} {word}</h1></body></html>",
    '{{"error": {{"message": "{word}", "type": "server_error", "code": {code}}}}}',
    "upstream connect error or disconnect/reset before headers. reset reason: {word} {code}",
    "Error {code}: {word}. Please try again later.",
    'Traceback (most recent call last):\n  File "app.py", line {code}\nRuntimeError: {word}',
)
WORDS = (
    "Bad Gateway",
    "Too Many Requests",
    "Internal Server Error",
    "Service Unavailable",
    "timeout",
)


def gibberish(draw: random.Random) -> str:
    if draw.random() < 0.5:
        return " ".join(draw.choices(LATIN.split(), k=draw.randint(4, 120))).capitalize() + "."
    letters = string.ascii_lowercase
    words = ("".join(draw.choices(letters, k=draw.randint(1, 9))) for _ in range(60))
    return " ".join(words)


def question(draw: random.Random) -> str:
    return "\n".join(draw.sample(QUESTIONS, draw.randint(1, 3)))


def option_list(draw: random.Random) -> str:
    chosen = draw.sample(OPTIONS, draw.randint(2, 5))
    mark = draw.choice(("{}) ", "{}. ", "({}) "))
    between = draw.choice(("\n", " ", "\n\n"))
    listed = between.join(
        mark.format(letter) + option for letter, option in zip("ABCDE", chosen, strict=False)
    )
    return draw.choice(("", "Options:\n")) + listed + draw.choice(("", "\n\nPlease select one."))


def error_page(draw: random.Random) -> str:
    page = draw.choice(PAGES)
    return page.format(code=draw.choice((400, 429, 500, 502, 503, 504)), word=draw.choice(WORDS))


KINDS: dict[str, Callable[[random.Random], str]] = {
    "gibberish": gibberish,
    "questions": question,
    "option lists": option_list,
    "error pages": error_page,
}


@pytest.mark.slow
@pytest.mark.parametrize("labeler", ["strict", "hybrid", "explanation"])
@pytest.mark.parametrize("name", ["dreaddit", "SAD", "CAMS", "T-SID"])
def test_no_label_and_nothing_inferred(official: Context, name: str, labeler: str) -> None:
    dataset = official.dataset(name)
    aspect = dataset.questions[0].aspect
    read = official.labeler(labeler)
    for kind, make in KINDS.items():
        draw = random.Random(kind)
        texts = [make(draw) for _ in range(200)]
        responses = [Response(str(i), name, "", text=text) for i, text in enumerate(texts)]
        predictions = read(dataset, [aspect] * len(texts), responses)
        found = [(one, texts[int(one.id)]) for one in predictions if one.label or one.inferred]
        assert not found, f"{kind}: {len(found)}, such as {found[0]}"
