"""What an explanation quotes, and whether the post says it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from imhi.plugins.metrics.faithfulness.words import content, plain, stem, words

MIN_WORDS = 2  # one word in quotes is a term or irony as often as a quotation
LONG = 5  # words from which on one in five may differ
_TOLERATED = 0.8
_SPAN = re.compile(r'"([^"\n]{3,400})"')
# An omission or an insertion ends a stretch of the poster's own words.
_GAP = re.compile(r"\.{2,}|\u2026|\[[^\]]*\]|\([^)]*\)")


def quoted_spans(explanation: str, not_quotations: frozenset[str]) -> list[tuple[str, ...]]:
    """Return the distinct quoted spans, each as its words' stems, in order of appearance.

    Spans whose only content words are ``not_quotations`` (label names, the question) do not count.
    """
    spans: dict[tuple[str, ...], None] = {}
    for span in _SPAN.findall(plain(explanation)):
        for part in _GAP.split(span):
            stems = tuple(map(stem, words(part)))
            if len(stems) >= MIN_WORDS and content(part) - not_quotations:
                spans[stems] = None
    return list(spans)


def stands_in(span: Sequence[str], post: Sequence[str]) -> bool:
    """Say whether the post has these words in a row; of ``LONG`` or more, four in five in a row
    are enough."""
    if f" {' '.join(span)} " in f" {' '.join(post)} ":
        return True
    if len(span) < LONG:
        return False
    matcher = SequenceMatcher(None, span, post, autojunk=False)
    run = matcher.find_longest_match(0, len(span), 0, len(post)).size
    return run >= _TOLERATED * len(span)
