"""The audit as a whole: what is read, in which order, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from imhi import HarnessError, OpenSource, Registry, UnknownName
from imhi.build.audit import findings as say
from imhi.build.audit.completions import Completions, read_completions
from imhi.build.audit.corpus import EXPERT, TRAINING, SourceCorpus, built, plain_split
from imhi.build.audit.flags import meanings, open_flags
from imhi.build.audit.floors import METRIC, floors
from imhi.build.audit.human_labels import HumanLabels
from imhi.build.audit.joins import join_of, marker_of
from imhi.build.audit.judging import Judge, Tally, Write, verdict
from imhi.build.audit.kinds import SEVERITIES, kinds
from imhi.build.audit.languages import Languages, not_looked_for
from imhi.build.audit.overlaps import Homes
from imhi.build.audit.raw_files import RawFiles
from imhi.build.audit.records import Audit, Finding, SplitFigures, Unit, finding
from imhi.build.records import BuiltRow
from imhi.io import jsonl, write_json
from imhi.runs import PublishedResult, Verdict, environment

REPORT = "audit.json"


def _nobody(what: str) -> None:
    """Be told, and do nothing."""


@dataclass
class Auditing:
    """An audit at work. ``only`` and ``splits`` say what is judged (everything, where empty); all
    other rows are read all the same, for the posts that stand there."""

    name: str
    source: OpenSource
    registry: Registry
    raw: Mapping[str, RawFiles] = field(default_factory=dict)
    only: Sequence[str] = ()
    splits: Sequence[str] = ()
    tell: Callable[[str], None] = _nobody

    def __post_init__(self) -> None:
        self.corpus = SourceCorpus(self.source, dict(self.registry.dataset_map()), dict(self.raw))
        there = [name for name in self.corpus.datasets if self.corpus.splits(name)]
        names = [self.registry.datasets.get(name).name for name in self.only] or there
        for name in names:
            if name not in there:
                raise UnknownName(f"dataset of {self.name}", name, there)
        if not there:
            raise HarnessError(f"{self.name}: found no dataset in it, expected at least one")
        self.names = [name for name in there if name in names]
        units = [unit for unit in self.corpus.units if unit.dataset in self.names]
        known = {unit.split for unit in units if not unit.raw}
        # A split in its other style stands for the split itself.
        asked = [split if split in known else plain_split(split) for split in self.splits]
        for split in asked:
            if split not in known:
                raise UnknownName(f"split of {self.name}", split, known)
        self._wanted = set(asked) or known
        self.flags = open_flags(self.registry, self.corpus)
        self._notes: list[str] = []
        self._incomplete: list[str] = []
        self._findings: list[Finding] = []
        self._published: dict[str, dict[str, float]] = {}
        for row in PublishedResult.all(self.registry):
            if row.metric == METRIC:
                self._published.setdefault(row.dataset, {})[row.model] = row.value

    def run(self, folder: Path) -> Audit:
        """Audit, and leave ``audit.json`` and the verdicts in a folder.

        Raises:
            HarnessError: a raw file that cannot be read; a place that cannot be written to.
        """
        self.tell("posts")
        homes, foreign = self._posts()
        figures: list[SplitFigures] = []
        written: set[Path] = set()
        for name in self.names:
            self.tell(f"{name}: rows")
            figures += self._dataset(name, homes, foreign, folder, written)
        evaluated = [u for u in self._judged() if u.split != "train"]
        audit = Audit(
            source=_without_place(self.name),
            synthetic=bool(self.source.describe().get("synthetic")),
            splits=tuple(figures),
            leaks=tuple(homes.leaks(evaluated)),
            shared=tuple(homes.matrix(evaluated)),
            findings=tuple(sorted(self._findings, key=_gravity)),
            raw=tuple(files.describe() for files in self.raw.values()),
            notes=tuple(self._notes),
            incomplete=tuple(self._incomplete),
            flags=meanings(self.registry),
            environment={"packages": environment()["packages"], "checksums": self._checksums()},
        )
        for stale in set((folder / Verdict.FOLDER).glob("*.jsonl")) - written:
            stale.unlink()  # of another source: no view must take it for this one's
        write_json(folder / Verdict.FLAGS, audit.flags)
        write_json(folder / REPORT, audit.to_json())
        return audit

    def _posts(self) -> tuple[Homes, Container[str]]:
        """Return where the posts stand, and those that are judged and in another language."""
        judged = {(unit.dataset, unit.split) for unit in self._judged()}
        languages = Languages()
        if not languages.can_tell:
            self._notes.append(not_looked_for())

        def see(row: BuiltRow) -> None:
            if (row.dataset, row.split) in judged:
                languages.note(row.post)

        self.corpus.seen_by = see
        homes = Homes(self.corpus)
        self.corpus.seen_by = None
        self.tell("languages")
        return homes, languages.foreign()

    def _judged(self) -> list[Unit]:
        return [
            unit
            for unit in self.corpus.units
            if unit.dataset in self.names and unit.split in self._wanted and not unit.raw
        ]

    def _checksums(self) -> dict[str, dict[str, str]]:
        return {
            name: {split: self.source.checksum(name, split) for split in self.corpus.splits(name)}
            for name in self.names
        }

    # --- one dataset -----------------------------------------------------------------------------

    def _dataset(
        self,
        name: str,
        homes: Homes,
        foreign: Container[str],
        folder: Path,
        written: set[Path],
    ) -> Iterator[SplitFigures]:
        twins = self.corpus.twins(name)
        # A completion split may be there alone.
        alone = {s: s for s in self.corpus.splits(name) if plain_split(s) != s and s not in twins}
        completions: dict[str, Completions] = {}
        for twin, plain in (twins | alone).items():
            if found := read_completions(self.corpus, self.name, name, twin):
                completions[plain] = found
        experts, released = self._experts(name)
        humans = HumanLabels(self.raw[name]) if name in self.raw else None
        judge = Judge(
            self.corpus, homes, foreign, experts, released, humans, completions, self.flags
        )
        wanted = {unit for unit in self._judged() if unit.dataset == name}
        empty = set(wanted)
        with ExitStack() as stack:

            def writer(unit: Unit, split: str = "") -> Write:
                path = Verdict.file(folder, name, split or unit.split)
                written.add(path)
                return stack.enter_context(jsonl.row_writer(path))

            for tally in judge.judge(name, wanted, writer):
                for twin, plain in twins.items():
                    if plain == tally.unit.split:
                        said = completions.get(plain)
                        self._write_twin(name, twin, tally, said, writer(tally.unit, twin))
                empty.discard(tally.unit)
                yield self._figures(tally, completions.get(tally.unit.split))
                tally.verdicts.clear()
        for unit in sorted(empty, key=lambda unit: unit.split):  # not one of its rows can be read
            self._unreadable(unit, 0)
        if humans is not None:
            self._joined(humans, {unit.split for unit in wanted})

    def _experts(
        self, name: str
    ) -> tuple[dict[tuple[str, str], str], dict[tuple[str, str], set[str]]]:
        """Return the experts' labels, and those released for the same posts and questions."""
        there = self.corpus.splits(name)
        if EXPERT not in there:
            return {}, {}
        rows = map(built, self.corpus.examples(name, EXPERT))
        experts = {(row.post_id, row.aspect): row.label for row in rows}
        released: dict[tuple[str, str], set[str]] = {}
        for split in ("test", *TRAINING):
            if split in there:
                for row in map(built, self.corpus.examples(name, split)):
                    if (row.post_id, row.aspect) in experts:
                        released.setdefault((row.post_id, row.aspect), set()).add(row.label)
        return experts, released

    def _write_twin(
        self, name: str, twin: str, tally: Tally, completions: Completions | None, write: Write
    ) -> None:
        """Write the verdicts of a split in its other style: those of the same ids. Posts may differ
        in white space or in where they are cut, so a row has a key of its own."""
        lacking = 0
        for id, key, label in self._twin_rows(name, twin, completions):
            known = tally.verdicts.get(id)
            lacking += known is None
            given, human = known or ((), None)
            write(verdict(id, key, label, given, human))
        if lacking:
            self._notes.append(
                f"{name}: {lacking:,} rows of {twin} are not in {tally.unit.split}: no verdict on them"
            )

    def _twin_rows(
        self, name: str, twin: str, completions: Completions | None
    ) -> Iterator[tuple[str, str, str]]:
        """Yield id, key and label of each row of a split in its other style."""
        if completions is not None and completions.split == twin:  # read before
            for id, key in completions.keys.items():
                yield id, key, completions.answered[id]
            return
        for row in self.corpus.examples(name, twin):
            yield row.id, Verdict.row_key(row.post, row.question, row.label), row.label

    def _joined(self, humans: HumanLabels, asked: set[str]) -> None:
        name = humans.files.dataset.name
        self._findings += say.raw_findings(humans, sorted(asked))
        for split, total, missing in humans.unmatched():
            if missing == total and (split in asked or humans.files.draws_splits):
                where = f"{name} {split}".strip()
                self._incomplete.append(
                    f"--raw {humans.files.name}: {where}: none of {total:,} raw rows has the "
                    "post and question of a released row; check that the folder holds the raw files "
                    "of this dataset"
                )

    def _unreadable(self, unit: Unit, rows: int) -> None:
        """Note the rows of a split that cannot be read, beside those that can."""
        problems = self.corpus.problems.get((unit.dataset, unit.split), [])
        if problems:
            where = f"{unit.dataset} {unit.split}"
            text = f"{len(problems):,} rows cannot be read"
            self._incomplete.append(f"{where}: {text}; the first: {problems[0]}")
            total = rows + len(problems)
            self._findings.append(finding("unreadable", unit, text, len(problems), total))

    def _figures(self, tally: Tally, completions: Completions | None) -> SplitFigures:
        name, split = tally.unit.dataset, tally.unit.split
        dataset = self.corpus.dataset(name)
        self._unreadable(tally.unit, tally.rows)
        join = join_of(tally, dataset, self.registry)
        marker = marker_of(tally, completions)
        figures = SplitFigures(
            dataset=name,
            split=split,
            rows=tally.rows,
            posts=len(tally.posts),
            labels={label: tally.labels[label] for label in dataset.label_names},
            flagged={flag: len(rows) for flag, rows in tally.flagged.items()},
            join=join,
            marker=marker,
            experts=None
            if not tally.compared_with_experts
            else (tally.compared_with_experts, len(tally.kinds.get("expert-differs", ()))),
            twin="" if completions is None else completions.split,
        )
        if split not in (*TRAINING, EXPERT) and tally.rows:
            self.tell(f"{name}: floors of {split}")
            found = floors(self.corpus, name, split, self.registry)
            figures = replace(figures, **vars(found))
        if join is not None:
            self._findings += say.join_finding(tally, join)
        if marker is not None and completions is not None:
            self._findings += say.marker_findings(tally.unit, completions, marker)
        self._findings += say.row_findings(tally)
        self._findings += say.flag_findings(tally, meanings(self.registry))
        self._findings += say.leak_findings(tally)
        self._findings += say.declared_findings(tally, dataset)
        self._findings += say.figure_findings(figures, self._comparable(figures))
        return figures

    def _comparable(self, figures: SplitFigures) -> Mapping[str, float]:
        """Return the published results that are about these rows."""
        published = self.registry.datasets.get(figures.dataset).counts.get("test", 0)
        about = figures.split == "test" and abs(figures.rows - published) <= 0.01 * published
        return self._published.get(figures.dataset, {}) if about else {}


def _without_place(source: str) -> str:
    """Return the source as a report may name it: the folder, not where it lies."""
    name, colon, argument = source.partition(":")
    return f"{name}{colon}{Path(argument).name}"


def _gravity(found: Finding) -> tuple[Any, ...]:
    """Sort by severity, kind, and what a score is made of before what it is not."""
    kind = list(kinds()).index(found.kind)
    last = found.split in (*TRAINING, EXPERT)
    return (-SEVERITIES.index(found.severity), last, kind, found.dataset, found.split)
