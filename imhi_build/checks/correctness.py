"""Asked without the label, does a model agree with it?

In the IMHI paper ChatGPT was asked so, and its answers were set against the annotations. A row on
which it disagrees is not wrong for that reason (the released set followed the model, and thereby
lost 22% of IRF's human labels on validation rows): so this check only reports, unless it is told
otherwise. It asks about every post once and keeps the answers; it is skipped where no model is
named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from imhi import Generation, ModelSpec, resolve
from imhi.build.checks.check_context import CheckContext
from imhi.build.checks.declarations import Action, CheckSettings
from imhi.build.checks.label_pairs import LabelPairs, percent_agreeing, percent_weighted_f1
from imhi.build.generation_answers import Answers, asking_totals
from imhi.build.generation_runs import GenerationRuns, PendingRows, content_key, identity_of
from imhi.build.records import BuiltRow, Finding

_BATCH = 512


class Settings(CheckSettings):
    """``model`` to ask, ``prompt`` the style it is asked in, ``labeler`` how its answer is read,
    ``rows`` per dataset that are asked about (null: all of them)."""

    action: Action = "report"
    model: str | None = None
    prompt: str = "zero-shot"
    labeler: str = "hybrid"
    rows: Annotated[int, Field(gt=0)] | None = None
    max_new_tokens: Annotated[int, Field(gt=0)] = 300
    chat_template: Literal["auto", "on", "off"] = "auto"


def key_of(row: BuiltRow) -> str:
    """Return what an answer belongs to: a post and a question. The label is not told."""
    return content_key(row.post, row.aspect)


def find(checks: CheckContext, settings: Settings) -> Iterator[Finding]:
    """Yield the rows whose label the model does not give; ``checks.details`` gets agreement and
    weighted F1 (percent) by dataset, what it cost, and how many answers had no label."""
    if settings.model is None:
        checks.skipped = "no model is named (checks: {correctness: {model: NAME}})"
        return
    spec = ModelSpec.parse(settings.model, checks.registry)
    style = checks.registry.prompts.get(settings.prompt)
    context = checks.context(
        Generation(settings.max_new_tokens, chat_template=settings.chat_template)
    )
    build = resolve(style.build)(context)
    identity = {"prompt": [style.name, style.version]}
    # A folder per model and way of asking: one model's answers are never another's.
    known = identity_of(spec, context, identity)[:12]
    runs = GenerationRuns(checks.folder.path / "asked" / "correctness" / known, key_of)

    def wanted(dataset: str) -> PendingRows:
        declared = checks.dataset(dataset)
        answered = runs.answered(dataset)
        return PendingRows(
            dataset,
            lambda: (
                row
                for row in islice(checks.rows(dataset), settings.rows)
                if key_of(row) not in answered
            ),
            lambda row: build(row.example(), declared),
        )

    runs.ask([wanted(name) for name in checks.datasets], spec, context, checks.executor, identity)
    checks.details["model"] = spec.name
    checks.details["cost"] = asking_totals(runs).cost
    lacking = sum(1 for name in checks.datasets for _ in wanted(name).rows())
    if lacking:
        checks.incomplete = (
            f"{lacking:,} rows have no answer of {spec.name} (requests failed, or the cost was "
            "limited); check again to ask about them"
        )
    for name in checks.datasets:
        yield from _compared(checks, runs, settings, name)


def _compared(
    checks: CheckContext, runs: GenerationRuns, settings: Settings, dataset: str
) -> Iterator[Finding]:
    context = checks.context()
    read = context.labeler(settings.labeler)
    pairs: LabelPairs = Counter()
    rows = islice(checks.rows(dataset), settings.rows)
    with Answers(runs, dataset, context.registry) as answers:
        while batch := list(islice(rows, _BATCH)):
            answered = [(row, one[1]) for row in batch if (one := answers.of(row)) is not None]
            predictions = read(
                checks.dataset(dataset),
                [row.aspect for row, _ in answered],
                [r for _, r in answered],
            )
            for (row, response), prediction in zip(answered, predictions, strict=True):
                label = response.label or prediction.label
                pairs[row.label, label] += 1
                if label is not None and label != row.label:
                    yield Finding(
                        "correctness",
                        dataset,
                        row.id,
                        f"asked without the label, the model answers '{label}', the label is "
                        f"'{row.label}'",
                    )
    checks.details[dataset] = _figures(pairs)
    checks.looked_at[dataset] = pairs.total()


def _figures(pairs: LabelPairs) -> dict[str, JsonValue]:
    if not pairs:
        return {"rows": 0}
    return {
        "rows": pairs.total(),
        "agreement": percent_agreeing(pairs),
        "weighted_f1": percent_weighted_f1(pairs),
        "without_label": sum(n for (_, other), n in pairs.items() if other is None),
    }
