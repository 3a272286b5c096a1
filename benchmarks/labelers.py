"""How often each labeler reads the label a reader reads, on real answers of seven models.

Given the published answers and the official files, prints agreement with the readers of
``hand_labels.py``, weighted F1 of all answers, who decided, what explanations argue for, contradictions::

    python benchmarks/labelers.py [--outputs ../shared/model_outputs] [--imhi ../shared/imhi] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.hand_labels import (  # noqa: E402
    SAMPLES,
    HandLabel,
    answers,
    hand_labels,
    in_parts,
    shown,
)
from imhi._core.answer_format import compose  # noqa: E402
from imhi._core.context import Context  # noqa: E402
from imhi._core.declarations import Dataset  # noqa: E402
from imhi._core.plugin_manager import load_plugins  # noqa: E402
from imhi._core.records import Example, Prediction, Response  # noqa: E402
from imhi._core.sources import open_source  # noqa: E402
from imhi.plugins.labelers.reading.inferred import LEAST_MARGIN, Classifiers, argument  # noqa: E402
from imhi.plugins.metrics.labels import confusion_statistics, weighted_f1  # noqa: E402

LABELERS = ("strict", "explanation", "hybrid", "reference-rule")
# Those that have training explanations.
EXPLAINED = ("DR", "dreaddit", "IRF", "MultiWD", "SAD")


@dataclass(frozen=True)
class Answered:
    """One model's answers to one dataset, read by one labeler."""

    model: str
    dataset: Dataset
    labeler: str
    examples: Sequence[Example]
    responses: Sequence[Response]
    predictions: Sequence[Prediction]

    def weighted_f1(self) -> float:
        """Against the released gold labels; answers without a label count as wrong."""
        names = self.dataset.label_names
        cells = confusion_statistics(self.examples, self.predictions, names)
        return float(weighted_f1(cells.sum(axis=0), len(names)))


def read_all(context: Context, outputs: Path) -> Iterator[Answered]:
    """Read every file of every model with every labeler, one dataset after the other: its classifier
    is fitted once."""
    for path in sorted(outputs.glob("*/*.csv"), key=lambda path: (path.stem, path)):
        dataset = context.dataset(path.stem)
        examples = list(context.examples(dataset.name, "test"))
        responses = [
            Response(example.id, dataset.name, "", text=text)
            for example, text in zip(examples, answers(path), strict=True)
        ]
        aspects = [example.aspect for example in examples]
        for name in LABELERS:
            predictions = context.labeler(name)(dataset, aspects, responses)
            yield Answered(path.parent.name, dataset, name, examples, responses, predictions)


def against_readers(
    context: Context, found: Sequence[Answered], labels: Sequence[HandLabel]
) -> dict[str, Any]:
    """Return the agreement of each labeler with the readers, by sample."""
    tables = {(a.model, a.dataset.name, a.labeler): a.predictions for a in found}
    samples: dict[str, Any] = {}
    for sample in SAMPLES:
        chosen = [label for label in labels if label.sample == sample]
        by_labeler = {}
        for name in LABELERS:
            read = [tables[one.model, context.dataset(one.dataset).name, name] for one in chosen]
            pairs = [(one, row[one.row].label) for one, row in zip(chosen, read, strict=True)]
            by_labeler[name] = in_parts(pairs)
        third = sum(one.readers > 2 for one in chosen)
        samples[sample] = {
            "answers": len(chosen),
            "third_reader": third,
            "two_agreed": 100 * (len(chosen) - third) / len(chosen),
            "labelers": by_labeler,
        }
    return samples


def floor(
    context: Context, found: Sequence[Answered], labels: Sequence[HandLabel]
) -> dict[str, Any]:
    """Return how often the classifier of explanations agrees with readers on answers that state a
    label, from the least margin on and below it."""
    tables = {(a.model, a.dataset.name): a for a in found if a.labeler == "hybrid"}
    classifiers = Classifiers(context)
    agreed: dict[str, list[bool]] = {"from": [], "below": []}
    for name in EXPLAINED:
        dataset = context.dataset(name)
        stated = [one for one in labels if one.label and context.dataset(one.dataset).name == name]
        rows = [(tables[one.model, name], one.row) for one in stated]
        texts = [argument(table.responses[row].text, dataset) for table, row in rows]
        aspects = [table.examples[row].aspect for table, row in rows]
        for one, read in zip(stated, classifiers.read(dataset, aspects, texts), strict=True):
            if read is not None:
                side = "from" if read.margin >= LEAST_MARGIN else "below"
                agreed[side].append(read.label == one.label)
    return {
        "answers": sum(map(len, agreed.values())),
        **{
            side: {"answers": len(right), "agreed": 100 * sum(right) / len(right)}
            for side, right in agreed.items()
        },
    }


