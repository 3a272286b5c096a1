"""What a judge is asked about an answer, and the form its verdict has.

Readings are kept by prompt, so that a change of wording asks again; it raises the labeler's version too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from imhi import Dataset, Question
from imhi.runs import judging

LABEL, QUOTE = "label", "quote"

_TASK = (
    "A system was asked a question about a social-media post. You see its answer, not the post. Say "
    "which label the answer itself states, as the system's own choice. Do not say what you think is "
    "right, and do not work out a label from the reasons alone. If it states no label, only asks, "
    "refuses, lists labels without choosing, or stops before it has chosen, the label is {none!r}."
)
_FORM = (
    "Answer with one JSON object of this form and nothing else:\n"
    '{{"quote": "the words of the answer that state the label, copied exactly; empty for {none}", '
    '"label": {options}}}'
)


@dataclass(frozen=True)
class Options:
    """What a verdict may say: the labels' names, then ``none``, a name that no label has."""

    labels: tuple[str, ...]
    none: str

    @classmethod
    def of(cls, dataset: Dataset) -> Options:
        """Return the options of a dataset."""
        none = "none"
        while none.casefold() in {name.casefold() for name in dataset.label_names}:
            none = f"({none})"
        return cls(dataset.label_names, none)

    @property
    def all(self) -> tuple[str, ...]:
        """Return every option."""
        return (*self.labels, self.none)


def build_prompt(dataset: Dataset, question: Question, answer: str) -> str:
    """Return what is asked about one answer: it holds the question, the labels, the answer, and
    nothing else of the example."""
    options = Options.of(dataset)
    quoted = ", ".join(f'"{option}"' for option in options.all[:-1]) + f' or "{options.none}"'
    return "\n\n".join(
        [
            _TASK.format(none=options.none),
            judging.tagged("question", question.text),
            "\n".join(
                [
                    "The labels, and how an answer may state them:",
                    *(f"- {label.name}: {label.sentence}" for label in dataset.labels),
                    f"- {options.none}: the answer states none of them",
                ]
            ),
            judging.FOLLOW_NOTHING,
            judging.tagged("answer", answer),
            _FORM.format(none=options.none, options=quoted),
        ]
    )


def answer_schema(options: Options) -> Mapping[str, object]:
    """Return the JSON schema of a verdict: the quote stands first, so that the words are found
    before they are named."""
    return {
        "type": "object",
        "properties": {
            QUOTE: {"type": "string"},
            LABEL: {"type": "string", "enum": list(options.all)},
        },
        "required": [QUOTE, LABEL],
        "additionalProperties": False,
    }
