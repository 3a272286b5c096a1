"""``openai:``: a server that other people wrote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imhi._core.models import ModelSpec
from imhi._core.registry import Registry
from imhi._core.settings import Generation
from tests.openai_asking import Asker, requests


@pytest.fixture(scope="module")
def transformers_serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A real ``transformers serve`` with a tiny model of ours: base URL and model folder."""
    for package in ("torch", "transformers", "fastapi", "uvicorn"):
        pytest.importorskip(package)
    from tests.real_servers import NotHere, transformers_serve as started
    from tests.tiny_models import CHAT_TEMPLATE, save_causal

    folder = save_causal(tmp_path_factory.mktemp("served") / "tiny", chat_template=CHAT_TEMPLATE)
    try:
        with started(folder) as served:
            yield served.base_url, folder
    except NotHere as reason:
        pytest.skip(str(reason))


@pytest.mark.slow
@pytest.mark.parametrize("api", ["chat", "completions"])
def test_greedy_answers_of_transformers_serve_are_those_of_the_model_itself(
    families: Registry, asker: Asker, transformers_serve: tuple[str, Path], api: str
) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    url, folder = transformers_serve
    spec = ModelSpec.parse(f"openai:{folder},base_url={url},api={api},concurrency=2", families)
    model = spec.create(asker.context(Generation(max_new_tokens=16)))
    answers = {response.id: response for response in model.generate(requests(6))}
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    weights: Any = AutoModelForCausalLM.from_pretrained(folder)
    for request in requests(6):
        message = [{"role": "user", "content": request.prompt}]
        ids = (
            tokenizer.apply_chat_template(
                message, add_generation_prompt=True, return_tensors="pt", return_dict=True
            )
            if api == "chat"
            else tokenizer(request.prompt, return_tensors="pt")
        )["input_ids"]
        with torch.no_grad():
            tokens = weights.generate(ids, do_sample=False, max_new_tokens=16)[0, ids.shape[1] :]
        assert answers[request.id].text == tokenizer.decode(tokens, skip_special_tokens=True)
        assert answers[request.id].prompt_tokens == ids.shape[1]
