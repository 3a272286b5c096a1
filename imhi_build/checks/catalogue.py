"""The built-in checks, in the order in which they are listed.

Each is in the module of its name, which has its ``find`` and its ``Settings``.
"""

from __future__ import annotations

from collections.abc import Iterator

from imhi import BuildCheck

_SUMMARIES = {
    "empty": "The answer holds no explanation",
    "refusals": "The model refuses, speaks of being an AI, or was cut off",
    "language": "An explanation in another language than wanted",
    "leakage": "The explanation speaks of a given label, of examples or of its instructions",
    "personal_data": "User names, links, addresses and telephone numbers left in a text",
    "near_duplicates": "A post that stands twice in a split, in the same or nearly the same words",
    "overlap": "A post of the test or val split that is also trained on, within a dataset",
    "overlap_across": "A post of another dataset's test or val split that is also trained on",
    "contradictions": "The answer states another label than the row has",
    "consistency": "The explanation argues for another label (cross-fitted classifier)",
    "quality": "Far from the experts' explanations of the same posts",
    "correctness": "A model asked without the label answers another (needs a model)",
}
_ROW_CHECKS = {"refusals", "language", "leakage", "personal_data"}
_MODEL_CHECKS = {"quality", "correctness"}


def built_in_checks() -> Iterator[BuildCheck]:
    """Yield the checks; their modules are imported when they are made."""
    for name, summary in _SUMMARIES.items():
        module = f"{__package__}.{name}"
        yield BuildCheck(
            name,
            summary,
            find=f"{module}:find",
            kind="row" if name in _ROW_CHECKS else "model" if name in _MODEL_CHECKS else "corpus",
            settings=f"{module}:Settings",
        )
