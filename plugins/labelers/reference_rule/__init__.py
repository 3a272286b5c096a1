"""The labeler ``reference-rule``: the conventions of the published script, quirks included.

The published ``IMHI.py --rule_calculate`` (https://github.com/SteveKGYang/MentalLLaMA, commit
42cd29d) looks at what stands before ``Reasoning:``, in lower case, for substrings in a fixed order, and
gives a default class to whatever matches none ("OOD"). So ``no`` is found in ``know``, an answer that
starts with ``Reasoning:`` is always OOD, and OOD answers score as a real class. (Other versions of
the script look at the first 70 characters instead; their figures differ.)

Reproduced here: the part that is read, the order, the defaults; OOD answers are decided by ``ood`` and
counted. Not reproduced: the script reads gold labels by the same kind of rule, and so stops on SAD
(gold ``emotion turmoil``, rule ``emotional turmoil``) and CAMS (gold ``no causes``, rule ``none``);
gold labels here are those of the data. Use it to compare with published numbers, not to rank models.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from imhi import (
    Context,
    Dataset,
    HarnessError,
    Labeler,
    Prediction,
    ReadLabels,
    Response,
    answer_format,
    hookimpl,
)

RULES = Path(__file__).with_name("rules.yaml")


@dataclass(frozen=True)
class Rule:
    """Substrings in the order they are looked for, and the label of an answer with none."""

    contains: tuple[tuple[str, str], ...]
    default: str

    def read(self, text: str) -> tuple[str, bool]:
        """Return the label, and whether any substring was found."""
        head = text.split(answer_format.MARKER)[0].lower()
        for substring, label in self.contains:
            if substring in head:
                return label, True
        return self.default, False


@functools.cache
def rules() -> dict[str, Rule]:
    """Return the published rules by dataset name."""
    import yaml

    loaded = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    return {
        name: Rule(tuple(map(tuple, rule["contains"])), rule["default"])
        for rule in loaded
        for name in rule["datasets"]
    }


def create(context: Context) -> ReadLabels:
    """Make the labeler.

    Raises, when it reads:
        HarnessError: the script has no rule for the dataset.
    """

    def label(
        dataset: Dataset, aspects: Sequence[str], responses: Sequence[Response]
    ) -> list[Prediction]:
        rule = rules().get(dataset.name)
        if rule is None:
            raise HarnessError(
                f"labeler reference-rule: the published script has no rule for dataset "
                f"{dataset.name} (it has: {', '.join(rules())}); use --labeler strict or hybrid"
            )
        predictions = []
        for response in responses:
            name, matched = rule.read(response.text)
            by = "reference-rule" if matched else "ood"
            predictions.append(Prediction(response.id, response.dataset, name, decided_by=by))
        return predictions

    return label


@hookimpl
def imhi_labelers() -> Iterator[Labeler]:
    yield Labeler(
        "reference-rule",
        "The published script's substring rules, quirks included; OOD answers get a default class",
        create,
    )
