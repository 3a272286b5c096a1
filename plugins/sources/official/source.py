"""The opened source ``official:PATH``.

Example ids are ``SPLIT-N`` with N the data row from 0 in its file and SPLIT the split without its
style (``test`` for ``complete``, ``train`` for ``train-complete``): the files of both styles have
their rows in the same order, so row N of one and of the other have the same id and can be joined.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from imhi import DataError, Dataset, Example, HarnessError, file_checksum, post_key
from imhi.io import TableRow, read_table
from imhi.plugins.sources.official.layout import SplitFile, find_files
from imhi.plugins.sources.official.rows import RowReader, Unreadable

ROW_NAMES = {"complete": "test", "train-complete": "train", "val-complete": "val"}
ANSWER = "gpt-3.5-turbo"
FETCH_RECORD = ".imhi-fetch.json"


def open_official(argument: str, datasets: Mapping[str, Dataset]) -> OfficialSource:
    """Open the checkout in the folder ``argument``.

    Raises:
        HarnessError: not a checkout; DataError: two files for one split.
    """
    return OfficialSource(Path(argument).expanduser(), datasets)


class OfficialSource:
    """A checkout of the published data (:class:`imhi._core.protocols.OpenSource`)."""

    def __init__(self, root: Path, datasets: Mapping[str, Dataset]) -> None:
        self.layout = find_files(root, datasets)
        self._datasets = datasets
        self._checksums: dict[Path, str] = {}

    @property
    def checkout(self) -> Path:
        """The folder of the checkout."""
        return self.layout.root

    def datasets(self) -> Sequence[str]:
        """Return the datasets that have a file."""
        return list(self.layout.files)

    def splits(self, dataset: str) -> Sequence[str]:
        """Return the splits of a dataset that have a file."""
        return list(self.layout.files.get(dataset, {}))

    def examples(self, dataset: str, split: str) -> Iterator[Example]:
        """Yield one split in file order.

        Raises:
            HarnessError: the checkout has no such dataset or split.
            DataError: the first row or file that cannot be read.
        """
        for found in self.examples_and_problems(dataset, split):
            if isinstance(found, DataError):
                raise found
            yield found

    def examples_and_problems(self, dataset: str, split: str) -> Iterator[Example | DataError]:
        """Yield one split in file order, with an error in the place of each unreadable row.

        Raises:
            HarnessError: the checkout has no such dataset or split.
            DataError: the file as a whole cannot be read.
        """
        file = self._file(dataset, split)
        reader = RowReader(self._datasets[dataset], file.folder.style)
        columns = ("post", "question", "response") if file.folder.joined else ("query", ANSWER)
        for row in read_table(file.path, columns):
            yield row if isinstance(row, DataError) else self._example(row, file, reader, split)

    def checksum(self, dataset: str, split: str) -> str:
        """Return the SHA-256 of the file of a split."""
        path = self._file(dataset, split).path
        if path not in self._checksums:
            self._checksums[path] = file_checksum(path)
        return self._checksums[path]

    def describe(self) -> Mapping[str, object]:
        """Return which files are used (paths within the checkout) and the checkout's commit."""
        root = self.layout.root
        return {
            "git_commit": git_commit(root) or fetched_commit(root),
            "files": {
                dataset: {
                    split: file.path.relative_to(root).as_posix() for split, file in splits.items()
                }
                for dataset, splits in self.layout.files.items()
            },
            "unused_files": [path.relative_to(root).as_posix() for path in self.layout.unused],
        }

    def _file(self, dataset: str, split: str) -> SplitFile:
        splits = self.layout.files.get(dataset)
        if splits is None:
            raise HarnessError(
                f"official:{self.layout.root}: found no file of {dataset}; it has "
                f"{', '.join(self.layout.files) or 'no dataset'}"
            )
        if split not in splits:
            raise HarnessError(
                f"official:{self.layout.root}: {dataset} has no split '{split}'; it has "
                f"{', '.join(splits)}"
            )
        return splits[split]

    def _example(
        self, row: TableRow, file: SplitFile, reader: RowReader, split: str
    ) -> Example | DataError:
        cells = row.cells
        joined = file.folder.joined
        prompt = cells["post"] + cells["question"] if joined else cells["query"]
        try:
            post, question = reader.query(prompt)
            label, explanation = reader.answer(cells["response" if joined else ANSWER])
        except Unreadable as error:
            return DataError(f"{row.place(file.path)}: {error}")
        return Example(
            id=f"{ROW_NAMES.get(split, split)}-{row.number}",
            dataset=reader.dataset.name,
            split=split,
            post=post,
            question=question.text,
            label=label,
            explanation=explanation,
            aspect=question.aspect,
            post_id=post_key(post),
            prompt=prompt,
            prompt_style=file.folder.style,
        )


def fetched_commit(root: Path) -> str | None:
    """Return the commit that ``imhi data fetch`` wrote down beside what it fetched."""
    try:
        commit = json.loads((root / FETCH_RECORD).read_text(encoding="utf-8"))["commit"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return commit if isinstance(commit, str) else None


def git_commit(root: Path) -> str | None:
    """Return the commit of a git checkout; None where the folder is none (or git is not there)."""
    if not (root / ".git").exists():
        # Without this, git would name the commit of a repository further up.
        return None
    try:
        done = subprocess.run(
            ["git", "-C", str(root), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
