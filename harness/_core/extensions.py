"""What plugins register around runs: where they are made and shown, and what builds, audits,
trainings and reports do besides what they can do by themselves.

As in :mod:`imhi._core.declarations`, a factory is a callable or ``"module:attribute"``. Names that
stand in a manifest, an audit or a recipe are for good: do not rename them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from imhi._core.declarations import Factory
from imhi._core.errors import HarnessError
from imhi._core.typed_arguments import Argument


@dataclass(frozen=True)
class Reporter:
    """Shows scores. ``render(results, write)`` gets the score objects of one or more runs and a
    function that takes text; what is to be shown first (:class:`imhi.ReportOptions`) too, if it has a
    third argument ``options``. Chosen with ``--format NAME``."""

    name: str
    summary: str
    render: Factory


@dataclass(frozen=True)
class PublishedResults:
    """Figures of a publication, shown beside runs and marked as not measured here.

    ``rows`` is the :class:`~pathlib.Path` of a CSV file with the columns of
    :class:`imhi.runs.PublishedResult`, or a factory ``() -> iterable of`` such records.
    """

    name: str
    summary: str
    rows: Factory | Path


@dataclass(frozen=True)
class Executor:
    """Where work runs, chosen with ``--executor NAME[:ARGUMENT]``.

    ``create(context, argument)`` returns a function ``(work, items) -> iterator``: it splits items,
    calls ``work(portion)`` (which yields results, and can be pickled) somewhere, and yields all
    results as they come, in any order. ``argument`` is empty where none was given.

    An executor of several workers has :func:`imhi.runs.spread` hand out portions, replace the dead and
    lend money (``context.budget``); what it supplies is a :class:`imhi.runs.Crew`. Work may say more of
    itself: :class:`imhi.runs.SpreadWork`.
    """

    name: str
    summary: str
    create: Factory


@dataclass(frozen=True)
class Observer:
    """Is told of runs and trainings where it was chosen with ``--observer NAME:VALUE,key=value``.

    ``create(value, **arguments)`` returns an object with a method ``observe(event)``, which gets each
    :data:`imhi.Event`, and a method ``close(failed)``, called last: ``failed`` says whether the command
    ended early. It must not reach out before the first event; what it raises then is passed over, and
    it is told nothing more. ``value`` names what stands behind the colon; ``arguments`` are the keys.
    """

    name: str
    summary: str
    create: Factory
    value: str
    arguments: Sequence[Argument] = ()


@dataclass(frozen=True)
class EnergyMeter:
    """Measures what asking or training takes, where it was chosen with ``--energy NAME:VALUE,key=value``.

    ``create(value, **arguments)`` begins to measure and returns an object with a method ``read()``, which
    gives the :class:`imhi.Energy` since then, and a method ``close()``. What it raises while it begins
    ends the command; later, it is a note, and what was read before counts.
    """

    name: str
    summary: str
    create: Factory
    value: str
    arguments: Sequence[Argument] = ()


# --- answers --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ThoughtFormat:
    """How models of a kind mark what they think before they answer, so that it is never taken for
    the answer.

    ``opens`` and ``closes`` are the texts around a thought, as written (case does not matter); after
    the last of several ``closes`` the answer begins. ``marks`` are other texts of the format, taken
    off both ends of thought and answer. ``fields`` are the fields of a chat message that hold a
    thought apart from the text. A text may begin inside a thought that its prompt has opened, unless
    ``may_begin_inside`` is False; a thought may stand after text as well, unless ``only_first``.
    ``bare`` marks are plain words without anything around them, left over where a tokenizer dropped its
    special tokens: an opening must be the first thing in the text and run into the thought
    (``analysisWe need``), case as written. ``source`` names where the format is documented.
    """

    name: str
    models: str
    opens: tuple[str, ...] = ()
    closes: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    may_begin_inside: bool = True
    only_first: bool = False
    bare: bool = False
    source: str = ""

    def __post_init__(self) -> None:
        if bool(self.opens) != bool(self.closes) or not (self.opens or self.fields):
            raise HarnessError(
                f"thought format '{self.name}': expected opens= and closes=, both or neither, or fields="
            )
        if not all((*self.opens, *self.closes, *self.marks, *self.fields)):
            raise HarnessError(f"thought format '{self.name}': found an empty text among its marks")


# --- builds and audits ---------------------------------------------------------------------------


@dataclass(frozen=True)
class BuildCheck:
    """A check of built rows: ``imhi build check``, in a build's file ``checks: {NAME: ...}``.

    A check of ``kind`` ``row`` looks at one row at a time: ``find(rows, settings)`` gets some rows
    (:class:`imhi.BuiltRow`), can be pickled and may run in other processes. A
    ``corpus`` check needs all rows at once: ``find(corpus, settings)`` gets an object with
    ``datasets`` (names), ``dataset(name)``, ``rows(name)``, ``seed``, ``spread(work, rows)`` and
    ``details``, a dict for what the report is to say besides. A ``model`` check is a corpus check
    that asks models; it is made last. All return an iterable of
    :class:`imhi.Finding`.

    ``settings``, optional, is a class of pydantic (or ``"module:attribute"`` of it) whose fields can
    be set in the build's file; every check also has ``action``: ``quarantine``, ``report``, ``off``.
    """

    name: str
    summary: str
    find: Factory
    kind: Literal["row", "corpus", "model"] = "row"
    settings: type[Any] | str | None = None


@dataclass(frozen=True)
class BuildFormat:
    """Files that ``imhi build write --format NAME`` writes.

    ``create(folder)`` gets the empty folder the files go to and returns an object with
    ``begin(dataset)``, ``add(row)``, ``end()`` per dataset, then ``finish(summary)`` once, or
    ``abort()`` where writing failed; its ``files`` (rows by file name) and ``notes`` are read last.
    ``row`` has the :class:`imhi.BuiltRow` as ``row``, and its words: ``query,
    answer`` (instruction), ``stem, response, prompt`` (completion; empty where there is none).
    ``summary`` has ``counters`` and ``facts``: counts of what was written, and what the build knows
    about itself. ``packages`` must be installed; they are looked for before the work begins.
    """

    name: str
    summary: str
    create: Factory
    packages: Sequence[str] = ()


@dataclass(frozen=True)
class AuditFlag:
    """What ``imhi audit`` can say of a row, and ``--exclude NAME`` leaves out of scores.

    ``create(corpus)``, called once per audit, gets an object with ``datasets`` (names),
    ``dataset(name)`` and ``rows(name)``, and returns a function ``(rows) -> ids``: of some rows of
    one dataset and split (:class:`imhi.BuiltRow`) the ``id`` of each that has the
    flag. ``summary`` is what the flag means, said of a row: *its post is empty*.
    """

    name: str
    summary: str
    create: Factory


# --- trainings and reports -----------------------------------------------------------------------


@dataclass(frozen=True)
class Trainer:
    """How ``imhi finetune`` trains a recipe whose ``kind`` is the trainer's name.

    ``encoder(job, tokenizer)`` returns a function ``(examples, counts) -> iterator of rows``: a
    dict of token ids each; ``counts.add(read, answered, truncated)`` counts a row by its tokens.
    ``trainer(job, model, tokenizer, train, validation)`` returns a :class:`transformers.Trainer`
    over such rows; the harness adds checkpoints, early stopping and scores of answers.

    ``job`` has the ``recipe``, the examples (``train, validation``), ``context``, ``labels``,
    ``title``; ``job.text_rows(examples)`` yields prompts (``request``) with their ``answer``, and
    ``job.training_arguments(transformers.TrainingArguments, len(train))`` is filled from the recipe.

    ``model_class`` is the class of transformers that loads the base. ``labels``: the model's outputs
    are labels, so it writes no answers.
    """

    name: str
    summary: str
    encoder: Factory
    trainer: Factory
    model_class: str = "AutoModelForCausalLM"
    labels: bool = False


@dataclass(frozen=True)
class ReportSection:
    """A section of the page that ``imhi report`` makes.

    ``render(report)`` returns HTML without its heading, or an empty text where there is nothing to
    say: the section is then left out. ``report`` has ``comparison``
    (:class:`imhi.Comparison`), ``runs`` (``name, manifest, scores, columns`` each),
    ``labels`` by dataset, and ``with_posts``: where it is False, no post, reference or answer may
    stand in the page. The page runs no script and loads nothing. ``name`` is its anchor, ``title``
    its heading, ``after`` the section it follows (default: the last one before the limits).
    """

    name: str
    title: str
    render: Factory
    after: str = ""
