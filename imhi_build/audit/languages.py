"""Whether a post is in another language than English, the language of the questions.

``py3langid`` tells languages of whole texts well, of a few words hardly, and takes capitals, names of
users and links for other languages. So a post is taken to be English by its little words, where it
has them; the others are told by what is left without names, tags and links, in small letters where
they shout. It is another language's if at least :data:`LETTERS` letters are left and English has less
than :data:`LEAST` of the probability.

Read by eye on the published rows: of 37 distinct posts found 36 are in another language (the other
one is a list of foreign names); beside them one French and one mixed post of T-SID are passed over
(a few words each). Of the other posts of at least so many letters, none has less than 0.018.
"""

from __future__ import annotations

import importlib.util
import re

from imhi import how_to_install
from imhi.build.checks.language import LITTLE_WORDS, NO_LANGUAGE, count_letters, identifier

LETTERS = 20
LEAST = 0.01
# Besides the words that no other language has, what posters say of themselves.
_ENGLISH = LITTLE_WORDS | frozenset(
    re.findall(
        r"\S+",
        "to my you your just but about would could should because like know feel don't didn't can't "
        "i'm i've it's im dont",
    )
)
_NAMES_AND_LINKS = re.compile(r"https?://\S+|\b[\w.-]+\.[a-z]{2,}/\S*|[@#]\w+|\bRT\b")


class Languages:
    """Notes posts that are not plainly English, then tells which are in another language: all at
    once, since what tells languages takes 100 MB while it is loaded."""

    def __init__(self) -> None:
        self._candidates: dict[str, str] = {}
        self._post = ""
        self.can_tell = _installed()

    def note(self, post: str) -> None:
        """Look at a post; the same one may come again."""
        if self.can_tell and post != self._post:  # rows about one post usually follow one another
            self._post = post
            if text := _to_be_told(post):
                self._candidates[post] = text

    def foreign(self) -> frozenset[str]:
        """Return those of the posts that are in another language, and forget all."""
        candidates, self._candidates = self._candidates, {}
        found = frozenset(post for post, text in candidates.items() if _is_foreign(text))
        identifier.cache_clear()
        return found


def _installed() -> bool:
    try:
        return importlib.util.find_spec("py3langid") is not None
    except ValueError:  # named in sys.modules, and nothing
        return False


def not_looked_for() -> str:
    """Return the note on an audit made where languages cannot be told."""
    return (
        "posts were not looked at for other languages (flag not-english): the package 'py3langid' is "
        f"not installed: {how_to_install('build')}"
    )


def _to_be_told(post: str) -> str:
    """Return what of a post a language can be told by; nothing, where its words are English or where
    too little is left."""
    words = post.casefold().split()
    little = [word for word in words if word in _ENGLISH]
    if len(set(little)) >= 3 and 5 * len(little) >= len(words):
        return ""
    text = " ".join(_NAMES_AND_LINKS.sub(" ", post).split())
    if count_letters(text) < LETTERS:
        return ""
    shouted = 2 * sum(map(str.isupper, text)) > sum(map(str.isalpha, text))
    return text.lower() if shouted else text


def _is_foreign(text: str) -> bool:
    language, _ = identifier().classify(text)
    if language in {"en", *NO_LANGUAGE}:
        return False
    return bool(dict(identifier().rank(text))["en"] < LEAST)
