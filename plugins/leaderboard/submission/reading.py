"""A submission, read from a stranger's archive: bounded, checked, nothing left on the disk."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from imhi import file_checksum
from imhi.plugins.leaderboard.records.checking import NotAsDescribed, checked
from imhi.plugins.leaderboard.records.fields import Record
from imhi.plugins.leaderboard.records.submission import (
    About,
    Claims,
    PredictionRow,
    ResponseRow,
    SubmittedData,
)
from imhi.plugins.leaderboard.submission.archive import Archive, open_archive
from imhi.plugins.leaderboard.submission.plain_text import text_complaints
from imhi.plugins.leaderboard.submission.refusal import MADE_BY_SUBMIT, Unacceptable, shown
from imhi.plugins.leaderboard.submission.strict_json import parse

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Submission:
    """What an archive holds. ``about`` is submission.json, ``claims`` is scores.json; rows are in
    the file's order. ``sha256`` and ``size`` (bytes) are the archive's. ``changed`` names the files
    whose checksum is not the one in submission.json."""

    path: Path
    sha256: str
    size: int
    about: About
    responses: Mapping[str, Sequence[ResponseRow]]
    predictions: Mapping[str, Sequence[PredictionRow]]
    claims: Claims
    changed: Sequence[str] = ()

    @property
    def datasets(self) -> Mapping[str, SubmittedData]:
        """The datasets that were asked."""
        return self.about.datasets

    @property
    def partial(self) -> bool:
        """Whether not all examples were asked, or not all were answered."""
        return self.about.limit is not None or self.about.unanswered > 0


def read_submission(path: Path) -> Submission:
    """Read a submission.

    Raises:
        Unacceptable: something in it is not as a submission may be; the rest was not read.
    """
    with open_archive(path) as archive:
        if "submission.json" not in archive.names:
            raise Unacceptable(
                "files", f"{path.name}: no submission.json in the archive; {MADE_BY_SUBMIT}"
            )
        about = _record(About, archive.document("submission.json"), "submission.json")
        if reasons := text_complaints(about):
            raise Unacceptable("contents", f"submission.json: {'; '.join(reasons)}")
        _check_names(about, archive)
        # The documents first: they are small, and say at once whether there is more to read.
        raw = archive.document("scores.json")
        sums = {"scores.json": hashlib.sha256(raw).hexdigest()}
        claims = _record(Claims, raw, "scores.json")

        def rows_of(kind: str, model: type[R]) -> dict[str, list[R]]:
            rows = {}
            for dataset in about.datasets:
                name = f"{kind}/{dataset}.jsonl"
                state = hashlib.sha256()
                rows[dataset] = list(_rows(archive, name, state, model))
                sums[name] = state.hexdigest()
            return rows

        responses = rows_of("responses", ResponseRow)
        predictions = rows_of("predictions", PredictionRow)
    return Submission(
        path,
        file_checksum(path),
        archive.size,
        about,
        responses,
        predictions,
        claims,
        sorted(name for name, checksum in sums.items() if about.files[name] != checksum),
    )


def _record(model: type[R], raw: bytes, where: str) -> R:
    value = parse(raw, where)
    try:
        return checked(model, value)
    except NotAsDescribed as reason:
        raise Unacceptable("contents", f"{where}: {reason}") from None


def _rows(archive: Archive, name: str, state: hashlib._Hash, model: type[R]) -> Iterator[R]:
    for number, line in archive.lines(name, state):
        yield _record(model, line, f"{name}: line {number}")


def _check_names(about: About, archive: Archive) -> None:
    """See that the archive has the files of its datasets and no others."""
    expected = {"scores.json"}
    for dataset in about.datasets:
        expected |= {f"responses/{dataset}.jsonl", f"predictions/{dataset}.jsonl"}
    present = set(archive.names) - {"submission.json"}
    listed = set(about.files)
    for names, what in (
        (expected - present, "missing in the archive"),
        (present - expected, "in the archive, but of no dataset that submission.json names"),
        (expected ^ listed, "not listed in submission.json, or listed and of no dataset"),
    ):
        if names:
            listing = ", ".join(shown(name) for name in sorted(names)[:3])
            raise Unacceptable("files", f"{listing}: {what}; {MADE_BY_SUBMIT}")
