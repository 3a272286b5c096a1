"""What a reader of the scores must know of how a judge was asked."""

from __future__ import annotations

from imhi._core.judging.judge import JudgeAnswers
from imhi._core.report import Report


def tell_limits(who: str, answers: JudgeAnswers, report: Report) -> None:
    """Count answers and prompts that did not fit."""
    report.count(
        f"{who}: answers cut off at the token limit (max_new_tokens): {{n}}", answers.cut_off
    )
    report.count(f"{who}: prompts cut to fit its window: {{n}}", answers.truncated)


def tell_gaps(who: str, answers: JudgeAnswers, first_error: str, report: Report) -> None:
    """Count what has no answer yet, with the first error of the run."""
    if answers.failed:
        report.count(
            f"{who}: failed requests: {{n}} (first: {first_error})", answers.failed, incomplete=True
        )
    unasked = f"{who}: requests not made, as --max-cost was reached: {{n}}; raise it"
    report.count(unasked, answers.unasked, incomplete=True)
