"""How much of its post an answer repeats word by word."""

from __future__ import annotations

# In characters, white space squeezed and case ignored. Of 18,171 answers of Gemma-instruct-7B,
# Mentallama-7B and vicuna-13B to five official test sets, 29 repeat 100 characters or more of their
# post in one piece, 3 repeat 200 (221, 258 and, a model that fell into copying, 991). 200 characters
# are two sentences: less is quoting, and more is handing the post on. Of a short post it is handing on
# to repeat most of it: 80% of posts of 60 characters or more are in 19 of these answers (16 of them to
# SAD, whose posts are short). A post of fewer than 60 characters says little that others do not say.
LONG_QUOTE = 200
MOST_OF_POST, SHORTEST = 0.8, 60


def squeezed(text: str) -> str:
    """Return a text as it is compared: case and white space do not count."""
    return " ".join(text.split()).casefold()


def repeats_post(answer: str, post: str) -> bool:
    """Say whether 200 characters of the post, or most of a shorter one, stand in the answer in one
    piece."""
    answer, post = squeezed(answer), squeezed(post)
    if len(post) < SHORTEST:
        return False
    length = min(LONG_QUOTE, max(SHORTEST, int(MOST_OF_POST * len(post))))
    half = length // 2
    # A piece of that length holds one of the blocks of half its length, wherever it begins.
    for start in range(0, len(answer) - half + 1, half):
        block = answer[start : start + half]
        at = post.find(block)
        while at >= 0:
            if (
                half
                + _common_before(answer, start, post, at)
                + _common_after(answer, start + half, post, at + half)
                >= length
            ):
                return True
            at = post.find(block, at + 1)
    return False


def _common_before(one: str, i: int, other: str, j: int) -> int:
    count = 0
    while count < min(i, j) and one[i - count - 1] == other[j - count - 1]:
        count += 1
    return count


def _common_after(one: str, i: int, other: str, j: int) -> int:
    count = 0
    while i + count < len(one) and j + count < len(other) and one[i + count] == other[j + count]:
        count += 1
    return count
