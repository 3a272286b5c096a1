"""The metric ``diversity``: is the explanation one of a handful of boilerplate texts?

Near-identical explanations of a dataset form a group; an explanation is worth 100 / the size of its
group, so that the mean is the number of distinct explanations per hundred. Two are near-identical
where the sets of their word pairs have a Jaccard similarity of at least 0.8, either as they stand
or with the content words that come from the post, the question or the labels replaced by a gap: a
form letter filled in with the post's words is a form letter. Groups are connected components (A
like B and B like C puts A with C). Empty explanations score 0.

Candidates come from MinHash and locality-sensitive hashing (Broder 1997; library ``datasketch``)
and are then compared exactly, so hashing can only lose a pair, at 0.8 with a chance of 5 in 100,000.
A small sample looks more diverse than a large one: compare models on the same rows.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from imhi import Context, Example, HarnessError, Prediction, Response, answer_format
from imhi.plugins.metrics.faithfulness.words import content, stem, task_stems, words

if TYPE_CHECKING:
    from imhi import Measure

ALIKE = 0.8
# 25 bands of 5 hashes: a pair at 0.8 is missed with probability (1 - 0.8**5)**25 = 5e-5.
BANDS, HASHES = 25, 5
MIN_KEPT = 5  # words a text must have of its own for its gapped form to say anything
_GAP = "_"

Pairs = frozenset[tuple[str, ...]]


def word_pairs(text: Sequence[str]) -> Pairs:
    """Return the set of neighbouring words; a single word is a set of its own."""
    if len(text) < 2:
        return frozenset({tuple(text)})
    return frozenset(itertools.pairwise(text))


def gapped(text: Sequence[str], given: frozenset[str]) -> list[str]:
    """Return a text with runs of words whose stems are ``given`` replaced by one gap each."""
    form: list[str] = []
    for word in text:
        shown = _GAP if stem(word) in given else word
        if shown != _GAP or form[-1:] != [_GAP]:
            form.append(shown)
    return form


def jaccard(a: Pairs, b: Pairs) -> float:
    """Return the share of the pairs of either that both have, 0 to 1."""
    shared = len(a & b)
    return shared / (len(a) + len(b) - shared)


def alike(sets: Sequence[Pairs]) -> list[tuple[int, int]]:
    """Return pairs of positions whose sets are near-identical: not all such pairs, but enough to
    connect what they connect."""
    try:
        from datasketch import MinHash, MinHashLSH
    except ModuleNotFoundError:
        raise HarnessError(
            "metric diversity needs the package 'datasketch', which is not installed: "
            "pip install datasketch"
        ) from None

    first: dict[Pairs, int] = {}
    links = []
    for position, pairs in enumerate(sets):
        if first.setdefault(pairs, position) != position:
            links.append((first[pairs], position))
    index = MinHashLSH(num_perm=BANDS * HASHES, params=(BANDS, HASHES))
    encoded = [sorted(" ".join(pair).encode() for pair in pairs) for pairs in first]
    hashes = MinHash.bulk(encoded, num_perm=BANDS * HASHES, seed=1)
    for (pairs, position), hashed in zip(first.items(), hashes, strict=True):
        for candidate in index.query(hashed):
            if jaccard(pairs, sets[candidate]) >= ALIKE:
                links.append((candidate, position))
        index.insert(position, hashed)
    return links


def groups(explanations: Sequence[Sequence[str]], given: Sequence[frozenset[str]]) -> list[int]:
    """Return the group of each (non-empty) explanation; ``given[i]`` are the stems that
    explanation i was given by its post and its question."""
    import numpy as np
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    n = len(explanations)
    links = alike([word_pairs(text) for text in explanations])
    forms = [gapped(text, known) for text, known in zip(explanations, given, strict=True)]
    telling = [i for i, form in enumerate(forms) if len(form) - form.count(_GAP) >= MIN_KEPT]
    links += [(telling[a], telling[b]) for a, b in alike([word_pairs(forms[i]) for i in telling])]
    rows, columns = np.array(links, dtype=int).reshape(-1, 2).T
    graph = coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(n, n))
    return [int(group) for group in connected_components(graph, directed=False)[1]]


def diversity(
    examples: Sequence[Example],
    responses: Sequence[Response],
    predictions: Sequence[Prediction],
    context: Context,
) -> list[Measure]:
    """Return the measure; details hold sizes of groups, never a text."""
    from imhi import Measure

    texts = [words(answer_format.explanation_of(response.text)) for response in responses]
    present = [i for i, text in enumerate(texts) if text]
    values = [0.0] * len(texts)
    sizes: Counter[int] = Counter()
    if present:
        task = task_stems(context.dataset(examples[0].dataset))
        given = [content(examples[i].post) | task for i in present]
        group_of = groups([texts[i] for i in present], given)
        sizes = Counter(group_of)
        for i, group in zip(present, group_of, strict=True):
            values[i] = 100 / sizes[group]
    largest = sorted(sizes.values(), reverse=True)
    return [
        Measure.mean(
            "diversity",
            values,
            empty=len(texts) - len(present),
            distinct=len(sizes),
            largest_groups=largest[:5],
            in_groups=sum(size for size in largest if size > 1),
        )
    ]
