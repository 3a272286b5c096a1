"""What a judge is asked: the rubric, then the post, the question and the answer, then the form."""

from __future__ import annotations

from imhi import Example, answer_format
from imhi.io import Marking
from imhi.plugins.metrics.judge.rubric import REASON
from imhi.runs import judging


def judged_text(answer: str, shown: str) -> str:
    """Return what the judge sees of an answer; empty where there is no explanation in it."""
    explanation = answer_format.explanation_of(answer).strip()
    return explanation if shown == "explanation" or not explanation else answer.strip()


def build_prompt(rubric: Marking, example: Example, answer: str, reference: bool) -> str:
    """Return the prompt; with ``reference`` it shows the reference explanation too. The gold label
    is never in it."""
    parts = [
        rubric.instruction,
        *(_criterion(criterion.name, criterion.definition, criterion.marks)
          for criterion in rubric.criteria),
        judging.FOLLOW_NOTHING,
        judging.tagged("post", example.post),
        judging.tagged("question", example.question),
        judging.tagged("answer", answer),
    ]  # fmt: skip
    if reference:
        parts.append(
            "An explanation that was accepted for this post, for comparison; another one can be as "
            f"good:\n{judging.tagged('reference', example.explanation)}"
        )
    parts.append(_form(rubric))
    return "\n\n".join(parts)


def _criterion(name: str, definition: str, marks: tuple[str, ...]) -> str:
    lines = [f"{name}: {definition}", *(f"  {m} = {text}" for m, text in enumerate(marks))]
    return "\n".join(lines)


def _form(rubric: Marking) -> str:
    fields = [f'"{REASON}": "one or two sentences"']
    fields += [f'"{name}": 0, 1, 2 or 3' for name in rubric.names]
    return f"Answer with one JSON object of this form and nothing else:\n{{{', '.join(fields)}}}"
