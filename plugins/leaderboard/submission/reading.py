"""A submission, read from a stranger's archive: bounded, checked, nothing left on the disk."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imhi import file_checksum
from imhi.plugins.leaderboard.schemas import complaint
from imhi.plugins.leaderboard.submission.archive import Archive, open_archive
from imhi.plugins.leaderboard.submission.plain_text import text_complaints
from imhi.plugins.leaderboard.submission.refusal import MADE_BY_SUBMIT, Unacceptable, shown
from imhi.plugins.leaderboard.submission.strict_json import parse

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Submission:
    """What an archive holds. ``about`` is submission.json, ``claims`` is scores.json; rows are in
    the file's order. ``sha256`` and ``size`` (bytes) are the archive's. ``changed`` names the files
    whose checksum is not the one in submission.json."""

    path: Path
    sha256: str
    size: int
    about: Mapping[str, Any]
    responses: Mapping[str, Sequence[Row]]
    predictions: Mapping[str, Sequence[Row]]
    claims: Mapping[str, Any]
    changed: Sequence[str] = ()

    @property
    def datasets(self) -> Mapping[str, Mapping[str, Any]]:
        found: Mapping[str, Mapping[str, Any]] = self.about["datasets"]
        return found

    @property
    def partial(self) -> bool:
        return self.about["limit"] is not None or self.about["unanswered"] > 0


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
        about = parse(archive.document("submission.json"), "submission.json")
        if reason := complaint(about, "submission"):
            raise Unacceptable("contents", f"submission.json: {reason}")
        if reasons := text_complaints(about):
            raise Unacceptable("contents", f"submission.json: {'; '.join(reasons)}")
        _check_names(about, archive)
        # The documents first: they are small, and say at once whether there is more to read.
        raw = archive.document("scores.json")
        sums = {"scores.json": hashlib.sha256(raw).hexdigest()}
        claims = parse(raw, "scores.json")
        if reason := complaint(claims, "submission", "scores"):
            raise Unacceptable("contents", f"scores.json: {reason}")
        rows: dict[str, dict[str, list[Row]]] = {"responses": {}, "predictions": {}}
        for kind, part in (("responses", "response"), ("predictions", "prediction")):
            for dataset in about["datasets"]:
                name = f"{kind}/{dataset}.jsonl"
                state = hashlib.sha256()
                rows[kind][dataset] = list(_rows(archive, name, state, part))
                sums[name] = state.hexdigest()
    return Submission(
        path,
        file_checksum(path),
        archive.size,
        about,
        rows["responses"],
        rows["predictions"],
        claims,
        sorted(name for name, found in sums.items() if about["files"][name] != found),
    )


def _rows(archive: Archive, name: str, state: hashlib._Hash, part: str) -> Iterator[Row]:
    for number, line in archive.lines(name, state):
        row = parse(line, f"{name}: line {number}")
        if reason := complaint(row, "submission", part):
            raise Unacceptable("contents", f"{name}: line {number}: {reason}")
        yield row


def _check_names(about: Mapping[str, Any], archive: Archive) -> None:
    """See that the archive has the files of its datasets and no others."""
    expected = {"scores.json"}
    for dataset in about["datasets"]:
        expected |= {f"responses/{dataset}.jsonl", f"predictions/{dataset}.jsonl"}
    there = set(archive.names) - {"submission.json"}
    listed = set(about["files"])
    for names, what in (
        (expected - there, "missing in the archive"),
        (there - expected, "in the archive, but of no dataset that submission.json names"),
        (expected ^ listed, "not listed in submission.json, or listed and of no dataset"),
    ):
        if names:
            listing = ", ".join(shown(name) for name in sorted(names)[:3])
            raise Unacceptable("files", f"{listing}: {what}; {MADE_BY_SUBMIT}")
