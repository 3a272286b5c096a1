"""The metric at work: whom to ask what, and the measures made of the marks."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imhi import (
    Context,
    Estimate,
    Example,
    Generation,
    HarnessError,
    Prediction,
    Response,
    answer_format,
    digest,
)
from imhi.plugins.metrics.judge.arguments import JudgeArguments
from imhi.plugins.metrics.judge.judging import marks_table, measures_of
from imhi.plugins.metrics.judge.marks import Marks, Outcome, read_marks
from imhi.plugins.metrics.judge.panel import parse_judges
from imhi.plugins.metrics.judge.prompting import build_prompt, judged_text
from imhi.plugins.metrics.judge.reporting import note_of, report
from imhi.plugins.metrics.judge.rubric import SHIPPED, answer_schema, load_rubric
from imhi.runs import judging

if TYPE_CHECKING:
    from imhi import Measure


@dataclass
class Columns:
    """What is to be done about each example: ``asked[i]`` is None where it is not asked about,
    since its explanation is missing (``empty``) or it has no reference to show (``unreferenced``).
    """

    asked: list[judging.JudgePrompt | None] = field(default_factory=list)
    empty: list[int] = field(default_factory=list)
    unreferenced: list[int] = field(default_factory=list)

    @property
    def present(self) -> list[judging.JudgePrompt]:
        """Return what judges are asked."""
        return [one for one in self.asked if one is not None]


def create(arguments: Mapping[str, Any]) -> Judging:
    """Make the metric; see :class:`imhi.Metric`.

    Raises:
        HarnessError: a rubric that cannot be used, or repeats that could not differ.
    """
    return Judging(JudgeArguments(**arguments))


class Judging:
    """Asks every judge about every explanation of a dataset; judges stay open until
    :meth:`close`."""

    def __init__(self, arguments: JudgeArguments) -> None:
        self.arguments = arguments
        self.repeats = arguments.repeats
        if self.repeats > 1 and arguments.temperature == 0:
            raise HarnessError(
                f"metric judge: repeats={self.repeats} at temperature 0 would give the same answer "
                f"{self.repeats} times: add temperature=T above 0, or leave repeats out"
            )
        self.rubric = load_rubric(Path(arguments.rubric or SHIPPED).expanduser())
        self.generation = Generation(
            max_new_tokens=arguments.max_new_tokens,
            temperature=arguments.temperature,
            answer_schema=answer_schema(self.rubric) if arguments.structured else None,
        )
        self._judges: dict[tuple[str, ...], list[judging.Judge]] = {}

    def judges(self, context: Context) -> list[judging.Judge]:
        """Return the judges of a run, ready to work for it; models are not made yet."""
        if context.judges not in self._judges:
            self._judges[context.judges] = [
                judging.Judge(spec, short, context, self.generation)
                for spec, short in parse_judges(context.judges, context)
            ]
        for judge in self._judges[context.judges]:
            judge.work_for(context)
        return self._judges[context.judges]

    def cache(self, judge: judging.Judge, context: Context) -> judging.AnswerCache:
        """Return a judge's earlier answers in a run."""
        return judge.cache(context, "judge", {"rubric": digest(self.rubric.content())})

    def close(self) -> None:
        """Close the models of all judges."""
        for judge in itertools.chain.from_iterable(self._judges.values()):
            judge.close()

    def columns(self, examples: Sequence[Example], responses: Sequence[Response]) -> Columns:
        """Return what to ask. A missing or empty explanation needs no judge: its mark is 0."""
        columns = Columns()
        for index, (example, response) in enumerate(zip(examples, responses, strict=True)):
            if self.arguments.reference and not example.explanation.strip():
                columns.unreferenced.append(index)
                columns.asked.append(None)
            elif (
                response.error is not None
                or not answer_format.explanation_of(response.text).strip()
            ):
                columns.empty.append(index)
                columns.asked.append(None)
            else:
                answer = judged_text(response.text, self.arguments.shown)
                prompt = build_prompt(self.rubric, example, answer, self.arguments.reference)
                columns.asked.append(_prompt_of(example, prompt))
        return columns

    def __call__(
        self,
        examples: Sequence[Example],
        responses: Sequence[Response],
        predictions: Sequence[Prediction],
        context: Context,
    ) -> list[Measure]:
        """Ask every judge what has no answer yet, and return the measures made of all answers."""
        judges = self.judges(context)
        columns = self.columns(examples, responses)
        given = self._ask(judges, columns, examples[0].dataset, context)
        read = [
            [_read(by_prompt, self.rubric.names) for by_prompt in answers.answers]
            for answers in given
        ]
        outcomes = [
            Counter(marks.outcome for by_prompt in of_judge for marks in by_prompt.values())
            for of_judge in read
        ]
        requests = len({one.prompt for one in columns.present}) * self.repeats
        sampled = self.generation.temperature > 0
        self._note(judges, given, outcomes, columns, context)
        settings = dataclasses.asdict(self.arguments)
        del settings["rubric"]
        details: dict[str, Any] = {
            "rubric": self.rubric.file,
            "rubric_sha256": digest(self.rubric.content()),
            "examples_asked": len(columns.present),
            "empty": len(columns.empty),
            "unreferenced": len(columns.unreferenced),
            **settings,
            "judges": [
                report(*of_judge, requests, sampled)
                for of_judge in zip(judges, given, outcomes, strict=True)
            ],
        }
        names = self.rubric.names
        table = marks_table(read, columns.asked, names)
        return measures_of(table, columns.empty, columns.unreferenced, judges, names, details)

    def _ask(
        self, judges: Sequence[judging.Judge], columns: Columns, dataset: str, context: Context
    ) -> list[judging.JudgeAnswers]:
        asked = columns.present
        caches = [self.cache(judge, context) for judge in judges]
        # All are made before the first is paid: a missing key or folder is said at once.
        for judge, cache in zip(judges, caches, strict=True):
            if any(judge.pending(asked, repeat, cache) for repeat in range(self.repeats)):
                judge.open()
        total = len({one.prompt for one in asked}) * len(judges) * self.repeats
        done = 0

        def advance(count: int) -> None:
            nonlocal done
            done += count
            if count:
                context.advance("judge", dataset, done, total)

        return [
            judge.ask(asked, self.repeats, cache, context.run, advance)
            for judge, cache in zip(judges, caches, strict=True)
        ]

    def _note(
        self,
        judges: Sequence[judging.Judge],
        given: Sequence[judging.JudgeAnswers],
        outcomes: Sequence[Counter[Outcome]],
        columns: Columns,
        context: Context,
    ) -> None:
        context.count(
            "judge: missing or empty explanations, which get 0 without being asked about: {n}",
            len(columns.empty),
        )
        context.count(
            "judge: examples without a reference explanation, which do not count: {n}",
            len(columns.unreferenced),
        )
        for of_judge in zip(judges, given, outcomes, strict=True):
            note_of(*of_judge, self.generation.temperature > 0, context)
        cost = sum((answers.cost or 0.0 for answers in given), 0.0)
        context.count("judge: judging cost ${n}", cost)


def _prompt_of(example: Example, prompt: str) -> judging.JudgePrompt:
    about = (example.post, example.question, example.aspect)
    return judging.JudgePrompt(example.dataset, example.id, prompt, *about)


def _read(answers: Mapping[str, judging.JudgeAnswer], names: Sequence[str]) -> dict[str, Marks]:
    """Return the marks in a judge's answers, by prompt."""
    return {
        prompt: read_marks(answer.text, answer.finish_reason, names)
        for prompt, answer in answers.items()
    }


def estimate(
    arguments: Mapping[str, Any],
    examples: Sequence[Example],
    responses: Sequence[Response],
    context: Context,
) -> dict[str, Estimate]:
    """Return, for each judge, about what it would take to ask what has no answer yet."""
    metric = create(arguments)
    asked = metric.columns(examples, responses).present
    estimates = {}
    for judge in metric.judges(context):
        cache = metric.cache(judge, context)
        estimates[judge.name] = judge.estimate(
            [
                one.prompt
                for repeat in range(metric.repeats)
                for one in judge.pending(asked, repeat, cache)
            ]
        )
    return estimates
