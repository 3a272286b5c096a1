"""A judge: a model of the harness that is asked about answers, each of its own kept as it comes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from imhi._core.answered import take_apart
from imhi._core.budget import Budget, Estimate
from imhi._core.context import Context
from imhi._core.errors import HarnessError
from imhi._core.judging.answer_cache import AnswerCache, JudgeAnswer, failures_key, key_of
from imhi._core.models import ModelSpec
from imhi._core.protocols import Model
from imhi._core.records import Request, Response
from imhi._core.report import Report
from imhi._core.settings import Generation


@dataclass(frozen=True)
class JudgePrompt:
    """One thing to ask a judge, and which example it is about. ``post``, ``question`` and ``aspect``
    are for models that read no prompt."""

    dataset: str
    id: str
    prompt: str
    post: str = ""
    question: str = ""
    aspect: str = ""


@dataclass
class JudgeAnswers:
    """What came of asking one judge about one dataset.

    ``answers[repeat][prompt]`` is an answer without its thought, whenever it was given; a prompt
    without one failed or was not asked. ``failed_cost`` in US dollars is that of all failed attempts,
    None where it is not known. ``described`` is what the model said of itself when it was asked last.
    """

    answers: list[dict[str, JudgeAnswer]] = field(default_factory=list)
    failed: int = 0
    failed_cost: float | None = None
    unasked: int = 0
    first_error: str = ""
    described: Mapping[str, object] = field(default_factory=dict)

    @property
    def every(self) -> list[JudgeAnswer]:
        """Return the answers of all repeats."""
        return [answer for by_prompt in self.answers for answer in by_prompt.values()]

    @property
    def cost(self) -> float | None:
        """Return US dollars, failed attempts included; None where the judge has no price."""
        costs = [*(answer.cost for answer in self.every), self.failed_cost]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if known else None

    @property
    def cut_off(self) -> int:
        """Return how many answers ended at the token limit."""
        return sum(answer.finish_reason == "length" for answer in self.every)

    @property
    def truncated(self) -> int:
        """Return how many prompts were cut to fit the judge's window."""
        return sum(answer.truncated for answer in self.every)

    @property
    def repeats_all_equal(self) -> bool | None:
        """Return whether every prompt got one and the same text in every repeat; None where none
        was answered twice."""
        texts: dict[str, list[str]] = {}
        for by_prompt in self.answers:
            for prompt, answer in by_prompt.items():
                texts.setdefault(prompt, []).append(answer.text)
        several = [given for given in texts.values() if len(given) > 1]
        return all(len(set(given)) == 1 for given in several) if several else None


