"""What each judge did, for the score's details, and what a reader must be told of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from imhi import Context
from imhi.plugins.metrics.judge.judges import Judge, Said
from imhi.plugins.metrics.judge.marks import OUTCOMES, Marks


def report(
    judge: Judge, said: Said, read: Sequence[Mapping[str, Marks]], asked: int, sampled: bool
) -> dict[str, Any]:
    """Return, as JSON, what a judge did: outcomes are counted per distinct request.

    ``asked`` counts distinct prompts; ``sampled``: judges did not answer greedily.
    """
    outcomes = Counter(marks.outcome for by_prompt in read for marks in by_prompt.values())
    values = [value for answers in said.answers for value in answers.values()]
    return {
        "judge": judge.name,
        "short": judge.short,
        "identity": judge.identity,
        "requests": asked * len(read),
        **{outcome: outcomes[outcome] for outcome in OUTCOMES},
        "failed": said.failed,
        "not_asked": said.unasked,
        "cut_off": sum(value.get("finish_reason") == "length" for value in values),
        "prompts_truncated": sum(bool(value.get("truncated")) for value in values),
        "prompt_tokens": said.prompt_tokens,
        "completion_tokens": said.completion_tokens,
        "cost": None if said.cost is None else round(said.cost, 6),
        "repeats_all_equal": _all_equal(said.answers) if sampled else None,
        "described": said.described,
    }


def _all_equal(answers: Sequence[Mapping[str, Mapping[str, Any]]]) -> bool | None:
    """Return whether every prompt got one and the same text in every repeat."""
    texts: dict[str, list[str]] = {}
    for by_prompt in answers:
        for prompt, value in by_prompt.items():
            texts.setdefault(prompt, []).append(value["text"])
    several = [found for found in texts.values() if len(found) > 1]
    return all(len(set(found)) == 1 for found in several) if several else None


def say_of(judge: Judge, said: Said, done: Mapping[str, Any], context: Context) -> None:
    """Say what a reader of the scores must know about one judge."""
    who = f"judge {judge.short}"
    for note in judge.context.notes:
        context.note(note)
    # Scheme and target tell who it is; the rest only how it was asked.
    judged = context.model_identity
    if judged and all(judge.identity[k] == judged.get(k) for k in ("scheme", "target")):
        context.note(f"{who} is the model that is judged: models tend to prefer their own answers")
    for name, words in (
        ("refused", "refusals"),
        ("unreadable", "unreadable answers"),
        ("partly_read", "answers readable in part"),
        ("cut_off", "answers cut off at the token limit (max_new_tokens)"),
        ("prompts_truncated", "prompts cut to fit its window"),
    ):
        context.count(f"{who}: {words}: {{n}}", done[name])
    if done["repeats_all_equal"]:
        context.note(f"{who}: all repeats gave the same text; it does not seem to sample")
    if said.failed:
        first = judge.first_errors.setdefault(context.run, said.first_error)
        context.count(
            f"{who}: failed requests: {{n}} (first: {first})", said.failed, incomplete=True
        )
    unasked = f"{who}: requests not made, as --max-cost was reached: {{n}}; raise it"
    context.count(unasked, said.unasked, incomplete=True)
