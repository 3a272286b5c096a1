"""Samples of one example are drawn with different seeds, the same ones whenever they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from imhi._core.answer_cache.keys import AnswerKeys
from imhi._core.checkpoints.text_prompts import request_seed
from imhi._core.context import Context
from imhi._core.errors import HarnessError
from imhi._core.evaluation import evaluate
from imhi._core.models import ModelSpec
from imhi._core.plugin_manager import PluginManager
from imhi._core.records import Example, Request, Response
from imhi._core.registry import Registry
from imhi._core.run_store import list_runs
from imhi._core.samples import sample_requests, sample_seed
from imhi._core.settings import Generation
from tests.faulty_server import FaultyServer, echo
from tests.tiny_models import demo_posts, save_causal, save_classifier

pytestmark = pytest.mark.filterwarnings("ignore")

SAMPLES = 3


@pytest.fixture(scope="module")
def causal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_causal(tmp_path_factory.mktemp("causal"))


def asked(count: int = 4, samples: int = SAMPLES) -> list[Request]:
    """The requests of a run about so many posts."""
    pairs = [
        (
            Example(f"test-{n}", "DR", "test", post, "", "yes"),
            Request.of(f"test-{n}", "DR", f"Post: {post}\nIs the poster sad?", post, "sad?"),
        )
        for n, post in enumerate(demo_posts()[:count])
    ]
    return [request for _, of in sample_requests(pairs, samples) for request in of]


def surroundings(registry: Registry, seed: int = 0, samples: int = SAMPLES) -> Context:
    source: Any = None  # models never look at it
    generation = Generation(12, temperature=1.0, samples=samples)
    return Context(registry, source, "test", seed=seed, generation=generation)


def answers(model: str, context: Context, requests: Sequence[Request]) -> dict[str, str]:
    made = ModelSpec.parse(model, context.registry).create(context)
    responses: list[Response] = list(made.generate(requests))
    made.close()
    assert [one.error for one in responses] == [None] * len(requests)
    return {one.id: one.text for one in responses}


def test_what_a_request_is_drawn_with_is_its_own() -> None:
    seeds = {request_seed(seed, request) for seed in (0, 1) for request in asked()}
    assert len(seeds) == 2 * len(asked())
    # The first sample is what a run without samples asks.
    assert asked()[::SAMPLES] == asked(samples=1)


def test_no_two_samples_have_one_answer_in_the_cache(registry: Registry) -> None:
    keys = AnswerKeys({"of": "a model"}, surroundings(registry))
    assert len({keys.of(request) for request in asked()}) == len(asked())
    fewer = AnswerKeys({"of": "a model"}, surroundings(registry, samples=1))
    assert [fewer.of(one) for one in asked()] == [keys.of(one) for one in asked()]


def test_hf_draws_every_sample_by_itself_whatever_batch_it_is_in(
    causal: Path, registry: Registry
) -> None:
    whole = answers(f"hf:{causal},device=cpu", surroundings(registry), asked())
    for n in range(4):
        own = [text for id, text in whole.items() if id.partition("~")[0] == f"test-{n}"]
        assert len(set(own)) == SAMPLES
    single = answers(f"hf:{causal},device=cpu,batch_size=1", surroundings(registry), asked()[4:])
    assert single == {request.id: whole[request.id] for request in asked()[4:]}


def test_a_run_with_more_samples_takes_those_there_are_from_the_cache(
    causal: Path, manager: PluginManager, tmp_path: Path
) -> None:
    def run(samples: int) -> dict[str, Response]:
        out = tmp_path / str(samples)
        evaluate(
            f"hf:{causal},device=cpu",
            datasets="DR",
            manager=manager,
            out=out,
            cache=tmp_path / "cache",
            samples=samples,
            temperature=1.0,
            limit=3,
            max_new_tokens=6,
        )
        (folder,) = list_runs(out)
        return {response.id: response for response in folder.responses("DR")}

    few, many = run(2), run(4)
    assert [one.cached for one in few.values()] == [False] * 6
    assert {id for id, one in many.items() if one.cached} == few.keys()
    assert {id: many[id].text for id in few} == {id: one.text for id, one in few.items()}


def test_a_server_is_sent_a_seed_for_each_sample(registry: Registry) -> None:
    with FaultyServer(echo) as server:
        model = f"openai:m,base_url={server.url}"
        answers(model, surroundings(registry, seed=7), asked(2))
    seeds: dict[str, list[int]] = {}
    for one in server.asked:
        seeds.setdefault(one.prompt, []).append(one.body["seed"])
    expected = sorted(sample_seed(7, n) for n in range(SAMPLES))
    assert [sorted(of) for of in seeds.values()] == [expected] * 2
    assert 7 in expected and len(set(expected)) == SAMPLES


def test_a_server_behind_lm_eval_is_sent_a_seed_for_each_sample(registry: Registry) -> None:
    with FaultyServer(echo) as server:
        model = (
            f"lm-eval:local-chat-completions,model=m,max_retries=1,"
            f"base_url={server.url}/chat/completions"
        )
        answers(model, surroundings(registry, seed=7), asked(2))
    found = sorted((one.prompt, one.body["seed"]) for one in server.asked)
    seeds = [sample_seed(7, n) for n in range(SAMPLES)]
    assert found == sorted((request.prompt, seeds[request.sample]) for request in asked(2))


def test_lm_eval_draws_a_missing_sample_otherwise_than_those_that_are_there(
    causal: Path, registry: Registry
) -> None:
    model = f"lm-eval:hf,pretrained={causal},device=cpu,batch_size=1"
    # As a run that was stopped after each sample asks: one request of the example at a time.
    apart = [answers(model, surroundings(registry), [one]) for one in asked(1)]
    assert len({text for one in apart for text in one.values()}) == SAMPLES
    assert answers(model, surroundings(registry), asked(1)) == {
        k: v for a in apart for k, v in a.items()
    }


def test_a_classifier_draws_nothing_and_is_refused(tmp_path: Path, registry: Registry) -> None:
    folder = save_classifier(tmp_path / "classifier", ["no", "yes"])
    with pytest.raises(
        HarnessError, match="--samples 3 is asked for, and the checkpoint is a class"
    ):
        ModelSpec.parse(f"hf:{folder}", registry).create(surroundings(registry))
