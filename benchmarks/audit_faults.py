"""Which planted faults does ``imhi audit`` find? Recall and precision for each kind.

Faults are planted into the test rows of a source, each kind into rows of its own, and the audit is
made twice: on the rows as they are and on the rows with the faults. Real rows have faults too, so
precision counts only rows that were not flagged before. Flipped labels can only be found where raw
rows are given. Run from the project's root, with the data beside the project::

    python benchmarks/audit_faults.py [--source official:../shared/imhi] [--planted 200]
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from imhi._core.fingerprints import post_key  # noqa: E402
from imhi._core.plugin_manager import load_plugins  # noqa: E402
from imhi._core.records import Example  # noqa: E402
from imhi._core.registry import Registry  # noqa: E402
from imhi._core.sources import open_source  # noqa: E402
from imhi.build.audit.auditing import Auditing  # noqa: E402
from imhi.build.audit.raw_files import RawFiles, open_raw_files  # noqa: E402

SPLITS = ("train", "val", "test")
PHRASES = (
    "This is why the assigned label is '{label}'.",
    "The label given for this post, {label}, is therefore correct.",
    "Based on the label, the poster's words must be read this way.",
    "So the correct label is {label}.",
)
Key = tuple[str, str, str]  # dataset, split, id


@dataclass
class Rows:
    """Rows in memory (:class:`imhi._core.protocols.OpenSource`)."""

    rows: dict[str, dict[str, list[Example]]]

    def datasets(self) -> Sequence[str]:
        return list(self.rows)

    def splits(self, dataset: str) -> Sequence[str]:
        return list(self.rows.get(dataset, {}))

    def examples(self, dataset: str, split: str) -> Iterator[Example]:
        return iter(self.rows[dataset][split])

    def checksum(self, dataset: str, split: str) -> str:
        return ""

    def describe(self) -> Mapping[str, Any]:
        return {"synthetic": True}


def read(source: str, registry: Registry, most: int) -> Rows:
    """Return the rows of a source that have an explanation, at most ``most`` per split."""
    _, opened = open_source(source, registry)
    found: dict[str, dict[str, list[Example]]] = {}
    for name in opened.datasets():
        there = [split for split in SPLITS if split in opened.splits(name)]
        if "test" in there:
            found[name] = {
                split: [e for _, e in zip(range(most), opened.examples(name, split), strict=False)]
                for split in there
            }
    return Rows(found)


def verdicts(rows: Rows, registry: Registry, raw: dict[str, RawFiles]) -> dict[Key, dict[str, Any]]:
    """Return the verdict on every row."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        Auditing("planted", rows, registry, raw).run(Path(folder))
        for path in (Path(folder) / "verdicts").glob("*.jsonl"):
            dataset, split = path.stem.rsplit(".", 1)
            for line in path.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                found[dataset, split, row["id"]] = row
    return found


