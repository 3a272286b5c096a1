"""Which label annotators gave a released row: found by its post and question in the raw rows.

Published rows have lost their place in the raw files, so they are joined by what they say: first by
the exact post, then by the post without case and white space; each first among raw rows of the same
split, then among all. Where a preset has drawn the splits of the raw rows itself, these say nothing
of the published ones: rows are looked for among all. Where the raw rows found so disagree, the join
is ambiguous and gives nothing.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from imhi.build.audit.raw_files import RawFiles
from imhi.build.records import BuiltRow

How = Literal["exact", "normalised", "ambiguous", "unmatched"]
_SEVERAL = -1


@dataclass(frozen=True)
class Human:
    """What was found for a row. ``label`` is None where ``how`` is ambiguous or unmatched."""

    label: str | None
    how: How


@dataclass
class HumanLabels:
    """The raw labels of one dataset, held as hashes: some 200 bytes a row. Raw rows whose splits were
    drawn have the split ``""``.

    ``removed`` counts what the preset or the raw files left out, by reason.
    """

    files: RawFiles
    removed: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._labels = self.files.dataset.label_names
        # By (exactness, split or "" for all): hash of post and question -> place of the label.
        self._index: dict[tuple[bool, str], dict[int, int]] = {}
        self._keys = array("Q")  # the normalised one of each raw row
        # Where each raw row is from; names stand once.
        self._file_of, self._row_of, self._aspect_of = array("B"), array("I"), array("B")
        self._files: list[str] = []
        self._aspects: list[str] = []
        self._splits: list[str] = []
        self._split_of = array("B")
        self._matched: set[int] = set()
        self._drawn = self.files.draws_splits
        raw = self.files.open()
        for row in raw.rows():
            if isinstance(row, BuiltRow):
                self._add(row)
        self.removed = dict(raw.removed)

    def _add(self, row: BuiltRow) -> None:
        label = self._labels.index(row.label)
        own = "" if self._drawn else row.split
        for exact in (True, False):
            key = _key(row.post, row.question, exact)
            for split in {own, ""}:
                known = self._index.setdefault((exact, split), {})
                if known.setdefault(key, label) != label:
                    known[key] = _SEVERAL
        self._keys.append(key)
        self._file_of.append(_place(self._files, row.file))
        self._row_of.append(row.row)
        self._aspect_of.append(_place(self._aspects, row.aspect))
        self._split_of.append(_place(self._splits, own))

    def of(self, row: BuiltRow) -> Human:
        """Return what the annotators said about a released row."""
        normalised = _key(row.post, row.question, False)
        for exact in (True, False):
            key = _key(row.post, row.question, True) if exact else normalised
            for split in (row.split, ""):
                label = self._index.get((exact, split), {}).get(key)
                if label is None:
                    continue
                self._matched.add(normalised)
                if label == _SEVERAL:  # other splits and looser keys hold these rows, too
                    return Human(None, "ambiguous")
                return Human(self._labels[label], "exact" if exact else "normalised")
        return Human(None, "unmatched")

    def unmatched(self) -> Iterator[tuple[str, int, int]]:
        """Yield, for each split of the raw rows: its name, its rows, and how many of them no row
        that was asked for has matched."""
        for place, split in enumerate(self._splits):
            own = [k for k, s in zip(self._keys, self._split_of, strict=True) if s == place]
            yield split, len(own), sum(key not in self._matched for key in own)

    def unmatched_rows(self) -> dict[str, list[str]]:
        """Return the raw rows that nothing matched, by split, as ``FILE:ROW``."""
        found: dict[str, list[str]] = {}
        columns = (self._keys, self._split_of, self._file_of, self._row_of, self._aspect_of)
        for key, split, file, row, asked in zip(*columns, strict=True):
            if key not in self._matched:
                aspect = self._aspects[asked]
                name = f"{self._files[file]}:{row}" + (f" ({aspect})" if aspect else "")
                found.setdefault(self._splits[split], []).append(name)
        return found


def _key(post: str, question: str, exact: bool) -> int:
    text = post if exact else " ".join(post.split()).casefold()
    said = f"{question}\0{text}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(said, digest_size=8).digest(), "little")


def _place(names: list[str], name: str) -> int:
    """Return where a name stands among those met so far, to which it is added."""
    if name not in names:
        names.append(name)
    return names.index(name)
