"""A judge of labels that can be foretold: a real server (tests/faulty_server.py) that finds the label
whose sentence opens the answer it is shown, and quotes it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from tests.faulty_server import Asked, FaultyServer, Reply, answer
from tests.judge_server import section


def options(prompt: str) -> dict[str, str]:
    """Return the options a prompt offers, each with its sentence, in order."""
    return dict(re.findall(r"^- (.*?): (.*)$", prompt, re.MULTILINE))


def verdict(label: object, quote: str = "") -> str:
    """Return a verdict in the form asked for."""
    return json.dumps({"quote": quote, "label": label})


def by_sentence(asked: Asked) -> Reply:
    """The script of a judge that goes by the label sentences; 1,000 tokens in and 10 out."""
    shown = section(asked.prompt, "answer").casefold()
    for name, sentence in options(asked.prompt).items():
        if shown.startswith(sentence.casefold()):
            return answer(verdict(name, sentence), usage=(1000, 10))
    return answer(verdict("none"), usage=(1000, 10))


def saying(
    texts: Mapping[str, str | Reply], otherwise: Callable[[Asked], Reply] = by_sentence
) -> Callable[[Asked], Reply]:
    """Return a script: an answer that shows a key of ``texts`` gets its value."""

    def script(asked: Asked) -> Reply:
        shown = section(asked.prompt, "answer")
        for key, said in texts.items():
            if key in shown:
                return said if isinstance(said, Reply) else answer(said)
        return otherwise(asked)

    return script


def label_server(script: Callable[[Asked], Reply] = by_sentence) -> FaultyServer:
    return FaultyServer(script)


def judging_labeler(url: str, arguments: str = "") -> str:
    """Return the labeler that asks a server, as ``--labeler`` takes it: quick retries, no price."""
    more = f",{arguments}" if arguments else ""
    return f"judge:openai:reader,base_url={url},backoff=0.02{more}"
