"""Whether a run can be submitted: whole, verifiable by others, and fit to leave this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from imhi import HarnessError, as_row, digest
from imhi.plugins.leaderboard.submission.leaks import folders_here, leaks
from imhi.plugins.leaderboard.submission.limits import LIMITS
from imhi.plugins.leaderboard.submission.quotes import repeats_post
from imhi.runs import Columns, Manifest, RunFolder


@dataclass(frozen=True)
class Allowed:
    """What is packed although it is a reason to refuse."""

    incomplete: bool = False
    partial: bool = False
    long_quotes: bool = False


def check_run(
    folder: RunFolder,
    manifest: Manifest,
    columns: Mapping[str, Columns],
    allowed: Allowed,
) -> None:
    """See that all was asked and answered, and that others can have the posts.

    Raises:
        HarnessError: not so, and not allowed.
    """
    if manifest.samples > 1:
        raise HarnessError(
            f"{folder.path}: made with --samples {manifest.samples}, whose votes nobody could count again: a "
            "submission holds one answer for each example; submit a run without --samples"
        )
    missing = sum(r.error is not None for column in columns.values() for r in column.responses)
    total = sum(len(column.examples) for column in columns.values())
    if missing and not allowed.incomplete:
        raise HarnessError(
            f"{folder.path}: {missing:,} of {total:,} examples have no answer; run the same 'imhi run' "
            "again, or submit with --incomplete (they count as wrong, and the board says so)"
        )
    if manifest.limit is not None and not allowed.partial:
        raise HarnessError(
            f"{folder.path}: made with --limit {manifest.limit}, so of a part of the data; run "
            "without it, or submit with --partial (the board shows it as partial)"
        )
    if any(not example.post for column in columns.values() for example in column.examples):
        raise HarnessError(
            f"{folder.path}: its answers were imported without their posts, so nobody can verify "
            "them; import them again with --source official:PATH"
        )


def check_scores(
    folder: RunFolder,
    settings: Mapping[str, object],
    columns: Mapping[str, Columns],
    labeler: Mapping[str, object],
) -> None:
    """See that scores with these settings were made from the answers and labels there are.

    Raises:
        HarnessError: they were made from others.
    """
    current = {
        name: digest([[as_row(p) for p in column.predictions], [r.text for r in column.responses]])
        for name, column in columns.items()
    }
    if settings.get("inputs") != current or settings.get("labeler") != labeler:
        raise HarnessError(
            f"{folder.path}: its scores were made from other answers or labels than are there now; "
            f"make them again with: imhi label {folder.path} --labeler {labeler['name']}"
        )


def check_answers(folder: RunFolder, columns: Mapping[str, Columns], allowed: Allowed) -> None:
    """See that answers are of a length that can be verified, and do not hand posts on.

    Raises:
        HarnessError: naming some of the rows.
    """
    long, quoting = [], []
    for name, column in columns.items():
        for example, response in zip(column.examples, column.responses, strict=True):
            if len(response.text) > LIMITS.answer:
                long.append(f"{name}/{example.id}")
            elif not allowed.long_quotes and repeats_post(response.text, example.post):
                quoting.append(f"{name}/{example.id}")
    if long:
        raise HarnessError(
            f"{folder.path}: {len(long):,} answers are longer than {LIMITS.answer:,} characters "
            f"({_listed(long)}); run again with a smaller --max-new-tokens"
        )
    if quoting:
        raise HarnessError(
            f"{folder.path}: {len(quoting):,} answers repeat a long piece, or most, of their post "
            f"({_listed(quoting)}); look at them, and submit with --allow-long-quotes if posts may "
            "be handed on"
        )


def _listed(places: Sequence[str], most: int = 5) -> str:
    return ", ".join(places[:most]) + (" ..." if len(places) > most else "")


def check_leaks(members: Mapping[str, bytes]) -> None:
    """See that no file of an archive gives away keys, or places of this machine.

    Raises:
        HarnessError: naming the file and the line.
    """
    here = folders_here()
    for name, data in members.items():
        for number, line in enumerate(data.decode("utf-8").split("\n"), start=1):
            for what in leaks(line, here):
                raise HarnessError(
                    f"submission: {name}: line {number}: {what}, which must not leave this machine; "
                    "take it out of what you say of the model, or out of what the run holds"
                )
