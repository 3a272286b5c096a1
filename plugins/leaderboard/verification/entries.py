"""A verified submission as an entry of a board: ``entries/ID/entry.json`` and ``answers.json``."""

from __future__ import annotations

import base64
import datetime
import os
import re
import shutil
import unicodedata
from collections.abc import Collection, Sequence
from importlib.metadata import version
from pathlib import Path

from imhi import HarnessError, Registry
from imhi.io import write_json
from imhi.plugins.leaderboard.records.checking import NotAsDescribed, checked
from imhi.plugins.leaderboard.records.entry import (
    AnswerColumn,
    AnswersRecord,
    EntryRecord,
)
from imhi.plugins.leaderboard.records.fields import ScoreRecord
from imhi.plugins.leaderboard.submission.identity import data_checksum
from imhi.plugins.leaderboard.submission.reading import Submission
from imhi.plugins.leaderboard.verification.answer_hashes import answer_hashes
from imhi.plugins.leaderboard.verification.checks import Check
from imhi.plugins.leaderboard.verification.rescoring import Remade, score_record
from imhi.runs import Columns

_FROM_SUBMISSION = (
    *("name", "by", "link", "description", "model", "model_identity", "source", "synthetic"),
    *("split", "prompt", "generation", "seed", "labeler", "created", "totals"),
)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def entry_id(submission: Submission) -> str:
    """Return the name of an entry's folder: letters of its name, digits of its checksum."""
    folded = unicodedata.normalize("NFKD", submission.about.name).encode("ascii", "ignore")
    slug = re.sub(r"[^a-z0-9.]+", "-", folded.decode().lower()).strip("-.")
    return f"{slug[:60].rstrip('-.') or 'entry'}-{submission.sha256[:8]}"


def make_entry(
    submission: Submission,
    remade: Remade,
    registry: Registry,
    checks: Sequence[Check],
    left_out: Collection[str],
    supersedes: str,
) -> EntryRecord:
    """Return ``entry.json``: scores are those made here, claims of ``left_out`` metrics are kept
    apart.

    Raises:
        HarnessError: it is no entry, by a fault of the program.
    """
    scores = remade.shown.scores
    headline = [row for row in scores.scores if row["headline"] and row["value"] is not None]
    shown = {row["metric"]: row for row in headline}
    not_verified: dict[str, dict[str, ScoreRecord]] = {}
    for claim in submission.claims.scores:
        if claim.made_by in left_out and claim.headline:
            by_dataset = not_verified.setdefault(claim.metric, {})
            by_dataset[claim.dataset] = ScoreRecord(
                value=claim.value, low=claim.low, high=claim.high
            )
    values = {
        "format": 1,
        "id": entry_id(submission),
        **submission.about.model_dump(include=set(_FROM_SUBMISSION), exclude_unset=True),
        "harness_version": version("imhi-harness"),
        "verified": _now(),
        "supersedes": supersedes,
        "view": remade.shown.view,
        "archive": {"sha256": submission.sha256, "bytes": submission.size},
        "partial": submission.partial,
        "datasets": {
            name: {
                "task": registry.task_of(name).name,
                "n": len(column.examples),
                "posts": len(set(column.clusters)),
                "unparsed": sum(p.status == "unparsed" for p in column.predictions),
                "failed": sum(p.status == "failed" for p in column.predictions),
                "data": data_checksum(column.examples),
                "scores": {
                    row["metric"]: score_record(row) for row in headline if row["dataset"] == name
                },
            }
            for name, column in remade.shown.columns.items()
        },
        "averages": [
            {
                "over": row["over"],
                "metric": row["metric"],
                **score_record(row).model_dump(),
                "groups": row["groups"],
            }
            for row in scores.averages
            if row["metric"] in shown and row["value"] is not None
        ],
        "metrics": {
            name: {"decimals": row["decimals"], "higher_is_better": row["higher_is_better"]}
            for name, row in shown.items()
        },
        "not_verified": not_verified,
        "checks": [check.record() for check in checks],
    }
    try:
        return checked(EntryRecord, values)
    except NotAsDescribed as reason:
        raise HarnessError(
            f"entry {values['id']}: {reason}; report this fault of the program"
        ) from None


def make_answers(remade: Remade, registry: Registry) -> AnswersRecord:
    """Return ``answers.json``: labels and hashes, in the order of the source; no text."""
    columns = {
        name: _packed(column, registry.datasets.get(name).label_names)
        for name, column in remade.shown.columns.items()
    }
    return AnswersRecord(format=1, datasets=columns)


def _packed(column: Columns, labels: Sequence[str]) -> AnswerColumn:
    # 36 labels are more than any dataset has; one with more gets no digits.
    digit = dict(zip(labels, _DIGITS, strict=False))
    pairs = list(zip(column.examples, column.predictions, strict=True))
    return AnswerColumn(
        labels=tuple(labels),
        predicted="".join(digit.get(p.label or "", "-") for _, p in pairs),
        right="".join("1" if p.label == e.label else "0" for e, p in pairs),
        answers=base64.b64encode(answer_hashes(column)).decode(),
    )


def _now() -> str:
    """Return the time of verification in UTC; SOURCE_DATE_EPOCH (seconds) takes its place, so that
    an entry can be made again byte by byte."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given is not None and not given.isdigit():
        raise HarnessError(f"SOURCE_DATE_EPOCH: found '{given}', expected seconds since 1970")
    utc = datetime.UTC
    moment = (
        datetime.datetime.fromtimestamp(int(given), utc) if given else datetime.datetime.now(utc)
    )
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def add_entry(board: Path, entry: EntryRecord, answers: AnswersRecord) -> Path:
    """Write an entry; it appears complete or not at all.

    Raises:
        HarnessError: the board cannot be written to.
    """
    place = board / "entries" / entry.id
    staging = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        write_json(staging / "entry.json", entry.model_dump(exclude_unset=True))
        write_json(staging / "answers.json", answers.model_dump())
        if place.exists():
            shutil.rmtree(place)
        staging.replace(place)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return place
