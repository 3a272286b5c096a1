"""Posts and explanations, joined: every row with its explanation, whose it is, and whose label counts."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from imhi import Context, Registry, Response, answer_format, file_checksum
from imhi.build.config import Config
from imhi.build.explanations.given import GivenAnswers
from imhi.build.folder import BuildFolder
from imhi.build.generation_answers import Answers, AskingTotals, asking_totals
from imhi.build.generation_runs import GenerationRuns, content_key
from imhi.build.records import BuiltRow
from imhi.build.source import BuiltSource
from imhi.build.stage_records import ExplainRecord

_BATCH = 512


@dataclass(frozen=True)
class ExplainReport:
    """What came of explaining. ``lacking`` rows were not explained yet; ``empty`` ones were, by an
    answer without an explanation; ``disagreements`` are rows whose model stated another label than
    people gave, ``replaced`` those whose gold label is therefore the model's."""

    rows: int
    given: int
    asked: AskingTotals
    lacking: int
    empty: int
    disagreements: int
    replaced: int


def key_of(row: BuiltRow) -> str:
    """Return what an explanation belongs to: a post, a question and the label to be explained."""
    return content_key(row.post, row.aspect, row.human_label)


def generation_runs_of(folder: BuildFolder) -> GenerationRuns:
    """Return the rounds in which a build's explanations were asked for."""
    return GenerationRuns(folder.path / "explanations", key_of)


def join(folder: BuildFolder, config: Config, registry: Registry) -> ExplainReport:
    """Write the rows with their explanations, and record the stage."""
    started = time.perf_counter()
    runs = generation_runs_of(folder)
    context = Context(registry=registry, source=BuiltSource(folder), split="")
    counts: Counter[str] = Counter()
    by_dataset: dict[str, dict[str, int]] = {}
    before = _checksum(folder)
    for dataset in folder.datasets():
        counted: Counter[str] = Counter()
        rows = _joined(folder, config, context, runs, dataset, counted)
        folder.write("rows", dataset, rows)
        by_dataset[dataset] = dict(counted)
        counts.update(counted)
    asked = asking_totals(runs)
    report = ExplainReport(
        rows=counts["rows"],
        given=counts["given"],
        asked=asked,
        lacking=counts["lacking"],
        empty=counts["empty"],
        disagreements=counts["disagreements"],
        replaced=counts["replaced"],
    )
    record = ExplainRecord(
        gold=config.gold,
        given_by=config.explain.given,
        datasets=by_dataset,
        models=list(asked.models),
        rounds=[run.id for run in runs.folders()],
        answered=asked.answered,
        failed=asked.failed,
        not_asked=asked.not_asked,
        cost=asked.cost,
        prompt_tokens=asked.prompt_tokens,
        completion_tokens=asked.completion_tokens,
        asking_seconds=round(asked.seconds, 3),
        notes=list(asked.notes),
        seconds=round(time.perf_counter() - started, 3),
    )
    same_rows = before == _checksum(folder)
    folder.record_stage("explain", record.to_json(), same_rows=same_rows)
    return report


def _checksum(folder: BuildFolder) -> list[str]:
    """Return what the joined rows are known by; empty texts where there are none."""
    paths = [folder.file("rows", name) for name in folder.datasets()]
    return [file_checksum(path) if path.exists() else "" for path in paths]


def _joined(
    folder: BuildFolder,
    config: Config,
    context: Context,
    runs: GenerationRuns,
    dataset: str,
    counts: Counter[str],
) -> Iterator[BuiltRow]:
    posts = folder.posts(dataset)
    path = folder.file("explanations/given", dataset)
    with Answers(runs, dataset, context.registry) as answers, GivenAnswers(path) as given:
        while batch := list(islice(posts, _BATCH)):
            answered = [answers.of(row) for row in batch]
            stated = _stated(config, context, dataset, batch, answered)
            for row, answer, label in zip(batch, answered, stated, strict=True):
                taken = given.take(row)
                made = row
                if answer is not None:
                    number, response = answer
                    made = replace(
                        row,
                        explanation=_explanation(response.text, label),
                        model_label=label,
                        explained_by=answers.models[number],
                        round=number,
                        finish_reason=response.finish_reason or "",
                    )
                elif taken is not None and (taken.explanation.strip() or not row.explanation):
                    counts["given"] += 1
                    made = replace(
                        row,
                        explanation=taken.explanation,
                        model_label=taken.label,
                        explained_by=f"given by {(config.explain.given or '').partition(':')[0]}",
                    )
                yield _with_gold(made, config.gold, counts)


def _explanation(text: str, label: str | None) -> str:
    """Return the explanation in an answer. Without the marker it is the whole answer, except where
    that is nothing but the label's sentence."""
    head, explanation = answer_format.split_answer(text)
    if explanation:
        return explanation
    return "" if label is not None and len(head.split()) < 12 else head


def _with_gold(row: BuiltRow, gold: str, counts: Counter[str]) -> BuiltRow:
    counts["rows"] += 1
    counts["lacking"] += not row.explained_by
    counts["empty"] += bool(row.explained_by) and not row.explanation
    if row.model_label is None or row.model_label == row.human_label:
        return row
    counts["disagreements"] += 1
    if gold == "human":
        return row
    counts["replaced"] += 1
    return replace(row, label=row.model_label, gold_from="model")


def _stated(
    config: Config,
    context: Context,
    dataset: str,
    rows: Sequence[BuiltRow],
    answers: Sequence[tuple[int, Response] | None],
) -> list[str | None]:
    """Return the label each answer states; None where there is no answer or it states none."""
    answered = [(i, answer[1]) for i, answer in enumerate(answers) if answer is not None]
    stated: list[str | None] = [None] * len(rows)
    if answered:
        read = context.labeler(config.explain.labeler)
        heads = [replace(r, text=answer_format.split_answer(r.text)[0]) for _, r in answered]
        aspects = [rows[i].aspect for i, _ in answered]
        predictions = read(context.dataset(dataset), aspects, heads)
        for (i, _), prediction in zip(answered, predictions, strict=True):
            stated[i] = prediction.label
    return stated
