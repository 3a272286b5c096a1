"""Labels and scores made again from a submission's answers, by the stages that make those of runs.

The answers are written, under the verifier's own ids, into a run folder that lasts as long as it is
needed: so whatever ``imhi run`` would say about these answers, verification says too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from imhi import Context, LabelerSpec, Registry, Response, RunScores
from imhi.plugins.leaderboard.records.fields import ScoreRecord
from imhi.plugins.leaderboard.submission.reading import Submission
from imhi.plugins.leaderboard.submission.rows import response_of
from imhi.plugins.leaderboard.verification.matching import Matched
from imhi.runs import (
    AverageRow,
    Columns,
    Manifest,
    MetricSpec,
    OpenView,
    RunFolder,
    ScoreRow,
    ScoringPlan,
    label,
    score,
)

GROUPS = ("labels", "explanations")  # metrics that need no model and no judge


@dataclass(frozen=True)
class Shown:
    """Columns and scores under a view; ``view`` is empty for the released gold with every row."""

    columns: Mapping[str, Columns]
    scores: RunScores
    view: str = ""


@dataclass(frozen=True)
class Remade:
    """Columns by dataset, labels read here; ``scores`` are made here. ``shown`` is what an entry
    shows of them: the same, or what a view makes of it."""

    columns: Mapping[str, Columns]
    scores: RunScores
    shown: Shown


@contextmanager
def run_folder(submission: Submission, matched: Sequence[Matched]) -> Iterator[RunFolder]:
    """Lay a submission's answers out as a run, for as long as the block lasts."""
    about = submission.about
    with TemporaryDirectory(prefix="imhi-verify-") as place:
        folder = RunFolder(Path(place))
        for part in matched:
            folder.write_records(folder.file("examples", part.dataset), part.examples)
            folder.write_records(folder.file("responses", part.dataset), _responses(part))
        folder.write_manifest(
            Manifest.from_json(
                {
                    "run": "verification",
                    "model": about.model,
                    "model_identity": about.model_identity,
                    "source": about.source,
                    "source_details": {"synthetic": about.synthetic},
                    "split": about.split,
                    "datasets": {part.dataset: len(part.examples) for part in matched},
                    "prompt": about.prompt.model_dump(),
                },
                "submission",
            )
        )
        yield folder


def _responses(part: Matched) -> Iterator[Response]:
    for example in part.examples:
        row = part.responses.get(example.id)
        response = None if row is None else response_of(row, example.id, part.dataset)
        if response is not None:
            yield response


def remake(
    submission: Submission,
    matched: Sequence[Matched],
    context: Context,
    labeler: str,
    view: OpenView | None = None,
) -> Remade:
    """Read the labels and make the scores that need no model, under a view as well if there is one.

    Raises:
        HarnessError: an answer holds a label that its dataset does not have, or the view's
            verdicts are about other rows.
    """
    metrics = MetricSpec.parse(verifiable_metrics(context.registry), context.registry)
    with run_folder(submission, matched) as folder, MetricSpec.opened(metrics) as ready:
        spec = LabelerSpec.parse(labeler, context.registry)
        label(folder, context, spec)
        plan = ScoringPlan(
            spec,
            tuple(metrics),
            views=(None,) if view is None else (None, view),
        )
        scores, *seen_scores = score(folder, context, plan, ready)
        columns = {
            part.dataset: Columns.read(folder, labeler, part.dataset, context.registry)
            for part in matched
        }
        if view is None:
            return Remade(columns, scores, Shown(columns, scores))
        seen = {
            name: view.see(column, name, context.split).columns for name, column in columns.items()
        }
        return Remade(
            columns,
            scores,
            Shown(
                {name: column for name, column in seen.items() if column.examples},
                seen_scores[0],
                view.name,
            ),
        )


def verifiable_metrics(registry: Registry) -> list[str]:
    """Return the metrics whose scores can be made again from answers and data alone."""
    return [metric.name for metric in registry.metrics if metric.group in GROUPS]


def score_record(row: ScoreRow | AverageRow) -> ScoreRecord:
    """Return value and interval of a row of a run's scores."""
    return ScoreRecord(value=row["value"], low=row["low"], high=row["high"])


def default_arguments(name: str, registry: Registry) -> Mapping[str, object]:
    """Return the arguments a metric has where none are given."""
    (spec,) = MetricSpec.parse([name], registry)
    return dict(spec.arguments_as_json())
