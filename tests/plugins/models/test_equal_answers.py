"""One meaning of greedy: real servers give the answers of ``hf:`` in process, and do what
``engines.yaml`` says of them.

``transformers serve`` is tried with a tiny model of ours wherever its packages are installed, in CI too.
vLLM and llama.cpp are tried where tests/real_servers.py finds them, with the real model named there.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.server_behaviour import APIS, body, known, measured, neutral, text_of
from imhi._core.context import Context
from imhi._core.models import ModelSpec
from imhi._core.plugin_manager import load_plugins
from imhi._core.records import Request
from imhi._core.settings import Generation
from tests.checkpoint_variants import HABITS, variant
from tests.real_servers import (
    NotHere,
    Served,
    llama_cpp,
    real_gguf,
    real_model,
    transformers_serve,
    vllm,
)
from tests.tiny_models import CHAT_TEMPLATE, demo_posts, save_causal

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

PROMPTS = 30
NEW_TOKENS = 16
WINDOW = 512


def requests() -> list[Request]:
    prompts = [f"Post: {post}\nIs the poster stressed?\nAnswer:" for post in demo_posts()[:PROMPTS]]
    return [
        Request(str(i), "DR", prompt, f"hash{i}", prompt, "?") for i, prompt in enumerate(prompts)
    ]


def ask(name: str, api: str) -> tuple[list[str], list[str]]:
    """Return a model's texts in the order of the requests, and its notes."""
    template = "on" if api == "chat" else "off"
    generation = Generation(max_new_tokens=NEW_TOKENS, chat_template=template)  # type: ignore[arg-type]
    registry = load_plugins().registry
    context = Context(registry, None, "test", generation=generation)  # type: ignore[arg-type]
    model = ModelSpec.parse(name, registry).create(context)
    responses = {response.id: response for response in model.generate(requests())}
    model.close()
    assert [response.error for response in responses.values()] == [None] * PROMPTS
    return [responses[request.id].text for request in requests()], context.notes


@pytest.fixture(scope="module", params=["transformers-serve", "vllm"])
def habitual(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Served, Path]]:
    """A server of a checkpoint that asks for a repetition penalty and sampling; its folder."""
    folder = tmp_path_factory.mktemp("checkpoints")
    try:
        if request.param == "vllm":
            checkpoint = variant(
                real_model(), folder / "real", habits=HABITS, chat_template=CHAT_TEMPLATE
            )
            starting = vllm(checkpoint, window=WINDOW)
        else:
            for package in ("torch", "transformers"):
                pytest.importorskip(package)
            # The prompts fit this window; what does not is tried too.
            tiny = save_causal(folder / "tiny", window=WINDOW, chat_template=CHAT_TEMPLATE)
            checkpoint = variant(tiny, folder / "habits", habits=HABITS)
            starting = transformers_serve(checkpoint, window=WINDOW)
        with starting as served:
            yield served, checkpoint
    except NotHere as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def llama() -> Iterator[Served]:
    try:
        with llama_cpp(real_gguf(), window=WINDOW) as served:
            yield served
    except NotHere as reason:
        pytest.skip(str(reason))


def plain_answers(served: Served, api: str, count: int = PROMPTS) -> list[str]:
    """Return the answers to plain requests that hold the neutral values of ``engines.yaml``."""
    texts = []
    for request in requests()[:count]:
        asked = body(api, request.prompt, NEW_TOKENS, neutral(served.engine, api))
        status, answer = served.post(APIS[api], asked)
        assert status == 200, answer
        texts.append(text_of(answer))
    return texts


@pytest.mark.parametrize("api", APIS)
def test_with_the_neutral_values_a_server_answers_as_hf_does(
    habitual: tuple[Served, Path], api: str
) -> None:
    served, checkpoint = habitual
    expected, notes = ask(f"hf:{checkpoint}", api)
    assert "repetition_penalty=1.3" in " ".join(notes)
    assert plain_answers(served, api) == expected


def test_without_them_the_checkpoints_habits_change_the_answers(
    habitual: tuple[Served, Path],
) -> None:
    """Were it otherwise, the test above could not fail."""
    served, checkpoint = habitual
    expected, _ = ask(f"hf:{checkpoint}", "completions")
    texts = []
    for request in requests():
        _, answer = served.post(APIS["completions"], body("completions", request.prompt, 16, {}))
        texts.append(text_of(answer))
    assert texts != expected


@pytest.mark.parametrize("api", APIS)
def test_openai_answers_as_hf_does_whatever_the_checkpoints_habits(
    habitual: tuple[Served, Path], api: str
) -> None:
    served, checkpoint = habitual
    expected, _ = ask(f"hf:{checkpoint}", api)
    answers, _ = ask(
        f"openai:{served.model},base_url={served.base_url},api={api},timeout=300,concurrency=4", api
    )
    assert answers == expected


@pytest.mark.parametrize("api", APIS)
def test_lm_evals_hf_answers_as_hf_does_whatever_the_checkpoints_habits(
    habitual: tuple[Served, Path], api: str
) -> None:
    _, checkpoint = habitual
    expected, _ = ask(f"hf:{checkpoint}", api)
    answers, notes = ask(f"lm-eval:hf,pretrained={checkpoint},device=cpu", api)
    assert answers == expected
    assert any("decoding defaults" in note and "repetition_penalty=1.3" in note for note in notes)


@pytest.mark.parametrize("api", APIS)
def test_engines_yaml_says_what_the_server_does(habitual: tuple[Served, Path], api: str) -> None:
    served, _ = habitual
    assert measured(served, api) == written(served, api)


@pytest.mark.parametrize("api", APIS)
def test_engines_yaml_says_what_llama_cpp_does(llama: Served, api: str) -> None:
    assert measured(llama, api) == written(llama, api)


def written(served: Served, api: str) -> dict[str, str]:
    """Return what ``engines.yaml`` says of what :func:`measured` tries."""
    entry = known(served.engine)
    names = ("stop", "prompt_too_long", "answer_too_long")
    return {name: entry[name] for name in names} | {"schema": entry["schema"][api]}


def test_llama_cpp_asked_one_by_one_gives_an_answer_twice(llama: Served) -> None:
    first, second = (plain_answers(llama, "completions", 10) for _ in range(2))
    assert first == second


def test_a_server_is_recognised_by_what_engines_yaml_names(habitual: tuple[Served, Path]) -> None:
    assert is_recognised(habitual[0])


def test_llama_cpp_is_recognised_by_what_engines_yaml_names(llama: Served) -> None:
    assert is_recognised(llama)


def is_recognised(served: Served) -> bool:
    """Look at every mark that ``engines.yaml`` names; all of them must be there."""
    marks = known(served.engine)["recognised"]
    _, listed, headers = get(f"{served.base_url}/models")
    seen: list[bool] = []
    if "owned_by" in marks:
        owners = {entry["owned_by"] for entry in json.loads(listed)["data"]}
        seen.append(owners == {marks["owned_by"]})
    for name, value in marks.get("header", {}).items():
        seen.append(headers.get(name) == value)
    if "get" in marks:
        status, text, _ = get(served.root + marks["get"]["path"])
        seen.append(status == 200 and marks["get"]["text"] in text)
    return bool(seen) and all(seen)


def get(url: str) -> tuple[int, str, Any]:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers
