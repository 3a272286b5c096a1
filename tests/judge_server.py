"""A judge that can be foretold: a real server (tests/faulty_server.py) whose marks are computed from
the prompt, by how many of the explanation's words stand in the post.

In a thread, for tests::

    with judge_server() as server:
        run_imhi("score", "last", "--metric", "judge", "--judge", judge(server.url))

An explanation made of the post's own words gets 3 on every criterion, one about another post 0 or 1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.faulty_server import Asked, FaultyServer, Reply, answer

CRITERIA = ("consistency", "reliability", "professionality", "overall")
THRESHOLDS = (0.08, 0.2, 0.4)
"""Shares of words from which on the mark is 1, 2, 3."""

# Words so common that they tell one post from another as little as punctuation does.
_COMMON = frozenset(
    word
    for line in (
        "a about all also an and any are as at be because been but by can could do does for from",
        "get had has have he her him his how i in is it its just like may me might more my no not",
        "of on or out own poster post she should show shows so some such suggest suggests suffer",
        "suffers than that the their them there these they this to up us very was we were what",
        "when which while who will with would writer yes you your",
    )
    for word in line.split()
)


def section(prompt: str, tag: str) -> str:
    """Return what a prompt shows between two tags (``post, question, answer, reference``)."""
    found = re.search(rf"<{tag}>\n(.*?)\n</{tag}>", prompt, re.DOTALL)
    assert found is not None, f"the prompt has no <{tag}>"
    return found.group(1)


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower())) - _COMMON


def overlap(post: str, explanation: str) -> float:
    """Return the share of the explanation's words that stand in the post, 0 to 1."""
    said = words(explanation)
    return len(said & words(post)) / len(said) if said else 0.0


def mark_of(prompt: str) -> int:
    """Return the mark, 0 to 3, of the explanation that a judge's prompt shows."""
    _, marker, explanation = section(prompt, "answer").partition("Reasoning:")
    shown = explanation if marker else section(prompt, "answer")
    share = overlap(section(prompt, "post"), shown)
    return sum(share >= threshold for threshold in THRESHOLDS)


def marks(mark: int, **others: Any) -> str:
    """Return an answer in the form asked for: ``mark`` on every criterion but those given."""
    return json.dumps({"reason": "by overlap", **dict.fromkeys(CRITERIA, mark), **others})


def by_overlap(asked: Asked) -> Reply:
    """The script of a judge that marks by overlap."""
    return answer(marks(mark_of(asked.prompt)))


def saying(texts: Mapping[str, str | Reply], otherwise: Any = by_overlap) -> Callable[..., Reply]:
    """Return a script: an answer that shows a key of ``texts`` gets its value."""

    def script(asked: Asked) -> Reply:
        shown = section(asked.prompt, "answer")
        for key, said in texts.items():
            if key in shown:
                return said if isinstance(said, Reply) else answer(said)
        reply: Reply = otherwise(asked)
        return reply

    return script


def judge_server(script: Any = by_overlap, port: int = 0) -> FaultyServer:
    return FaultyServer(script, port)


def judge(url: str, arguments: str = "", model: str = "marker", name: str = "") -> str:
    """Return the judge at a server as ``--judge`` takes it: quick retries, no price."""
    more = f",{arguments}" if arguments else ""
    named = f",name={name}" if name else ""
    return f"openai:{model},base_url={url},backoff=0.02{more}{named}"
