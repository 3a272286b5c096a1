"""Source ``demo``: fictional posts, labels and explanations written for this project.

One file per dataset, ``DATASET.jsonl``, with the keys ``id, split, post, aspect, label,
explanation``. Nobody wrote these posts about themselves: scores on them say that the machinery
works, and nothing about a model's quality on IMHI.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import json
from collections.abc import Iterator, Mapping, Sequence

from imhi import DataError, Dataset, Example, HarnessError, Source, hookimpl, post_key

NOTICE = "synthetic demo posts: these scores are not IMHI results"
_KEYS = {"id", "split", "post", "aspect", "label", "explanation"}
_SPLITS = ("train", "test")


@hookimpl
def imhi_sources() -> Iterator[Source]:
    yield Source("demo", "Synthetic posts that come with the package", open=open_demo)


def open_demo(argument: str, datasets: Mapping[str, Dataset]) -> DemoSource:
    """Open the demo posts of those datasets that have any."""
    return DemoSource(datasets)


class DemoSource:
    """The demo posts (:class:`imhi._core.protocols.OpenSource`)."""

    def __init__(self, datasets: Mapping[str, Dataset]) -> None:
        # importlib.resources finds the files in a checkout and in an installed wheel alike.
        files = {
            entry.name.removesuffix(".jsonl"): entry
            for entry in importlib.resources.files(__name__).iterdir()
            if entry.name.endswith(".jsonl")
        }
        self._files = {name: files[name] for name in datasets if name in files}
        self._datasets = datasets

    def datasets(self) -> Sequence[str]:
        """Return the datasets that have demo posts."""
        return list(self._files)

    def splits(self, dataset: str) -> Sequence[str]:
        """Return ``train`` and ``test``, where a dataset has demo posts."""
        return _SPLITS if dataset in self._files else ()

    def examples(self, dataset: str, split: str) -> Iterator[Example]:
        """Yield one split in file order.

        Raises:
            HarnessError: the demo posts have no such dataset or split.
            DataError: a row does not have the form it should have (an edited installation).
        """
        declared = self._datasets.get(dataset)
        if declared is None or split not in self.splits(dataset):
            raise HarnessError(
                f"source demo: found no {dataset}/{split}; it has the splits "
                f"{', '.join(_SPLITS)} of {', '.join(self._files)}"
            )
        for number, line in enumerate(self._read(dataset).splitlines()):
            where = f"demo {dataset}.jsonl: row {number} (line {number + 1})"
            row = _row(line, where)
            if row["split"] == split:
                yield _example(row, declared, where)

    def checksum(self, dataset: str, split: str) -> str:
        """Return the SHA-256 of a dataset's file."""
        # Both splits stand in one file.
        return hashlib.sha256(self._read(dataset).encode("utf-8")).hexdigest()

    def describe(self) -> Mapping[str, object]:
        """Say that the posts are fictional."""
        return {"synthetic": True, "notice": NOTICE}

    def _read(self, dataset: str) -> str:
        return self._files[dataset].read_text(encoding="utf-8")


def _row(line: str, where: str) -> dict[str, str]:
    try:
        row = json.loads(line)
    except ValueError:
        row = None
    if not isinstance(row, dict) or set(row) != _KEYS:
        raise DataError(
            f"{where}: found a line of {len(line)} characters, expected a JSON object with the keys "
            f"{', '.join(sorted(_KEYS))}; install the package again"
        )
    return row


def _example(row: Mapping[str, str], dataset: Dataset, where: str) -> Example:
    try:
        question = dataset.question(row["aspect"])
        label = dataset.label(row["label"]).name
    except HarnessError as error:
        raise DataError(f"{where}: {error}; install the package again") from None
    return Example(
        id=row["id"],
        dataset=dataset.name,
        split=row["split"],
        post=row["post"],
        question=question.text,
        label=label,
        explanation=row["explanation"],
        aspect=question.aspect,
        post_id=post_key(row["post"]),
    )
