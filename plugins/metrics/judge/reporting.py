"""What each judge did, for the score's details, and what a reader must be told of it."""

from __future__ import annotations

from collections import Counter

from imhi import Context
from imhi.plugins.metrics.judge.marks import Outcome
from imhi.runs import judging


def report(
    judge: judging.Judge,
    answers: judging.JudgeAnswers,
    outcomes: Counter[Outcome],
    requests: int,
    sampled: bool,
) -> dict[str, object]:
    """Return, as JSON, what a judge did: outcomes are counted per distinct request, of which there
    are ``requests``, repeats included; ``sampled``: judges did not answer greedily."""
    return {
        "judge": judge.name,
        "short": judge.short,
        "identity": judge.identity,
        "requests": requests,
        "read": outcomes["read"],
        "partly_read": outcomes["partly_read"],
        "unreadable": outcomes["unreadable"],
        "refused": outcomes["refused"],
        "failed": answers.failed,
        "not_asked": answers.unasked,
        "cut_off": answers.cut_off,
        "prompts_truncated": answers.truncated,
        "prompt_tokens": sum(answer.prompt_tokens or 0 for answer in answers.every),
        "completion_tokens": sum(answer.completion_tokens or 0 for answer in answers.every),
        "cost": None if answers.cost is None else round(answers.cost, 6),
        "repeats_all_equal": answers.repeats_all_equal if sampled else None,
        "described": answers.described,
    }


def note_of(
    judge: judging.Judge,
    answers: judging.JudgeAnswers,
    outcomes: Counter[Outcome],
    sampled: bool,
    context: Context,
) -> None:
    """Say what a reader of the scores must know about one judge."""
    who = f"judge {judge.short}"
    for note in judge.context.notes:
        context.note(note)
    # Scheme and target tell who it is; the rest only how it was asked.
    judged = context.model_identity
    if judged and all(judge.identity[k] == judged.get(k) for k in ("scheme", "target")):
        context.note(f"{who} is the model that is judged: models tend to prefer their own answers")
    for count, words in (
        (outcomes["refused"], "refusals"),
        (outcomes["unreadable"], "unreadable answers"),
        (outcomes["partly_read"], "answers readable in part"),
    ):
        context.count(f"{who}: {words}: {{n}}", count)
    judging.tell_limits(who, answers, context.report)
    if sampled and answers.repeats_all_equal:
        context.note(f"{who}: all repeats gave the same text; it does not seem to sample")
    first = answers.failed and judge.first_errors.setdefault(context.run, answers.first_error)
    judging.tell_gaps(who, answers, first or "", context.report)
