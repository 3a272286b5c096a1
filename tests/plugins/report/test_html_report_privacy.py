"""A report may be shared: without --with-posts nothing of a post is in it, nor where it was made."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

import imhi.tasks.demo
from imhi.plugins.report.html.harmless import error_shown, shares_words, without_paths

STRETCH = 30


def texts_of(demo_runs, kind: str) -> Iterator[str]:
    for folder in demo_runs.folders:
        for dataset in folder.datasets():
            if kind == "answers":
                yield from (response.text for response in folder.responses(dataset))
            else:
                for example in folder.examples(dataset):
                    yield example.post if kind == "posts" else example.explanation


def stretches(text: str) -> set[str]:
    return {text[start : start + STRETCH] for start in range(len(text) - STRETCH + 1)}


def readable(path: Path) -> str:
    """What is in the file, as it is and without escapes, on one line."""
    text = path.read_text(encoding="utf-8")
    unescaped = html.unescape(text).encode("utf-8").decode("utf-8")
    unescaped = re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), unescaped)
    return " ".join(f"{text}\n{unescaped}".split())


def leaks(path: Path, texts: Iterator[str]) -> list[str]:
    found = stretches(readable(path))
    # The words of the harness itself: label sentences are in answers, and no secret.
    return [
        text
        for text in dict.fromkeys(" ".join(text.split()) for text in texts)
        if len(text) >= STRETCH and not stretches(text).isdisjoint(found)
    ]


def every_demo_post() -> list[str]:
    """Posts of all splits: also those that baselines have learnt from."""
    folder = Path(imhi.tasks.demo.__file__).parent
    lines = [
        line for path in folder.glob("*.jsonl") for line in path.read_text("utf-8").split("\n")
    ]
    return [json.loads(line)["post"] for line in lines if line]


def test_no_stretch_of_a_post_is_in_the_page(demo_runs, demo_page: Path) -> None:
    posts = every_demo_post()
    assert set(posts) > set(texts_of(demo_runs, "posts"))
    assert not leaks(demo_page, iter(posts))


def test_no_stretch_of_a_reference_or_an_answer_is_in_the_page(demo_runs, demo_page: Path) -> None:
    assert not leaks(demo_page, texts_of(demo_runs, "references"))
    assert not leaks(demo_page, texts_of(demo_runs, "answers"))


def test_the_page_with_posts_has_them_and_says_so(demo_runs, demo_page_with_posts: Path) -> None:
    posts = list(texts_of(demo_runs, "posts"))
    assert len(leaks(demo_page_with_posts, iter(posts))) == len(
        {" ".join(post.split()) for post in posts if len(" ".join(post.split())) >= STRETCH}
    )
    assert "This file holds posts about mental health" in demo_page_with_posts.read_text()


def test_neither_a_local_path_nor_a_key_is_in_the_page(demo_runs, demo_page: Path) -> None:
    text = demo_page.read_text(encoding="utf-8")
    assert str(demo_runs.folders[0].path.parent) not in text
    assert "/home/somebody" not in text
    assert "sk-never-shown" not in text
    assert all(folder.id in text for folder in demo_runs.folders)


def test_a_path_is_its_last_part_and_other_names_stay() -> None:
    assert without_paths("hf:/home/me/models/mine") == "hf:mine"
    assert without_paths("official:../shared/imhi") == "official:imhi"
    assert without_paths("make it with: imhi label /tmp/runs/a-1 --labeler x") == (
        "make it with: imhi label a-1 --labeler x"
    )
    assert without_paths(r"C:\Users\me\model and ~/weights") == "model and weights"
    for name in ("hf:klyang/MentaLLaMA-chat-7B", "2/3 of 1/2", "train/val", "and/or", "0.5 / 2"):
        assert without_paths(name) == name


def test_the_address_of_a_local_server_is_not_shown() -> None:
    name = "openai:foo,base_url=http://127.0.0.1:18765/v1"
    assert without_paths(name) == "openai:foo,base_url=(local server)"


def test_a_url_keeps_its_host_and_loses_user_and_query() -> None:
    assert without_paths("at https://me:word@api.example/v1?key=1 now") == (
        "at https://api.example/v1 now"
    )


def test_an_error_that_quotes_the_post_is_left_out() -> None:
    post = "I have not slept since the letter from the landlord came."
    assert error_shown("429 too many requests", post) == "429 too many requests"
    assert "landlord" not in error_shown(f"refused: «{post.upper()}»", post)
    assert shares_words("... since  the\nletter from the land ...", post)
    assert not shares_words("since the winter", post)


def test_the_data_of_the_page_hold_no_texts_unless_asked_for(
    demo_page: Path, demo_page_with_posts: Path
) -> None:
    def data(path: Path) -> dict:
        text = path.read_text(encoding="utf-8")
        found = re.search(r'<script type="application/json"[^>]*>(.*?)</script>', text, re.DOTALL)
        assert found is not None
        return json.loads(found[1])

    assert not any("texts" in dataset for dataset in data(demo_page)["datasets"])
    assert all(dataset["texts"] for dataset in data(demo_page_with_posts)["datasets"])
