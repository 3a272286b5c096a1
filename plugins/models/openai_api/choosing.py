"""Answers held to one of the labels: how servers are asked for it, and whether they do it.

Servers differ in the form (OpenAI's ``response_format``, vLLM's ``structured_outputs``, before its
version 0.12 ``guided_choice``, llama.cpp's ``grammar``), and many take every form and heed none:
llama.cpp obeys ``response_format`` of chat messages and passes it over in bare completions. So each is
tried on a question that nobody answers with the only answers allowed, and the first that is heeded
is used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from imhi import Request, label_of

FORMS = ("response_format", "structured_outputs", "guided_choice", "grammar")

# Two words that are none: only who is held to them says one of them.
_WORDS = ("qvorrel", "zimtup")
_QUESTION = (
    "What is the capital of France? Answer with the name of the city and nothing else.\nAnswer:"
)


@dataclass(frozen=True)
class Probe:
    """What came of one form: ``obeyed``, and what the server answered. ``cost`` in US dollars."""

    form: str
    obeyed: bool
    answer: str
    cost: float | None = None
    tokens: int = 0


def probe_request() -> Request:
    """Return the question that shows whether answers are held to a choice."""
    return Request.of("probe", "", _QUESTION, "", _QUESTION, choices={w: w for w in _WORDS})


def constraint(form: str, choices: Mapping[str, str], *, before: str = "") -> dict[str, object]:
    """Return the parameter of a request that holds its answer to one of the choices' wordings.

    ``before`` is the prompt where the answer goes on with it (bare completions): a word that follows
    one has a space before it, by which tokenizers know it.

    ``response_format``: JSON, since OpenAI takes a schema of an object only. The others: the bare
    wording (vLLM, Structured Outputs; llama.cpp, GBNF).
    """
    wordings = list(choices.values())
    if form != "response_format" and before and not before[-1].isspace():
        wordings = [f" {wording}" for wording in wordings]
    if form == "structured_outputs":
        return {form: {"choice": wordings}}
    if form == "guided_choice":
        return {form: wordings}
    if form == "grammar":
        # Its escapes are those of JSON.
        quoted = (json.dumps(wording, ensure_ascii=False) for wording in wordings)
        return {form: f"root ::= {' | '.join(quoted)}"}
    schema = {
        "type": "object",
        "properties": {"answer": {"type": "string", "enum": wordings}},
        "required": ["answer"],
        "additionalProperties": False,
    }
    form_of_answer = {"name": "answer", "schema": schema, "strict": True}
    return {form: {"type": "json_schema", "json_schema": form_of_answer}}


def constraint_text(choices: Mapping[str, str]) -> str:
    """Return the longest form as it is sent: servers may count it among the prompt's tokens."""
    return json.dumps(constraint("response_format", choices)) if choices else ""


def chosen(request: Request, text: str) -> tuple[str, str | None]:
    """Return an answer without the JSON around it, and the label whose wording it is; None where it
    is no label's (cut off, refused, from a server that did not hold to the choices after all)."""
    bare = text
    if text.lstrip().startswith("{"):
        try:
            value = json.loads(text)
        except ValueError:
            value = None
        if isinstance(value, dict) and isinstance(value.get("answer"), str):
            bare = value["answer"]
    label = label_of(request, bare)
    return (bare.strip() if label is not None else text), label
