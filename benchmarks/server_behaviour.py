"""What a server does where OpenAI's interface is silent: stop texts, schemas, windows. Plain requests.

Used by ``equal_answers.py`` and by the tests that hold ``engines.yaml`` to what real servers do. The words
are those of that file: cut, kept, obeyed, ignored, refused, shortened, answered, failed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.real_servers import Served

APIS = {"chat": "/chat/completions", "completions": "/completions"}
QUESTION = "I feel tired and"
# Only who is held to them says one of them.
_WORDS = ("qvorrel", "zimtup")
_FILLING = ("tired", "and", "not", "I", "again", "the")  # one token each
ENGINES = Path(__file__).resolve().parent.parent / "plugins/models/openai_api/engines.yaml"
_SCHEMA = {
    "type": "object",
    "properties": {"answer": {"type": "string", "enum": list(_WORDS)}},
    "required": ["answer"],
    "additionalProperties": False,
}
_FORMAT = {"type": "json_schema", "json_schema": {"name": "answer", "schema": _SCHEMA}}


def known(engine: str) -> dict[str, Any]:
    """Return what ``engines.yaml`` says of an engine."""
    import yaml

    entries = yaml.safe_load(ENGINES.read_text(encoding="utf-8"))["engines"]
    found: dict[str, Any] = next(entry for entry in entries if entry["name"] == engine)
    return found


def neutral(engine: str, api: str) -> dict[str, object]:
    """Return the values that ``engines.yaml`` has sent to an engine with greedy requests."""
    values = known(engine)["neutral"]
    common = {name: value for name, value in values.items() if name not in APIS}
    return common | values.get(api, {})


def body(api: str, prompt: str, new_tokens: int, more: Mapping[str, object]) -> dict[str, object]:
    """Return a greedy request."""
    asked: dict[str, object] = {"max_tokens": new_tokens, "temperature": 0, **more}
    if api == "chat":
        return {"messages": [{"role": "user", "content": prompt}], **asked}
    return {"prompt": prompt, **asked}


def text_of(answer: Any) -> str:
    """Return the text of an answer's only choice."""
    choice = answer["choices"][0]
    return str(choice["text"] if "text" in choice else choice["message"]["content"] or "")


def stop_texts(served: Served, api: str) -> str:
    """Say whether a stop text is cut from the answer: a word of the answer without one is the stop."""
    _, free = served.post(APIS[api], body(api, QUESTION, 16, {}))
    stop = next((word for word in text_of(free).split()[1:] if len(word) > 2), "")
    if not stop:
        return "not seen (no word to stop at)"
    status, answer = served.post(APIS[api], body(api, QUESTION, 16, {"stop": [stop]}))
    if status != 200:
        return "refused"
    return "kept" if stop in text_of(answer) else "cut"


def schemas(served: Served, api: str) -> str:
    """Say whether ``response_format`` with a JSON schema is obeyed."""
    # Room for the white space that grammars allow and small models love.
    asked = body(api, QUESTION, 240, {"response_format": _FORMAT})
    status, answer = served.post(APIS[api], asked)
    if status != 200:
        return "refused" if status < 500 else "failed"
    try:
        return "obeyed" if json.loads(text_of(answer))["answer"] in _WORDS else "ignored"
    except (ValueError, KeyError, TypeError):
        begun = text_of(answer).lstrip().startswith("{")
        return "not seen (JSON that was cut off)" if begun else "ignored"


def prompt_too_long(served: Served, api: str) -> tuple[str, str]:
    """Say what a prompt longer than the window gets, and the server's own words."""
    assert served.window is not None
    prompt = "tired " * (served.window + 200)
    status, answer = served.post(APIS[api], body(api, prompt, 4, {}))
    if status != 200:
        return ("refused" if status < 500 else "failed"), str(answer)
    read = answer.get("usage", {}).get("prompt_tokens", 0)
    return ("answered" if read > served.window else "cut"), ""


def answer_too_long(served: Served, api: str) -> str:
    """Say what a prompt gets that fits, while prompt + max_tokens do not."""
    assert served.window is not None
    for word in _FILLING:  # a model may end its answer before the window does
        asked = body(api, f"{word} " * (served.window - 60), 200, {})
        status, answer = served.post(APIS[api], asked)
        if status != 200:
            return "refused" if status < 500 else "failed"
        used = answer["usage"]["completion_tokens"] + answer["usage"]["prompt_tokens"]
        if used > served.window:
            return "answered"
        if answer["choices"][0]["finish_reason"] == "length":
            return "shortened"
    return "not seen (answers ended by themselves)"


def measured(served: Served, api: str) -> dict[str, str]:
    """Return all of it, by what ``engines.yaml`` calls it."""
    seen = {"stop": stop_texts(served, api), "schema": schemas(served, api)}
    if served.window is None:
        return seen | {"prompt_too_long": "no window", "answer_too_long": "no window"}
    return seen | {
        "prompt_too_long": prompt_too_long(served, api)[0],
        "answer_too_long": answer_too_long(served, api),
    }
