"""All checks, in the order they are made: what models are asked last."""

from __future__ import annotations

from imhi.build.checks import (
    consistency,
    contradictions,
    correctness,
    empty,
    language,
    leakage,
    near_duplicates,
    overlap,
    overlap_across,
    personal_data,
    quality,
    refusals,
)
from imhi.build.checks.declarations import Check

CHECKS: tuple[Check, ...] = (
    empty.CHECK,
    refusals.CHECK,
    language.CHECK,
    leakage.CHECK,
    personal_data.CHECK,
    near_duplicates.CHECK,
    overlap.CHECK,
    overlap_across.CHECK,
    contradictions.CHECK,
    consistency.CHECK,
    quality.CHECK,
    correctness.CHECK,
)
