"""Small checkouts in the official layout, with fictional posts, for tests of what reads them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

INSTRUCTION = "train_data/instruction_data"
COMPLETE = "train_data/complete_data"
TEST = "test_data/test_instruction"
TEST_COMPLETE = "test_data/test_complete"
EXPERT = "human_evaluation/test_instruction_expert"

STEM = 'The answer to the question "Does the poster suffers from depression?" is '
YES = "Yes, the poster suffers from depression. Reasoning: "
NO = "No, the poster does not suffer from depression. Reasoning: "


def asked(post: str, question: str = "Does the poster suffer from depression?") -> str:
    """Return an instruction query as the files have it."""
    return f'Consider this post: "{post}" Question: {question}'


def write_csv(path: Path, rows: Sequence[Sequence[str]], header: Sequence[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    return path


def write_queries(path: Path, rows: Sequence[tuple[str, str]]) -> Path:
    """Write a file of queries and reference answers."""
    return write_csv(path, rows, ("query", "gpt-3.5-turbo"))


def depression_checkout(root: Path) -> Path:
    """Write train, test, complete and train-complete of DR; return the root."""
    posts = ("nothing is fun any more", "we won the cup!", 'she said "why me?"\nand left')
    answers = (f"{YES}flat mood.", f"{NO}joy.", f"{YES}hopeless.")
    rows = [(asked(post), answer) for post, answer in zip(posts, answers, strict=True)]
    write_queries(root / TEST / "DR.csv", rows)
    write_queries(
        root / TEST_COMPLETE / "DR.csv",
        [
            (f"Post: {post}  Question: {STEM}", f"{word}. Reasoning: {answer[-6:]}")
            for post, word, answer in zip(posts, ("yes", " no", " yes"), answers, strict=True)
        ],
    )
    write_queries(root / INSTRUCTION / "DR" / "train.csv", [(asked("a grey week"), f"{YES}grey.")])
    write_csv(
        root / COMPLETE / "DR" / "reddit_train.csv",
        [("0", "Post: a grey week", f" Question: {STEM}", "yes. Reasoning: grey.")],
        ("", "post", "question", "response"),
    )
    return root
