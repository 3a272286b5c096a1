"""BARTScore of a dataset: which texts are compared, what counts how, what is said about it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imhi import (
    Context,
    Example,
    HarnessError,
    Measure,
    Prediction,
    Response,
    answer_format,
    digest,
    file_checksum,
)
from imhi.checkpoints import Checkpoint, find_checkpoint, free_memory
from imhi.plugins.metrics.neural.bartscore.arguments import BartScoreArguments
from imhi.plugins.metrics.neural.bartscore.directions import (
    BOTH,
    DIRECTIONS,
    PRECISION,
    RECALL,
    Direction,
)
from imhi.plugins.metrics.neural.bartscore.likelihood import Likelihood
from imhi.plugins.metrics.neural.bartscore.loading import USER, load, load_config
from imhi.plugins.metrics.neural.pair_cache import Pair, PairCache, Steps

_DECIMALS = 3


@dataclass
class Column:
    """One direction of one dataset: a value for each example, None for those that do not count.
    ``empty`` counts those whose hypothesis is, ``cut`` the texts that were, by what they are."""

    values: list[float | None] = field(default_factory=list)
    empty: int = 0
    not_counted: int = 0
    cut: Counter[str] = field(default_factory=Counter)


class BartScore:
    """The metric with one model, for as many datasets and runs as there are."""

    def __init__(self, arguments: BartScoreArguments) -> None:
        self.arguments = arguments
        self.checkpoint: Checkpoint = find_checkpoint(
            arguments.model, arguments.revision, user=USER
        )
        self.config = load_config(self.checkpoint)
        self.window = min(arguments.max_length, self.config.max_position_embeddings)
        # What a model that knows nothing gives each token: all of them alike.
        self.floor = -math.log(self.config.vocab_size)
        self._likelihood: Likelihood | None = None
        self.identity = {
            "model": self.checkpoint.identity(),
            "state": _state_identity(arguments.state),
            "max_length": self.window,
            "dtype": arguments.dtype,
        }

    def __call__(
        self,
        examples: Sequence[Example],
        responses: Sequence[Response],
        predictions: Sequence[Prediction],
        context: Context,
    ) -> list[Measure]:
        """Return the measures of one dataset, each in nats per token, at most 0."""
        texts = [
            self._texts(example, response, context)
            for example, response in zip(examples, responses, strict=True)
        ]
        pairs = {
            direction: [_pair(direction, each) for each in texts]
            for direction in DIRECTIONS
            if direction.name in self.arguments.directions
        }
        cache = PairCache("bartscore", context.cache.open("bartscore", self.identity), key)
        cache.fill(
            [pair for of_direction in pairs.values() for pair in of_direction if pair],
            self._compute,
            context,
            examples[0].dataset if examples else "",
            len(examples),
        )
        columns = {
            direction: self._column(direction, texts, of_direction, cache)
            for direction, of_direction in pairs.items()
        }
        self._note(list(columns.values()), context)
        return list(self._measures(columns))

    def close(self) -> None:
        """Free the model."""
        if self._likelihood is not None:
            device = self._likelihood.device
            self._likelihood = None
            free_memory(device)

    def _texts(self, example: Example, response: Response, context: Context) -> dict[str, str]:
        """Return the texts of an example by what they are; empty where there is none."""
        reference, hypothesis = example.explanation, answer_format.explanation_of(response.text)
        if self.arguments.part == "answer":
            hypothesis = response.text
            if reference.strip():
                dataset = context.dataset(example.dataset)
                reference = answer_format.compose(dataset, example.label, reference)
        texts = {"hypothesis": hypothesis, "reference": reference, "post": example.post}
        return {name: text if text.strip() else "" for name, text in texts.items()}

    def _compute(self, pairs: list[Pair]) -> Steps:
        """Score pairs, in batches; the model is loaded where it was not yet."""
        if self._likelihood is None:
            model, tokenizer, device = load(self.checkpoint, self.config, self.arguments)
            self._likelihood = Likelihood(
                model,
                tokenizer,
                device,
                self.window,
                self.arguments.batch_tokens,
                lambda: free_memory(device),
            )
        scores = self._likelihood.score(pairs)
        return len(pairs), (
            (pairs[index], [score.value, int(score.source_cut), int(score.target_cut)])
            for index, score in scores
        )

    def _column(
        self,
        direction: Direction,
        texts: Sequence[Mapping[str, str]],
        pairs: Sequence[Pair | None],
        cache: PairCache,
    ) -> Column:
        column = Column(cut=Counter({direction.source: 0, direction.target: 0}))
        other = direction.source if direction.target == "hypothesis" else direction.target
        for each, pair in zip(texts, pairs, strict=True):
            value: float | None = None
            if pair is not None:
                value, source_cut, target_cut = cache[pair]
                column.cut[direction.source] += source_cut
                column.cut[direction.target] += target_cut
            elif each[other]:
                value = self.floor
                column.empty += 1
            else:
                column.not_counted += 1
            column.values.append(value)
        return column

    def _note(self, columns: Sequence[Column], context: Context) -> None:
        """Tell what a reader of the scores must know."""
        cut: Counter[str] = Counter()
        for column in columns:
            cut |= column.cut  # the most: a text may be in several directions
        called = {"hypothesis": self.arguments.part}
        for name, count in sorted(cut.items()):
            what = f"{called.get(name, name)}s longer than {self.window} tokens, which were cut"
            context.count(f"bartscore: {what}: {{n}}", count)
        context.count(
            f"bartscore: missing or empty {self.arguments.part}s, which score "
            f"{self.floor:.{_DECIMALS}f} (all tokens alike): {{n}}",
            max((column.empty for column in columns), default=0),
        )

    def _measures(self, columns: Mapping[Direction, Column]) -> Iterator[Measure]:
        shared: dict[str, Any] = {
            "model": self.checkpoint.written,
            "state": self.arguments.state,
            "part": self.arguments.part,
            "identity": self.identity,
            "floor": round(self.floor, 6),
            "versions": _versions(),
        }
        for direction, column in columns.items():
            yield Measure.mean(
                direction.measure,
                column.values,
                headline=direction != PRECISION,
                decimals=_DECIMALS,
                scale=None,
                higher_is_better=True,
                direction=direction.name,
                empty=column.empty,
                not_counted=column.not_counted,
                **{f"cut_{name}": count for name, count in column.cut.items()},
                **shared,
            )
        if RECALL in columns and PRECISION in columns:
            recall, precision = columns[RECALL], columns[PRECISION]
            yield Measure.mean(
                BOTH,
                [
                    None if r is None or p is None else (r + p) / 2
                    for r, p in zip(recall.values, precision.values, strict=True)
                ],
                decimals=_DECIMALS,
                scale=None,
                higher_is_better=True,
                direction=f"mean of {RECALL.name} and {PRECISION.name}",
                empty=recall.empty,
                not_counted=recall.not_counted,
                **shared,
            )


def key(pair: Pair) -> str:
    """Return what a pair's score is kept under: source and target, in this order."""
    return digest(list(pair))[:32]


def _pair(direction: Direction, texts: Mapping[str, str]) -> Pair | None:
    """Return source and target; None where either is empty."""
    pair = texts[direction.source], texts[direction.target]
    return pair if all(pair) else None


def _state_identity(path: str | None) -> str | None:
    if not path:
        return None
    file = Path(path).expanduser()
    if not file.is_file():
        raise HarnessError(f"{USER}: state={path}: no such file; expected weights (.pth or so)")
    return f"sha256:{file_checksum(file)}"


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in ("torch", "transformers")}
