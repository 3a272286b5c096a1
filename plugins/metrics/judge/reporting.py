"""What each judge did, for the score's details, and what a reader must be told of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from imhi import Context
from imhi.plugins.metrics.judge.answer_cache import JudgeAnswer
from imhi.plugins.metrics.judge.judges import Judge, JudgeAnswers
from imhi.plugins.metrics.judge.marks import Marks


@dataclass(frozen=True)
class JudgeReport:
    """What a judge did; outcomes are counted per distinct request. ``cost`` in US dollars;
    ``repeats_all_equal`` None where that says nothing."""

    judge: str
    short: str
    identity: Mapping[str, object]
    requests: int
    read: int
    partly_read: int
    unreadable: int
    refused: int
    failed: int
    not_asked: int
    cut_off: int
    prompts_truncated: int
    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    repeats_all_equal: bool | None
    described: Mapping[str, object]


def report(
    judge: Judge,
    answers: JudgeAnswers,
    read: Sequence[Mapping[str, Marks]],
    asked: int,
    sampled: bool,
) -> JudgeReport:
    """Return what a judge did. ``asked`` counts distinct prompts; ``sampled``: judges did not
    answer greedily."""
    outcomes = Counter(marks.outcome for by_prompt in read for marks in by_prompt.values())
    values = [answer for by_prompt in answers.answers for answer in by_prompt.values()]
    return JudgeReport(
        judge=judge.name,
        short=judge.short,
        identity=judge.identity,
        requests=asked * len(read),
        read=outcomes["read"],
        partly_read=outcomes["partly_read"],
        unreadable=outcomes["unreadable"],
        refused=outcomes["refused"],
        failed=answers.failed,
        not_asked=answers.unasked,
        cut_off=sum(answer.finish_reason == "length" for answer in values),
        prompts_truncated=sum(answer.truncated for answer in values),
        prompt_tokens=answers.prompt_tokens,
        completion_tokens=answers.completion_tokens,
        cost=None if answers.cost is None else round(answers.cost, 6),
        repeats_all_equal=_all_equal(answers.answers) if sampled else None,
        described=answers.described,
    )


def _all_equal(answers: Sequence[Mapping[str, JudgeAnswer]]) -> bool | None:
    """Return whether every prompt got one and the same text in every repeat."""
    texts: dict[str, list[str]] = {}
    for by_prompt in answers:
        for prompt, answer in by_prompt.items():
            texts.setdefault(prompt, []).append(answer.text)
    several = [given for given in texts.values() if len(given) > 1]
    return all(len(set(given)) == 1 for given in several) if several else None


def note_of(judge: Judge, answers: JudgeAnswers, done: JudgeReport, context: Context) -> None:
    """Say what a reader of the scores must know about one judge."""
    who = f"judge {judge.short}"
    for note in judge.context.notes:
        context.note(note)
    # Scheme and target tell who it is; the rest only how it was asked.
    judged = context.model_identity
    if judged and all(judge.identity[k] == judged.get(k) for k in ("scheme", "target")):
        context.note(f"{who} is the model that is judged: models tend to prefer their own answers")
    for count, words in (
        (done.refused, "refusals"),
        (done.unreadable, "unreadable answers"),
        (done.partly_read, "answers readable in part"),
        (done.cut_off, "answers cut off at the token limit (max_new_tokens)"),
        (done.prompts_truncated, "prompts cut to fit its window"),
    ):
        context.tally(f"{who}: {words}: {{n}}", count)
    if done.repeats_all_equal:
        context.note(f"{who}: all repeats gave the same text; it does not seem to sample")
    if answers.failed:
        first = judge.first_errors.setdefault(context.run, answers.first_error)
        context.tally(f"{who}: failed requests: {{n}} (first: {first})", answers.failed, gap=True)
    unasked = f"{who}: requests not made, as --max-cost was reached: {{n}}; raise it"
    context.tally(unasked, answers.unasked, gap=True)