class Judge:
    """A model that is asked about answers. It is made when it is first needed and open until
    :meth:`close`; asked again, it is made again.

    It has surroundings of its own: how a judge answers is set by who asks, not by the run. Only
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
        self.identity = spec.fingerprint(self.context)
        self.seed = context.seed
        self.first_errors: dict[str, str] = {}  # by run
        self._model: Model | None = None
        # Answers whose cost is in the budget already: those asked now, those of earlier commands.
        self._counted: set[tuple[str, str]] = set()

    def work_for(self, context: Context) -> None:
        """Take over what a run gives; what judges note is noted for every run they work for."""
        self.context.budget = context.budget
        self.seed = context.seed

    def cache(self, context: Context, name: str, told: Mapping[str, object]) -> AnswerCache:
        """Return this judge's earlier answers in a run; ``name`` begins the file's, ``told`` is the
        identity of what judges are told beside the material."""
        generation = self.context.generation
        identity = {
            "judge": self.identity,
            "generation": generation.to_json(),
            # Greedy answers do not depend on the seed.
            "seed": self.seed if generation.temperature > 0 else None,
            **told,
        }
        return AnswerCache(context.cache.open(name, identity))

    def pending(
        self, asked: Iterable[JudgePrompt], repeat: int, cache: AnswerCache
    ) -> list[JudgePrompt]:
        """Return what has no answer yet, each distinct prompt once."""
        distinct = {one.prompt: one for one in asked}
        return [one for one in distinct.values() if (one.prompt, repeat) not in cache]

    def open(self) -> None:
        """Make the model, unless that was done."""
        if self._model is None:
            self._model = self.spec.create(self.context)

    def close(self) -> None:
        """Close the model, where it was made."""
        if self._model is not None:
            self._model.close()
            self._model = None

    def ask(
        self,
        asked: Sequence[JudgePrompt],
        repeats: int,
        cache: AnswerCache,
        run: str,
        advance: Callable[[int], None],
    ) -> JudgeAnswers:
        """Ask what has no answer yet; each answer is kept as it comes, failures are not.

        ``advance`` is told of each answer that is there or has come, repeats included.

        Raises:
            HarnessError: every further request is pointless, or the model left requests unanswered
                without a budget that would explain it.
        """
        answers = JudgeAnswers()
        dataset = asked[0].dataset if asked else ""
        prompts = list(dict.fromkeys(one.prompt for one in asked))
        for repeat in range(repeats):
            pending = self.pending(asked, repeat, cache)
            self._count_earlier(prompts, dataset, repeat, cache, run)
            advance(len(prompts) - len(pending))
            if pending:
                self._ask(pending, repeat, cache, run, answers, advance)
            known = {prompt: cache.answer(prompt, repeat) for prompt in prompts}
            given = {p: one for p, one in known.items() if one is not None}
            answers.answers.append(self._without_thoughts(given))
        failures = cache.failures(dataset)
        answers.failed_cost = failures.cost if failures else None
        answers.described = cache.described
        return answers

    def _without_thoughts(self, given: Mapping[str, JudgeAnswer]) -> dict[str, JudgeAnswer]:
        """Return answers as they are read: what the judge thought before stays where it is kept."""
        told = [
            Response(one.id, one.dataset, "", text=one.text, finish_reason=one.finish_reason)
            for one in given.values()
        ]
        parts = take_apart(told, self.context.registry.thought_formats)
        return {
            prompt: dataclasses.replace(one, text=part.text)
            for (prompt, one), part in zip(given.items(), parts, strict=True)
        }

    def _count_earlier(
        self, prompts: Iterable[str], dataset: str, repeat: int, cache: AnswerCache, run: str
    ) -> None:
        """Put what earlier commands paid for these answers into the budget: ``--max-cost`` limits
        what judging a run costs in all, as it does for the answers of a run."""
        known = {key_of(prompt, repeat): cache.answer(prompt, repeat) for prompt in prompts}
        for key, value in (*known.items(), (failures_key(dataset), cache.failures(dataset))):
            if value is not None and (run, key) not in self._counted:
                self._counted.add((run, key))
                self.context.budget.spent += value.cost or 0.0

    def _ask(
        self,
        pending: Sequence[JudgePrompt],
        repeat: int,
        cache: AnswerCache,
        run: str,
        answers: JudgeAnswers,
        advance: Callable[[int], None],
    ) -> None:
        self.open()
        assert self._model is not None
        # Models read the seed when they are asked: each repeat is another draw.
        self.context.seed = self.seed + repeat
        requests = {key_of(one.prompt, repeat)[:16]: one for one in pending}
        responses = self._model.generate([_request(id, one) for id, one in requests.items()])
        try:
            for response in responses:
                one = requests.pop(response.id)
                self._counted.add((run, key_of(one.prompt, repeat)))
                if response.error is None:
                    cache.put(one.prompt, response, one.dataset, one.id, repeat)
                else:
                    answers.failed += 1
                    answers.first_error = answers.first_error or response.error
                    if response.cost is not None:
                        cache.add_failure(response.dataset, response.cost)
                        self._counted.add((run, failures_key(response.dataset)))
                advance(1)
        finally:
            close = getattr(responses, "close", None)
            if close is not None:
                close()
        cache.describe(self._model.describe())
        if requests and not self.context.budget.exhausted:
            raise HarnessError(
                f"judge {self.name}: it left {len(requests)} of {len(pending)} requests unanswered; "
                "expected a response or an error for each; give the same command again to ask them "
                "again"
            )
        answers.unasked += len(requests)

    def estimate(self, prompts: Sequence[str]) -> Estimate:
        """Return about what asking these prompts would take. The model is not made."""
        if not prompts:
            return Estimate(0, 0, 0, 0.0, "")
        return self.spec.estimate(prompts, self.context)


def _request(id: str, one: JudgePrompt) -> Request:
    return Request.of(id, one.dataset, one.prompt, one.post, one.question, one.aspect)
