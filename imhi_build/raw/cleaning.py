"""Cleaning: what is personal is masked, repeated posts are left out. Everything is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from imhi import post_key
from imhi.build.raw.preset import Cleaning

_DELETED = frozenset({"[deleted]", "[removed]", "[deleted by user]"})


@dataclass
class Cleaner:
    """Cleans the texts of one dataset; ``masked`` counts what was replaced, by kind."""

    cleaning: Cleaning
    masked: Counter[str] = field(default_factory=Counter)
    _seen: dict[tuple[str, str, str], tuple[str, str]] = field(default_factory=dict)
    _mask: Callable[..., tuple[str, Counter[str]]] | None = None

    def clean(self, text: str) -> str:
        """Return a text (a post, an explanation, a marked passage) with what is personal masked."""
        if not self.cleaning.mask:
            return text
        if self._mask is None:
            from imhi.build.checks.personal_data import mask

            self._mask = mask
        cleaned, found = self._mask(text, self.cleaning.mask)
        self.masked.update(found)
        return cleaned

    def is_deleted(self, post: str) -> bool:
        """Say whether a post is nothing but what a platform writes in the place of one."""
        return self.cleaning.deleted == "remove" and post.strip().casefold() in _DELETED

    def repeats(self, split: str, aspect: str, post: str, label: str, name: str) -> str:
        """Say what row a row repeats, and whether its label is another one; empty where it repeats
        none or repeats are kept. ``name`` is what the row itself is called."""
        if self.cleaning.duplicates == "keep":
            return ""
        key = (split, aspect, post_key(post))
        first = self._seen.setdefault(key, (name, label))
        if first[0] == name:
            return ""
        other = "" if first[1] == label else f", which has the label '{first[1]}'"
        return f"the post of {first[0]} again{other}"
