"""How often each labeler reads the label a reader reads, on real answers of seven models.

The hand labels (``tests/data/hand_labels.csv``: model, dataset, row, label, span; no text) belong to the
answers published as ``model_outputs/MODEL/DATASET.csv``, row for row with the official test files.
Run from the project's root, with both folders beside the project::

    python benchmarks/labelers.py [--outputs ../shared/model_outputs] [--imhi ../shared/imhi]
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scipy.stats import binomtest  # noqa: E402

from imhi._core.answer_format import compose  # noqa: E402
from imhi._core.context import Context  # noqa: E402
from imhi._core.declarations import Dataset  # noqa: E402
from imhi._core.plugin_manager import load_plugins  # noqa: E402
from imhi._core.records import Example, Prediction, Response  # noqa: E402
from imhi._core.row_files import TableRow, read_table  # noqa: E402
from imhi._core.sources import open_source  # noqa: E402
from imhi.plugins.metrics.labels import confusion_statistics, weighted_f1  # noqa: E402

HAND_LABELS = ROOT / "tests" / "data" / "hand_labels.csv"
LABELERS = ("strict", "explanation", "hybrid", "reference-rule")
SAMPLES = {
    "draw": "80 of each model, 10 of each of its datasets; two readers, a third where they differed",
    "fresh": "as draw, 96 each of the models that nothing was built on at first; drawn later",
    "development": "what the reading was built on; one reader",
}


@dataclass(frozen=True)
class HandLabel:
    """What readers read in one answer; ``row`` counts from 0, ``label`` is None where they found none.

    ``own`` says whether the label is stated in its own words or an equivalent of them (False: in
    others). ``span`` is where it is stated: first character and the one after the last.
    """

    sample: str
    model: str
    dataset: str
    row: int
    label: str | None
    own: bool
    sure: bool
    readers: int
    span: tuple[int, int] | None


def hand_labels(path: Path = HAND_LABELS) -> list[HandLabel]:
    """Return the hand labels in file order."""
    with path.open(encoding="utf-8", newline="") as stream:
        return [
            HandLabel(
                row["sample"],
                row["model"],
                row["dataset"],
                int(row["row"]),
                row["label"] or None,
                row["wording"] == "own",
                row["sure"] == "1",
                int(row["readers"]),
                (int(row["start"]), int(row["end"])) if row["start"] else None,
            )
            for row in csv.DictReader(stream)
        ]


def answers(path: Path) -> list[str]:
    """Return the answers of one file in file order."""
    rows = read_table(path, ("goldens", "generated_text"))
    return [row.cells["generated_text"] for row in rows if isinstance(row, TableRow)]


@dataclass(frozen=True)
class Answered:
    """One model's answers to one dataset, read by one labeler."""

    model: str
    dataset: Dataset
    labeler: str
    examples: Sequence[Example]
    predictions: Sequence[Prediction]

    def weighted_f1(self) -> float:
        """Against the released gold labels; answers without a label count as wrong."""
        names = self.dataset.label_names
        cells = confusion_statistics(self.examples, self.predictions, names)
        return float(weighted_f1(cells.sum(axis=0), len(names)))

    def share(self, status: str) -> float:
        return 100 * sum(p.status == status for p in self.predictions) / len(self.predictions)


def read_all(context: Context, outputs: Path) -> Iterator[Answered]:
    """Read every file of every model with every labeler."""
    for path in sorted(outputs.glob("*/*.csv")):
        dataset = context.dataset(path.stem)
        examples = list(context.examples(dataset.name, "test"))
        responses = [
            Response(example.id, dataset.name, "", text=text)
            for example, text in zip(examples, answers(path), strict=True)
        ]
        aspects = [example.aspect for example in examples]
        for name in LABELERS:
            predictions = context.labeler(name)(dataset, aspects, responses)
            yield Answered(path.parent.name, dataset, name, examples, predictions)


def against_readers(context: Context, found: Sequence[Answered], labels: list[HandLabel]) -> None:
    """Print the accuracy of each labeler on the hand labels, with Wilson's 95% interval."""
    tables = {(a.model, a.dataset.name, a.labeler): a.predictions for a in found}

    def pairs(name: str, chosen: Sequence[HandLabel]) -> list[tuple[HandLabel, str | None]]:
        return [
            (one, tables[one.model, context.dataset(one.dataset).name, name][one.row].label)
            for one in chosen
        ]

    print("agreement with readers (no label is one too: right where the labeler reads none)")
    for sample, what in SAMPLES.items():
        chosen = [label for label in labels if label.sample == sample]
        print(f"\n{sample}: {len(chosen)} answers, {sum(one.sure for one in chosen)} sure; {what}")
        for name in LABELERS:
            read = pairs(name, chosen)
            sure = [pair for pair in read if pair[0].sure]
            print(f"  {name:15} {_agreement(read)}; sure {_agreement(sure)}; {_misses(read)}")
        for what, key in (("model", "model"), ("dataset", "dataset")):
            parts = dict.fromkeys(getattr(one, key) for one in chosen)
            shares = {
                part: _agreement(pairs("hybrid", [o for o in chosen if getattr(o, key) == part]))
                for part in parts
            }
            print(f"  hybrid by {what}: " + "; ".join(f"{k} {v}" for k, v in shares.items()))


def _agreement(pairs: Sequence[tuple[HandLabel, str | None]]) -> str:
    right = sum(one.label == label for one, label in pairs)
    low, high = binomtest(right, len(pairs)).proportion_ci(method="wilson")
    share = 100 * right / len(pairs)
    return f"{right:3}/{len(pairs):3} {share:5.1f} [{100 * low:.1f}, {100 * high:.1f}]"


