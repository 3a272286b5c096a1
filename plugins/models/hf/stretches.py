"""Answers decoded in stretches: rows that have ended leave the batch, and new ones join it.

``generate`` decodes a batch until its last row has ended; rows that ended before cost what the others
do. Here it is called for a stretch of tokens at a time, with keys and values kept in between. A stretch
ends when the rows that have ended took as many steps in vain as moving the others costs; those that
wait then fill the room.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, islice
from typing import Any

from imhi import Context, Request, Response
from imhi.checkpoints import (
    Encoded,
    TextPrompts,
    failed,
    free_memory,
    memory_as_memory_error,
    quiet,
    request_seed,
)
from imhi.plugins.models.hf.arguments import HfArguments
from imhi.plugins.models.hf.batches import batch_limits, padded
from imhi.plugins.models.hf.cache_rows import joined
from imhi.plugins.models.hf.loading import Loaded
from imhi.plugins.models.hf.reading import Reader
from imhi.plugins.models.hf.shared_prefix import Sharing, sharings

# Steps of a whole batch that rows which have ended may take in vain. Moving the others copies their
# keys and values once, which a step does as well, beside its work.
_WASTE = 0.5
# New rows join when they are this share of those at work: joining moves all.
_JOINING = 0.25
# Slots at the left that no row uses any more are cut off beyond this share.
_UNUSED = 0.125

Asked = tuple[Request, Encoded]


@dataclass
class Row:
    """A request on its way. ``answer`` is made so far; ``sharing`` says which prompts begin as its
    own does; ``seconds`` is its share of the time so far."""

    request: Request
    prompt: Encoded
    sharing: Sharing
    stream: Any = None
    answer: list[int] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def length(self) -> int:
        return len(self.prompt.ids) + len(self.answer)


class Stretches:
    """Answers requests with a causal model whose memory is keys and values."""

    def __init__(
        self, loaded: Loaded, prompts: TextPrompts, arguments: HfArguments, context: Context
    ) -> None:
        from imhi.plugins.models.hf.decoding import StopStrings

        self.loaded = loaded
        self.prompts = prompts
        self.arguments = arguments
        self.context = context
        self.reader = Reader(loaded)
        self.most_rows = 0
        settings, ends = context.generation, loaded.model.generation_config.eos_token_id
        self.ends = frozenset(ends if isinstance(ends, (list, tuple)) else [ends])
        self.stop = StopStrings(loaded.tokenizer, settings.stop) if settings.stop else None

    def answer(self, asked: Sequence[Asked]) -> Generator[Response, None, list[Asked]]:
        """Yield a response to each request as it ends; return those that are left where the model's
        memory of a prompt turns out to be more than keys and values."""
        try:
            return (yield from self._answer(self._in_order(asked)))
        finally:
            self.reader.forget()

    def _answer(self, waiting: list[Row]) -> Generator[Response, None, list[Asked]]:
        longest = max((self._width([row]) for row in waiting), default=1)
        budget, most = batch_limits(self.loaded, self.arguments, longest)
        running: list[Row] = []
        cache: Any = None
        while running or waiting:
            joining = self._joining(running, waiting, budget, most)
            del waiting[: len(joining)]
            problem = None
            try:
                with memory_as_memory_error(), quiet():
                    if joining:
                        cache = self._with_new(running, cache, joining)
                        if not self.reader.able:
                            left = [*running, *joining, *waiting]
                            return [(row.request, row.prompt) for row in left]
                        running, joining = [*running, *joining], []
                    done, running, cache = self._stretch(running, cache)
            except MemoryError as error:
                problem = str(error)
            if problem is None:
                yield from done
                continue
            # What was at work begins anew, in smaller batches; what has ended was handed out.
            again, running, cache = [*running, *joining], [], None
            self.reader.forget()
            free_memory(self.loaded.device)
            if len(again) == 1:
                yield failed(again[0].request, f"out of memory with this prompt alone: {problem}")
                continue
            budget = max(1, len(again) * self._width(again) // 2)
            waiting[:0] = [self._fresh(row) for row in again]
        return []

    def _in_order(self, asked: Sequence[Asked]) -> list[Row]:
        """Return the rows in the order they are answered in: those that begin alike together, the
        longest first."""
        groups = []
        ids = [prompt.ids for _, prompt in asked]
        everything = [Sharing(tuple(range(len(asked))))]
        for sharing in sharings(ids) if self.reader.can_share else everything:
            rows = [self._fresh(Row(*asked[place], sharing)) for place in sharing.prompts]
            groups.append(sorted(rows, key=lambda row: -row.length))
        groups.sort(key=lambda rows: -rows[0].length)
        return [row for rows in groups for row in rows]

    def _fresh(self, row: Row) -> Row:
        """Return a row of which nothing is answered, its random numbers at their beginning."""
        from imhi.plugins.models.hf.decoding import stream

        numbers = None
        if self.context.generation.temperature > 0:
            numbers = stream(request_seed(self.context.seed, row.request))
        return replace(row, answer=[], stream=numbers)

    def _width(self, rows: Sequence[Row]) -> int:
        """Return how many tokens a row of this batch may come to."""
        return max(len(row.prompt.ids) for row in rows) + self.prompts.new_tokens

    def _joining(
        self, running: Sequence[Row], waiting: Sequence[Row], budget: int, most: int | None
    ) -> list[Row]:
        """Return which of the rows that wait join those at work, as many as there is room for."""
        width = self._width(running) if running else 0
        joining: list[Row] = []
        for row in waiting:
            width, rows = max(width, self._width([row])), len(running) + len(joining) + 1
            if rows > 1 and (rows * width > budget or (most is not None and rows > most)):
                break
            joining.append(row)
        enough = len(joining) >= _JOINING * len(running) or len(joining) == len(waiting)
        return joining if enough else []

    def _with_new(self, running: Sequence[Row], cache: Any, joining: Sequence[Row]) -> Any:
        """Read the prompts of the rows that join; return the keys and values of all rows."""
        import torch

        caches = [cache] if running else []
        with torch.inference_mode():
            for _, group in groupby(joining, key=lambda row: id(row.sharing)):
                alike = list(group)
                rows, started = iter(alike), time.perf_counter()
                ids = [row.prompt.ids for row in alike]
                for read in self.reader.read(ids, alike[0].sharing.tokens):
                    caches.append(read.cache)
                    seconds = (time.perf_counter() - started) / read.rows
                    for row in islice(rows, read.rows):
                        row.seconds += seconds
                    started = time.perf_counter()
                if not self.reader.able:
                    return None
            if len(caches) == 1:
                return caches[0]
            length = max(row.length for row in [*running, *joining]) - 1
            return joined(caches, length, self.loaded.model.config)

    def _stretch(self, running: Sequence[Row], cache: Any) -> tuple[list[Response], list[Row], Any]:
        """Decode for all rows until enough have ended; return the responses of those, the others and
        their keys and values."""
        import torch

        from imhi.plugins.models.hf.decoding import Ending, SeededSampling

        self.most_rows = max(self.most_rows, len(running))
        started = time.perf_counter()
        model, settings = self.loaded.model, self.context.generation
        ids, mask = padded(
            [[*row.prompt.ids, *row.answer] for row in running],
            model.generation_config.pad_token_id,
            left=True,
            least=cache.get_seq_length() + 1,
        )
        made = [len(row.answer) for row in running]
        ending = Ending(self.ends, self.stop, made, _WASTE)
        processors: list[Any] = []
        if settings.temperature > 0:
            streams = [row.stream for row in running]
            processors.append(SeededSampling(settings.temperature, settings.top_p, streams))
        with torch.inference_mode():
            output = model.generate(
                input_ids=ids.to(self.loaded.device),
                attention_mask=mask.to(self.loaded.device),
                past_key_values=cache,
                max_new_tokens=self.prompts.new_tokens - max(made),
                # Greedy also when sampling: SeededSampling has drawn already.
                do_sample=False,
                num_beams=1,
                logits_processor=processors,
                stopping_criteria=[ending],
                return_dict_in_generate=True,
            )
        new = output.sequences[:, ids.shape[1] :].tolist()
        seconds = (time.perf_counter() - started) / len(running)
        done, left = [], []
        for place, (row, tokens) in enumerate(zip(running, new, strict=True)):
            row.answer += tokens
            row.seconds += seconds
            if ending.ended[place] is None and len(row.answer) < self.prompts.new_tokens:
                left.append(place)
            else:
                done.append(self._response(row, ending.ended[place], ending.by_string[place]))
        rows = [running[place] for place in left]
        return done, rows, self._of(output.past_key_values, rows, left, len(running))

    def _of(self, cache: Any, rows: Sequence[Row], places: Sequence[int], before: int) -> Any:
        """Return the keys and values of the rows that stay."""
        import torch

        if not rows:
            return None
        if len(rows) < before:
            cache.batch_select_indices(torch.tensor(places))
        used, length = max(row.length for row in rows) - 1, cache.get_seq_length()
        if length - used > _UNUSED * length:
            cache = joined([cache], used, self.loaded.model.config)
        return cache

    def _response(self, row: Row, ended: int | None, by_string: bool) -> Response:
        response = self.prompts.response(
            row.request,
            row.prompt,
            row.answer[:ended],
            self.ends,
            ended if by_string else None,
        )
        return replace(response, latency=row.seconds)
