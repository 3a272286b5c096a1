"""Which planted faults do the checks of ``imhi build`` find? Recall and precision for each kind.

Faults are planted into real rows of a source, each kind into rows of its own, and the checks are made
twice: on the rows as they are and on the rows with the faults. Real rows have faults too, so what a
check flags before anything was planted is shown by itself, and precision counts only findings that are
new. Run from the project's root, with the official checkout beside the project::

    python benchmarks/planted_faults.py [--source official:../shared/imhi] [--planted 200] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from imhi._core.fingerprints import post_key  # noqa: E402
from imhi._core.plugin_manager import load_plugins  # noqa: E402
from imhi._core.registry import Registry  # noqa: E402
from imhi._core.sources import open_source  # noqa: E402
from imhi.build.config import Config, checked  # noqa: E402
from imhi.build.folder import BuildFolder  # noqa: E402
from imhi.build.records import BuiltRow  # noqa: E402
from imhi.build.stages.check import check  # noqa: E402

CHECKS = (
    "refusals", "language", "leakage", "personal_data", "near_duplicates", "overlap",
    "overlap_across", "contradictions", "consistency",
)  # fmt: skip

REFUSALS = (
    "I'm sorry, but I can't assist with that.",
    "I cannot provide an analysis of this person's mental health.",
    "As an AI language model, I am not able to diagnose anybody.",
    "I am unable to answer this. Please reach out to a mental health professional.",
)
LEAKS = (
    "This is why the assigned label is '{label}'.",
    "The label given for this post, {label}, is therefore correct.",
    "As labelled, the answer is {label}.",
    "As in the first example above, the answer is {label}.",
)
FOREIGN = (
    "L'auteur du message décrit plusieurs nuits sans sommeil et une grande fatigue, ce qui montre "
    "combien la situation pèse sur lui et sur ses proches.",
    "Der Text beschreibt Sorgen um Geld und Arbeit, und die Person sagt selbst, dass sie nicht mehr "
    "schlafen kann und sich vor jedem neuen Tag fürchtet.",
    "La persona cuenta que no puede dormir y que ya no disfruta de nada, lo que indica que lleva mucho "
    "tiempo pasando por una situación difícil.",
    "Het bericht gaat over ruzie thuis en geldzorgen, en de schrijver zegt dat hij al weken niet meer "
    "goed slaapt en nergens zin in heeft.",
)
PERSONAL = (
    "You can reach me at lena.{n}@example-mail.org any time. ",
    "Call me, +44 20 7946 0{n:03d}, I mean it. ",  # numbers reserved for fiction
    "My friend @quiet_otter{n} says the same. ",
    "It is all here: https://blog.example.net/p/{n} ",
    "My name is Anneke Vermeulen and I live alone. ",
)


@dataclass(frozen=True)
class Measured:
    """How a kind of fault was found: ``recall`` and ``precision`` from 0 to 1, ``flagged_before`` in
    percent of the real rows."""

    kind: str
    found_by: list[str]
    recall: float
    precision: float
    flagged_before: float


@dataclass
class Planting:
    """Rows with faults in them. ``planted`` are keys of rows by kind of fault."""

    registry: Registry
    draw: random.Random
    rows: dict[str, list[BuiltRow]]
    count: int
    planted: dict[str, set[str]] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)

    def change(self, kind: str, how: Callable[[BuiltRow, int], BuiltRow]) -> None:
        """Change rows that nothing was planted into yet."""
        free = [
            (name, number)
            for name, rows in self.rows.items()
            for number, row in enumerate(rows)
            if row.key not in self._taken and len(row.explanation.split()) > 20
        ]
        for n, (name, number) in enumerate(self.draw.sample(free, self.count)):
            row = self.rows[name][number]
            self.rows[name][number] = how(row, n)
            self._taken.add(row.key)
            self.planted.setdefault(kind, set()).add(row.key)

    def add(self, kind: str, made: Sequence[BuiltRow]) -> None:
        """Add rows to the training split of their dataset."""
        for row in made:
            rows = self.rows[row.dataset]
            taken = [int(r.id.rpartition("-")[2]) for r in rows if r.split == "train"]
            new = replace(row, split="train", id=f"train-{max(taken, default=-1) + 1}")
            rows.append(replace(new, post_id=post_key(new.post)))
            self._taken.add(rows[-1].key)
            self.planted.setdefault(kind, set()).add(rows[-1].key)

    def drawn(self, split: str) -> list[BuiltRow]:
        rows = [r for rows in self.rows.values() for r in rows if r.split == split]
        return self.draw.sample([r for r in rows if len(r.post.split()) >= 8], self.count)

    # --- the faults ------------------------------------------------------------------------------

    def sentence(self, row: BuiltRow, label: str) -> str:
        return self.registry.datasets.get(row.dataset).label(label).sentence

    def other(self, row: BuiltRow) -> str:
        names = self.registry.datasets.get(row.dataset).label_names
        return self.draw.choice([name for name in names if name != row.label])

    def edited(self, post: str) -> str:
        """Return a post with one word in twenty changed, dropped or doubled, and other case."""
        words = post.split()
        for _ in range(max(1, len(words) // 20)):
            at = self.draw.randrange(len(words))
            words[at : at + 1] = self.draw.choice([[], ["really"], [words[at], words[at]]])
        return " ".join(words).capitalize()

    def plant(self) -> None:
        """Plant every kind of fault."""
        self.change("swapped labels", lambda row, n: replace(row, label=self.other(row)))
        self.change(
            "refusals", lambda row, n: replace(row, explanation=REFUSALS[n % len(REFUSALS)])
        )
        self.change("other languages", lambda row, n: replace(row, explanation=FOREIGN[n % 4]))
        self.change("leaked labels", self._leaked)
        self.change("opposite conclusions", self._concluded)
        self.change("personal data", self._named)
        once = self.drawn("train")
        self.add("edited repeats", [replace(row, post=self.edited(row.post)) for row in once])
        tests = self.drawn("test")
        half = len(tests) // 2
        self.add(
            "test posts in training",
            [*tests[:half], *(replace(r, post=self.edited(r.post)) for r in tests[half:])],
        )
        self.add("test posts of others", [self._moved(row) for row in self.drawn("test")])

    def _leaked(self, row: BuiltRow, n: int) -> BuiltRow:
        leak = LEAKS[n % len(LEAKS)].format(label=row.label)
        return replace(row, explanation=f"{row.explanation} {leak}")

    def _concluded(self, row: BuiltRow, n: int) -> BuiltRow:
        other = self.sentence(row, self.other(row))
        return replace(row, explanation=f"{row.explanation} Therefore: {other}")

    def _named(self, row: BuiltRow, n: int) -> BuiltRow:
        text = PERSONAL[n % len(PERSONAL)].format(n=n % 1000)
        first, stop, rest = row.post.partition(". ")
        return replace(row, post=f"{first}{stop or '. '}{text}{rest}")

    def _moved(self, row: BuiltRow) -> BuiltRow:
        to = self.draw.choice([name for name in self.rows if name != row.dataset])
        question = self.registry.datasets.get(to).questions[0]
        label = self.registry.datasets.get(to).label_names[0]
        return replace(row, dataset=to, question=question.text, aspect=question.aspect, label=label)


FOUND_BY = {
    "swapped labels": ("consistency", "contradictions"),
    "refusals": ("refusals",),
    "other languages": ("language",),
    "leaked labels": ("leakage",),
    "opposite conclusions": ("contradictions",),
    "personal data": ("personal_data",),
    "edited repeats": ("near_duplicates",),
    "test posts in training": ("overlap",),
    "test posts of others": ("overlap_across",),
}


def real_rows(source: str, registry: Registry, most: int) -> dict[str, list[BuiltRow]]:
    """Return the rows of a source with train, val and test, at most ``most`` per split."""
    _, opened = open_source(source, registry)
    found: dict[str, list[BuiltRow]] = {}
    for name in opened.datasets():
        rows: list[BuiltRow] = []
        for split in ("train", "val", "test"):
            if split in opened.splits(name):
                for number, e in zip(range(most), opened.examples(name, split), strict=False):
                    rows.append(
                        BuiltRow(
                            id=f"{split}-{number}",
                            dataset=name,
                            split=split,
                            post=e.post,
                            question=e.question,
                            label=e.label,
                            human_label=e.label,
                            explanation=e.explanation,
                            aspect=e.aspect,
                            post_id=e.post_id,
                            explained_by="given",
                        )
                    )
        if len({row.split for row in rows}) > 1:
            found[name] = rows
    return found


def findings(
    rows: dict[str, list[BuiltRow]], registry: Registry, place: Path
) -> dict[str, set[str]]:
    """Return the keys of the rows that each check flags."""
    place.mkdir()
    folder = BuildFolder(place)
    folder.config_file.write_text("raw: [{preset: dr, path: .}]\n", encoding="utf-8")
    counts = {name: {s: 1 for s in ("train", "val", "test")} for name in rows}
    folder.record_stage("read", {"datasets": {n: {"counts": c} for n, c in counts.items()}})
    folder.record_stage(
        "explain", {"datasets": {name: {"rows": len(r)} for name, r in rows.items()}}
    )
    for name, some in rows.items():
        folder.write("rows", name, some)
    config: Config = checked({"raw": [{"preset": "dr", "path": "."}]}, "benchmark", registry)
    check(folder, config, registry, CHECKS)
    return {
        name: {f.dataset + "/" + f.id for d in rows for f in folder.findings(name, d)}
        for name in CHECKS
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", default="official:../shared/imhi")
    parser.add_argument("--planted", type=int, default=200, help="faults of each kind")
    parser.add_argument("--rows", type=int, default=1500, help="rows per split at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures there as well")
    asked = parser.parse_args()
    registry = load_plugins().registry
    rows = real_rows(asked.source, registry, asked.rows)
    total = sum(map(len, rows.values()))
    with tempfile.TemporaryDirectory() as temporary:
        before = findings(rows, registry, Path(temporary) / "before")
        planting = Planting(
            registry,
            random.Random(asked.seed),
            {name: list(some) for name, some in rows.items()},
            asked.planted,
        )
        planting.plant()
        after = findings(planting.rows, registry, Path(temporary) / "after")
    print(f"{total:,} rows of {', '.join(rows)}; {asked.planted} faults of each kind\n")
    print(f"{'fault':24}{'found by':30}{'recall':>8}{'precision':>11}{'flagged before':>16}")
    measured = [measure(kind, planting.planted, before, after, total) for kind in FOUND_BY]
    for one in measured:
        print(
            f"{one.kind:24}{', '.join(FOUND_BY[one.kind]):30}{one.recall:>8.3f}"
            f"{one.precision:>11.3f}{one.flagged_before:>15.1f}%"
        )
    if asked.json:
        figures = {
            "rows": total,
            "datasets": list(rows),
            "planted": asked.planted,
            "flagged_before": flagged_before(rows, before),
            "faults": [asdict(one) for one in measured],
        }
        asked.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def flagged_before(
    rows: Mapping[str, list[BuiltRow]], before: Mapping[str, set[str]]
) -> dict[str, dict[str, dict[str, float]]]:
    """Return, of each check, the real rows it flags by dataset and split (``DR test``): how many of
    how many, and their share in percent."""
    found: dict[str, dict[str, dict[str, float]]] = {name: {} for name in before}
    for dataset, some in rows.items():
        for split in dict.fromkeys(row.split for row in some):
            keys = {row.key for row in some if row.split == split}
            for name, flagged in before.items():
                n = len(keys & flagged)
                found[name][f"{dataset} {split}"] = {
                    "rows": len(keys),
                    "flagged": n,
                    "share": 100 * n / len(keys),
                }
    return found


def measure(
    kind: str,
    planted: Mapping[str, set[str]],
    before: Mapping[str, set[str]],
    after: Mapping[str, set[str]],
    total: int,
) -> Measured:
    """Return how well a kind of fault was found. All sets hold keys of rows."""
    checks = FOUND_BY[kind]
    flagged = set().union(*(after[name] for name in checks))
    earlier = set().union(*(before[name] for name in checks))
    elsewhere = set().union(*(keys for other, keys in planted.items() if other != kind))
    found = len(planted[kind] & flagged)
    # Rows with other faults are flagged for a reason; so are rows flagged before.
    wrong = len(flagged - planted[kind] - elsewhere - earlier)
    return Measured(
        kind=kind,
        found_by=list(checks),
        recall=found / len(planted[kind]),
        precision=found / (found + wrong) if found + wrong else float("nan"),
        flagged_before=100 * len(earlier) / total,
    )


if __name__ == "__main__":
    main()
