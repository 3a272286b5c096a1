"""One pass over the rows of a dataset: a verdict on each, and what there is to count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import Any

from imhi.build.audit.completions import Completions
from imhi.build.audit.corpus import SourceCorpus, Unit
from imhi.build.audit.human_labels import HumanLabels
from imhi.build.audit.kinds import flags
from imhi.build.audit.overlaps import Homes
from imhi.build.audit.wording import (
    GIVES_AWAY,
    MOJIBAKE,
    NO_EXPLANATION,
    NO_WORD,
    Texts,
)
from imhi.build.records import BuiltRow, Finding
from imhi.runs import row_key

_CHUNK = 500
_IRREGULAR = frozenset({NO_EXPLANATION, NO_WORD, "styles-differ"})
Write = Callable[[dict[str, Any]], None]


@dataclass
class Tally:
    """What one split came to. ``kinds`` and ``leaks`` hold row ids by kind of finding and by the
    split in which their posts also stand; ``changes`` counts (human, released) labels that differ;
    ``confused`` counts all pairs of them. ``verdicts`` holds (flags, human label) by id, kept where
    the split has a twin that needs them."""

    unit: Unit
    rows: int = 0
    posts: set[int] = field(default_factory=set)
    labels: Counter[str] = field(default_factory=Counter)
    aspects: dict[int, int] = field(default_factory=dict)  # questions of each post, as bits
    flagged: Counter[str] = field(default_factory=Counter)
    kinds: dict[str, list[str]] = field(default_factory=dict)
    leaks: dict[Unit, list[str]] = field(default_factory=dict)
    how: Counter[str] = field(default_factory=Counter)
    confused: Counter[tuple[str, str]] = field(default_factory=Counter)
    marked_known: int = 0
    marked_differ: int = 0
    compared_with_experts: int = 0
    verdicts: dict[str, tuple[tuple[str, ...], str | None]] = field(default_factory=dict)

    def note(self, kind: str, row: str) -> None:
        self.kinds.setdefault(kind, []).append(row)


@dataclass
class Judge:
    """Judges the rows of one dataset. ``repeats`` are findings by the built row's id; ``experts`` the
    experts' labels by post and question; ``completions`` by the plain split."""

    corpus: SourceCorpus
    homes: Homes
    repeats: Mapping[str, Finding]
    experts: Mapping[tuple[str, str], str]
    released: Mapping[tuple[str, str], set[str]]
    humans: HumanLabels | None
    completions: Mapping[str, Completions]

    def judge(
        self, dataset: str, wanted: Collection[Unit], writer: Callable[[Unit], Write]
    ) -> Iterator[Tally]:
        """Yield a tally for each wanted split, its verdicts written by what ``writer(unit)``
        returns."""
        units = {unit.split: unit for unit in wanted}
        left = len(units)
        kept = set(self.corpus.twins(dataset).values())
        texts = Texts()
        for split, rows in groupby(self.homes.rows(dataset), key=lambda pair: pair[1].split):
            if split not in units:
                continue
            left -= 1
            tally = Tally(units[split])
            write = writer(units[split])
            against = self.homes.held_against(units[split])
            explained = False
            while chunk := list(islice(rows, _CHUNK)):
                explained = explained or any(row.explanation.strip() for _, row in chunk)
                found = texts.kinds([row for _, row in chunk], explained)
                for (slot, row), kinds in zip(chunk, found, strict=True):
                    where = self.homes.among(slot, against)
                    self._count(tally, slot, row, where)
                    human = self._human(tally, row)
                    given = tuple(self._flags(tally, row, kinds, where))
                    write(verdict(row, given, human))
                    tally.flagged.update(given)
                    if split in kept:
                        tally.verdicts[row.source_id] = (given, human)
            yield tally
            if not left:
                return  # what follows are raw rows

    def _count(self, tally: Tally, slot: int, row: BuiltRow, where: list[Unit]) -> None:
        tally.rows += 1
        tally.posts.add(slot)
        tally.labels[row.label] += 1
        questions = self.corpus.dataset(row.dataset).questions
        if len(questions) > 1:
            bit = 1 << [question.aspect for question in questions].index(row.aspect)
            tally.aspects[slot] = tally.aspects.get(slot, 0) | bit
        for unit in where:
            tally.leaks.setdefault(unit, []).append(row.source_id)

    def _human(self, tally: Tally, row: BuiltRow) -> str | None:
        if self.humans is None:
            return None
        human = self.humans.of(row)
        tally.how[human.how] += 1
        if human.label is None:
            tally.note(f"human-{human.how}", row.source_id)
            return None
        tally.confused[human.label, row.label] += 1
        differs = human.label != row.label
        if differs:
            tally.note("label-not-human", row.source_id)
        completions = self.completions.get(row.split)
        if completions is not None and row.source_id in completions.marked:
            tally.marked_known += 1
            tally.marked_differ += differs
        return human.label

    def _flags(
        self, tally: Tally, row: BuiltRow, kinds: set[str], where: list[Unit]
    ) -> Iterator[str]:
        """Yield the flags of a row in their order; note its findings."""
        repeat = self.repeats.get(row.id)
        completions = self.completions.get(row.split)
        marked = completions is not None and row.source_id in completions.marked
        if completions is not None and completions.other_label(row.source_id, row.label):
            kinds.add("styles-differ")
        if repeat is not None:
            kinds.add("duplicate")
            if "opposite" in repeat.reason:
                kinds.add("opposite-labels")
        if marked:
            kinds.add("marked")
        if self._expert_differs(tally, row):
            kinds.add("expert-differs")
        for kind in kinds:
            tally.note(kind, row.source_id)
        applies = {
            "leaked": bool(where),
            "duplicate": repeat is not None,
            "irregular": bool(_IRREGULAR & kinds),
            "mojibake": MOJIBAKE in kinds,
            "gives-away": GIVES_AWAY in kinds,
            "marked": marked,
            "expert-differs": "expert-differs" in kinds,
        }
        yield from (flag for flag in flags() if applies[flag])

    def _expert_differs(self, tally: Tally, row: BuiltRow) -> bool:
        """Say whether an expert and the released label of a post and question differ: asked of the
        released row, and of the expert's own."""
        key = (row.post_id, row.aspect)
        if row.split == "expert":
            labels = self.released.get(key, set())
            tally.compared_with_experts += bool(labels)
            return bool(labels) and row.label not in labels
        expert = self.experts.get(key)
        tally.compared_with_experts += expert is not None
        return expert is not None and expert != row.label


def verdict(row: BuiltRow, given: tuple[str, ...], human: str | None) -> dict[str, Any]:
    """Return the line of a row in ``verdicts/DATASET.SPLIT.jsonl``."""
    return {
        "id": row.source_id,
        "row": row_key(row.post, row.question, row.label),
        "released": row.label,
        "human": human,
        "flags": list(given),
    }
