"""What the completion files say besides: which answers begin with white space, which have another
form, and whether they have the label of the instruction files.

Released completion answers read ``yes. Reasoning: ...``; in some datasets a part of them begins with
a space. Where raw rows are at hand, these are nearly the rows whose label the language model
replaced. A source takes answers apart, so the marker is read off its files, where it says which
they are (``describe()["files"]``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from imhi import answer_format
from imhi.build.audit.corpus import SourceCorpus
from imhi.build.raw.cells import RowError
from imhi.build.raw.files import read_file
from imhi.runs import Verdict


@dataclass
class Completions:
    """A completion split. ``marked`` and ``other_form`` are ids (those of the plain split, too);
    ``answered`` is the label of each id, ``keys`` the key by which a verdict knows its row."""

    split: str
    rows: int = 0
    marked: set[str] = field(default_factory=set)
    labels: Counter[str] = field(default_factory=Counter)  # of all rows
    marked_labels: Counter[str] = field(default_factory=Counter)
    other_form: list[str] = field(default_factory=list)
    answered: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    def other_label(self, id: str, label: str) -> bool:
        """Say whether a row has another label here."""
        return self.answered.get(id, label) != label


def read_completions(
    corpus: SourceCorpus, source_name: str, dataset: str, split: str
) -> Completions | None:
    """Return what the answers of a completion split show; None where the source does not say in
    which file they are, or is no completion split."""
    path = _file(corpus, source_name, dataset, split)
    if path is None:
        return None
    wordings = {f"{label.completion}." for label in corpus.dataset(dataset).labels}
    found = Completions(split)
    answers = _answers(path)
    for example in corpus.examples(dataset, split):
        if example.prompt_style != "completion":
            return None
        number = int(example.id.rpartition("-")[2])
        answer = next((text for place, text in answers if place == number), None)
        if answer is None:
            return None  # ids that do not count rows: the files cannot be told apart
        found.rows += 1
        found.labels[example.label] += 1
        found.answered[example.id] = example.label
        found.keys[example.id] = Verdict.row_key(example.post, example.question, example.label)
        if answer[:1].isspace():
            found.marked.add(example.id)
            found.marked_labels[example.label] += 1
        if answer.partition(answer_format.MARKER)[0].strip() not in wordings:
            found.other_form.append(example.id)
    return found


def _file(corpus: SourceCorpus, source_name: str, dataset: str, split: str) -> Path | None:
    files = corpus.source.describe().get("files")
    of_dataset = files.get(dataset) if isinstance(files, Mapping) else None
    name = of_dataset.get(split) if isinstance(of_dataset, Mapping) else None
    root = source_name.partition(":")[2]
    path = Path(root).expanduser() / name if name and root else None
    return path if path is not None and path.is_file() else None


def _answers(path: Path) -> Iterator[tuple[int, str]]:
    """Yield row numbers and answers: what stands in the last column."""
    for row in read_file(path):
        if not isinstance(row, RowError):
            yield row.number, list(row.cells.values())[-1]
