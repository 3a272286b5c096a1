"""Answers that are too good: the reference itself, or the reference with a few words changed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from imhi import answer_format
from imhi.plugins.leaderboard.submission.quotes import squeezed
from imhi.plugins.leaderboard.verification.checks import Check, of_reasons, warning
from imhi.runs import Columns

# Of 18,171 answers of Gemma-instruct-7B, Mentallama-7B and vicuna-13B to five official test sets, one
# is the reference explanation word by word and one more holds it, both of Mentallama-7B (trained on
# such explanations) on MultiWD: 0.1% of that dataset. There, too, are the most that share much with
# the reference: by F1 over three-word sequences, 17% reach 0.5 and 3.4% reach 0.7 (elsewhere at most
# 6% and 0.5%; of the two other models none reaches 0.5).
_COPIES, _COPIES_SHARE = 3, 0.01
_NEAR, _NEAR_SHARE = 0.7, 0.10
_ALIKE, _ALIKE_SHARE = 0.5, 0.50
_SHORTEST = 40  # characters: shorter references can be met by chance
_FEWEST = 3  # near copies of fewer answers than this say nothing

_WORD = re.compile(r"\w+")

# An answer of a baseline stands under many posts, one of a model seldom: of Gemma-instruct-7B's
# refusals, which it gives in the same words, one in five answers to MultiWD.
_SAME_SHARE, _SAME_COUNT = 0.05, 10


def reference_check(columns: Mapping[str, Columns]) -> Check:
    """Look for references among the answers."""
    reasons = []
    for dataset, column in columns.items():
        copies = near = alike = total = 0
        for example, response in zip(column.examples, column.responses, strict=True):
            if len(example.explanation) < _SHORTEST:
                continue
            total += 1
            copies += squeezed(example.explanation) in squeezed(response.text)
            shared = shared_sequences(
                example.explanation, answer_format.explanation_of(response.text)
            )
            near += shared >= _NEAR
            alike += shared >= _ALIKE
        if copies >= _COPIES and copies > _COPIES_SHARE * total:
            reasons.append(
                f"{dataset}: {copies:,} of {total:,} answers hold the gold explanation word by word"
            )
        elif (near >= _FEWEST and near > _NEAR_SHARE * total) or (
            alike >= _FEWEST and alike > _ALIKE_SHARE * total
        ):
            reasons.append(
                f"{dataset}: {near:,} of {total:,} answers are near copies of the gold explanation "
                f"({alike:,} share half of it)"
            )
    return of_reasons("references", reasons, "the answers are not the reference explanations")


def shared_sequences(reference: str, answer: str, length: int = 3) -> float:
    """Return the F1 of two texts' sequences of ``length`` words, from 0 to 1."""
    one, other = _sequences(reference, length), _sequences(answer, length)
    total = sum(one.values()) + sum(other.values())
    return 2 * sum((one & other).values()) / total if total else 0.0


def _sequences(text: str, length: int) -> Counter[tuple[str, ...]]:
    words = _WORD.findall(text.casefold())
    return Counter(tuple(words[i : i + length]) for i in range(len(words) - length + 1))


def repetition_check(columns: Mapping[str, Columns]) -> Check:
    """Note answers that stand under many posts, as those of baselines do."""
    reasons = []
    for dataset, column in columns.items():
        seen: dict[str, set[str]] = {}
        for cluster, response in zip(column.clusters, column.responses, strict=True):
            if len(response.text) >= _SHORTEST:
                seen.setdefault(squeezed(response.text), set()).add(cluster)
        most = max(map(len, seen.values()), default=0)
        posts = len(set(column.clusters))
        if most >= _SAME_COUNT and most > _SAME_SHARE * posts:
            reasons.append(f"{dataset}: one answer stands under {most:,} of {posts:,} posts")
    return warning("repetition", reasons, "no long answer stands under many posts")
