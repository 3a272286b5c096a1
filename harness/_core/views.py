"""Views: a run scored against other gold labels, or without some of its examples. No model is asked.

What is wrong with a benchmark's rows stands in the *verdicts* that ``imhi audit`` leaves: for each row
the human label, where it is known, and flags (its post is also a training row, ...). A view says
which labels count and which flags leave a row out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

from imhi._core.declarations import Dataset
from imhi._core.errors import DataError, HarnessError, UnknownName
from imhi._core.fingerprints import digest, file_checksum
from imhi._core.records import Example
from imhi._core.registry import Registry
from imhi._core.run_store.columns import Columns
from imhi._core.run_store.jsonl import read_rows
from imhi._core.run_store.manifest import Manifest

Gold = Literal["released", "human", "agreed"]


@dataclass(frozen=True)
class Verdict:
    """What an audit says of one row. ``row`` is its :meth:`row_key`, ``human`` the annotators' label
    where it is known."""

    FOLDER: ClassVar[str] = "verdicts"  # in an audit's folder
    FLAGS: ClassVar[str] = "flags.json"  # beside it: what each flag means

    row: str
    human: str | None
    flags: frozenset[str]

    @classmethod
    def file(cls, audit: Path, dataset: str, split: str) -> Path:
        """Return where an audit keeps what it says of the rows of a split."""
        return audit / cls.FOLDER / f"{dataset}.{split}.jsonl"

    @staticmethod
    def row_key(post: str, question: str, label: str) -> str:
        """Return the key by which a verdict knows its row (16 hex digits); ``label`` is the released
        one."""
        return digest([post, question, label])[:16]


@dataclass(frozen=True)
class OpenView:
    """A view, with the verdicts it reads.

    ``name`` is what scores are kept under; the released gold with every row is no view at all
    and has no such name.
    """

    RELEASED: ClassVar[str] = "released"

    name: str
    gold: Gold
    exclude: tuple[str, ...]
    audit: Path
    datasets: Mapping[str, Dataset] = field(default_factory=dict, repr=False)
    _read: dict[tuple[str, str], dict[str, Verdict]] = field(default_factory=dict, repr=False)

    @classmethod
    def open(
        cls,
        registry: Registry,
        audit: Path,
        *,
        name: str = "",
        gold: str = "",
        exclude: Sequence[str] = (),
    ) -> OpenView | None:
        """Return the view asked for: by name, or by its gold labels and what it leaves out. None is the
        released gold with every row.

        Raises:
            HarnessError: no such view, gold or flag; a name together with terms; no audit there.
        """
        if name and (gold or exclude):
            raise HarnessError(
                f"--view {name}: it says which gold and which rows count; leave out --gold and --exclude"
            )
        if name and name != cls.RELEASED:
            declared = registry.views.get(name)
            gold, exclude = declared.gold, declared.exclude
        gold = gold or cls.RELEASED
        if gold not in get_args(Gold):
            raise UnknownName("gold", gold, get_args(Gold))
        exclude = tuple(sorted(set(exclude)))
        if gold == cls.RELEASED and not exclude:
            return None
        called = name or "+".join([gold, *(f"no-{flag}" for flag in exclude)])
        flags = audit / Verdict.FLAGS
        if not flags.exists():
            raise HarnessError(
                f"view {called}: {audit} holds no verdicts; make them with: imhi audit SOURCE --to {audit} "
                "(or say with --audit where they are)"
            )
        try:
            known = dict(json.loads(flags.read_text(encoding="utf-8")))
        except (ValueError, TypeError):
            raise DataError(f"{flags}: not a JSON object of flags; make the audit again") from None
        for flag in exclude:
            if flag not in known:
                raise UnknownName("flag of the audit", flag, known)
        return cls(called, gold, exclude, audit, registry.dataset_map())  # type: ignore[arg-type]

    def verdicts(self, dataset: str, split: str) -> dict[str, Verdict]:
        """Return a dataset's verdicts by example id.

        Raises:
            HarnessError: the audit has none for it.
        """
        key = (dataset, split)
        if key not in self._read:
            path = Verdict.file(self.audit, dataset, split)
            self._read[key] = _read_verdicts(path, self.datasets[dataset].label_names)
        return self._read[key]

    def check(self, manifest: Manifest, datasets: Sequence[str] = ()) -> None:
        """See that a run's datasets (or these of them) can be seen through the view.

        Raises:
            HarnessError: there are no verdicts on a dataset of the run, or its posts were repaired.
        """
        if manifest.repair_mojibake:
            raise HarnessError(
                f"view {self.name}: the run repaired its posts (--repair-mojibake), and verdicts are "
                "about posts as the source has them; run once more with --keep-mojibake"
            )
        for dataset in datasets or manifest.datasets:
            self.verdicts(dataset, manifest.split)

    def identity(self, datasets: Sequence[str], split: str) -> dict[str, Any]:
        """Return what scores under this view are known by: its terms and its verdicts."""
        return {
            "name": self.name,
            "gold": self.gold,
            "exclude": list(self.exclude),
            "verdicts": {
                name: file_checksum(Verdict.file(self.audit, name, split)) for name in datasets
            },
        }

    def see(self, columns: Columns, dataset: str, split: str) -> Seen:
        """Return the rows that count, with the gold labels that count.

        Raises:
            DataError: the audit was made from other rows.
        """
        verdicts = self.verdicts(dataset, split)
        left_out: Counter[str] = Counter()
        kept: list[tuple[int, Example]] = []
        relabelled = 0
        for index, example in enumerate(columns.examples):
            verdict = verdicts.get(example.id)
            key = Verdict.row_key(example.post, example.question, example.label)
            if verdict is None or verdict.row != key:
                what = "no verdict on" if verdict is None else "a verdict on another row under"
                raise DataError(
                    f"{Verdict.file(self.audit, dataset, split)}: {what} example {example.id} of the run, "
                    "expected one of the same post, question and label; audit the run's source again"
                )
            reason = _left_out(self, verdict, example)
            if reason:
                left_out[reason] += 1
                continue
            if self.gold == "human" and verdict.human not in (None, example.label):
                example = replace(example, label=str(verdict.human))
                relabelled += 1
            kept.append((index, example))
        rows = columns.take([index for index, _ in kept])
        return Seen(
            replace(rows, examples=[example for _, example in kept]), dict(left_out), relabelled
        )


@dataclass(frozen=True)
class Seen:
    """Columns as a view has them; ``left_out`` counts the rows it leaves out, by reason, and
    ``relabelled`` those whose gold label is another one."""

    columns: Columns
    left_out: Mapping[str, int]
    relabelled: int

    def notes(self, view: OpenView, dataset: str) -> list[str]:
        """Return what a reader of the scores must know: nothing where the view changes nothing."""
        without = sum(self.left_out.values())
        total = without + len(self.columns.examples)
        said = []
        if without:
            reasons = ", ".join(f"{n:,} {why}" for why, n in sorted(self.left_out.items()))
            said.append(f"leaves out {without:,} of {total:,} rows ({reasons})")
        if self.relabelled:
            said.append(f"has another gold label for {self.relabelled:,} rows")
        return [f"{dataset}: view {view.name} {' and '.join(said)}"] if said else []


def open_views(
    registry: Registry, audit: Path, names: Sequence[str], gold: str, exclude: Sequence[str]
) -> list[OpenView | None]:
    """Return several views by name, or the one that gold and flags make."""
    if not names:
        return [OpenView.open(registry, audit, gold=gold, exclude=exclude)]
    return [
        OpenView.open(registry, audit, name=name, gold=gold, exclude=exclude)
        for name in dict.fromkeys(names)
    ]


def _left_out(view: OpenView, verdict: Verdict, example: Example) -> str:
    """Say why a row does not count; nothing where it does."""
    hit = sorted(verdict.flags.intersection(view.exclude))
    if hit:
        return hit[0]
    if view.gold != OpenView.RELEASED and verdict.human is None:
        return "no human label"
    if view.gold == "agreed" and verdict.human != example.label:
        return "labels disagree"
    return ""


def _read_verdicts(path: Path, labels: Sequence[str]) -> dict[str, Verdict]:
    if not path.exists():
        raise HarnessError(
            f"{path}: there is no such file; audit the dataset and split: imhi audit SOURCE --to "
            f"{path.parents[1]}"
        )
    found = {}
    for number, row in read_rows(path):
        human, flags = row.get("human"), row.get("flags")
        known = human is None or human in labels
        if not (known and isinstance(flags, list) and {"id", "row"} <= row.keys()):
            raise DataError(
                f"{path}: line {number}: found {json.dumps(row)[:80]}, expected id, row, human (a label of "
                "the dataset, or null) and flags (a list); make the audit again"
            )
        found[str(row["id"])] = Verdict(str(row["row"]), human, frozenset(flags))
    return found
