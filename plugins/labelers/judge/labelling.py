"""The labeler at work: whom to ask about which answers, and the predictions made of the verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from imhi import Argument, Context, Dataset, Generation, Prediction, Response, answer_format
from imhi.plugins.labelers.judge.arguments import parse
from imhi.plugins.labelers.judge.prompting import Options, answer_schema, build_prompt
from imhi.plugins.labelers.judge.verdicts import Outcome, Verdict, read_verdict
from imhi.runs import judging

_WHY: Mapping[Outcome, str] = {
    "none": "not stated",
    "refused": "the judge refused",
    "unreadable": "no readable verdict",
    "unquoted": "quoted words not in the answer",
}
_COUNTED: Mapping[Outcome, str] = {
    "refused": "answers it refused to read, left unparsed: {n}",
    "unreadable": "answers it gave no readable verdict on, left unparsed: {n}",
    "unquoted": "labels for which it quoted words that are not in the answer, left unparsed: {n}",
}


@dataclass
class _Tally:
    """What one run's labelling came to: answers of the judge by prompt, outcomes by answer."""

    given: dict[str, judging.JudgeAnswer] = field(default_factory=dict)
    failed_costs: dict[str, float] = field(default_factory=dict)  # by dataset
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    failed: int = 0
    unasked: int = 0


def create(context: Context, argument: str) -> JudgeLabeler:
    """Make the labeler; see :class:`imhi.Labeler`. Its model is made when it is first asked."""
    return JudgeLabeler(context, argument)


class JudgeLabeler:
    """Asks a model about every distinct answer that has no reading yet."""

    def __init__(self, context: Context, argument: str) -> None:
        self.context = context
        self.spec, self.arguments = parse(argument, context.registry)
        named = any(pair.startswith("name=") for pair in Argument.split(argument))
        self.short = self.spec.name if named else Path(self.spec.target).name or self.spec.target
        self._judges: dict[Options | None, judging.Judge] = {}
        self._tally = _Tally()

    def __call__(
        self, dataset: Dataset, aspects: Sequence[str], responses: Sequence[Response]
    ) -> list[Prediction]:
        """Return what the judge says of each answer. One it has not answered is ``failed``."""
        options = Options.of(dataset)
        asked: dict[str, judging.JudgePrompt] = {}  # by the response's id
        for aspect, response in zip(aspects, responses, strict=True):
            if answer := answer_of(response):
                question = dataset.question(aspect)
                prompt = build_prompt(dataset, question, answer)
                asked[response.id] = judging.JudgePrompt(
                    dataset.name, response.id, prompt, question=question.text, aspect=aspect
                )
        given = self._ask(options, dataset.name, list(asked.values())) if asked else {}
        return [
            self._prediction(response, asked.get(response.id), given, options)
            for response in responses
        ]

    def close(self) -> None:
        """Let go of the model, and say what the labelling came to."""
        for judge in self._judges.values():
            judge.close()
        self.context.cache.close()
        self._tell(self._tally)
        self._judges, self._tally = {}, _Tally()

    def _judge(self, options: Options) -> judging.Judge:
        """Return the judge that is held to these options, or to none; one is open at a time."""
        held_to = options if self.arguments.structured else None
        if held_to not in self._judges:
            for judge in self._judges.values():
                judge.close()
            schema = answer_schema(options) if held_to else None
            generation = Generation(self.arguments.max_new_tokens, answer_schema=schema)
            judge = judging.Judge(self.spec, self.short, self.context, generation)
            self._judges[held_to] = judge
        self._judges[held_to].work_for(self.context)
        return self._judges[held_to]

    def _ask(
        self, options: Options, dataset: str, asked: Sequence[judging.JudgePrompt]
    ) -> dict[str, judging.JudgeAnswer]:
        """Return the judge's answers by prompt, asking for those that are not there yet."""
        judge = self._judge(options)
        cache = judge.cache(self.context, "labelling", {})
        total = len({one.prompt for one in asked})
        done = 0

        def advance(count: int) -> None:
            nonlocal done
            done += count
            if count:
                self.context.advance(f"labels by {self.short}", dataset, done, total)

        answers = judge.ask(asked, 1, cache, self.context.run, advance)
        (given,) = answers.answers
        tally = self._tally
        tally.given |= given
        tally.failed_costs[dataset] = answers.failed_cost or 0.0
        tally.failed += answers.failed
        tally.unasked += answers.unasked
        if answers.failed:
            judge.first_errors.setdefault(self.context.run, answers.first_error)
        return given

    def _prediction(
        self,
        response: Response,
        asked: judging.JudgePrompt | None,
        given: dict[str, judging.JudgeAnswer],
        options: Options,
    ) -> Prediction:
        if asked is None:
            return Prediction(response.id, response.dataset, status="unparsed", why="empty")
        said = given.get(asked.prompt)
        if said is None:
            return Prediction(response.id, response.dataset, status="failed")
        verdict = read_verdict(said.text, said.finish_reason, options, answer_of(response))
        self._tally.outcomes[verdict.outcome] += 1
        return _prediction(response, verdict)

    def _tell(self, tally: _Tally) -> None:
        """Say what a reader of the scores must know."""
        who, context = f"judge {self.short}", self.context
        for judge in self._judges.values():
            for note in judge.context.notes:
                context.note(note)
            if context.model_identity and all(
                judge.identity[key] == context.model_identity.get(key)
                for key in ("scheme", "target")
            ):
                context.note(f"{who} is the model whose answers it labels")
        for outcome, words in _COUNTED.items():
            context.count(f"{who}: {words}", tally.outcomes[outcome])
        failed_cost = sum(tally.failed_costs.values())
        answers = judging.JudgeAnswers([tally.given], tally.failed, failed_cost, tally.unasked)
        errors = [judge.first_errors.get(context.run, "") for judge in self._judges.values()]
        judging.tell_limits(who, answers, context.report)
        judging.tell_gaps(who, answers, next(filter(None, errors), ""), context.report)
        context.count(f"{who}: labelling cost ${{n}}", answers.cost or 0.0)


def answer_of(response: Response) -> str:
    """Return what a judge is shown of a response (which holds no thought): its answer without what
    follows it (another post, invented). Empty, so that nothing is asked, where there is none."""
    rest = answer_format.parts_of(response.text).rest
    return response.text.strip().removesuffix(rest).strip()


def _prediction(response: Response, verdict: Verdict) -> Prediction:
    if verdict.label is None:
        why = _WHY[verdict.outcome]
        return Prediction(response.id, response.dataset, status="unparsed", why=why)
    return Prediction(response.id, response.dataset, verdict.label, decided_by="judge")
