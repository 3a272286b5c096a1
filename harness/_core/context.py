"""What the factories of plugins are given: the data, the settings, and each other's services."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from imhi._core.answer_cache.cache_folder import asked_folder
from imhi._core.answered import read_answers, take_apart
from imhi._core.budget import Budget
from imhi._core.data_access import DataAccess
from imhi._core.declarations import Dataset, PromptStyle, Wording, resolve
from imhi._core.errors import DataError, HarnessError
from imhi._core.events import Event, ExamplesScored, tell_nobody
from imhi._core.labelers import LabelerSpec
from imhi._core.protocols import BuildPrompt, OpenSource, ReadLabels
from imhi._core.records import Example, JsonObject, Prediction, Request, Response
from imhi._core.registry import Registry
from imhi._core.report import Relay, Report
from imhi._core.run_store.cache import CacheFolder
from imhi._core.settings import Generation, RunSettings
from imhi._core.sources import parse_source

if TYPE_CHECKING:
    from imhi._core.models import ModelSpec


@dataclass
class Context:
    """One run's surroundings. Stages derive one from another (:func:`dataclasses.replace`); nothing
    in it is exchanged while somebody works with it.

    ``source, split, seed, shots, generation`` are the settings; ``data`` reads the source's rows.
    ``report`` takes what a reader of the scores must know; ``notify`` tells observers. ``judges``
    are the models, as written on the command line, that metrics may ask; ``cache`` is where metrics
    keep what they computed, and models what they need to go on; ``model_identity`` is what the
    judged model is known by; ``answer_cache`` is where answers
    are kept across runs, if anywhere. ``wording`` is what an answer in the prompt style begins with.
    ``workers`` is how many processes ask for the run at one time: a model that promises a rate keeps
    to its share.
    """

    registry: Registry
    source: OpenSource
    split: str
    seed: int = 0
    shots: int = 3
    repair_mojibake: bool = False
    generation: Generation = field(default_factory=Generation)
    budget: Budget = field(default_factory=Budget)
    notify: Callable[[Event], None] = tell_nobody
    report: Report = field(default_factory=Report)
    run: str = ""
    workers: int = 1
    wording: Wording = "sentence"
    judges: tuple[str, ...] = ()
    cache: CacheFolder = field(default_factory=CacheFolder)
    answer_cache: Path | None = None
    model_identity: JsonObject = field(default_factory=dict)
    data: DataAccess = None  # type: ignore[assignment]  # made of the source below
    _labelers: dict[str, tuple[ReadLabels, Relay]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        settings: RunSettings,
        registry: Registry,
        style: PromptStyle,
        source: OpenSource | None = None,
        data: DataAccess | None = None,
        notify: Callable[[Event], None] = tell_nobody,
    ) -> Context:
        """Gather what the factories of plugins need; the settings' source is opened where none is
        given. Runs of several models share their ``data``."""
        source = source or parse_source(settings.source, registry).open(registry)
        return cls(
            registry=registry,
            source=source,
            split=settings.split,
            seed=settings.seed,
            shots=settings.shots,
            repair_mojibake=settings.repair_mojibake,
            generation=settings.generation(style.max_new_tokens, style.stop),
            budget=Budget(settings.max_cost),
            notify=notify,
            wording=style.wording,
            judges=settings.judge,
            answer_cache=asked_folder(settings.cache),
            data=data or DataAccess(source, settings.split, settings.repair_mojibake),
        )

    def __post_init__(self) -> None:
        asked = (self.source, self.split, self.repair_mojibake)
        # A context derived from one of another source or split must not read that one's rows.
        if self.data is None or self.data.asked != asked:
            self.data = DataAccess(*asked)
            self._labelers = {}

    def mark_cross_fitted(self, dataset: str) -> None:
        """Say that the answers to a dataset come from models that learnt from other rows of the split
        under evaluation, for want of training rows: tables mark them."""
        if dataset not in self.report.cross_fitted:
            self.report.cross_fitted.append(dataset)

    @property
    def notes(self) -> list[str]:
        """The notes so far, without those that count."""
        return self.report.notes

    def dataset(self, name: str) -> Dataset:
        """Return the declaration of a dataset.

        Raises:
            UnknownName: no plugin declares it.
        """
        return self.registry.datasets.get(name)

    def select_datasets(self, settings: RunSettings, spec: ModelSpec | None = None) -> list[str]:
        """Return the datasets to run: those asked for, else all that have the split. Of a model that
        can answer about some only, those are all.

        Raises:
            HarnessError: unknown name, the source does not have the dataset or the split, or the model
                cannot answer about it.
        """
        registry, source = self.registry, self.source
        wanted = [registry.datasets.get(name).name for name in settings.dataset]
        for task in settings.task:
            wanted += [dataset.name for dataset in registry.tasks.get(task).datasets]
        there = [name for name in registry.datasets.things if name in set(source.datasets())]
        have = [name for name in there if settings.split in source.splits(name)]
        explicit = [registry.datasets.get(name).name for name in settings.dataset]
        for name in explicit:
            if name not in there:
                own = registry.datasets.get(name).rows is not None
                raise HarnessError(
                    f"source {settings.source}: it has no dataset {name} (it has: "
                    f"{', '.join(there) or 'none'})"
                    + (f"; {name} carries its own rows: use --source own" if own else "")
                )
            if name not in have:
                raise HarnessError(
                    f"source {settings.source}: {name} has no split '{settings.split}' (it has: "
                    f"{', '.join(source.splits(name)) or 'none'})"
                )
        if settings.dataset or settings.task:
            have = [name for name in there if name in wanted and name in have]
        lacking = [d.name for d in registry.datasets if d.name not in have and d.rows is None]
        if have and lacking and not (settings.dataset or settings.task):
            self.note(
                f"{len(have)} of {len(have) + len(lacking)} datasets: split '{settings.split}' is not in "
                f"this source for {', '.join(lacking)}"
            )
        if not have:
            splits = sorted({split for name in there for split in source.splits(name)})
            raise HarnessError(
                f"source {settings.source}: no {'chosen ' if wanted else ''}dataset has the split "
                f"'{settings.split}' (datasets: {', '.join(there) or 'none'}; splits: "
                f"{', '.join(splits) or 'none'})"
            )
        if spec is not None and (known := spec.datasets()):
            return self._that_are_known(have, known, settings, spec.name)
        return have

    def _that_are_known(
        self, have: list[str], known: Sequence[str], settings: RunSettings, model: str
    ) -> list[str]:
        """Return those datasets that a model can answer about."""
        able = [name for name in have if name in known]
        unable = [name for name in have if name not in known]
        if settings.dataset or settings.task:
            able = [] if unable else able
        elif unable:
            self.note(
                f"{model}: no dataset was named; it is asked about those it was made for "
                f"({', '.join(able)}), not about {', '.join(unable)}"
            )
        if not able:
            raise HarnessError(
                f"{model}: found {', '.join(unable) or 'no dataset'} to be asked about, it was made for "
                f"{', '.join(known)}: write --dataset NAME for some of these"
            )
        return able

    def requests(
        self, examples: Iterator[Example], build: BuildPrompt
    ) -> Iterator[tuple[Example, Request]]:
        """Pair each example with what the model is asked."""
        seen: set[str] = set()
        system = self.generation.system
        for example in examples:
            if example.id in seen:
                raise DataError(
                    f"{example.dataset}/{example.split}: example id {example.id} occurs twice, expected "
                    "ids that are unique within a split"
                )
            seen.add(example.id)
            dataset = self.dataset(example.dataset)
            prompt = build(example, dataset)
            yield (
                example,
                Request.of(
                    id=example.id,
                    dataset=example.dataset,
                    prompt=prompt,
                    post=example.post,
                    question=example.question,
                    aspect=example.aspect,
                    system=system,
                    choices=self._choices(dataset),
                ),
            )

    def _choices(self, dataset: Dataset) -> dict[str, str]:
        """Return the labels to choose from, each with its wording; none where text is asked for."""
        if self.generation.answer == "text":
            return {}
        return {label.name: getattr(label, self.wording) for label in dataset.labels}

    def without_observers(self) -> Context:
        """Return a copy that can be sent to another process."""
        return dataclasses.replace(
            self,
            notify=tell_nobody,
            report=Report(list(self.report.notes)),
            cache=CacheFolder(),
            data=DataAccess(self.source, self.split, self.repair_mojibake),
            _labelers={},
        )

    def note(self, text: str) -> None:
        """Add a note: a sentence that stands in the manifest and under every table."""
        self.report.note(text)

    def mark_incomplete(self, text: str) -> None:
        """See :meth:`imhi._core.report.Report.mark_incomplete`."""
        self.report.mark_incomplete(text)

    def count(self, text: str, count: float, *, incomplete: bool = False) -> None:
        """See :meth:`imhi._core.report.Report.count`."""
        self.report.count(text, count, incomplete=incomplete)

    def advance(self, metric: str, dataset: str, done: int, total: int) -> None:
        """Tell observers how far a metric that takes its time has come."""
        self.notify(ExamplesScored(self.run, metric, dataset, done, total))

    def examples(self, dataset: str, split: str) -> Iterator[Example]:
        """See :meth:`imhi._core.data_access.DataAccess.examples`."""
        return self.data.examples(dataset, split)

    def training_examples(
        self, dataset: str, splits: Sequence[str] = ("train", "val")
    ) -> list[Example]:
        """See :meth:`imhi._core.data_access.DataAccess.training_examples`."""
        return self.data.training_examples(dataset, splits)

    def labeler(self, name: str) -> ReadLabels:
        """Return a labeler at work; one labeler may build on another by its name."""
        return self.read_with(LabelerSpec.parse(name, self.registry))

    def read_with(self, spec: LabelerSpec) -> OpenLabeler:
        """Return a labeler at work. It is made once for all contexts of the same rows, since it may
        hold what it learnt; what it has to say goes to the report of whoever it reads for."""
        if spec.name not in self._labelers:
            relay = Relay(listener=self.report)
            given = (spec.argument,) if spec.argument else ()
            own = dataclasses.replace(self, report=relay)
            self._labelers[spec.name] = resolve(spec.labeler.create)(own, *given), relay
        read, relay = self._labelers[spec.name]
        return OpenLabeler(read, relay, self.report, self.registry)


@dataclass(frozen=True)
class OpenLabeler:
    """A labeler that reads for one report."""

    read: ReadLabels
    relay: Relay
    report: Report
    registry: Registry

    def __call__(
        self, dataset: Dataset, aspects: Sequence[str], responses: Sequence[Response]
    ) -> Sequence[Prediction]:
        """Read labels; see :class:`imhi.ReadLabels`. Answers are read without their thoughts, and only
        where there is one (:func:`imhi._core.answered.read_answers`)."""
        self.relay.listener = self.report
        answers = take_apart(responses, self.registry.thought_formats)
        return read_answers(self.read, dataset, aspects, answers)

    def close(self) -> None:
        """Let go of what the labeler holds, where it holds something; it may be asked again."""
        self.relay.listener = self.report
        close = getattr(self.read, "close", None)
        if close is not None:
            close()
