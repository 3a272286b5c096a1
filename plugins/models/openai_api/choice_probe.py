"""Finding out in which form a server holds answers to a choice, before it is asked anything else."""

from __future__ import annotations

import dataclasses
import queue

from imhi import Response
from imhi.plugins.models.openai_api.background import Outbox
from imhi.plugins.models.openai_api.choosing import FORMS, Probe, probe_request
from imhi.plugins.models.openai_api.client_config import Session
from imhi.plugins.models.openai_api.request_scheduler import RequestScheduler, Send


async def find_choice_form(session: Session, send: Send) -> float:
    """Try the forms in turn and remember the first that is heeded; return what that cost, in US
    dollars. None is remembered where the budget does not allow to ask.

    Raises:
        HarnessError: the server heeds none, or it does not answer at all.
    """
    capabilities, cost = session.capabilities, 0.0
    for form in FORMS:
        # What a server says of one form is not learnt for the run.
        trying = dataclasses.replace(
            capabilities, dialect=capabilities.dialect.copy(), choice_form=form
        )
        answers: Outbox[Response] = queue.SimpleQueue()
        probing = dataclasses.replace(session, capabilities=trying, note=lambda text: None)
        await RequestScheduler(probing, send).run([probe_request()], answers)
        if answers.empty():  # the budget does not allow it: nor does it any request
            return cost
        response = answers.get()
        assert response is not None
        tokens = (response.prompt_tokens or 0) + (response.completion_tokens or 0)
        said = session.mask.message(response.error or response.text)[:80]
        obeyed = response.label is not None
        capabilities.probes.append(Probe(form, obeyed, said, response.cost, tokens))
        capabilities.assumed_cost = trying.assumed_cost
        cost += response.cost or 0.0
        if obeyed:
            capabilities.choice_form = form
            return cost
    said = " and ".join(dict.fromkeys(repr(one.answer[:40]) for one in capabilities.probes))
    raise session.error(
        f"--answer choice is asked for, and the server does not hold answers to a choice (allowed "
        f"two made-up words alone by {', '.join(FORMS)}, it answered {said}); use --answer text, "
        "another server or api= (vLLM, llama.cpp and OpenAI can), or hf: with --answer likelihood"
    )
