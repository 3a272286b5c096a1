"""Single words that missed examples have more often than right ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from imhi import Array
from imhi.plugins.report.error_analysis.aligning import AlignedDataset
from imhi.plugins.report.error_analysis.log_odds import prior, z_scores
from imhi.plugins.report.error_analysis.result import DistinctiveWord
from imhi.plugins.report.error_analysis.vocabulary import Vocabulary

# The normal approximation needs so many missed, and right, examples with the word by chance alone.
_FEWEST_EXPECTED = 3.0


def distinctive_words(one: AlignedDataset, vocabulary: Vocabulary) -> Iterator[DistinctiveWord]:
    """Yield every word that is worth a test, by each run, with its own one-sided p value.

    Missed and right examples are compared within question and gold label. Errors on several
    questions about one post are not independent: the standard error is widened by the design effect
    (L. Kish 1965, Survey Sampling), the variance of errors by post over that of independent ones.
    """
    from scipy.stats import norm

    presence = vocabulary.presence[vocabulary.post_of]
    alpha = prior(np.asarray(presence.sum(axis=0)).ravel(), presence.shape[0])
    stratum_of = np.empty(len(one.examples), dtype=int)
    for number, rows in enumerate(one.strata.values()):
        stratum_of[rows] = number
    sizes = np.bincount(stratum_of)
    with_word = _counts(presence, stratum_of, len(sizes))
    totals = with_word.sum(axis=0)
    for run, flags in one.wrong_by_run().items():
        wrong = np.array(flags)
        shares = np.bincount(stratum_of, wrong, len(sizes)) / sizes
        missed = _counts(presence[wrong], stratum_of[wrong], len(sizes))
        expected = shares @ with_word
        # Only the sizes say whether a word is worth a test, not how many of it are missed.
        enough = np.minimum(expected, totals - expected) >= _FEWEST_EXPECTED
        z = z_scores(missed, with_word - missed, alpha)
        z /= np.sqrt(_design_effect(wrong - shares[stratum_of], vocabulary.post_of))
        p = norm.sf(z)
        counts = missed.sum(axis=0).astype(int)
        rights = totals.astype(int) - counts
        errors = int(wrong.sum())
        for index in np.flatnonzero(enough).tolist():
            yield DistinctiveWord(
                dataset=one.dataset,
                run=run,
                word=vocabulary.words[index],
                missed=int(counts[index]),
                right=int(rights[index]),
                missed_all=errors,
                right_all=len(wrong) - errors,
                z=float(z[index]),
                p=float(p[index]),
            )


def _counts(presence: Array, stratum_of: Array, strata: int) -> Array:
    """Return how many examples of each stratum have each word; shape (strata, words)."""
    from scipy.sparse import csr_matrix

    examples = presence.shape[0]
    members = csr_matrix(
        (np.ones(examples), (stratum_of, np.arange(examples))), shape=(strata, examples)
    )
    return np.asarray((members @ presence).toarray())


def _design_effect(residuals: Array, post_of: Array) -> float:
    """Return by how much the variance of sums over posts exceeds that of independent examples.
    ``residuals``: shape (examples,), errors beyond the share of their stratum."""
    independent = float((residuals**2).sum())
    by_post = np.bincount(post_of, residuals)
    return max(1.0, float((by_post**2).sum()) / independent) if independent else 1.0
