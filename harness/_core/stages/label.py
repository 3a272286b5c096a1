"""Stage 3: read labels out of responses. Never asks the model; a labeler may ask one of its own."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from imhi._core.answered import WITHHELD, was_cut_off, why_unanswered
from imhi._core.context import Context
from imhi._core.declarations import Dataset
from imhi._core.errors import HarnessError
from imhi._core.events import StageFinished, StageStarted
from imhi._core.fingerprints import file_checksum
from imhi._core.labelers import LabelerSpec
from imhi._core.protocols import ReadLabels
from imhi._core.records import Prediction, Response
from imhi._core.report import Report
from imhi._core.results import Labelling
from imhi._core.run_store import RunFolder
from imhi._core.run_store.cache import CacheFolder
from imhi._core.run_store.columns import NOT_ASKED, answers_by_id
from imhi._core.run_store.jsonl import write_json
from imhi._core.samples import sample_ids, vote

_BATCH = 512
_NO_LABEL = "samples whose answer gives no label, and which do not vote: {n}"
_NO_ANSWER = "samples without an answer, which do not vote ('imhi run' asks them again): {n}"
_UNREAD = "answers whose label is not read yet, which count as wrong: {n}"


def label(folder: RunFolder, context: Context, labeler: LabelerSpec) -> None:
    """Write ``predictions/LABELER/``.

    What the labeler has to say stands beside its labels and under the scores made of them. What it
    asked a model lies in ``measured/``: a labelling that was stopped goes on where it was.
    """
    manifest = folder.manifest()
    datasets = manifest.datasets
    context = replace(
        context,
        run=folder.id,
        model_identity=manifest.model_identity,
        report=Report(),
        cache=CacheFolder(folder.path / "measured"),
    )
    started = time.perf_counter()
    context.notify(StageStarted(folder.id, "label", sum(datasets.values())))
    read = context.read_with(labeler)
    identity = labeler.identity(context)
    # A model that was given the labels to choose from has said which.
    chosen = manifest.answer != "text" and not labeler.labeler.rereads
    changed = False
    try:
        for dataset in datasets:
            path = folder.predictions_file(labeler.name, dataset)
            before = file_checksum(path) if path.exists() else ""
            responses = answers_by_id(folder, dataset, context.registry)
            found = _predictions(folder, context, read, dataset, responses, chosen)
            folder.write_records(path, found)
            changed = changed or file_checksum(path) != before
    finally:
        read.close()
        context.cache.close()
    if changed:
        folder.forget_views(labeler.name)
    write_json(folder.labeler_file(labeler.name), identity)
    write_json(
        folder.labeler_notes_file(labeler.name),
        {"notes": context.report.sentences("notes"), "gaps": context.report.sentences("gaps")},
    )
    context.notify(StageFinished(folder.id, "label", time.perf_counter() - started))


def _predictions(
    folder: RunFolder,
    context: Context,
    read: ReadLabels,
    dataset: str,
    responses: Mapping[str, Response],
    chosen: bool,
) -> Iterator[Prediction]:
    """Yield a prediction for each example, in the order of the examples: what was read of its answer,
    or what its samples vote for."""
    examples = folder.examples(dataset)
    samples = folder.manifest().samples
    while batch := list(islice(examples, max(1, _BATCH // samples))):
        asked = [(example, sample_ids(example.id, samples)) for example in batch]
        answers = [(id, example.aspect) for example, ids in asked for id in ids]
        read_ones = dict(_read(context, read, dataset, answers, responses, chosen))
        for example, ids in asked:
            if samples == 1:
                yield read_ones[example.id]
                continue
            given = [read_ones[id] if id in responses else None for id in ids]
            context.count(_NO_ANSWER, given.count(None), incomplete=True)
            context.count(_NO_LABEL, sum(one is not None and one.label is None for one in given))
            yield vote(example.id, dataset, given)


def _read(
    context: Context,
    read: ReadLabels,
    dataset: str,
    answers: Sequence[tuple[str, str]],
    responses: Mapping[str, Response],
    chosen: bool,
) -> Iterator[tuple[str, Prediction]]:
    """Yield what is read of each answer, given by the ids of requests and the aspects they are about."""
    declared = context.dataset(dataset)
    texts: list[Response] = []
    aspects: list[str] = []
    done: dict[str, Prediction] = {}
    for id, aspect in answers:
        response = responses.get(id)
        if response is None:
            done[id] = Prediction(id, dataset, status="failed")
        elif response.label is not None and (chosen or not response.text.strip()):
            # A classifier gives its label outright, and so does a model that was given the
            # labels to choose from: there is nothing to read.
            confidence = (response.probabilities or {}).get(response.label)
            done[id] = Prediction(id, dataset, response.label, "labelled", "model", confidence)
        elif chosen:
            done[id] = Prediction(id, dataset, status="unparsed", why="none of the choices")
        else:
            texts.append(response)
            aspects.append(aspect)
    found = read(declared, aspects, texts) if texts else []
    done.update((prediction.id, prediction) for prediction in found)
    for id, _ in answers:
        prediction = done.get(id)
        if prediction is None or not _is_sound(prediction, declared):
            found_text = (
                "nothing"
                if prediction is None
                else (f"label {prediction.label!r} with status '{prediction.status}'")
            )
            raise HarnessError(
                f"{dataset}/{id}: the labeler gave {found_text}, expected one of "
                f"{', '.join(declared.label_names)}, or no label and the status unparsed"
            )
        if prediction.status == "failed" and id in responses:
            context.count(_UNREAD, 1, incomplete=True)
        yield id, prediction


def _is_sound(prediction: Prediction, dataset: Dataset) -> bool:
    """Say whether a prediction has a label of the dataset exactly where it says it has one."""
    if prediction.status == "labelled":
        return prediction.label in dataset.label_names
    return prediction.label is None


def labelling_counts(predictions: Iterable[Prediction], responses: Iterable[Response]) -> Labelling:
    """Count what came of the examples of one dataset. The responses are taken apart; of examples
    without an answer they say whether they were asked."""
    status: Counter[str] = Counter()
    decided: Counter[str] = Counter()
    why: Counter[str] = Counter()
    contradictions = inferred = 0
    for prediction in predictions:
        status[prediction.status] += 1
        contradictions += prediction.contradiction
        inferred += prediction.inferred is not None
        if prediction.why:
            why[prediction.why] += 1
        if prediction.status == "labelled":
            decided[prediction.decided_by] += 1
    answers = Counter[str]()
    for response in responses:
        answers["not_asked"] += response.error == NOT_ASKED
        if response.error is None:
            answers["cut_off"] += was_cut_off(response)
            answers["filtered"] += why_unanswered(response) == WITHHELD
            answers["thoughts"] += bool(response.thought or response.thought_tokens)
            answers["thought_tokens"] += response.thought_tokens or 0
    return {
        "n": sum(status.values()),
        "unparsed": status["unparsed"],
        "failed": status["failed"] - answers["not_asked"],
        "not_asked": answers["not_asked"],
        "contradictions": contradictions,
        "decided_by": dict(decided),
        "cut_off": answers["cut_off"],
        "filtered": answers["filtered"],
        "thoughts": answers["thoughts"],
        "thought_tokens": answers["thought_tokens"],
        "why": dict(why),
        "inferred": inferred,
    }
