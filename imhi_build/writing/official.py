"""The layout of the published repository, byte for byte, which the source ``official:FOLDER`` reads.

::

    train_data/instruction_data/D/{train,val}.csv    query, gpt-3.5-turbo
    train_data/complete_data/D/{train,val}.csv       post, question, response
    test_data/test_instruction/D.csv                 query, gpt-3.5-turbo
    test_data/test_complete/D.csv                    query, gpt-3.5-turbo

``gpt-3.5-turbo`` is what the published files call the column of the reference answer; it is called
so whoever explained. In completion style a training row has the post and the question in two cells,
``Post: POST`` and ``" Question: STEM"``; a test row has them in one, two spaces apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from imhi import Dataset
from imhi.build.writing.format_files import FormatFiles
from imhi.build.writing.wording import Worded

# How the published repository spells datasets in names of files and folders.
SPELLINGS = {"IRF": "Irf", "SWMH": "swmh", "T-SID": "t-sid"}

_BUFFER = 1 << 18  # bytes, per open file


@dataclass(frozen=True)
class Place:
    """Where the rows of a split go in one style; ``{}`` stands for the dataset."""

    path: str
    columns: Sequence[str]
    cells: Callable[[Worded], Sequence[str]]


def _instruction(worded: Worded) -> Sequence[str]:
    return worded.query, worded.answer


def _completion(worded: Worded) -> Sequence[str]:
    return f"Post: {worded.row.post}", f" Question: {worded.stem}", worded.response


def _completion_test(worded: Worded) -> Sequence[str]:
    return f"Post: {worded.row.post}  Question: {worded.stem}", worded.response


_PAIR = ("query", "gpt-3.5-turbo")
_TRIPLE = ("post", "question", "response")

INSTRUCTION: Mapping[str, Place] = {
    "train": Place("train_data/instruction_data/{}/train.csv", _PAIR, _instruction),
    "val": Place("train_data/instruction_data/{}/val.csv", _PAIR, _instruction),
    "test": Place("test_data/test_instruction/{}.csv", _PAIR, _instruction),
    "expert": Place("human_evaluation/test_instruction_expert/{}.csv", _PAIR, _instruction),
}
COMPLETION: Mapping[str, Place] = {
    "train": Place("train_data/complete_data/{}/train.csv", _TRIPLE, _completion),
    "val": Place("train_data/complete_data/{}/val.csv", _TRIPLE, _completion),
    "test": Place("test_data/test_complete/{}.csv", _PAIR, _completion_test),
}


@dataclass
class OfficialFiles(FormatFiles):
    """Writes rows into the layout below ``root``, one dataset after the other."""

    _open: dict[str, TextIO] = field(default_factory=dict)
    _dataset: Dataset | None = None
    _outside: dict[str, int] = field(default_factory=dict)

    def begin(self, dataset: Dataset) -> None:
        """Take the rows of this dataset; note where it has no completion files."""
        self._dataset = dataset
        if not all(question.stem for question in dataset.questions):
            self.notes.append(
                f"{dataset.name}: no completion files for questions without a stem "
                "(Question(stem=...) in its declaration)"
            )

    def add(self, worded: Worded) -> None:
        """Write a row in both styles, where its split has a place in the layout."""
        split = worded.row.split
        if split not in INSTRUCTION:
            self._outside[split] = self._outside.get(split, 0) + 1
            return
        self._write(INSTRUCTION[split], worded)
        if worded.stem and split in COMPLETION:
            self._write(COMPLETION[split], worded)

    def end(self) -> None:
        """Close the files of the dataset; note the rows that have no place."""
        assert self._dataset is not None
        self.abort()
        for split, count in self._outside.items():
            self.notes.append(
                f"{self._dataset.name}: {count:,} rows of the split '{split}' have no place in the "
                f"official layout ({', '.join(INSTRUCTION)})"
            )
        self._outside.clear()

    def abort(self) -> None:
        """Close what is open."""
        for stream in self._open.values():
            stream.close()
        self._open.clear()

    def _write(self, place: Place, worded: Worded) -> None:
        assert self._dataset is not None
        name = place.path.format(SPELLINGS.get(self._dataset.name, self._dataset.name))
        stream = self._open.get(name)
        if stream is None:
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            stream = path.open("w", encoding="utf-8", newline="", buffering=_BUFFER)
            self._open[name] = stream
            stream.write(csv_line(place.columns))
            self.files[name] = 0
        stream.write(csv_line(place.cells(worded)))
        self.files[name] += 1


def csv_line(cells: Sequence[str]) -> str:
    """Return a line of CSV with quotes only where they are needed, as the published files have them.

    The standard library's writer gives the same, but before Python 3.13 it leaves a lone carriage
    return without quotes, and no reader puts such a row together again.
    """
    return ",".join(_quoted(cell) if _needs_quotes(cell) else cell for cell in cells) + "\n"


def _needs_quotes(cell: str) -> bool:
    return "," in cell or '"' in cell or "\n" in cell or "\r" in cell


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'
