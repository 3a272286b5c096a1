"""A measure is a function of sums: one value on the whole column, many on resampled sums."""

from __future__ import annotations

import math

import numpy as np

from imhi._core.statistics import Measure


def test_a_mean_leaves_out_what_has_no_value() -> None:
    measure = Measure.mean("length", [1.0, None, 4.0, float("nan")])
    assert measure.value() == 2.5
    assert measure.per_example is not None
    np.testing.assert_array_equal(np.isnan(measure.per_example), [False, True, False, True])


def test_a_mean_of_nothing_is_undefined_and_does_not_warn() -> None:
    assert math.isnan(Measure.mean("length", [None, None]).value())


def test_a_mean_keeps_leading_axes() -> None:
    measure = Measure.mean("length", [1.0, 2.0])
    np.testing.assert_allclose(measure.value_of(np.array([[[3.0, 1.0], [3.0, 2.0]]])), [[3.0, 1.5]])


def test_details_and_headline_are_kept() -> None:
    measure = Measure.mean("length", [1.0], headline=False, unit="words")
    assert not measure.headline
    assert measure.details == {"unit": "words"}
