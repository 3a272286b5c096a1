"""Which words one set of texts has more often than another.

The log-odds ratio with an informative Dirichlet prior: B. L. Monroe, M. P. Colaresi and K. M. Quinn
2008, Fightin' Words: Lexical Feature Selection and Evaluation for Identifying the Content of
Political Conflict, Political Analysis 16(4), equations 16 to 22. Odds are among all words of a set,
so long texts do not count as having more of every word; the prior, the words of all texts together,
keeps rare words from looking extreme.
"""

from __future__ import annotations

import numpy as np

from imhi import Array

# How much the prior weighs, in texts of mean length.
PRIOR_TEXTS = 10


def prior(counts: Array, texts: int) -> Array:
    """Return the prior of each word: as many of them as :data:`PRIOR_TEXTS` mean texts have.
    ``counts``: shape (words,), of how many ``texts`` each is in."""
    return np.asarray(counts * (PRIOR_TEXTS / texts))


def z_scores(first: Array, second: Array, alpha: Array) -> Array:
    """Return the log-odds ratio of each word over its standard error, positive where ``first`` has
    the word more often; shape (words,).

    ``first`` and ``second``: counts of each word, shape (strata, words), compared within strata and
    pooled by inverse variance. ``alpha``: shape (words,).
    """
    weighted = np.zeros(len(alpha))
    precision = np.zeros(len(alpha))
    for one, two in zip(first, second, strict=True):
        if not one.any() or not two.any():
            continue
        variance = 1 / (one + alpha) + 1 / (two + alpha)
        weighted += (_log_odds(one, alpha) - _log_odds(two, alpha)) / variance
        precision += 1 / variance
    return weighted / np.sqrt(np.where(precision > 0, precision, 1.0))


def _log_odds(counts: Array, alpha: Array) -> Array:
    own = counts + alpha
    return np.asarray(np.log(own) - np.log(counts.sum() + alpha.sum() - own))
