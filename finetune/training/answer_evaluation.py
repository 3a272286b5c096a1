"""What the harness itself measures during a training: answers to the validation rows are generated,
their labels read and scored, as in a run."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from imhi import (
    Context,
    Example,
    Generation,
    HarnessError,
    Model,
    ModelSpec,
    Prediction,
    Report,
    Request,
    Response,
    answer_format,
    resolve,
    take_apart,
)
from imhi.finetune.rows.texts import requests_for
from imhi.finetune.training.job import TrainingJob
from imhi.finetune.training.processes import processes


def evaluate_answers(trainer: Any, score: Callable[[Any], dict[str, float]]) -> None:
    """Add to each evaluation of a :class:`transformers.Trainer` what ``score`` returns of its model,
    as ``eval_NAME``: early stopping and the choice of the best checkpoint see it like the loss.

    ``evaluation_loop`` is where :meth:`transformers.Trainer.evaluate` gets its values from, before
    it logs them and tells its callbacks.
    """
    evaluation_loop = trainer.evaluation_loop

    def loop(*arguments: Any, **more: Any) -> Any:
        output = evaluation_loop(*arguments, **more)
        prefix = more.get("metric_key_prefix", "eval")
        scores = score(trainer.accelerator.unwrap_model(trainer.model))
        output.metrics.update({f"{prefix}_{name}": value for name, value in scores.items()})
        return output

    trainer.evaluation_loop = loop


def answer_scorer(job: TrainingJob, tokenizer: Any) -> Callable[[Any], dict[str, float]]:
    """Return a function from the model in training to its scores on the validation rows: the mean
    over datasets under the metric's name, each dataset's as ``METRIC_DATASET``, and ``unparsed`` in
    percent of the rows."""
    recipe = job.recipe
    metric = recipe.validation.metric
    assert metric is not None
    rows = job.validation
    requests = [request for _, request in requests_for(rows, recipe.data, job.context)]
    wrap = job.context.registry.families.get("hf").wrap
    if wrap is None:
        raise HarnessError("model family hf: it cannot ask a model in memory, expected wrap=")
    spec = ModelSpec.parse(
        f"hf:{job.title},chat_template={recipe.data.chat_template}", job.context.registry
    )
    # The label sentence is all that is read: what comes after it need not be generated.
    stop = (answer_format.MARKER,) if recipe.validation.labeler == "strict" else ()
    context = dataclasses.replace(
        job.context,
        seed=recipe.training.seed,
        generation=Generation(
            max_new_tokens=recipe.validation.max_new_tokens, stop=stop, system=recipe.data.system
        ),
        report=Report(),
    )

    def score(model: Any) -> dict[str, float]:
        wrapped: Model = resolve(wrap)(model, tokenizer, job.title, spec.arguments, context)
        try:
            answered = _answered(requests, wrapped)
        finally:
            wrapped.close()
        formats = context.registry.thought_formats
        responses = {one.id: one for one in take_apart(list(answered.values()), formats)}
        return _scores(rows, responses, context, recipe.validation.labeler, metric)

    return score


def _answered(requests: Sequence[Request], model: Model) -> dict[str, Response]:
    """Ask this process's share of the requests, and return everybody's answers.

    Where the weights themselves are shared out (FSDP, ZeRO 3) no process can ask alone: each step
    gathers them from all. There every process asks everything, in step with the others.
    """
    from accelerate.state import AcceleratorState
    from accelerate.utils import DistributedType, gather_object

    state = processes()
    kind = AcceleratorState().distributed_type
    alone = kind not in {DistributedType.FSDP, DistributedType.DEEPSPEED}
    if state.num_processes == 1 or not alone:
        answers = list(model.generate(requests))
    else:
        share = list(model.generate(requests[state.process_index :: state.num_processes]))
        answers = gather_object(share)
    return {response.id: response for response in answers}


def _scores(
    examples: Sequence[Example],
    responses: dict[str, Response],
    context: Context,
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
        score = resolve(context.registry.metrics.get(metric).score or "")
        values[name] = next(iter(score(*columns, predictions, context))).value()
    scores = {metric: sum(values.values()) / len(values)}
    if len(values) > 1:
        scores |= {f"{metric}_{name}": value for name, value in values.items()}
    return {**scores, "unparsed": 100 * unparsed / len(examples)}


def _predictions(
    pairs: Sequence[tuple[Example, Response]], dataset: str, context: Context, labeler: str
) -> list[Prediction]:
    predictions: list[Prediction] = []
    read = context.labeler(labeler)
    declared = context.dataset(dataset)
    for example, response in pairs:
        if response.label is not None:
            label = response.label
            predictions.append(Prediction(response.id, dataset, label, decided_by="model"))
        else:
            predictions += read(declared, [example.aspect], [response])
    return predictions
