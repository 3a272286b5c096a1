"""What a server that explains says, and how tests look at what came of it."""

from __future__ import annotations

import re

from imhi.build.folder import BuildFolder
from tests.faulty_server import Asked, FaultyServer, Reply, answer

GIVEN = re.compile(r"Answer given: (.*)\nReply:$")


def agreeing(asked: Asked) -> Reply:
    """Say the label that was given, and explain it in words of the post."""
    label = GIVEN.search(asked.prompt)
    assert label is not None, asked.prompt[-200:]
    post = asked.prompt.rpartition('Post: "')[2]
    return answer(f"{label.group(1)} Reasoning: It speaks of {' '.join(post.split()[:6])}.")


def model(server: FaultyServer, *more: str) -> str:
    return ",".join([f"openai:m,base_url={server.url},backoff=0.01", *more])


def rows_of(folder: BuildFolder) -> list:
    return list(folder.rows("DR"))
