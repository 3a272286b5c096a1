"""A process that asks in batches and can be killed for real, without what it costs to start Python: it is
forked off one that has imported everything. What it has answered it writes down, and what is written
down the next one does not ask again."""

from __future__ import annotations

import json
import multiprocessing
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.batch_process_imports"])


def start(
    scheme: str, url: str, folder: Path, count: int, stops_after: int = 10**9, arguments: str = ""
) -> BaseProcess:
    """Start a process that asks ``count`` requests, as far as they have no answer yet. It stops, without
    an end, once it has written ``stops_after`` answers."""
    process = _FORKS.Process(
        target=_ask, args=(scheme, url, str(folder), count, stops_after, arguments), daemon=True
    )
    process.start()
    return process


def answered(folder: Path) -> list[str]:
    """Return the ids of what is written down as answered, in order."""
    file = folder / "answers.jsonl"
    lines = file.read_bytes().splitlines() if file.exists() else []
    rows = [json.loads(line) for line in lines]
    return [row["id"] for row in rows if not row["error"]]


def _ask(scheme: str, url: str, folder: str, count: int, stops_after: int, arguments: str) -> None:
    from tests.batch_process_imports import model_of, requests

    there = Path(folder)
    done = set(answered(there))
    model = model_of(scheme, url, there / "asked", arguments)
    asked = [request for request in requests(count) if request.id not in done]
    with (there / "answers.jsonl").open("a", encoding="utf-8") as file:
        for number, response in enumerate(model.generate(asked), start=1):
            file.write(json.dumps({"id": response.id, "error": response.error}) + "\n")
            file.flush()
            if number >= stops_after:
                time.sleep(600)
