"""The hooks of the project ``imhi``: everything a plugin can add.

A plugin is a module (or any object) whose functions are marked with :data:`hookimpl`. It is found
through the entry-point group ``imhi``, or named with ``--plugin FILE.py``. What a hook returns are
frozen records; a name that is already taken is refused and both plugins are named. Importing a plugin
must be cheap: import heavy libraries inside the factories. :mod:`imhi._core.registry` lists the kinds.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar, cast

import pluggy

from imhi._core.declarations import (
    Labeler,
    Metric,
    ModelFamily,
    ModelPreset,
    PromptStyle,
    Source,
    Task,
    View,
)
from imhi._core.events import Event
from imhi._core.extensions import (
    AuditFlag,
    BuildCheck,
    BuildFormat,
    EnergyMeter,
    Executor,
    Observer,
    PublishedResults,
    Reporter,
    ReportSection,
    ThoughtFormat,
    Trainer,
)

PROJECT = "imhi"

F = TypeVar("F", bound=Any)


def hookspec(function: F) -> F:
    """Mark a function of this module as a hook that plugins may implement."""
    return cast(F, pluggy.HookspecMarker(PROJECT)(function))


def hookimpl(function: F) -> F:
    """Mark a function of a plugin as the implementation of the hook of the same name."""
    return cast(F, pluggy.HookimplMarker(PROJECT)(function))


@hookspec
def imhi_tasks() -> Iterable[Task]:
    """Add tasks, each with its datasets. Called once, when plugins are loaded.

    A dataset whose labels are a fixed list needs nothing but this declaration::

        @hookimpl
        def imhi_tasks():
            labels = (Label("yes", "Yes, the poster is bored."), Label("no", "No, ... not bored."))
            question = Question("Is the poster bored?")
            data = Dataset("bored", labels, (question,), rows="/data/bored.jsonl")
            yield Task("boredom detection", "Is a poster bored?", (data,))
    """
    raise NotImplementedError


@hookspec
def imhi_sources() -> Iterable[Source]:
    """Add places where examples come from. Called once, when plugins are loaded.

    ``open(argument, datasets)`` makes a :class:`imhi.OpenSource`::

        @hookimpl
        def imhi_sources():
            yield Source("survey", "Rows of our survey", open="my_package.survey:open_survey",
                         argument="FOLDER")
    """
    raise NotImplementedError


@hookspec
def imhi_prompts() -> Iterable[PromptStyle]:
    """Add prompt styles. Called once, when plugins are loaded.

    ``build(context)`` returns a function ``(example, dataset) -> str``::

        @hookimpl
        def imhi_prompts():
            def build(context):
                return lambda example, dataset: f"{example.post}\\n\\n{example.question}"
            yield PromptStyle("bare", "The post, then the question", build)
    """
    raise NotImplementedError


@hookspec
def imhi_models() -> Iterable[ModelFamily | ModelPreset]:
    """Add model families (a scheme each) and presets. Called once, when plugins are loaded.

    ``create(spec, context)`` makes a :class:`imhi.Model`::

        @hookimpl
        def imhi_models():
            yield ModelFamily("echo", "Repeats the question", create="my_package.echo:Echo")
            yield ModelPreset("parrot", "echo:loud", "The echo model, loud")
    """
    raise NotImplementedError


@hookspec
def imhi_thought_formats() -> Iterable[ThoughtFormat]:
    """Add ways in which models mark their thoughts. Called once, when plugins are loaded.

    What stands between the marks is kept, and never read for labels or scores::

        @hookimpl
        def imhi_thought_formats():
            yield ThoughtFormat("musing", "Our model", opens=("<muse>",), closes=("</muse>",))
    """
    raise NotImplementedError


@hookspec
def imhi_labelers() -> Iterable[Labeler]:
    """Add labelers: from a response to a label, or to the statement that there is none.

    Called once, when plugins are loaded. A labeler never sees the gold label::

        @hookimpl
        def imhi_labelers():
            def create(context):
                return lambda dataset, aspects, responses: [
                    Prediction(r.id, r.dataset, status="unparsed") for r in responses]
            yield Labeler("none", "Finds nothing", create)
    """
    raise NotImplementedError


@hookspec
def imhi_metrics() -> Iterable[Metric]:
    """Add metrics. Called once, when plugins are loaded.

    ``score`` gets aligned columns of one dataset; the core makes intervals and averages::

        @hookimpl
        def imhi_metrics():
            def score(examples, responses, predictions, context):
                return [Measure.mean("words", [len(r.text.split()) for r in responses], scale=None)]
            yield Metric("words", "Words per answer", score, group="explanations")
    """
    raise NotImplementedError


@hookspec
def imhi_reporters() -> Iterable[Reporter]:
    """Add output forms for scores. Called once, when plugins are loaded.

    ``render(results, write)`` gets a list of :class:`imhi.RunScores`; with a third argument
    ``options`` also what to show first (:class:`imhi.ReportOptions`)::

        @hookimpl
        def imhi_reporters():
            def render(results, write):
                write(f"{len(results)} runs")
            yield Reporter("count", "Says how many runs there are", render)
    """
    raise NotImplementedError


@hookspec
def imhi_published() -> Iterable[PublishedResults]:
    """Add results that others have published. Called once, when plugins are loaded.

    ``rows`` makes :class:`imhi.runs.PublishedResult` records, or is the path of a CSV file
    with their fields::

        @hookimpl
        def imhi_published():
            yield PublishedResults("our-paper", "Table 3 of our paper",
                                   rows="my_package.our_paper:rows")
    """
    raise NotImplementedError


@hookspec
def imhi_views() -> Iterable[View]:
    """Add named views: other gold labels, fewer rows. Called once, when plugins are loaded.

    The flags are those of ``imhi audit``::

        @hookimpl
        def imhi_views():
            yield View("no-leaks", "Without rows that are also training rows", exclude=("leaked",))
    """
    raise NotImplementedError


@hookspec
def imhi_executors() -> Iterable[Executor]:
    """Add places where work runs. Called once, when plugins are loaded.

    ``create(context, argument)`` returns a function ``(work, items) -> iterator of results``::

        @hookimpl
        def imhi_executors():
            def create(context, argument):
                return lambda work, items: work(items)
            yield Executor("here", "In this process", create)
    """
    raise NotImplementedError


@hookspec
def imhi_observers() -> Iterable[Observer]:
    """Add observers that are chosen with ``--observer``. Called once, when plugins are loaded.

    ``create(value, **arguments)`` returns an object with ``observe(event)`` and ``close(failed)``::

        @hookimpl
        def imhi_observers():
            yield Observer("file", "Writes events into a file", create="my_package.events:File",
                           value="PATH")
    """
    raise NotImplementedError


@hookspec
def imhi_energy_meters() -> Iterable[EnergyMeter]:
    """Add meters of energy, chosen with ``--energy``. Called once, when plugins are loaded.

    ``create(value, **arguments)`` begins to measure; ``read()`` gives an :class:`imhi.Energy`::

        @hookimpl
        def imhi_energy_meters():
            yield EnergyMeter("socket", "Our metered socket", create="my_package.socket:Meter",
                              value="ADDRESS")
    """
    raise NotImplementedError


@hookspec
def imhi_build_checks() -> Iterable[BuildCheck]:
    """Add checks of built rows. Called once, when plugins are loaded.

    ``find(rows, settings)`` returns what it has against the rows::

        @hookimpl
        def imhi_build_checks():
            def find(rows, settings):
                short = (row for row in rows if len(row.explanation.split()) < 5)
                return [Finding("short", row.dataset, row.id, "under 5 words") for row in short]
            yield BuildCheck("short", "Explanations of a few words", find)
    """
    raise NotImplementedError


@hookspec
def imhi_build_formats() -> Iterable[BuildFormat]:
    """Add formats that a build can be written in. Called once, when plugins are loaded.

    ``create(folder)`` makes an object that takes the rows one by one::

        @hookimpl
        def imhi_build_formats():
            yield BuildFormat("arff", "One ARFF file per dataset", create="my_package.arff:Files")
    """
    raise NotImplementedError


@hookspec
def imhi_audit_flags() -> Iterable[AuditFlag]:
    """Add flags of rows to the audit. Called once, when plugins are loaded.

    ``create(corpus)`` returns a function from some rows to the ids of those that have the flag::

        @hookimpl
        def imhi_audit_flags():
            def create(corpus):
                return lambda rows: [row.id for row in rows if len(row.post) > 5000]
            yield AuditFlag("long", "its post has more than 5,000 characters", create)
    """
    raise NotImplementedError


@hookspec
def imhi_trainers() -> Iterable[Trainer]:
    """Add kinds of training, chosen by the ``kind`` of a recipe. Called once, when plugins are loaded.

    Rows of tokens, and a trainer of transformers over them::

        @hookimpl
        def imhi_trainers():
            yield Trainer("prefix", "Causal models that see the prompt both ways",
                          encoder="my_package.prefix:encoder", trainer="my_package.prefix:trainer")
    """
    raise NotImplementedError


@hookspec
def imhi_report_sections() -> Iterable[ReportSection]:
    """Add sections to the page of ``imhi report``. Called once, when plugins are loaded.

    ``render(report)`` returns HTML; what comes from elsewhere must be escaped::

        @hookimpl
        def imhi_report_sections():
            def render(report):
                return f"<p>{len(report.runs)} runs on {len(report.labels)} datasets.</p>"
            yield ReportSection("size", "Size of the comparison", render)
    """
    raise NotImplementedError


@hookspec
def imhi_commands(app: Any) -> None:
    """Add commands to the command line. Called each time ``imhi`` starts.

    ``app`` is the :class:`typer.Typer` application; add to it with its own decorators::

        @hookimpl
        def imhi_commands(app):
            @app.command()
            def hello(name: str) -> None:
                print("Hello", name)
    """


@hookspec
def imhi_event(event: Event) -> None:
    """Observe a run. Called for each :data:`imhi.Event` as it happens.

    What an observer raises is counted and reported, and never fails a run (``--strict-observers``
    raises it)::

        @hookimpl
        def imhi_event(event):
            if isinstance(event, RunFinished):
                print(event.run, "is done")
    """
