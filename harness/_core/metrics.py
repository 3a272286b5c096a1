"""Metrics as asked for: ``NAME`` or ``NAME:VALUE,key=value``, parsed, opened and closed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, cast

from imhi._core.arguments import parse_arguments, parse_reference
from imhi._core.declarations import Metric, resolve
from imhi._core.errors import HarnessError, faults_of
from imhi._core.records import Example, Prediction, Response
from imhi._core.registry import Registry

if TYPE_CHECKING:
    from imhi._core.context import Context
    from imhi._core.statistics import Measure

_KEY = re.compile(r"[A-Za-z_]\w*=")
_MEASURE = re.compile(r"[^/\\]+")


class Score(Protocol):
    """A metric at work, on aligned columns of one dataset."""

    def __call__(
        self,
        examples: Sequence[Example],
        responses: Sequence[Response],
        predictions: Sequence[Prediction],
        context: Context,
    ) -> Iterable[Measure]: ...


@dataclass(frozen=True)
class MetricSpec:
    """A metric with its arguments: every declared one, defaults included. ``owner`` is the plugin
    it comes from."""

    metric: Metric
    arguments: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    owner: str = ""

    @classmethod
    def parse(cls, names: Sequence[str], registry: Registry) -> list[MetricSpec]:
        """Return metrics by name or group name; the defaults where no name is given.

        A metric named twice is taken as it was written last.

        Raises:
            HarnessError: no such metric or group, an unknown argument, a value that cannot be read.
        """
        if not names:
            return [cls._of(m, [], m.name, registry) for m in registry.metrics if m.default]
        chosen: dict[str, MetricSpec] = {}
        for text in names:
            asked = parse_reference(text)
            name = text if asked.value is None else asked.name
            pairs = [asked.value, *asked.pairs] if asked.value else []
            group = [metric for metric in registry.metrics if metric.group == name]
            if group and pairs:
                raise HarnessError(
                    f"metric '{text}': {name} is a group and takes no arguments; name one of "
                    f"{', '.join(metric.name for metric in group)}"
                )
            groups = dict.fromkeys(metric.group for metric in registry.metrics)
            hint = f"groups: {', '.join(groups)}"
            for metric in group or [registry.metrics.get(name, hint)]:
                spec = cls._of(metric, pairs, text, registry)
                if metric.name not in chosen or not group:
                    chosen[metric.name] = spec
        return list(chosen.values())

    @classmethod
    def _of(cls, metric: Metric, pairs: list[str], text: str, registry: Registry) -> MetricSpec:
        if pairs and not metric.arguments:
            raise HarnessError(f"metric '{text}': {metric.name} takes no arguments")
        if pairs and not _KEY.match(pairs[0]):
            pairs = [f"{metric.arguments[0].name}={pairs[0]}", *pairs[1:]]
        given = parse_arguments(f"metric '{text}'", metric.name, metric.arguments, pairs)
        values = {argument.name: argument.default for argument in metric.arguments} | given
        return cls(metric, values, text, registry.metrics.owners.get(metric.name, ""))

    @staticmethod
    @contextmanager
    def opened(specs: Sequence[MetricSpec]) -> Iterator[list[tuple[MetricSpec, Score]]]:
        """Make the metrics ready to score, for as many datasets and runs as there are, then close
        those that hold something."""
        with ExitStack() as stack:
            ready = []
            for spec in specs:
                if spec.metric.create is None:
                    assert spec.metric.score is not None
                    ready.append((spec, cast(Score, resolve(spec.metric.score))))
                    continue
                scorer = resolve(spec.metric.create)(spec.arguments)
                close = getattr(scorer, "close", None)
                if close is not None:
                    stack.callback(close)
                ready.append((spec, scorer))
            yield ready

    @property
    def name(self) -> str:
        """The metric's name, without arguments."""
        return self.metric.name

    @property
    def needs_text(self) -> bool:
        """Whether it measures what an answer says beside its label: of a run that asked for labels
        alone (``--answer``) there is nothing to measure."""
        return self.metric.group in ("explanations", "neural", "judges")

    def arguments_as_json(self) -> dict[str, str | int | float | bool | None]:
        """Return the arguments as results hold them: what is no JSON value as text."""
        return {
            name: value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
            for name, value in self.arguments.items()
        }

    def measure(
        self,
        scorer: Score,
        examples: Sequence[Example],
        responses: Sequence[Response],
        predictions: Sequence[Prediction],
        context: Context,
    ) -> list[Measure]:
        """Return what an opened metric makes of one dataset.

        Raises:
            HarnessError: the metric fails, or gives something other than a row for each example.
        """
        where = f"metric {self.name} (plugin '{self.owner}')"
        with faults_of(where, f"failed on {examples[0].dataset}"):
            found = list(scorer(examples, responses, predictions, context))
        for measure in found:
            if not _MEASURE.fullmatch(measure.name):
                raise HarnessError(
                    f"{where}: found a measure called {measure.name!r}, expected a name without / and \\, "
                    "which is a name of files"
                )
            rows = measure.statistics if measure.per_example is None else measure.per_example
            for what, count in (("statistics", len(measure.statistics)), ("values", len(rows))):
                if count != len(examples):
                    raise HarnessError(
                        f"{where}: {measure.name} has {count} {what} for {len(examples)} examples, "
                        "expected one for each"
                    )
        return found


def refuse_taken_measures(
    measures: Sequence[tuple[MetricSpec, Measure]], earlier: Mapping[str, str] | None = None
) -> None:
    """Make sure that no two measures of a scoring have one name: rows and values per example are
    known by it.

    Args:
        measures: those of one dataset, with the metrics they are from.
        earlier: measures that are kept from an earlier scoring, each with the metric it is from.

    Raises:
        HarnessError: names both metrics, and the plugins they are from.
    """
    # Values per example lie in files of these names: some systems tell no case apart.
    owners = {
        name.lower(): f"metric {metric}, scored before," for name, metric in (earlier or {}).items()
    }
    for spec, measure in measures:
        owner = f"metric {spec.name} (plugin '{spec.owner}')"
        if measure.name.lower() in owners:
            raise HarnessError(
                f"{owner} gives the measure '{measure.name}', which {owners[measure.name.lower()]} gives "
                "too, expected a name of its own; rename one of them, or disable a plugin "
                "(--disable-plugin NAME)"
            )
        owners[measure.name.lower()] = owner
