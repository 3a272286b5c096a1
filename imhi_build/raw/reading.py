"""From raw files to rows: each with its label and where it is from; what is left out, with why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from imhi import DataError, Dataset, file_checksum, post_key
from imhi.build.raw.cells import RowError, Rows, listed
from imhi.build.raw.cleaning import Cleaner
from imhi.build.raw.files import format_of, read_file
from imhi.build.raw.labels import LabelReader, raw_key
from imhi.build.raw.preset import Cleaning, Preset, preset_file
from imhi.build.raw.splits import FoundFile, draw_splits, find_files, lacking_splits
from imhi.build.records import BuiltRow, Removal
from imhi.build.stage_records import DatasetRecord, RawFileRecord
from imhi.io import TableRow

# Reasons for which a row is left out. The first ones are the preset's or the cleaning's intention;
# the others are mistakes in the files, which somebody should look at.
EMPTY, DUPLICATE, LEFT_OUT = "empty post", "duplicate", "left out by the preset"
UNREADABLE, UNMAPPED, NO_LABEL, NO_SPLIT = (
    "unreadable row",
    "unmapped label",
    "no label",
    "unknown split",
)
KEPT_PROBLEMS = 20  # sentences held for the terminal; removed/DATASET.jsonl has them all
MISTAKES = frozenset({UNREADABLE, UNMAPPED, NO_LABEL, NO_SPLIT})


@dataclass
class RawDataset:
    """One raw dataset, ready to be read.

    ``counts`` (rows by split), ``labels`` (rows by split and label), ``removed`` (by reason) and
    ``masked`` (by kind) are filled while :meth:`rows` is read.
    """

    preset: Preset
    name: str
    root: Path
    dataset: Dataset
    cleaning: Cleaning
    seed: int = 0
    limit: int | None = None
    counts: Counter[str] = field(default_factory=Counter)
    labels: dict[str, Counter[str]] = field(default_factory=dict)
    removed: Counter[str] = field(default_factory=Counter)
    masked: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.where = f"{self.dataset.name} (preset {self.name})"
        self.files = find_files(self.preset, self.root, self.where)
        only = self.preset.label
        self._readers = {
            question.aspect: (only or self.preset.questions[question.aspect]).reader
            for question in self.dataset.questions
        }
        self._split_reader = self.preset.split.reader if self.preset.split else None
        self._posts: Counter[str] = Counter()

    @property
    def notes(self) -> list[str]:
        """Sentences on what somebody should know who reads this dataset: splits without a file."""
        return [
            f"{self.where}: {self.root}: found no {' or '.join(patterns)}: there will be no {split}"
            for split, patterns in lacking_splits(self.preset, self.files).items()
        ]

    def rows(self) -> Iterator[BuiltRow | Removal]:
        """Yield the rows in the order of splits and files; a removal in the place of each row that
        is left out.

        Raises:
            DataError: a file as a whole cannot be read, or lacks a column.
        """
        cleaner = Cleaner(self.cleaning)
        self.masked = cleaner.masked
        for file in self.files:
            drawn = self._draw(file) if file.split == "all" else {}
            for row in self._table(file):
                for made in self._made(row, file, drawn, cleaner):
                    self._count(made)
                    yield made

    def describe(self) -> DatasetRecord:
        """Return what the record of a build holds about it; files are read for their checksums."""
        origin = self.preset.origin
        return DatasetRecord(
            preset=self.name,
            preset_sha256=file_checksum(preset_file(self.name)),
            url=origin.url,
            paper=origin.paper,
            licence=origin.licence,
            layout=origin.layout,
            folder=str(self.root),
            files={
                file.split: RawFileRecord(
                    path=file.name,
                    sha256=file_checksum(file.path),
                    rows=list(file.rows) if file.rows else None,
                )
                for file in self.files
            },
            clean=self.cleaning.model_dump(mode="json"),
            counts=dict(self.counts),
            labels={split: dict(counts) for split, counts in self.labels.items()},
            removed=dict(self.removed),
            masked=dict(self.masked),
            note=self.preset.note,
        )

    # --- one file --------------------------------------------------------------------------------

    def _table(self, file: FoundFile) -> Rows:
        """Yield the rows of a file that belong to its split.

        Raises:
            DataError: the file cannot be read, or lacks a column of the preset.
        """
        preset, split = self.preset, self.preset.split
        columns = [
            name
            for name in preset.columns
            if split is None or name != split.column or file.split == "all"
        ]
        # An object of JSONL may leave out what it has not; a table has all its columns in each row.
        loose = format_of(file.path, preset.format) == "jsonl"
        never = set(columns)
        lacks = ""
        for row in read_file(file.path, preset.format, preset.encoding, preset.sheet, columns):
            if isinstance(row, TableRow) and (
                missing := [name for name in columns if name not in row.cells]
            ):
                lacks = lacks or self._lacks(file, row, columns, missing)
                never.intersection_update(missing)
                if not loose:
                    break
                if missing != [preset.explanation]:
                    text = f"found no {', '.join(missing)}, expected {', '.join(columns)}"
                    row = RowError(file.path, row.number, row.line, text)
            elif isinstance(row, TableRow):
                never.clear()
            if file.holds(row.number):
                yield row
        if lacks and never:
            raise DataError(lacks)

    def _lacks(self, file: FoundFile, row: TableRow, columns: list[str], missing: list[str]) -> str:
        return (
            f"{self.where}: {file.path}: found the columns {listed(list(row.cells))}, expected "
            f"{', '.join(columns)} (missing: {', '.join(missing)}); imhi build inspect "
            f"{file.path} shows which preset fits"
        )

    def _draw(self, file: FoundFile) -> dict[str, str]:
        """Return the split of each post, where splits are drawn."""
        splitting = self.preset.split
        if splitting is None or not splitting.shares:
            return {}

        def posts() -> Iterator[tuple[str, str]]:
            for row in self._table(file):
                if isinstance(row, TableRow) and (post := self._post(row)).strip():
                    raw = [row.cells[q.column] for q in self.preset.questions.values()]
                    yield post_key(post), "/".join(map(raw_key, raw))

        drawn = draw_splits(
            posts(), splitting.shares, self.seed + splitting.seed, splitting.stratify
        )
        return {key: str(split) for key, split in drawn.items()}

    # --- one row ---------------------------------------------------------------------------------

    def _made(
        self, row: TableRow | RowError, file: FoundFile, drawn: dict[str, str], cleaner: Cleaner
    ) -> Iterator[BuiltRow | Removal]:
        if isinstance(row, RowError):
            yield self._removal(file, row.number, UNREADABLE, str(row))
            return
        where = row.place(file.path)
        post = self._post(row)
        if not post.strip():
            yield self._removal(file, row.number, EMPTY, f"{where}: found no post")
            return
        if cleaner.is_deleted(post):
            yield self._removal(file, row.number, EMPTY, f"{where}: found {post.strip()}")
            return
        split = file.split if file.split != "all" else drawn.get(post_key(post), "")
        if self._split_reader is not None and file.split == "all":
            reader = self._split_reader
            raw = row.cells[reader.column].strip()
            if not reader.knows(raw):
                detail = f"{where}: {_found(raw, reader)}"
                yield self._removal(file, row.number, NO_SPLIT, detail)
                return
            split = reader.read(raw) or ""
        if self.limit is not None and self._posts[split] >= self.limit:
            return
        self._posts[split] += 1
        post = cleaner.clean(post)
        key = post_key(post)
        for question in self.dataset.questions:
            yield self._row(row, file, where, split, post, key, question.aspect, cleaner)

    def _row(
        self,
        row: TableRow,
        file: FoundFile,
        where: str,
        split: str,
        post: str,
        key: str,
        aspect: str,
        cleaner: Cleaner,
    ) -> BuiltRow | Removal:
        reader = self._readers[aspect]
        raw = row.cells.get(reader.column, "").strip()
        if not reader.knows(raw):
            reason = UNMAPPED if raw else NO_LABEL
            detail = f"{where}: {_found(raw, reader)}"
            return self._removal(file, row.number, reason, detail, aspect)
        label = reader.read(raw)
        if label is None:
            detail = f"{where}: column {reader.column}: {raw!r}"
            return self._removal(file, row.number, LEFT_OUT, detail, aspect)
        id = f"{split}-{self.counts[split]}"
        again = cleaner.repeats(split, aspect, post, label, id)
        if again:
            return self._removal(file, row.number, DUPLICATE, f"{where}: {again}", aspect)
        explanation = cleaner.clean(row.cells.get(self.preset.explanation or "", ""))
        return BuiltRow(
            id=id,
            dataset=self.dataset.name,
            split=split,
            post=post,
            question=self.dataset.question(aspect).text,
            label=label,
            human_label=label,
            explanation=explanation,
            explained_by=f"column {self.preset.explanation}" if explanation.strip() else "",
            aspect=aspect,
            post_id=key,
            file=file.name,
            row=row.number,
            raw_label=raw if raw != label else "",
            source_id=row.cells.get(self.preset.id or "", ""),
            evidence=cleaner.clean(row.cells.get(reader.evidence or "", "")),
        )

    def _post(self, row: TableRow) -> str:
        # The post stays as it is, white space included: published rows are compared byte by byte.
        parts = [row.cells.get(name, "") for name in self.preset.post_columns]
        return "\n".join(part for part in parts if part.strip())

    def _removal(
        self, file: FoundFile, number: int, reason: str, detail: str, aspect: str = ""
    ) -> Removal:
        return Removal(self.dataset.name, file.name, number, reason, detail, aspect)

    def _count(self, made: BuiltRow | Removal) -> None:
        if isinstance(made, Removal):
            self.removed[made.reason] += 1
            if made.reason in MISTAKES and len(self.problems) < KEPT_PROBLEMS:
                self.problems.append(made.detail)
        else:
            self.counts[made.split] += 1
            self.labels.setdefault(made.split, Counter())[made.label] += 1


def _found(raw: str, reader: LabelReader) -> str:
    # What is long may be a post, which no message repeats.
    short = len(raw) <= 40 and len(raw.split()) <= 6
    shown = "nothing" if not raw else repr(raw) if short else f"a text of {len(raw):,} characters"
    return f"column {reader.column}: found {shown}, expected one of {reader.allowed}"