def _misses(pairs: Sequence[tuple[HandLabel, str | None]]) -> str:
    wrong = [(one.label, label) for one, label in pairs if one.label != label]
    left = sum(label is None for _, label in wrong)
    invented = sum(hand is None for hand, _ in wrong)
    other = len(wrong) - left - invented
    return f"left unparsed {left}, read where a reader could not {invented}, other label {other}"


def on_all_answers(found: Sequence[Answered]) -> None:
    """Print weighted F1, the share without a label, and contradictions, for all answers."""
    print("\nall answers: weighted F1 (unparsed %)")
    print(f"  {'model':18} {'dataset':9} {'n':>5} " + " ".join(f"{name:>16}" for name in LABELERS))
    for start in range(0, len(found), len(LABELERS)):
        group = found[start : start + len(LABELERS)]
        cells = [f"{one.weighted_f1():8.1f} ({_lost(one):5.1f})" for one in group]
        first = group[0]
        name, n = first.dataset.name, len(first.examples)
        print(f"  {first.model:18} {name:9} {n:5} " + " ".join(f"{cell:>16}" for cell in cells))
    print(
        "\n(reference-rule leaves nothing unparsed: its column has the share it finds no rule for)"
    )
    print("\nhybrid: stated, inferred, none (%); weighted F1 if what is inferred counted")
    for one in found:
        if one.labeler == "hybrid":
            inferred = 100 * sum(p.inferred is not None for p in one.predictions)
            inferred /= len(one.predictions)
            counted = replace(
                one, predictions=[replace(p, label=p.label or p.inferred) for p in one.predictions]
            )
            print(
                f"  {one.model:18} {one.dataset.name:10} {100 - one.share('unparsed'):5.1f} "
                f"{inferred:5.1f} {one.share('unparsed') - inferred:5.1f}   "
                f"F1 {one.weighted_f1():5.1f} {counted.weighted_f1():5.1f}"
            )
    print("\nhybrid: who decided, why there is no label, and contradictions")
    for model in dict.fromkeys(one.model for one in found):
        rows = [
            p
            for one in found
            if (one.model, one.labeler) == (model, "hybrid")
            for p in one.predictions
        ]
        decided = Counter(p.decided_by or f"({p.why})" for p in rows)
        shares = ", ".join(f"{by} {100 * n / len(rows):.1f}%" for by, n in decided.most_common())
        print(
            f"  {model:18} {len(rows)} answers: {shares}; "
            f"{sum(p.contradiction for p in rows)} contradictions"
        )


def _lost(one: Answered) -> float:
    if one.labeler != "reference-rule":
        return one.share("unparsed")
    return 100 * sum(p.decided_by == "ood" for p in one.predictions) / len(one.predictions)


def contradictions_found(context: Context, names: Sequence[str]) -> None:
    """Print how many contradictions ``hybrid`` finds where label sentences were exchanged, and how
    many it sees where they were not."""
    print("\ncontradictions seen in reference answers of the test files")
    for name in names:
        dataset = context.dataset(name)
        rows = [row for row in context.examples(name, "test") if row.explanation]
        labels = dataset.label_names
        seen = {}
        for kind, step in (("as they are", 0), ("with another label sentence", 1)):
            texts = [
                compose(
                    dataset, labels[(labels.index(r.label) + step) % len(labels)], r.explanation
                )
                for r in rows
            ]
            read = context.labeler("hybrid")(
                dataset,
                [row.aspect for row in rows],
                [Response(r.id, name, "", text=t) for r, t in zip(rows, texts, strict=True)],
            )
            seen[kind] = 100 * sum(p.contradiction for p in read) / len(rows)
        print(f"  {name:9} {len(rows):5} " + ", ".join(f"{k}: {v:.1f}%" for k, v in seen.items()))


def explanations_read(context: Context, names: Sequence[str]) -> None:
    """Print the accuracy of ``explanation`` on reference and on expert explanations."""
    print("\nexplanation: accuracy on explanations without their label sentences")
    for name in names:
        dataset = context.dataset(name)
        parts = []
        for split in ("test", "expert"):
            rows = list(context.examples(name, split))
            read = context.labeler("explanation")(
                dataset,
                [row.aspect for row in rows],
                [Response(r.id, name, "", text=f"Reasoning: {r.explanation}") for r in rows],
            )
            right = sum(p.label == r.label for p, r in zip(read, rows, strict=True))
            at_all = sum(p.label is not None for p in read)
            parts.append(f"{split} {right / at_all:.3f} of {at_all} read ({len(rows)})")
        print(f"  {name:9} {', '.join(parts)}")


def tested(found: Sequence[Answered]) -> set[str]:
    """Return the names of the datasets that were answered."""
    return {one.dataset.name for one in found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--outputs", type=Path, default=ROOT.parent / "shared" / "model_outputs")
    parser.add_argument("--imhi", type=Path, default=ROOT.parent / "shared" / "imhi")
    given = parser.parse_args()
    registry = load_plugins().registry
    context = Context(registry, open_source(f"official:{given.imhi}", registry)[1], "test")
    found = list(read_all(context, given.outputs))
    against_readers(context, found, hand_labels())
    on_all_answers(found)
    names = [name for name in ("DR", "dreaddit", "IRF", "MultiWD", "SAD") if name in tested(found)]
    explanations_read(context, names)
    contradictions_found(context, names)


if __name__ == "__main__":
    main()
