"""One pass over the rows of a dataset: a verdict on each, and what there is to count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice

from imhi.build.audit.completions import Completions
from imhi.build.audit.corpus import SourceCorpus
from imhi.build.audit.flags import FindRows
from imhi.build.audit.human_labels import HumanLabels
from imhi.build.audit.overlaps import Homes
from imhi.build.audit.records import Unit
from imhi.build.audit.wording import Texts
from imhi.build.checks.near_duplicates import Repeats
from imhi.build.records import BuiltRow, Finding
from imhi.runs import Verdict

_CHUNK = 500
Write = Callable[[dict[str, object]], None]


@dataclass
class Tally:
    """What one split came to. ``kinds``, ``flagged`` and ``leaks`` hold row ids by kind of finding, by
    flag and by the split in which their posts also stand; ``confused`` counts pairs of (human,
    released) labels. ``verdicts`` holds (flags, human label) by id, kept where the split has a twin
    that needs them."""

    unit: Unit
    rows: int = 0
    posts: set[int] = field(default_factory=set)
    labels: Counter[str] = field(default_factory=Counter)
    aspects: dict[int, int] = field(default_factory=dict)  # questions of each post, as bits
    flagged: dict[str, list[str]] = field(default_factory=dict)
    kinds: dict[str, list[str]] = field(default_factory=dict)
    leaks: dict[Unit, list[str]] = field(default_factory=dict)
    how: Counter[str] = field(default_factory=Counter)
    confused: Counter[tuple[str, str]] = field(default_factory=Counter)
    marked_known: int = 0
    marked_differ: int = 0
    compared_with_experts: int = 0
    verdicts: dict[str, tuple[tuple[str, ...], str | None]] = field(default_factory=dict)

    def note(self, kind: str, row: str) -> None:
        """Count a row to a kind of finding."""
        self.kinds.setdefault(kind, []).append(row)


@dataclass
class Judge:
    """Judges the rows of one dataset. ``foreign`` are the posts in another language, ``experts`` the
    experts' labels by post and question; ``completions`` go by the plain split; ``flags`` find the
    rows that have them."""

    corpus: SourceCorpus
    homes: Homes
    foreign: Container[str]
    experts: Mapping[tuple[str, str], str]
    released: Mapping[tuple[str, str], set[str]]
    humans: HumanLabels | None
    completions: Mapping[str, Completions]
    flags: Mapping[str, FindRows]

    def judge(
        self, dataset: str, wanted: Collection[Unit], writer: Callable[[Unit], Write]
    ) -> Iterator[Tally]:
        """Yield a tally for each wanted split, its verdicts written by what ``writer(unit)``
        returns.

        Raises:
            HarnessError: a plugin's flag fails.
        """
        units = {unit.split: unit for unit in wanted}
        left = len(units)
        twins_need = set(self.corpus.twins(dataset).values())
        texts = Texts(self.foreign)
        repeats = Repeats(self.homes.neighbours)
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
                by_text = texts.kinds([row for _, row in chunk], explained)
                humans = []
                for (slot, row), kinds in zip(chunk, by_text, strict=True):
                    where = self.homes.among(slot, against)
                    self._count(tally, slot, row, where)
                    humans.append(self._human(tally, row))
                    self._notice(tally, row, kinds, bool(where), repeats.of(slot, row))
                for (row, given), human in zip(self._flagged(chunk), humans, strict=True):
                    key = Verdict.row_key(row.post, row.question, row.label)
                    write(verdict(row.source_id, key, row.label, given, human))
                    for flag in given:
                        tally.flagged.setdefault(flag, []).append(row.source_id)
                    if split in twins_need:
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

    def _notice(
        self, tally: Tally, row: BuiltRow, kinds: set[str], leaked: bool, repeat: Finding | None
    ) -> None:
        """Note the findings on a row: the ``kinds`` that its texts give, and all others."""
        completions = self.completions.get(row.split)
        holds = {
            "leaked": leaked,
            "duplicate": repeat is not None,
            "opposite-labels": repeat is not None and "opposite" in repeat.reason,
            "expert-differs": self._expert_differs(tally, row),
        }
        if completions is not None:
            holds["marked"] = row.source_id in completions.marked
            holds["styles-differ"] = completions.other_label(row.source_id, row.label)
        noticed = kinds.union(kind for kind, held in holds.items() if held)
        self.corpus.noticed[row.id] = noticed
        for kind in noticed:
            tally.note(kind, row.source_id)

    def _flagged(
        self, chunk: Sequence[tuple[int, BuiltRow]]
    ) -> Iterator[tuple[BuiltRow, tuple[str, ...]]]:
        """Yield each row with its flags, in their order."""
        rows = [row for _, row in chunk]
        ids = {name: set(find(rows)) for name, find in self.flags.items()}
        for row in rows:
            yield row, tuple(name for name, flagged in ids.items() if row.id in flagged)
        self.corpus.noticed.clear()

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


def verdict(
    id: str, key: str, released: str, given: tuple[str, ...], human: str | None
) -> dict[str, object]:
    """Return the line of a row in ``verdicts/DATASET.SPLIT.jsonl``."""
    return {"id": id, "row": key, "released": released, "human": human, "flags": list(given)}