def on_all_answers(found: Sequence[Answered]) -> list[dict[str, Any]]:
    """Return, by model and dataset, weighted F1 by labeler and what is stated and inferred, in percent."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for one in found:
        key = one.model, one.dataset.name
        row = rows.setdefault(
            key, {"model": key[0], "dataset": key[1], "answers": len(one.predictions), "f1": {}}
        )
        row["f1"][one.labeler] = one.weighted_f1()
        if one.labeler == "hybrid":
            stated = sum(p.label is not None for p in one.predictions)
            inferred = sum(p.inferred is not None for p in one.predictions)
            whole = len(one.predictions)
            row["stated"], row["inferred"] = 100 * stated / whole, 100 * inferred / whole
            row["none"] = 100 * (whole - stated - inferred) / whole
            counted = [replace(p, label=p.label or p.inferred) for p in one.predictions]
            row["f1_with_inferred"] = replace(one, predictions=counted).weighted_f1()
        if one.labeler == "reference-rule":
            lost = sum(p.decided_by == "ood" for p in one.predictions)
            row["no_rule"] = 100 * lost / len(one.predictions)
    return [rows[key] for key in sorted(rows, key=lambda key: key[0].casefold())]


def who_decided(found: Sequence[Answered]) -> dict[str, dict[str, float]]:
    """Return, by model, who decided in ``hybrid``, or why there is no label, in percent."""
    decided: dict[str, Counter[str]] = {}
    for one in found:
        if one.labeler == "hybrid":
            decided.setdefault(one.model, Counter()).update(
                p.decided_by or p.why for p in one.predictions
            )
    return {
        model: {by: 100 * n / sum(counts.values()) for by, n in counts.most_common()}
        for model, counts in decided.items()
    }


def contradictions(context: Context, name: str) -> dict[str, float]:
    """Return the percentage of reference answers of the test file that ``hybrid`` marks as
    contradictions, as they are and after the label sentence was exchanged for the next label's."""
    dataset = context.dataset(name)
    rows = [row for row in context.examples(name, "test") if row.explanation]
    labels = dataset.label_names
    found = {}
    for kind, step in (("as_they_are", 0), ("exchanged", 1)):
        others = [labels[(labels.index(row.label) + step) % len(labels)] for row in rows]
        read = context.labeler("hybrid")(
            dataset,
            [row.aspect for row in rows],
            [
                Response(row.id, name, "", text=compose(dataset, other, row.explanation))
                for row, other in zip(rows, others, strict=True)
            ],
        )
        found[kind] = 100 * sum(p.contradiction for p in read) / len(rows)
    return found


def explanations_read(context: Context, name: str, split: str) -> dict[str, float]:
    """Return how many explanations ``explanation`` reads without their label sentences, and the share
    of these that it reads right."""
    rows = list(context.examples(name, split))
    read = context.labeler("explanation")(
        context.dataset(name),
        [row.aspect for row in rows],
        [Response(row.id, name, "", text=f"Reasoning: {row.explanation}") for row in rows],
    )
    right = sum(p.label == row.label for p, row in zip(read, rows, strict=True))
    at_all = sum(p.label is not None for p in read)
    return {"rows": len(rows), "read": at_all, "right": right / at_all}


def show(found: dict[str, Any]) -> None:
    """Print what was measured."""
    print("agreement with readers (no label is one too: right where the labeler reads none)")
    for sample, one in found["samples"].items():
        print(f"\n{sample}: {one['answers']} answers; {SAMPLES[sample]}")
        for name, read in one["labelers"].items():
            missed = f"left unparsed {read['left']}, invented {read['invented']}, other label {read['other']}"
            print(f"  {name:15} {shown(read)}; sure {shown(read['sure'])}; {missed}")
        for key in ("by_model", "by_dataset"):
            parts = one["labelers"]["hybrid"][key]
            print(f"  hybrid {key}: " + "; ".join(f"{k} {shown(v)}" for k, v in parts.items()))
    print(f"\nclassifier and readers, from the margin of {LEAST_MARGIN} on and below it")
    for side in ("from", "below"):
        one = found["floor"][side]
        print(f"  {side:5} {one['agreed']:.1f}% of {one['answers']} answers that state a label")
    print(
        f"\nall {found['answers']} answers: stated / inferred / none (%), weighted F1; rule found none"
    )
    for one in found["all"]:
        scores = ", ".join(f"{name} {value:.1f}" for name, value in one["f1"].items())
        print(
            f"  {one['model']:18} {one['dataset']:10} {one['answers']:5}  {one['stated']:.0f} / "
            f"{one['inferred']:.0f} / {one['none']:.0f}  {scores}, with inferred "
            f"{one['f1_with_inferred']:.1f}; {one['no_rule']:.0f}%"
        )
    print("\nhybrid: who decided, or why there is no label (%)")
    for model, shares in found["decided"].items():
        print(f"  {model:18} " + ", ".join(f"{by} {share:.1f}" for by, share in shares.items()))
    print("\nreference explanations read by explanation; contradictions that hybrid marks (%)")
    for name, one in found["explanations"].items():
        parts = [
            f"{s} {one[s]['right']:.3f} of {one[s]['read']} read ({one[s]['rows']})"
            for s in ("test", "expert")
        ]
        marked = found["contradictions"][name]
        print(
            f"  {name:9} {', '.join(parts)}; {marked['as_they_are']:.1f} as they are, "
            f"{marked['exchanged']:.1f} with another label sentence"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--outputs", type=Path, default=ROOT.parent / "shared" / "model_outputs")
    parser.add_argument("--imhi", type=Path, default=ROOT.parent / "shared" / "imhi")
    parser.add_argument("--json", type=Path, help="file to write what was measured to")
    given = parser.parse_args()
    registry = load_plugins().registry
    context = Context(registry, open_source(f"official:{given.imhi}", registry)[1], "test")
    found, labels = list(read_all(context, given.outputs)), hand_labels()
    measured = {
        "answers": sum(len(one.predictions) for one in found if one.labeler == "hybrid"),
        "models": len({one.model for one in found}),
        "hand_labels": len(labels),
        "samples": against_readers(context, found, labels),
        "floor": floor(context, found, labels),
        "all": on_all_answers(found),
        "decided": who_decided(found),
        "explanations": {
            name: {split: explanations_read(context, name, split) for split in ("test", "expert")}
            for name in EXPLAINED
        },
        "contradictions": {name: contradictions(context, name) for name in EXPLAINED},
    }
    show(measured)
    if given.json:
        given.json.write_text(json.dumps(measured, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
