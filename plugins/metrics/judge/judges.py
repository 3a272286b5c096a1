"""The judges: models of the harness, each answer kept as it comes."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imhi import (
    Budget,
    Context,
    Estimate,
    Example,
    Generation,
    HarnessError,
    Model,
    ModelSpec,
    Report,
    Request,
    Response,
    create_model,
    digest,
    estimate,
    fingerprint,
    parse_model,
    prompt_hash,
)
from imhi.runs import Cache

_DESCRIBED = "described"


@dataclass(frozen=True)
class Asked:
    """One thing to ask every judge: a prompt, and the example it was made of."""

    example: Example
    prompt: str


@dataclass
class Said:
    """What came of asking one judge about one dataset.

    ``answers[repeat][prompt]`` is what is kept of an answer; a prompt without one failed or was not
    asked. ``cost`` in US dollars (None where the judge has no price) and token counts are those of
    all answers, whenever they were given, and of failed attempts. ``described`` is what the model
    said of itself when it was asked last.
    """

    answers: list[dict[str, Mapping[str, Any]]] = field(default_factory=list)
    failed: int = 0
    unasked: int = 0
    first_error: str = ""
    described: Mapping[str, Any] = field(default_factory=dict)
    cost: float | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def add(self, value: Mapping[str, Any]) -> None:
        """Count what an answer, or failed attempts, took."""
        if value.get("cost") is not None:
            self.cost = (self.cost or 0.0) + value["cost"]
        self.prompt_tokens += value.get("prompt_tokens") or 0
        self.completion_tokens += value.get("completion_tokens") or 0


class Judge:
    """A model that marks. It is made when it is first needed and open until :meth:`close`.

    It has surroundings of its own: how a judge answers is set by the metric, not by the run. Only
    the budget and the seed are those of the run it works for, taken over by :meth:`work_for`.
    """

    def __init__(
        self, spec: ModelSpec, short: str, context: Context, generation: Generation
    ) -> None:
        self.name = spec.name
        self.short = short
        self.spec = spec
        self.context = dataclasses.replace(
            context.without_observers(), generation=generation, report=Report(), budget=Budget()
        )
        self.identity = fingerprint(spec, self.context)
        self.seed = context.seed
        self.first_errors: dict[str, str] = {}  # by run
        self._model: Model | None = None
        # Answers whose cost is in the budget already: those asked now, those of earlier commands.
        self._counted: set[tuple[str, str]] = set()

    def work_for(self, context: Context) -> None:
        """Take over what a run gives; what judges note is noted for every run they work for."""
        self.context.budget = context.budget
        self.seed = context.seed

    def kept(self, context: Context, rubric: Mapping[str, Any]) -> Cache:
        """Return this judge's earlier answers in a run."""
        generation = self.context.generation
        return context.cache.open(
            "judge",
            {
                "judge": self.identity,
                "generation": generation.to_json(),
                # Greedy answers do not depend on the seed.
                "seed": self.seed if generation.temperature > 0 else None,
                "rubric": digest(rubric),
            },
        )

    def pending(self, asked: Iterable[Asked], repeat: int, kept: Cache) -> list[Asked]:
        """Return what has no answer yet, each distinct prompt once."""
        distinct = {one.prompt: one for one in asked}
        return [one for one in distinct.values() if key_of(one.prompt, repeat) not in kept]

    def open(self) -> None:
        """Make the model, unless that was done."""
        if self._model is None:
            self._model = create_model(self.spec, self.context)

    def close(self) -> None:
        if self._model is not None:
            self._model.close()
            self._model = None

    def ask(
        self,
        asked: Sequence[Asked],
        repeats: int,
        kept: Cache,
        run: str,
        advance: Callable[[int], None],
    ) -> Said:
        """Ask what has no answer yet; each answer is kept as it comes, failures are not.

        ``advance`` is told of each answer that is there or has come, repeats included.

        Raises:
            HarnessError: every further request is pointless, or the model left requests unanswered
                without a budget that would explain it.
        """
        said = Said()
        dataset = asked[0].example.dataset if asked else ""
        for repeat in range(repeats):
            pending = self.pending(asked, repeat, kept)
            self._count_earlier(asked, repeat, kept, run)
            advance(len({one.prompt for one in asked}) - len(pending))
            if pending:
                self._ask(pending, repeat, kept, run, said, advance)
            keys = {one.prompt: key_of(one.prompt, repeat) for one in asked}
            answers = {prompt: kept.get(key) for prompt, key in keys.items()}
            said.answers.append({p: value for p, value in answers.items() if value is not None})
            for value in said.answers[-1].values():
                said.add(value)
        said.add(kept.get(_failures_key(dataset)) or {})
        said.described = kept.get(_DESCRIBED) or {}
        return said

    def _count_earlier(self, asked: Iterable[Asked], repeat: int, kept: Cache, run: str) -> None:
        """Put what earlier commands paid for these answers into the budget: ``--max-cost`` limits
        what judging a run costs in all, as it does for the answers of a run."""
        dataset = next((one.example.dataset for one in asked), "")
        keys = {key_of(one.prompt, repeat) for one in asked} | {_failures_key(dataset)}
        for key in keys:
            value = kept.get(key)
            if value is not None and (run, key) not in self._counted:
                self._counted.add((run, key))
                self.context.budget.spent += value.get("cost") or 0.0

    def _ask(
        self,
        pending: Sequence[Asked],
        repeat: int,
        kept: Cache,
        run: str,
        said: Said,
        advance: Callable[[int], None],
    ) -> None:
        self.open()
        assert self._model is not None
        # Models read the seed when they are asked: each repeat is another draw.
        self.context.seed = self.seed + repeat
        requests = {}
        for one in pending:
            key = key_of(one.prompt, repeat)
            requests[key[:16]] = (key, one)
        responses = self._model.generate(
            [_request(short, one) for short, (_, one) in requests.items()]
        )
        try:
            for response in responses:
                key, one = requests.pop(response.id)
                self._counted.add((run, key))
                if response.error is None:
                    kept.put(key, _row(response, one.example, repeat))
                else:
                    said.failed += 1
                    said.first_error = said.first_error or response.error
                    self._keep_failure(kept, response, run)
                advance(1)
        finally:
            close = getattr(responses, "close", None)
            if close is not None:
                close()
        kept.put(_DESCRIBED, dict(self._model.describe()))
        if requests and not self.context.budget.exhausted:
            raise HarnessError(
                f"judge {self.name}: it left {len(requests)} of {len(pending)} requests unanswered; "
                "expected a response or an error for each; give the same command again to ask them "
                "again"
            )
        said.unasked += len(requests)

    def _keep_failure(self, kept: Cache, response: Response, run: str) -> None:
        """Add what a failed request cost, in all its attempts, to what failures have cost."""
        if response.cost is None:
            return
        key = _failures_key(response.dataset)
        before = kept.get(key) or {"failed": 0, "cost": 0.0}
        kept.put(
            key, {"failed": before["failed"] + 1, "cost": before["cost"] + (response.cost or 0.0)}
        )
        self._counted.add((run, key))

    def estimate(self, prompts: Sequence[str]) -> Estimate:
        """Return about what asking these prompts would take. The model is not made."""
        if not prompts:
            return Estimate(0, 0, 0, 0.0, "")
        return estimate(self.spec, prompts, self.context)


