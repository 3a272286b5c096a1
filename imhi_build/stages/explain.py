"""Stage 2: every row gets an explanation: a given one, or one that a model is asked for."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

from imhi import Budget, Context, Event, Generation, HarnessError, ModelSpec, Registry
from imhi.build.config import Config
from imhi.build.explanations.given import GivenAnswers, copy_given
from imhi.build.explanations.joining import generation_runs_of, key_of
from imhi.build.explanations.prompting import Prompting, read_experts, read_template
from imhi.build.folder import BuildFolder
from imhi.build.generation_runs import PendingRows, identity_of
from imhi.build.raw.cleaning import Cleaner
from imhi.build.raw.preset import Cleaning
from imhi.build.records import BuiltRow
from imhi.build.source import BuiltSource
from imhi.io import yaml_models
from imhi.runs import ExecutorSpec


class Explaining:
    """The stage, made ready: what is to be asked, of whom, in which words."""

    def __init__(
        self, folder: BuildFolder, config: Config, registry: Registry, *, again: bool = False
    ) -> None:
        self.folder = folder
        self.config = config
        self.registry = registry
        self.again = again
        self.datasets = folder.datasets()
        self.runs = generation_runs_of(folder)
        settings = config.explain
        # Asked again, the same words and the same examples would bring the same answer. The seed is
        # that of the check whose findings are asked about, so that a command that was stopped is
        # known again.
        self.checked_round = folder.quarantined_at() if again else 0
        seed = config.seed + self.checked_round
        self.prompting = Prompting(
            read_template(settings.template),
            read_experts(settings.experts, registry, self.datasets),
            settings.shots,
            seed,
        )

    def spec(self) -> ModelSpec:
        """Return the model to ask.

        Raises:
            HarnessError: none is named, or it is unknown.
        """
        if self.config.explain.model is None:
            raise HarnessError(
                f"{self.folder.config_file}: explain: neither a model nor given explanations cover "
                "all rows; name a model with --model NAME (see: imhi models), such as chatgpt"
            )
        return ModelSpec.parse(self.config.explain.model, self.registry)

    def _require_change(self) -> None:
        """See to it that asking again can bring other answers.

        Raises:
            HarnessError: the same model would be asked the same in the same words.
        """
        settings = self.config.explain
        if settings.temperature > 0 or (self.prompting.experts.rows and settings.shots):
            return
        known = identity_of(self.spec(), self.context(), self.prompting.wording())
        if any(run.manifest().wording == known for run in self.runs.folders()):
            raise HarnessError(
                f"{self.folder.config_file}: explain: asked again, {settings.model} would get the same "
                "prompts and give the same answers; name experts (other examples are drawn), another "
                "model or template, or a temperature above 0"
            )

    def ask(self, limit: int | None, context: Context, executor: str) -> None:
        """Ask about what is wanted.

        Raises:
            HarnessError: as :meth:`imhi.build.generation_runs.GenerationRuns.ask`; or asking again
                is pointless.
        """
        if self.again:
            self._require_change()
        self.runs.ask(
            self.wanted(limit),
            self.spec(),
            context,
            ExecutorSpec.parse(executor, self.registry),
            self.prompting.identity(),
            self.prompting.wording(),
        )

    def can_ask(self) -> bool:
        """Say whether there is a model to ask. Without one, given explanations have to do.

        Raises:
            HarnessError: there are none either.
        """
        if self.config.explain.model is None and not self._explained():
            self.spec()
        return self.config.explain.model is not None

    def _explained(self) -> bool:
        given = self.folder.path / "explanations" / "given"
        if any(path.stat().st_size for path in given.glob("*.jsonl")) or self.runs.folders():
            return True
        return any(row.explanation for name in self.datasets for row in self.folder.posts(name))

    def anything(self, limit: int | None = None) -> bool:
        """Say whether a row is wanted."""
        return any(True for one in self.wanted(limit) for _ in one.rows())

    def context(
        self, max_cost: float | None = None, notify: Callable[[Event], None] = lambda event: None
    ) -> Context:
        """Return the surroundings of the model, with the decoding of the configuration; ``max_cost``
        in US dollars."""
        settings = self.config.explain
        return Context(
            registry=self.registry,
            source=BuiltSource(self.folder),
            split="",
            seed=self.config.seed,
            generation=Generation(
                settings.max_new_tokens,
                settings.temperature,
                settings.top_p,
                chat_template=settings.chat_template,
            ),
            budget=Budget(max_cost),
            notify=notify,
        )

    def wanted(self, limit: int | None = None) -> list[PendingRows]:
        """Return what is to be asked about: rows without an explanation, or, ``again``, those that
        checks keep out for their explanation. ``limit`` is rows per dataset."""
        return [
            PendingRows(
                name,
                lambda name=name: islice(self._wanted(name), limit),  # type: ignore[misc]
                self.prompting.builder(self.registry.datasets.get(name)),
            )
            for name in self.datasets
        ]

    def _wanted(self, dataset: str) -> Iterator[BuiltRow]:
        if self.again:
            yield from self._wanted_again(dataset)
            return
        answered = self.runs.answered(dataset)
        with GivenAnswers(self.folder.file("explanations/given", dataset)) as given:
            for row in self.folder.posts(dataset):
                answer = given.take(row)
                explained = row.explanation or (answer and answer.explanation)
                if not explained and key_of(row) not in answered:
                    yield row

    def _wanted_again(self, dataset: str) -> Iterator[BuiltRow]:
        """Yield the rows whose explanation failed a check and was not asked for since. A row that
        shares its answer with one that is kept is left alone: that one would change, too."""
        out = self.folder.to_ask_again(dataset)
        kept = {key_of(row) for row in self.folder.rows(dataset) if row.id not in out}
        for row in self.folder.rows(dataset):
            if row.id in out and row.round <= self.checked_round and key_of(row) not in kept:
                yield replace(row, label=row.human_label)


def copy_all_given(folder: BuildFolder, config: Config, registry: Registry) -> int:
    """Copy given explanations into the build; return how many there are.

    Raises:
        HarnessError: the source cannot be read, or has explanations for none of the datasets.
    """
    source = config.explain.given
    if source is None:
        shutil.rmtree(folder.path / "explanations" / "given", ignore_errors=True)
        return 0
    read = folder.require_read().datasets
    counts = {}
    for name in folder.datasets():
        cleaner = Cleaner(yaml_models.validated(Cleaning, read[name].clean, f"{name}: clean"))
        path = folder.file("explanations/given", name)
        counts[name] = copy_given(source, name, path, registry, cleaner.clean)
    if not any(counts.values()):
        raise HarnessError(
            f"explain.given: {source}: it has no rows of {', '.join(counts)} in train, val or test; "
            "name another source, or ask a model"
        )
    return sum(counts.values())
