"""The built-in checks, in the order in which they are listed."""

from __future__ import annotations

from imhi import BuildCheck

_HERE = "imhi.build.checks"

CHECKS = (
    BuildCheck(
        "empty",
        "The answer holds no explanation",
        f"{_HERE}.empty:find",
        kind="corpus",
    ),
    BuildCheck(
        "refusals",
        "The model refuses, speaks of being an AI, or was cut off",
        f"{_HERE}.refusals:find",
        settings=f"{_HERE}.refusals:RefusalSettings",
    ),
    BuildCheck(
        "language",
        "An explanation in another language than wanted",
        f"{_HERE}.language:find",
        settings=f"{_HERE}.language:LanguageSettings",
    ),
    BuildCheck(
        "leakage",
        "The explanation speaks of a given label, of examples or of its instructions",
        f"{_HERE}.leakage:find",
        settings=f"{_HERE}.leakage:LeakageSettings",
    ),
    BuildCheck(
        "personal_data",
        "User names, links, addresses and telephone numbers left in a text",
        f"{_HERE}.personal_data:find",
        settings=f"{_HERE}.personal_data:PersonalDataSettings",
    ),
    BuildCheck(
        "near_duplicates",
        "A post that stands twice in a split, in the same or nearly the same words",
        f"{_HERE}.near_duplicates:find",
        kind="corpus",
        settings=f"{_HERE}.near_duplicates:SimilaritySettings",
    ),
    BuildCheck(
        "overlap",
        "A post of the test or val split that is also trained on, within a dataset",
        f"{_HERE}.overlap:find",
        kind="corpus",
        settings=f"{_HERE}.near_duplicates:SimilaritySettings",
    ),
    BuildCheck(
        "overlap_across",
        "A post of another dataset's test or val split that is also trained on",
        f"{_HERE}.overlap_across:find",
        kind="corpus",
        settings=f"{_HERE}.overlap_across:AcrossSettings",
    ),
    BuildCheck(
        "contradictions",
        "The answer states another label than the row has",
        f"{_HERE}.contradictions:find",
        kind="corpus",
    ),
    BuildCheck(
        "consistency",
        "The explanation argues for another label (cross-fitted classifier)",
        f"{_HERE}.consistency:find",
        kind="corpus",
        settings=f"{_HERE}.consistency:Settings",
    ),
    BuildCheck(
        "quality",
        "Far from the experts' explanations of the same posts",
        f"{_HERE}.quality:find",
        kind="model",
        settings=f"{_HERE}.quality:Settings",
    ),
    BuildCheck(
        "correctness",
        "A model asked without the label answers another (needs a model)",
        f"{_HERE}.correctness:find",
        kind="model",
        settings=f"{_HERE}.correctness:Settings",
    ),
)
