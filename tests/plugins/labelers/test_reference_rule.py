"""The labeler ``reference-rule``: what the published script does, right or wrong."""

from __future__ import annotations

import pytest

from imhi._core.context import Context
from imhi._core.declarations import Dataset, Label, Question
from imhi._core.errors import HarnessError
from imhi._core.records import Response
from imhi.plugins.labelers.reference_rule import rules
from tests.plugins.labelers.reading import read

QUIRKS = [
    ("no is in know", "DR", "I know this feeling.", "no", "reference-rule"),
    ("yes goes before no", "DR", "No. Yesterday was fine.", "yes", "reference-rule"),
    ("nothing found is no", "DR", "The poster is depressed.", "no", "ood"),
    ("only the part before Reasoning:", "DR", "Reasoning: Yes, the poster suffers.", "no", "ood"),
    ("capitals do not matter", "DR", "YES", "yes", "reference-rule"),
    ("the order is fixed", "SAD", "Work, not school.", "school", "reference-rule"),
    ("school in schooling", "SAD", "Homeschooling.", "school", "reference-rule"),
    ("gold wording is not looked for", "SAD", "emotion turmoil", "other", "ood"),
    ("completion wording is", "SAD", "emotional turmoil", "emotion turmoil", "reference-rule"),
    (
        "no causes is not looked for",
        "CAMS",
        "This post shows no causes of depression.",
        "none",
        "ood",
    ),
    ("depression goes first", "T-SID", "No depression but PTSD.", "depression", "reference-rule"),
    ("PTSD goes before none", "T-SID", "no mental disorders", "none", "reference-rule"),
    ("nothing", "MultiWD", "", "no", "ood"),
]


@pytest.mark.parametrize(
    ("dataset", "text", "label", "by"), [row[1:] for row in QUIRKS], ids=[row[0] for row in QUIRKS]
)
def test_quirk(demo: Context, dataset: str, text: str, label: str, by: str) -> None:
    found = read(demo, "reference-rule", dataset, text)
    assert (found.label, found.decided_by, found.status) == (label, by, "labelled")


def test_the_ten_datasets_have_a_rule_with_labels_of_theirs(demo: Context) -> None:
    for name, rule in rules().items():
        labels = set(demo.dataset(name).label_names)
        assert {label for _, label in rule.contains} <= labels
        assert rule.default in labels
    assert len(rules()) == 10


def test_another_dataset_is_refused(demo: Context) -> None:
    other = Dataset("mine", (Label("a", "A."), Label("b", "B.")), (Question("Which?"),))
    with pytest.raises(HarnessError, match=r"no rule for dataset mine .* strict or hybrid"):
        demo.labeler("reference-rule")(other, [""], [Response("1", "mine", "", text="a")])
