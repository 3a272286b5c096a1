"""The source ``imported:PATH``: examples from the reference answers beside the imported ones.

Such a file has no posts and no questions. Where a dataset asks several questions the aspect is
unknown, and every row counts as a post of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from imhi import Argument, DataError, Dataset, Example, answer_format, file_checksum
from imhi.plugins.importing.columns import read_choices
from imhi.plugins.importing.files import find_answer_files

SPLIT = "imported"


class ImportedSource:
    """The reference answers of answer files, as one split (:class:`imhi._core.protocols.OpenSource`)."""

    def __init__(
        self,
        path: Path,
        datasets: Mapping[str, Dataset],
        dataset: str | None = None,
        columns: Mapping[str, str] | None = None,
    ) -> None:
        self.files = find_answer_files(path, datasets, dataset, columns).files

    def datasets(self) -> Sequence[str]:
        """Return the datasets that have a file."""
        return list(self.files)

    def splits(self, dataset: str) -> Sequence[str]:
        """Return the one split of a dataset that has a file."""
        return [SPLIT] if dataset in self.files else []

    def examples(self, dataset: str, split: str) -> Iterator[Example]:
        """Yield the reference answers in file order, as examples without a post.

        Raises:
            DataError: the file has no reference answers, or one without a label.
        """
        file = self.files[dataset]
        if not file.has_golds:
            raise DataError(
                f"{file.path}: it has no column 'goldens', so nothing to score against; say where "
                "the examples are with --source"
            )
        questions = file.dataset.questions
        for answer in file.answers():
            gold = answer.parts.gold or ""
            label, explanation = answer_format.gold_label(gold, file.dataset)
            if label is None:
                wordings = " / ".join(one.sentence for one in file.dataset.labels)
                raise DataError(
                    f"{answer.where}: found a reference answer of {len(gold):,} characters without a "
                    f"label, expected it to begin with one of {wordings}; check --dataset"
                )
            yield Example(
                id=answer.key if file.by_id else f"{SPLIT}-{answer.key}",
                dataset=dataset,
                split=split,
                post="",
                question="",
                label=label,
                explanation=explanation,
                aspect=questions[0].aspect if len(questions) == 1 else "",
                post_id=answer.key,
                prompt_style="instruction",
            )

    def checksum(self, dataset: str, split: str) -> str:
        """Return the SHA-256 of the file of a dataset."""
        return file_checksum(self.files[dataset].path)

    def describe(self) -> Mapping[str, object]:
        """Return what the files are called."""
        return {"files": {name: file.path.name for name, file in self.files.items()}}


def open_imported(argument: str, datasets: Mapping[str, Dataset]) -> ImportedSource:
    """Open ``PATH`` or ``DATASET=FILE``, with ``,ROLE=COLUMN`` for columns of other names.

    Raises:
        HarnessError: nothing there, or a column that there is not.
    """
    text, *chosen = Argument.split(argument)
    columns = read_choices(chosen)
    name, equals, path = text.partition("=")
    if equals and "/" not in name and not Path(text).exists():
        return ImportedSource(Path(path), datasets, name, columns)
    return ImportedSource(Path(text), datasets, None, columns)