@dataclass
class Planting:
    """Faults in a copy of the rows; ``planted`` are the rows that should be flagged, by kind;
    ``touched`` all that were changed or added."""

    rows: Rows
    registry: Registry
    before: Mapping[Key, Mapping[str, Any]]
    count: int
    draw: random.Random
    planted: dict[str, set[Key]] = field(default_factory=dict)
    touched: set[Key] = field(default_factory=set)

    def drawn(self, unlike: str, human: bool = False) -> list[tuple[Key, int]]:
        """Return test rows without a fault of this kind and without a planted one."""
        free = [
            ((name, "test", row.id), place)
            for name, splits in self.rows.rows.items()
            for place, row in enumerate(splits["test"])
            if (key := (name, "test", row.id)) not in self.touched
            and len(row.post.split()) >= 8
            and unlike not in self.before[key]["flags"]
            and (not human or self.before[key]["human"] == row.label)
        ]
        chosen = self.draw.sample(free, self.count)
        self.touched.update(key for key, _ in chosen)
        return chosen

    def edited(self, post: str) -> str:
        """Return a post with one word in twenty changed, dropped or doubled, and other case."""
        words = post.split()
        for _ in range(max(1, len(words) // 20)):
            at = self.draw.randrange(len(words))
            words[at : at + 1] = self.draw.choice([[], ["really"], [words[at], words[at]]])
        return " ".join(words).capitalize()

    def add(self, dataset: str, split: str, row: Example, post: str) -> Key:
        there = self.rows.rows[dataset].setdefault(split, [])
        new = replace(row, dataset=dataset, split=split, id=f"{split}-planted-{len(there)}")
        there.append(replace(new, post=post, post_id=post_key(post)))
        self.touched.add((dataset, split, new.id))
        return dataset, split, new.id

    def plant(self) -> None:
        for (name, _, _), place in self._note("flipped labels", self.drawn("-", human=True)):
            row = self.rows.rows[name]["test"][place]
            names = self.registry.datasets.get(name).label_names
            other = self.draw.choice([label for label in names if label != row.label])
            self.rows.rows[name]["test"][place] = replace(row, label=other)
        for n, ((name, _, _), place) in enumerate(self._note("phrases", self.drawn("gives-away"))):
            row = self.rows.rows[name]["test"][place]
            text = f"{row.explanation} {PHRASES[n % len(PHRASES)].format(label=row.label)}"
            self.rows.rows[name]["test"][place] = replace(row, explanation=text)
        copies = set()
        for (name, _, _), place in self.drawn("duplicate"):
            row = self.rows.rows[name]["test"][place]
            copies.add(self.add(name, "test", row, self.edited(row.post)))
        self.planted["edited repeats"] = copies
        self._leak("equal leaks", edit=False)
        self._leak("edited leaks", edit=True)

    def _note(self, kind: str, chosen: list[tuple[Key, int]]) -> list[tuple[Key, int]]:
        self.planted[kind] = {key for key, _ in chosen}
        return chosen

    def _leak(self, kind: str, edit: bool) -> None:
        """Put test posts into the training rows of any dataset, under its own first question."""
        posts = set()
        for (name, _, _), place in self.drawn("leaked"):
            row = self.rows.rows[name]["test"][place]
            to = self.draw.choice(list(self.rows.rows))
            declared = self.registry.datasets.get(to)
            asked = declared.questions[0]
            given = replace(
                row,
                question=asked.text,
                aspect=asked.aspect,
                label=declared.label_names[0],
                explanation="It says so.",
            )
            self.add(to, "train", given, self.edited(row.post) if edit else row.post)
            posts.add(row.post_id)
        # Every test row about such a post has leaked: other questions, other datasets.
        self.planted[kind] = {
            (name, "test", row.id)
            for name, splits in self.rows.rows.items()
            for row in splits["test"]
            if row.post_id in posts
            and "leaked"
            not in self.before.get((name, "test", row.id), {"flags": ["leaked"]})["flags"]
        }


def flagged(found: Mapping[str, Any], kind: str) -> bool:
    """Say whether a verdict tells of a kind of fault."""
    if kind == "flipped labels":
        return found["human"] not in (None, found["released"])
    flag = {"phrases": "gives-away", "edited repeats": "duplicate"}.get(kind, "leaked")
    return flag in found["flags"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", default="official:../shared/imhi")
    parser.add_argument("--raw", action="append", help="PRESET=FOLDER; repeatable")
    parser.add_argument("--planted", type=int, default=200, help="faults of each kind")
    parser.add_argument("--rows", type=int, default=3000, help="rows per split at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write what was measured to this file")
    asked = parser.parse_args()
    registry = load_plugins().registry
    raw = open_raw_files(
        asked.raw or ["irf=../shared/raw/Irf", "multiwd=../shared/raw/MultiWD"], registry
    )
    rows = read(asked.source, registry, asked.rows)
    before = verdicts(rows, registry, raw)
    copy = Rows({n: {s: list(r) for s, r in splits.items()} for n, splits in rows.rows.items()})
    planting = Planting(copy, registry, before, asked.planted, random.Random(asked.seed))
    planting.plant()
    after = verdicts(copy, registry, raw)
    print(f"{len(after):,} rows of {', '.join(rows.rows)}; {asked.planted} faults of each kind\n")
    everything = set().union(*planting.planted.values())
    print(f"{'fault':18}{'rows':>6}{'recall':>9}{'precision':>11}{'flagged before':>16}")
    kinds = {}
    for kind, planted in planting.planted.items():
        found = {key for key, row in after.items() if flagged(row, kind)}
        earlier = {key for key, row in before.items() if flagged(row, kind)}
        hits = len(planted & found)
        # Rows with other planted faults are flagged for a reason; so are rows flagged before.
        wrong = len(found - planted - planting.touched - everything - earlier)
        precision = hits / (hits + wrong) if hits + wrong else float("nan")
        share = 100 * len(earlier) / len(before)
        recall = hits / len(planted)
        kinds[kind] = {"planted": len(planted), "recall": recall, "precision": precision}
        print(f"{kind:18}{len(planted):>6}{recall:>9.3f}{precision:>11.3f}{share:>15.1f}%")
    if asked.json:
        asked.json.write_text(json.dumps({"rows": len(after), "kinds": kinds}), encoding="utf-8")


if __name__ == "__main__":
    main()
