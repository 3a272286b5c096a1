"""What plugins register for runs: frozen records that describe a thing and say how to make it.

A ``Factory`` is a callable or a string ``"module:attribute"``; it is resolved only when the thing
is used, so listing plugins imports nothing heavy, and a new field with a default never breaks a
plugin. What each factory receives and must return stands beside the field. What plugins register
around runs: :mod:`imhi._core.extensions`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from imhi._core.errors import HarnessError
from imhi._core.installing import how_to_install
from imhi._core.typed_arguments import Argument as Argument

Factory = Callable[..., Any] | str
Wording = Literal["sentence", "completion"]


def resolve(factory: Factory) -> Callable[..., Any]:
    """Return the callable behind a factory.

    Raises:
        HarnessError: ``"module:attribute"`` names nothing, or a package it needs is missing.
    """
    if callable(factory):
        return factory
    module_name, _, attribute = factory.partition(":")
    try:
        target = getattr(importlib.import_module(module_name), attribute)
    except ModuleNotFoundError as error:
        raise HarnessError(
            f"{factory} needs the package '{error.name}', which is not installed: "
            f"{how_to_install('hf')} (or [all])"
        ) from error
    except AttributeError as error:
        raise HarnessError(
            f"factory '{factory}': {error}; expected 'module:attribute' of a callable"
        ) from error
    if not callable(target):
        raise HarnessError(f"factory '{factory}' is a {type(target).__name__}, not a callable")
    return target  # type: ignore[no-any-return]


# --- tasks ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Label:
    """One answer a dataset allows.

    ``sentence`` opens an answer in instruction style, ``completion`` in completion style (default:
    the name). ``variants`` are other plain names and wordings of this label (case is ignored).
    ``cues`` are words by which a cause that is named in other words means this label (*exam* for
    school), ``weak_cues`` count only where no label has a cue. ``denies`` marks the label of an
    answer that says there is nothing of the kind asked about, and names that (*mental disorder*).
    ``catch_all`` marks the label of whatever fits no other; its names are read as explicit answers
    only.
    """

    name: str
    sentence: str
    completion: str = ""
    variants: tuple[str, ...] = ()
    cues: tuple[str, ...] = ()
    weak_cues: tuple[str, ...] = ()
    catch_all: bool = False
    denies: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.completion:
            object.__setattr__(self, "completion", self.name)


@dataclass(frozen=True)
class Question:
    """A question asked about a post.

    ``stem`` opens the answer in completion style. ``aspect`` tells the questions of one dataset
    apart (empty where there is only one). ``terms`` are words for what a question is about; labelers
    read prose by them. For a yes/no question that is the condition (*depression, depressed*). Where
    a question asks which of several causes or kinds, it is what they are causes of (*stress*): a label
    then counts only where it is named behind such a word. Leave them empty where labels are things
    by themselves (disorders), which count wherever they are named.
    """

    text: str
    stem: str = ""
    aspect: str = ""
    terms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dataset:
    """One source of examples: labels, questions, and what its files are called.

    ``aliases`` are other names its files go by. ``counts`` are the published rows per split
    (``train``, ``val``, ``test``). ``rows`` names a file (.jsonl or .csv with the columns ``post,
    label`` and optionally ``id, split, aspect, explanation``) or a factory ``() -> iterable of
    such rows``: a dataset that carries its own rows is run with ``--source own``. ``note`` is
    anything a user should know.
    """

    name: str
    labels: tuple[Label, ...]
    questions: tuple[Question, ...]
    aliases: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict, hash=False)
    rows: Factory | None = None
    note: str = ""

    def __post_init__(self) -> None:
        for what, values in (
            ("label", [label.name for label in self.labels]),
            ("label sentence", [label.sentence for label in self.labels]),
            ("aspect", [question.aspect for question in self.questions]),
        ):
            doubled = sorted({value for value in values if values.count(value) > 1})
            if doubled or not values:
                raise HarnessError(
                    f"dataset '{self.name}': {what}s must be distinct and at least one; "
                    f"{'doubled: ' + ', '.join(doubled) if doubled else 'there is none'}"
                )

    @property
    def label_names(self) -> tuple[str, ...]:
        """The names of the labels, in the order of their declaration."""
        return tuple(label.name for label in self.labels)

    def label(self, name: str) -> Label:
        """Return the label of that name; raise HarnessError where there is none."""
        for label in self.labels:
            if label.name == name:
                return label
        raise HarnessError(
            f"dataset '{self.name}' has no label '{name}' (labels: {', '.join(self.label_names)})"
        )

    def question(self, aspect: str) -> Question:
        """Return the question of that aspect; raise HarnessError where there is none."""
        for question in self.questions:
            if question.aspect == aspect:
                return question
        aspects = ", ".join(repr(question.aspect) for question in self.questions)
        raise HarnessError(f"dataset '{self.name}' has no aspect '{aspect}' (aspects: {aspects})")


@dataclass(frozen=True)
class Task:
    """An analysis (stress detection, ...) and the datasets it is measured on."""

    name: str
    summary: str
    datasets: tuple[Dataset, ...]


@dataclass(frozen=True)
class Source:
    """Where examples come from, named on the command line as ``NAME`` or ``NAME:ARGUMENT``.

    ``open(argument, datasets)`` returns a :class:`imhi.OpenSource`.
    """

    name: str
    summary: str
    open: Factory
    argument: str = ""


@dataclass(frozen=True)
class PromptStyle:
    """Turns an example into model input. ``build(context)`` returns a function
    ``(example, dataset) -> str``. ``version`` is part of the run id: raise it with the wording.
    ``max_new_tokens`` is the room an answer in this style needs; it ends before any text of ``stop``,
    unless the command names others (``--stop``). ``wording`` is what an answer in it
    begins with, a label's ``sentence`` or its ``completion``: what is scored, or chosen from, where a
    run asks for labels alone (``--answer``)."""

    name: str
    summary: str
    build: Factory
    version: str = "1"
    max_new_tokens: int = 512
    wording: Wording = "sentence"
    stop: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModelFamily:
    """All models of one scheme: ``SCHEME:TARGET,key=value,...``.

    ``create(spec, context)`` returns a :class:`imhi.Model`.
    ``fingerprint(spec, context)``, optional, returns JSON values that tell this model from every
    other (a hash of local weights, of training rows) without loading it; they become part of the
    run id. ``estimate(spec, prompts, context)``, optional, returns a :class:`imhi.Estimate`.
    ``prices()``, optional, returns a :class:`imhi.PriceList`, for ``imhi models prices``.
    ``prompt(spec)``, optional, returns the prompt style the model was made for, used where none is
    asked for. ``datasets(spec)``, optional, returns the names of the datasets the model can answer
    about, nothing where it can about any: they are run where none is asked for, and others are refused.
    ``wrap(model, tokenizer, name, arguments, context)``, optional, returns a
    :class:`imhi.Model` over weights that are in memory already (a training measures
    itself by it); closing it gives them back as they were.
    ``together(spec)``, optional, says whether the model is to get the requests of all datasets in one
    call, since it hands them to somebody who takes hours. ``stored`` models have their answers
    already: nobody is asked, and a run appears with all of them or not at all. ``open_arguments``
    lets unknown arguments through to the backend. ``decodes``: answers are made under the run's decoding
    settings, so that it helps to change these, and several samples may differ. ``answers`` are the ways in
    which the models can answer (``text``, ``likelihood``, ``choice``): how to is read from
    ``context.generation.answer``, with the wordings in :attr:`imhi.Request.choices`. ``gpus`` is how
    many GPUs one copy of the model takes where there are any, a number or ``(spec) -> number``: an
    executor makes as many copies as that gives, each with GPUs of its own. 0 for models that run
    elsewhere or on the CPU.

    ``cache_key(spec, context)``, optional, lets answers be kept across runs (``--cache``). It returns
    JSON values: all that the model's answers depend on besides the request and the run's decoding, found
    without loading it (weights, adapter, engine and versions, number format, kind of device, the code
    that writes prompts and reads answers: :func:`imhi.code_checksum`); or a text that says why the
    answers of this model cannot be told from another's. Arguments of the model are not added to it.
    Answers may be drawn only by :func:`imhi.checkpoints.request_seed`.
    """

    scheme: str
    summary: str
    create: Factory
    target: str = "MODEL"
    arguments: tuple[Argument, ...] = ()
    fingerprint: Factory | None = None
    cache_key: Factory | None = None
    estimate: Factory | None = None
    prices: Factory | None = None
    prompt: Factory | None = None
    datasets: Factory | None = None
    wrap: Factory | None = None
    together: Factory | None = None
    stored: bool = False
    open_arguments: bool = False
    decodes: bool = True
    examples: tuple[str, ...] = ()
    answers: tuple[str, ...] = ("text",)
    gpus: Factory | int = 1


@dataclass(frozen=True)
class ModelPreset:
    """A short name for a model: ``model`` as it would be written on the command line."""

    name: str
    model: str
    summary: str = ""
    prompt: str = ""


# --- labelers, metrics, views --------------------------------------------------------------------


@dataclass(frozen=True)
class Labeler:
    """Reads labels out of responses. ``create(context)`` returns a function
    ``(dataset, aspects, responses) -> list of Prediction`` (:class:`imhi.ReadLabels`).
    One that names an ``argument`` is chosen with ``--labeler NAME:ARGUMENT`` and made with
    ``create(context, argument)``. ``fingerprint(argument)``, optional, returns a JSON value that
    changes when its labels may (a hash of weights): predictions made before are then made again.

    ``rereads``: it is given the answers whose label the model chose itself (``--answer``) as well.

    ``asks(argument, registry)``, for one that asks a model, returns that model's
    :class:`imhi.ModelSpec`: a name that is wrong is said before anything is asked, and labels are
    read again when the model is another. Such a labeler keeps what it is told in ``context.cache``;
    a prediction that it could not make (a request failed, the budget is spent) has the status
    ``failed``, and the same command asks for it again.

    What ``create`` returns may have a ``close()``: it is called when all answers of a run are read;
    a labeler may be asked again afterwards."""

    name: str
    summary: str
    create: Factory
    version: str = "1"
    argument: str = ""
    fingerprint: Factory | None = None
    asks: Factory | None = None
    rereads: bool = False


@dataclass(frozen=True)
class Metric:
    """Scores a column of predictions or explanations.

    ``score(examples, responses, predictions, context)`` gets aligned lists of one dataset and
    returns a list of :class:`imhi.Measure` (several where a metric has parts).
    A metric that has ``arguments`` or holds a model gives ``create(arguments)`` instead, called
    once per command: it returns such a function, whose ``close()``, if it has one, is called at
    the end. The first of the ``arguments`` may be written without its name:
    ``--metric NAME:VALUE,key=value``.

    ``estimate(arguments, examples, responses, context)``, optional, returns what asking for one
    dataset would take: ``{model name: imhi.Estimate}``.

    ``group`` is ``labels``, ``samples`` (about several answers to each example), ``explanations``
    (explanation metrics that need no model), ``neural`` or ``judges``: a group name selects all its
    metrics. ``higher_is_better`` None: neither.
    """

    name: str
    summary: str
    score: Factory | None = None
    group: str = "labels"
    default: bool = False
    higher_is_better: bool | None = True
    version: str = "1"
    create: Factory | None = None
    arguments: tuple[Argument, ...] = ()
    estimate: Factory | None = None

    def __post_init__(self) -> None:
        if (self.score is None) == (self.create is None):
            raise HarnessError(f"metric '{self.name}': expected one of score= and create=")


@dataclass(frozen=True)
class View:
    """Which gold labels count and which rows do, chosen with ``--view NAME``.

    ``gold``: ``released`` (as the data have them), ``human`` (the annotators', rows without one left
    out) or ``agreed`` (rows where both say the same). ``exclude`` names flags of ``imhi audit`` whose
    rows do not count.
    """

    name: str
    summary: str
    gold: str = "released"
    exclude: tuple[str, ...] = ()
