"""The rows that flow through a run: Example -> Request -> Response -> Prediction.

All are frozen and hold plain values only, so that each is one JSON object in a run folder
(:func:`as_row`, :func:`from_row`). Fields added later need a default: old rows stay readable.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring
from operator import attrgetter
from typing import Any, Literal, TypeAlias, TypeVar

from imhi._core.errors import DataError
from imhi._core.fingerprints import prompt_hash

JsonObject: TypeAlias = Mapping[str, Any]
"""A JSON object of somebody else (a plugin, a server): its fields are not the core's to declare."""

PredictionStatus = Literal["labelled", "unparsed", "failed"]


@dataclasses.dataclass(frozen=True, slots=True)
class Example:
    """One row of a dataset: a post, a question about it and the reference answer.

    ``id`` is unique within dataset and split and the same on every machine that reads the same
    file. ``post_id`` is equal for rows about one post (IRF asks two questions about each, MultiWD
    six): intervals are over posts, not rows. ``prompt`` is the model input as the source file
    has it, in the style named by ``prompt_style``; empty where the source has none.
    """

    id: str
    dataset: str
    split: str
    post: str
    question: str
    label: str
    explanation: str = ""
    aspect: str = ""
    post_id: str = ""
    prompt: str = ""
    prompt_style: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """What a model is asked. It carries no gold label and no reference.

    Text generators read ``prompt`` (and ``system``); classifiers read ``post`` and ``aspect``.
    ``choices``, each label's name with its wording, are there where the run asks for one of them
    (``--answer likelihood`` or ``choice``). ``sample`` counts from 0 where several answers to one example
    are asked for (``--samples``): each has an id of its own, and is to be drawn by itself.
    """

    id: str
    dataset: str
    prompt: str
    prompt_hash: str
    post: str
    question: str
    aspect: str = ""
    system: str = ""
    choices: Mapping[str, str] = dataclasses.field(default_factory=dict, hash=False)
    sample: int = 0

    @classmethod
    def of(
        cls,
        id: str,
        dataset: str,
        prompt: str,
        post: str,
        question: str,
        aspect: str = "",
        system: str = "",
        choices: Mapping[str, str] | None = None,
    ) -> Request:
        """Return a request with the hash of its prompt and system prompt, under which the answer is
        stored."""
        hashed = prompt_hash(system, prompt)
        return cls(id, dataset, prompt, hashed, post, question, aspect, system, choices or {})


@dataclasses.dataclass(frozen=True, slots=True)
class Response:
    """What a model returned for the request of the same dataset and id.

    Either ``error`` is set (the request failed, after ``attempts`` tries), or ``text`` and/or
    ``label`` with ``probabilities`` (label -> probability in [0, 1]). ``latency`` in seconds,
    ``cost`` in US dollars, ``truncated`` where the prompt did not fit the model's window.
    ``finish_reason`` in the words of :mod:`imhi._core.finish_reasons`.

    ``thought`` is what the model thought before it answered, where a server gives it in a field of
    its own; a thought that stands in the text is there until the response is taken apart
    (:func:`imhi.take_apart`), which is done wherever labels or scores are made. ``thought_open``:
    a thought stands open where the text begins, since the prompt ended in one; of a response that
    was taken apart: its thought has no end. ``thought_tokens`` as the server or the model's tokenizer
    counts them; else the thought's share, by characters, of the completion tokens.

    ``log_likelihoods`` are those of each label's wording given the prompt (label -> the sum over its
    tokens, in nats), ``normalised`` the same for each character of the wording.

    ``cached``: the answer was made for an earlier run and comes from the answer cache; its latency is
    that of then, its cost 0.
    """

    id: str
    dataset: str
    prompt_hash: str
    text: str = ""
    label: str | None = None
    probabilities: Mapping[str, float] | None = None
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    latency: float | None = None
    cost: float | None = None
    attempts: int = 1
    truncated: bool = False
    error: str | None = None
    thought: str = ""
    thought_tokens: int | None = None
    thought_open: bool = False
    log_likelihoods: Mapping[str, float] | None = None
    normalised: Mapping[str, float] | None = None
    cached: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Prediction:
    """The label read out of a response, or the plain statement that there is none.

    ``decided_by`` names the labeler (or ``model`` where a classifier gave the label itself);
    ``contradiction`` is set where a labeler that reads both finds that the label sentence says
    one thing and the explanation argues for ``explanation_label``. ``inferred`` is what a labeler
    infers (with ``confidence``) where the answer states no label: a second reading, never the label.
    ``why`` says in a few words why an answer has no label, where that is known (``filtered``, ``cut off
    in a thought``, ``not stated``). ``votes`` are there where several samples were asked for: the label of
    each, empty where it has none, None where it has no answer (:mod:`imhi._core.samples`).
    """

    id: str
    dataset: str
    label: str | None = None
    status: PredictionStatus = "labelled"
    decided_by: str = ""
    confidence: float | None = None
    contradiction: bool = False
    explanation_label: str | None = None
    inferred: str | None = None
    why: str = ""
    votes: Sequence[str | None] = ()


Row = TypeVar("Row")


_known_defaults: dict[type[Any], Mapping[str, Any]] = {}


def _defaults(cls: type[Any]) -> Mapping[str, Any]:
    if cls not in _known_defaults:
        _known_defaults[cls] = {
            field.name: field.default
            if field.default_factory is dataclasses.MISSING
            else field.default_factory()
            for field in dataclasses.fields(cls)
        }
    return _known_defaults[cls]


def as_row(record: Any) -> dict[str, Any]:
    """Return a record (these, or a plugin's own dataclass of plain values) as a JSON object; fields
    at their default are left out."""
    row = {}
    for name, default in _defaults(type(record)).items():
        value = getattr(record, name)
        if value is not default and value != default:
            row[name] = dict(value) if isinstance(value, Mapping) else value
    return row


_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


_known_written: dict[type[Any], tuple[attrgetter[Any], Sequence[tuple[str, Any]]]] = {}


def _written(cls: type[Any]) -> tuple[attrgetter[Any], Sequence[tuple[str, Any]]]:
    """Return what gets all fields of a record, and each one's name as JSON with its default."""
    if cls not in _known_written:
        defaults = _defaults(cls)
        # With one name alone there would be no tuple.
        fields = attrgetter(*defaults, "__class__")
        names = [(f"{encode_basestring(name)}:", value) for name, value in defaults.items()]
        _known_written[cls] = fields, names
    return _known_written[cls]


def as_line(record: Any) -> str:
    """Return the JSON text of :func:`as_row`, on one line and without its end: most fields are texts,
    and are written without a row in between."""
    values, fields = _written(type(record))
    parts = []
    for (name, default), value in zip(fields, values(record), strict=False):
        if value is default or value == default:
            continue
        if type(value) is str:
            parts.append(name + encode_basestring(value))
        else:
            parts.append(name + _compact(dict(value) if isinstance(value, Mapping) else value))
    return f"{{{','.join(parts)}}}"


def from_row(cls: type[Row], row: Mapping[str, Any], where: str) -> Row:
    """Rebuild a record; ``where`` (file and line) is named when the row does not fit.

    Raises:
        DataError: a field is missing or unknown.
    """
    try:
        return cls(**row)
    except TypeError as error:
        raise DataError(
            f"{where}: not a {cls.__name__} row ({str(error).split('() ')[-1]}); "
            f"expected the fields {', '.join(_defaults(cls))}; the file may come from another "
            "version or have been edited: make it again in a new folder"
        ) from None
