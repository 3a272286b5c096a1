"""Packs a run as a submission: everything that is needed to make its scores again, and no post."""

from __future__ import annotations

import hashlib
import io
import json
import secrets
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from imhi import HarnessError, LabelerSpec, Registry
from imhi.io import replacing
from imhi.plugins.leaderboard.records.checking import NotAsDescribed, checked
from imhi.plugins.leaderboard.records.fields import Record
from imhi.plugins.leaderboard.records.submission import About
from imhi.plugins.leaderboard.submission.claims import claims_of
from imhi.plugins.leaderboard.submission.identity import data_checksum, row_keys
from imhi.plugins.leaderboard.submission.leaks import without_places
from imhi.plugins.leaderboard.submission.plain_text import text_complaints
from imhi.plugins.leaderboard.submission.reading import Submission, read_submission
from imhi.plugins.leaderboard.submission.refusal import Unacceptable
from imhi.plugins.leaderboard.submission.rows import in_key_order, prediction_row, response_row
from imhi.plugins.leaderboard.submission.submittable import (
    Allowed,
    check_answers,
    check_leaks,
    check_run,
    check_scores,
)
from imhi.runs import Columns, Manifest, RunFolder

_TIME = (1980, 1, 1, 0, 0, 0)  # the same run gives the same bytes
_ENVIRONMENT = ("python", "packages", "git_commit", "hardware")
_HARDWARE = ("machine", "system", "cores", "accelerators")


@dataclass(frozen=True)
class Submitter:
    """What a submission says of itself; ``salt`` (32 hex digits) is drawn where there is none;
    ``supersedes`` is the id of the entry it is to take the place of."""

    name: str = ""
    by: str = ""
    link: str = ""
    description: str = ""
    salt: str = ""
    supersedes: str = ""


def pack(
    folder: RunFolder,
    registry: Registry,
    labeler: str,
    submitter: Submitter,
    allowed: Allowed,
) -> bytes:
    """Return the archive of a run.

    Raises:
        HarnessError: the run is not complete, was made from posts nobody else can have, repeats
            them, or holds what must not leave the machine.
    """
    manifest = folder.manifest()
    spec = LabelerSpec.parse(labeler, registry)
    if spec.argument:
        how = "it asks a model" if spec.asks else "it works with a file of yours"
        raise HarnessError(
            f"labeler {labeler}: {how}, so nobody else can read the labels again; submit with "
            "--labeler hybrid"
        )
    columns = {name: Columns.read(folder, spec.name, name, registry) for name in manifest.datasets}
    scores = folder.scores(spec.name)
    check_run(folder, manifest, columns, allowed)
    check_scores(folder, scores["settings"], columns, spec.identity())
    check_answers(folder, columns, allowed)

    salt = submitter.salt or secrets.token_hex(16)
    claims = claims_of(scores)
    members = {"scores.json": _json(claims)}
    for name, column in columns.items():
        keys = row_keys(salt, column.examples, manifest.split)
        members[f"responses/{name}.jsonl"] = in_key_order(map(response_row, keys, column.responses))
        members[f"predictions/{name}.jsonl"] = in_key_order(
            map(prediction_row, keys, column.predictions)
        )
    values = {
        **_about(manifest, columns, submitter),
        "labeler": spec.identity(),
        "salt": salt,
        "metrics": sorted({row.metric for row in claims.scores}),
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(members.items())},
    }
    try:
        about = checked(About, values)
        reasons = "; ".join(text_complaints(about))
    except NotAsDescribed as error:
        reasons = str(error)
    if reasons:
        raise HarnessError(f"submission of {folder.id}: {reasons}; change it and submit again")
    members["submission.json"] = _json(about)
    check_leaks(members)
    return _zipped(members)


def write_archive(data: bytes, path: Path) -> Submission:
    """Write an archive to a new file, and read it as those will who verify it.

    Raises:
        HarnessError: there is a file already, or the folder cannot be written to.
        Unacceptable: the run holds what no submission may; nothing is written.
    """
    if path.is_dir():
        raise HarnessError(f"{path}: found a folder, expected the name of a file (--to NAME.zip)")
    if path.exists():
        raise HarnessError(f"{path}: is there already; remove it, or choose another --to FILE")
    with replacing(path) as stream:
        stream.write(data)
    try:
        return read_submission(path)
    except Unacceptable:
        path.unlink()
        raise


def _about(
    manifest: Manifest, columns: Mapping[str, Columns], submitter: Submitter
) -> dict[str, Any]:
    model = without_places(manifest.model)
    environment: dict[str, Any] = {name: manifest.environment.get(name) for name in _ENVIRONMENT}
    hardware = environment["hardware"] or {}
    environment["hardware"] = {name: hardware[name] for name in _HARDWARE if name in hardware}
    responses = [response for column in columns.values() for response in column.responses]
    return {
        "format": 1,
        "name": manifest.called(submitter.name) if submitter.name else model,
        "by": submitter.by,
        "link": submitter.link,
        "description": submitter.description,
        "supersedes": submitter.supersedes,
        "model": model,
        "model_identity": without_places(manifest.model_identity),
        "source": manifest.source.partition(":")[0],
        "synthetic": manifest.synthetic,
        "split": manifest.split,
        "repair_mojibake": manifest.repair_mojibake,
        "prompt": asdict(manifest.prompt),
        "generation": manifest.generation,
        "seed": manifest.seed,
        "limit": manifest.limit,
        "unanswered": sum(response.error is not None for response in responses),
        "environment": environment,
        "harness_version": environment["packages"].get("imhi-harness", "unknown"),
        "created": manifest.created,
        "totals": manifest.totals.to_json() if manifest.totals else {},
        "datasets": {
            name: {
                "n": len(column.examples),
                "posts": len(set(column.clusters)),
                "data": data_checksum(column.examples),
            }
            for name, column in columns.items()
        },
    }


def _json(record: Record) -> bytes:
    values = record.model_dump(exclude_unset=True)
    return (json.dumps(values, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode(
        "utf-8"
    )


def _zipped(members: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in sorted(members.items()):
            member = zipfile.ZipInfo(name, _TIME)
            member.external_attr = 0o100644 << 16
            member.create_system = 3
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, data)
    return stream.getvalue()
