"""What the harness itself measures during a training: answers to the validation rows are generated,
their labels read and scored, as in a run."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from imhi import (
    MARKER,
    Example,
    Generation,
    HarnessError,
    Model,
    Prediction,
    Report,
    Request,
    Response,
    parse_model,
    resolve,
)
from imhi.finetune.rows.texts import requests_for
from imhi.finetune.training.job import Job


def measure(job: Job, tokenizer: Any) -> Callable[[Any], dict[str, float]]:
    """Return a function from the model in training to its scores on the validation rows: the mean
    over datasets under the metric's name, each dataset's as ``METRIC_DATASET``, and ``unparsed`` in
    percent of the rows."""
    recipe = job.recipe
    metric = recipe.validation.metric
    assert metric is not None
    chosen = drawn(job.member.validation, recipe.validation.examples, recipe.training.seed)
    asked = [request for _, request in _requests(job, chosen)]
    wrap = job.context.registry.families.get("hf").wrap
    if wrap is None:
        raise HarnessError("model family hf: it cannot ask a model in memory, expected wrap=")
    spec = parse_model(
        f"hf:{job.name},chat_template={recipe.data.chat_template}", job.context.registry
    )
    # The label sentence is all that is read: what comes after it need not be generated.
    stop = (MARKER,) if recipe.validation.labeler == "strict" else ()
    context = dataclasses.replace(
        job.context,
        seed=recipe.training.seed,
        generation=Generation(
            max_new_tokens=recipe.validation.max_new_tokens, stop=stop, system=recipe.data.system
        ),
        report=Report(),
    )

    def score(model: Any) -> dict[str, float]:
        wrapped: Model = resolve(wrap)(model, tokenizer, job.name, spec.arguments, context)
        try:
            responses = _answered(asked, wrapped)
        finally:
            wrapped.close()
        return _scores(chosen, responses, context, recipe.validation.labeler, metric)

    return score


def drawn(rows: Sequence[Example], limit: int, seed: int) -> list[Example]:
    """Return at most ``limit`` rows of each dataset, drawn by seed."""
    found = []
    for name in dict.fromkeys(row.dataset for row in rows):
        own = [row for row in rows if row.dataset == name]
        found += own if len(own) <= limit else random.Random(seed).sample(own, limit)
    return found


def _requests(job: Job, rows: Iterable[Example]) -> Iterable[tuple[Example, Request]]:
    for example, request in requests_for(rows, job.recipe.data, job.context):
        if job.recipe.data.reads == "explanation":
            request = dataclasses.replace(request, post=example.explanation)
        yield example, request


def _answered(asked: Sequence[Request], model: Model) -> dict[str, Response]:
    """Ask this process's share of the requests, and return everybody's answers.

    Where the weights themselves are shared out (FSDP, ZeRO 3) no process can ask alone: each step
    gathers them from all. There every process asks everything, in step with the others.
    """
    from accelerate.state import AcceleratorState
    from accelerate.utils import DistributedType, gather_object

    from imhi.finetune.training.processes import processes

    state = processes()
    kind = AcceleratorState().distributed_type
    alone = kind not in {DistributedType.FSDP, DistributedType.DEEPSPEED}
    if state.num_processes == 1 or not alone:
        answers = list(model.generate(asked))
    else:
        share = list(model.generate(asked[state.process_index :: state.num_processes]))
        answers = gather_object(share)
    return {response.id: response for response in answers}


def _scores(
    examples: Sequence[Example],
    responses: dict[str, Response],
    context: Any,
    labeler: str,
    metric: str,
) -> dict[str, float]:
    by_dataset: dict[str, list[tuple[Example, Response]]] = {}
    for number, example in enumerate(examples):
        by_dataset.setdefault(example.dataset, []).append((example, responses[str(number)]))
    values: dict[str, float] = {}
    unparsed = 0
    for name, pairs in by_dataset.items():
        predictions = _predictions(pairs, name, context, labeler)
        unparsed += sum(prediction.label is None for prediction in predictions)
        columns = ([example for example, _ in pairs], [response for _, response in pairs])
        scorer = resolve(context.registry.metrics.get(metric).score)
        values[name] = next(iter(scorer(*columns, predictions, context))).value()
    return {
        metric: sum(values.values()) / len(values),
        **(
            {f"{metric}_{name}": value for name, value in values.items()} if len(values) > 1 else {}
        ),
        "unparsed": 100 * unparsed / len(examples),
    }


def _predictions(
    pairs: Sequence[tuple[Example, Response]], dataset: str, context: Any, labeler: str
) -> list[Prediction]:
    found: list[Prediction] = []
    read = context.labeler(labeler)
    declared = context.dataset(dataset)
    for example, response in pairs:
        if response.label is not None:
            found.append(Prediction(response.id, dataset, response.label, decided_by="model"))
        else:
            found += read(declared, [example.aspect], [response])
    return found
