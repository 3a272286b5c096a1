"""Asks ``vllm:`` what a file says, in a Python that has vLLM: ``python ask_vllm.py JOBS.json ANSWERS.json``.

A job is a model's name, the fields of ``Generation``, and requests; jobs are done one after the other in
this process. What comes back of each: responses by id, the description, notes, or the error.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

from imhi import HarnessError, Request
from imhi._core.context import Context
from imhi._core.models import ModelSpec
from imhi._core.plugin_manager import load_plugins
from imhi._core.settings import Generation


def done(job: dict[str, Any], registry: Any) -> dict[str, Any]:
    context = Context(registry, None, "test", generation=Generation(**job["generation"]))  # type: ignore[arg-type]
    requests = [Request(**fields) for fields in job["requests"]]
    try:
        model: Any = ModelSpec.parse(job["model"], registry).create(context)
        if job.get("refused"):
            return refused(model)
        answers = {one.id: dataclasses.asdict(one) for one in model.generate(requests)}
        if job.get("stopped_early"):
            # Whoever asked goes away in the middle; asked again, the model answers as before.
            asking = model.generate(requests)
            next(asking)
            asking.close()
            again = {one.id: dataclasses.asdict(one) for one in model.generate(requests)}
            answers = {"first": answers, "again": again}
        model.close()
    except HarnessError as error:
        return {"error": str(error)}
    return {"answers": answers, "description": model.describe(), "notes": context.notes}


def refused(model: Any) -> dict[str, Any]:
    """Hand the engine a prompt it refuses, between two that it takes."""
    from imhi.plugins.models.vllm_engine.feeding import Asked, Refused, answers

    engine = model._engine
    params = engine.params(max_tokens=4, temperature=0.0)
    asked = [Asked("good", [1, 50, 60], params), Asked("bad", [], params)]
    asked.append(Asked("long", [5] * (engine.window + 1), params))
    asked.append(Asked("also good", [1, 60, 50], params))
    found = {
        one.key: what.reason if isinstance(what, Refused) else len(what.token_ids)
        for one, what in answers(engine, asked)
    }
    model.close()
    return {"answers": found}


def main() -> None:
    jobs, answers = map(Path, sys.argv[1:])
    registry = load_plugins().registry
    answers.write_text(json.dumps([done(job, registry) for job in json.loads(jobs.read_text())]))


if __name__ == "__main__":
    main()
