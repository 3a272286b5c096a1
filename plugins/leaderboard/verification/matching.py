"""Whose rows they are: a submission's keys against the keys of the verifier's own data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from imhi import Context, Example, HarnessError, OpenSource, Registry, open_source
from imhi.plugins.leaderboard.records.submission import PredictionRow, ResponseRow
from imhi.plugins.leaderboard.submission.identity import data_checksum, row_keys
from imhi.plugins.leaderboard.submission.reading import Submission
from imhi.plugins.leaderboard.submission.refusal import shown
from imhi.plugins.leaderboard.verification.checks import Check, of_reasons


@dataclass(frozen=True)
class Matched:
    """A dataset's examples here, and what the submission has for them, by example id."""

    dataset: str
    examples: Sequence[Example]
    responses: Mapping[str, ResponseRow]
    predictions: Mapping[str, PredictionRow]


def match(submission: Submission, context: Context) -> tuple[list[Check], list[Matched]]:
    """Join a submission's rows with examples; the datasets that could be joined come back."""
    data_reasons: list[str] = []
    row_reasons: list[str] = []
    joined: list[Matched] = []
    for name, about in submission.datasets.items():
        examples = _examples(name, submission, context, data_reasons)
        if examples is None:
            continue
        same = data_checksum(examples) == about.data
        expected = row_keys(submission.about.salt, examples, submission.about.split)
        ids = {key: example.id for key, example in zip(expected, examples, strict=True)}
        known = sum(row.key in ids for row in submission.responses[name])
        if not same:
            data_reasons.append(f"{name}: {_wrong_data(name, submission, context, known)}")
        if not known and not same:
            continue
        posts = len({example.post_id or example.id for example in examples})
        if (about.n, about.posts) != (len(examples), posts):
            row_reasons.append(
                f"{name}: submission.json says {about.n:,} examples of {about.posts:,} posts, "
                f"the data have {len(examples):,} of {posts:,}"
            )
        responses, predictions = submission.responses[name], submission.predictions[name]
        for kind, keys in (
            ("responses", [row.key for row in responses]),
            ("predictions", [row.key for row in predictions]),
        ):
            row_reasons += [f"{kind}/{name}: {reason}" for reason in _unlike(keys, ids)]
        if known:
            joined.append(
                Matched(
                    name,
                    examples,
                    {ids[row.key]: row for row in responses if row.key in ids},
                    {ids[row.key]: row for row in predictions if row.key in ids},
                )
            )
    return [
        of_reasons("data", data_reasons, "the posts, labels and references are those here"),
        of_reasons("rows", row_reasons, "a row for each example, and no other"),
    ], joined


def _examples(
    name: str, submission: Submission, context: Context, reasons: list[str]
) -> list[Example] | None:
    """Return the examples that should have been asked, or say why there are none."""
    split, limit = submission.about.split, submission.about.limit
    if name not in context.registry.datasets.things:
        reasons.append(f"{name}: unknown dataset; load the plugin it comes from")
    elif name not in context.source.datasets():
        reasons.append(f"{name}: unknown dataset to this source; give the one it was run on")
    elif split not in context.source.splits(name):
        splits = ", ".join(context.source.splits(name))
        reasons.append(f"{name}: this source has no split '{shown(split)}' (it has: {splits})")
    else:
        return list(islice(context.examples(name, split), limit))
    return None


def _unlike(keys: Sequence[str], ids: Mapping[str, str]) -> Iterator[str]:
    """Say in what rows of these keys differ from one for each example, in the order of their keys."""
    seen = Counter(keys)
    for what, count in (
        ("are missing", sum(key not in seen for key in ids)),
        ("stand there twice (doubled)", sum(n > 1 for n in seen.values())),
        ("belong to no example of this data (extra)", sum(key not in ids for key in seen)),
    ):
        if count:
            yield f"{count:,} rows {what} ({len(ids):,} examples, {len(keys):,} rows)"
    if keys != sorted(keys):
        yield "rows are not in the order of their keys"


def _wrong_data(name: str, submission: Submission, context: Context, known: int) -> str:
    """Say in what the data differ, and whose rows they are as far as that is cheap to find."""
    about = submission.about
    asked = submission.datasets[name]
    for source_name, source in _candidates(context):
        if name not in source.datasets():
            continue
        for split in source.splits(name):
            rows = list(islice(source.examples(name, split), about.limit or asked.n + 1))
            if len(rows) == asked.n and data_checksum(rows) == asked.data:
                return (
                    f"wrong data: its rows are those of {source_name}/{split}, not of "
                    f"{shown(about.source)}/{shown(about.split)}"
                )
    if known:
        return (
            f"wrong data: {known:,} of its {len(submission.responses[name]):,} rows ask about posts of "
            f"split '{shown(about.split)}' here, but the data as a whole differ (other rows, other "
            "gold labels or other references); was a file edited?"
        )
    return (
        f"wrong data: none of its rows asks about a post of split '{shown(about.split)}' here; run on "
        "the same source and split as the board"
    )


def _candidates(context: Context) -> Iterator[tuple[str, OpenSource]]:
    yield "this source", context.source
    try:
        yield open_source("demo", context.registry)
    except HarnessError:  # a board may do without the demo posts
        return


def source_check(
    submission: Submission, given: str, registry: Registry, source: OpenSource
) -> Check:
    """See that the source is of the kind the run was made on, and marked as fictional if it is."""
    about = submission.about
    reasons = []
    name = registry.sources.get(given.partition(":")[0]).name
    if about.source != name:
        reasons.append(
            f"the run was made on source '{shown(about.source)}', and this is '{name}': verify "
            f"with --source {shown(about.source)}:PATH"
        )
    synthetic = bool(source.describe().get("synthetic"))
    if about.synthetic != synthetic:
        reasons.append(
            f"synthetic is {str(about.synthetic).lower()} in submission.json and "
            f"{str(synthetic).lower()} in the data: fictional posts must be marked"
        )
    return of_reasons("source", reasons, f"source {name}, split {about.split}")