def key_of(prompt: str, repeat: int) -> str:
    """Return under what the answer to a prompt is kept. The prompt holds all that is judged."""
    return digest([prompt, repeat])


def _failures_key(dataset: str) -> str:
    return f"failures of {dataset}"


def _request(id: str, one: Asked) -> Request:
    example = one.example
    return Request(
        id=id,
        dataset=example.dataset,
        prompt=one.prompt,
        prompt_hash=prompt_hash("", one.prompt),
        post=example.post,
        question=example.question,
        aspect=example.aspect,
    )


def _row(response: Response, example: Example, repeat: int) -> dict[str, Any]:
    """Return what is kept of an answer: its text as it came, and for which example it was asked."""
    row: dict[str, Any] = {
        "dataset": example.dataset,
        "id": example.id,
        "repeat": repeat,
        "text": response.text,
    }
    for name in ("finish_reason", "prompt_tokens", "completion_tokens", "cost"):
        if getattr(response, name) is not None:
            row[name] = getattr(response, name)
    if response.truncated:
        row["truncated"] = True
    return row


def parse_judges(names: Sequence[str], context: Context) -> list[tuple[ModelSpec, str]]:
    """Return the models named by ``--judge``, each with a short name for its measures.

    Raises:
        HarnessError: none, an unknown one, or one named twice.
    """
    if not names:
        raise HarnessError(
            "metric judge: no judge given, expected --judge MODEL (see: imhi models)"
        )
    specs = [parse_model(name, context.registry) for name in names]
    for spec in specs:
        if [other.name for other in specs].count(spec.name) > 1:
            raise HarnessError(
                f"--judge {spec.name}: given twice, expected each judge once; to ask a judge several "
                "times write --metric judge:repeats=N,temperature=T"
            )
    shorts: list[str] = []
    for spec, name in zip(specs, names, strict=True):
        renamed = spec.name != name
        short = re.sub(r"[^\w.-]+", "-", spec.name if renamed else Path(spec.target).name).strip(
            "-."
        )
        short = short or spec.family.scheme
        taken = [s for s in shorts if s == short or re.fullmatch(rf"{re.escape(short)}-\d+", s)]
        shorts.append(f"{short}-{len(taken) + 1}" if taken else short)
    return list(zip(specs, shorts, strict=True))
