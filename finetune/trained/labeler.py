"""The labelers ``classifier:`` and ``trained:``: a sequence classifier reads an answer and says which
label it argues for.

``classifier:published`` are the ten classifiers published beside IMHI (``published.yaml``). A folder
with one classifier per dataset in it, a single classifier's folder, or a hub id do too; what stands
behind a comma is passed on to ``hf:`` (``classifier:published,safetensors=false``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from imhi import (
    Argument,
    Dataset,
    HarnessError,
    Model,
    ModelSpec,
    Prediction,
    ReadLabels,
    Request,
    Response,
    answer_format,
)
from imhi.checkpoints import Checkpoint
from imhi.finetune.trained.folder import MANIFEST, find_trained
from imhi.finetune.trained.model import spec_of

if TYPE_CHECKING:
    from imhi import Context, Registry

PUBLISHED = "published"
MIN_WORDS = 4  # fewer words argue for nothing


@dataclass(frozen=True)
class Reader:
    """A classifier and what it reads: the ``explanation`` without its label sentence, and the
    question where the dataset asks several; or the whole ``answer`` alone."""

    spec: ModelSpec
    reads: Literal["explanation", "answer"] = "explanation"


@dataclass(frozen=True)
class Published:
    """A published classifier: its hub id, and what each of its outputs means."""

    model: str
    outputs: Sequence[str]


# Dataset and aspect -> the classifier for it.
FindReader = Callable[[Dataset, str], Reader]


def create(context: Context, argument: str) -> ReadLabels:
    """Return the labeler ``classifier:ARGUMENT``."""
    head, *pairs = Argument.split(argument)
    extra = "".join(f",{pair}" for pair in pairs)
    registry = context.registry
    folder = Path(head).expanduser()
    if head == PUBLISHED:
        return _labeler(context, f"classifier:{argument}", _published(registry, extra, None))
    if (folder / MANIFEST).is_file():
        if pairs:
            raise HarnessError(
                f"labeler classifier:{argument}: found arguments behind a folder of imhi finetune, expected "
                f"none: it is asked as it was trained; write trained:{head}"
            )
        return create_trained(context, str(folder))
    if folder.is_dir() and not (folder / "config.json").is_file():
        return _labeler(context, f"classifier:{argument}", _published(registry, extra, folder))
    one = Reader(ModelSpec.parse(f"hf:{head}{extra}", registry))
    return _labeler(context, f"classifier:{argument}", lambda dataset, aspect: one)


def create_trained(context: Context, argument: str) -> ReadLabels:
    """Return the labeler ``trained:NAME``.

    Raises:
        HarnessError: no such folder, or what was trained does not read explanations.
    """
    folder = find_trained(argument)
    name = f"trained:{argument}"
    manifest = folder.finished()
    recipe = manifest.recipe
    if manifest.writes or recipe.data.reads != "explanation":
        raise HarnessError(
            f"labeler {name}: it was trained as a {recipe.kind} model that reads the "
            f"{recipe.data.reads}, expected a classifier that reads explanations (data.reads: "
            f"explanation); ask it as a model: --model {name}"
        )

    @cache
    def find(dataset: Dataset, aspect: str) -> Reader:
        model = manifest.model_for(dataset.name, aspect)
        if model is not None:
            return Reader(spec_of(folder, model, context.registry, {}, name))
        raise HarnessError(
            f"labeler {name}: no classifier for {dataset.name}, it has {', '.join(manifest.datasets)}; "
            "write --dataset, or another --labeler"
        )

    return _labeler(context, name, find)


def fingerprint(argument: str) -> dict[str, str]:
    """Return the hashes of the classifiers in a local folder; nothing for those on a hub."""
    folder = Path(Argument.split(argument)[0]).expanduser()
    if not folder.is_dir():
        return {}
    configs = sorted([*folder.glob("config.json"), *folder.glob("*/config.json")])
    folders = [config.parent for config in configs]
    return {path.name: Checkpoint(str(path), path).checksum() for path in folders}


def trained_fingerprint(argument: str) -> str:
    """Return what tells what was trained from anything else of its name."""
    return find_trained(argument).finished().identity


def _published(registry: Registry, extra: str, folder: Path | None) -> FindReader:
    """Return the published classifiers: from the hub, or from folders named like the datasets."""
    from imhi.io import read_yaml

    path = Path(__file__).with_name("published.yaml")
    known = {name: Published(**values) for name, values in read_yaml(path, str(path)).items()}

    @cache
    def find(dataset: Dataset, aspect: str) -> Reader:
        published = known.get(dataset.name)
        own = _subfolder(folder, dataset) if folder is not None else ""
        if own and not _nameless(Path(own)):
            return Reader(ModelSpec.parse(f"hf:{own}{extra}", registry))
        if published is None:
            raise HarnessError(
                f"labeler classifier:{PUBLISHED}: none was published for {dataset.name} (there are: "
                f"{', '.join(known)})"
            )
        labels = ";".join(f"{number}:{label}" for number, label in enumerate(published.outputs))
        model = f"hf:{own or published.model},labels={labels}{extra}"
        return Reader(ModelSpec.parse(model, registry), "answer")

    return find


def _subfolder(folder: Path, dataset: Dataset) -> str:
    names = {name.lower() for name in (dataset.name, *dataset.aliases)}
    folders = sorted(path for path in folder.iterdir() if path.is_dir())
    own = next((path for path in folders if path.name.lower() in names), None)
    if own is None:
        raise HarnessError(
            f"labeler classifier:{folder}: found no config.json and no folder {dataset.name} in it "
            f"(folders: {', '.join(path.name for path in folders) or 'none'}); expected a classifier, "
            "or one per dataset in a folder of its name"
        )
    return str(own)


def _nameless(folder: Path) -> bool:
    """Say whether a checkpoint's outputs have no names (``LABEL_0``): then it is one that was
    published, whose order of outputs stands in its script alone."""
    config = folder / "config.json"
    if not config.is_file():
        return False
    names = json.loads(config.read_text(encoding="utf-8")).get("id2label") or {"0": "LABEL_0"}
    return all(re.fullmatch(r"LABEL_\d+", str(name)) for name in names.values())


def _labeler(context: Context, name: str, find: FindReader) -> ReadLabels:
    opened: dict[str, Model] = {}

    def model_of(reader: Reader) -> Model:
        key = f"{reader.spec.target} {reader.spec.arguments}"
        if key not in opened:
            for model in opened.values():
                model.close()  # one in memory at a time
            opened.clear()
            opened[key] = reader.spec.create(context)
        return opened[key]

    def read(
        dataset: Dataset, aspects: Sequence[str], responses: Sequence[Response]
    ) -> list[Prediction]:
        predictions: dict[int, Prediction] = {}
        shares: dict[str, list[int]] = {}
        for number, aspect in enumerate(aspects):
            shares.setdefault(aspect, []).append(number)
        for aspect, numbers in shares.items():
            reader = find(dataset, aspect)
            asked = []
            for number in numbers:
                response = responses[number]
                text = _read_text(response.text, dataset, reader.reads)
                if len(text.split()) >= MIN_WORDS:
                    asked.append(_request(number, text, dataset, aspect, reader))
            for answer in model_of(reader).generate(asked) if asked else ():
                number = int(answer.id)
                predictions[number] = _prediction(responses[number], answer, name)
        return [
            predictions.get(number) or Prediction(response.id, response.dataset, status="unparsed")
            for number, response in enumerate(responses)
        ]

    return read


def _request(number: int, text: str, dataset: Dataset, aspect: str, reader: Reader) -> Request:
    question = dataset.question(aspect).text if reader.reads == "explanation" else ""
    return Request(str(number), dataset.name, "", "", text, question, aspect)


def _prediction(response: Response, answer: Response, name: str) -> Prediction:
    label = answer.label
    if label is None:
        raise HarnessError(f"labeler {name}: {response.dataset}/{response.id}: {answer.error}")
    confidence = (answer.probabilities or {}).get(label)
    return Prediction(
        response.id,
        response.dataset,
        label,
        decided_by=name,
        confidence=None if confidence is None else round(confidence, 4),
        explanation_label=label,
    )


def _read_text(text: str, dataset: Dataset, reads: str) -> str:
    """Return what a classifier is given of an answer."""
    if reads == "answer":
        return text.strip()
    head, explanation = answer_format.split_answer(text)
    return explanation or _without_label_sentence(head, dataset)


def _without_label_sentence(text: str, dataset: Dataset) -> str:
    for label in dataset.labels:
        if text.casefold().startswith(label.sentence.casefold()):
            return text[len(label.sentence) :].strip()
    return text
