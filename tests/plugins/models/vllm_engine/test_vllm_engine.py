"""``vllm:`` beside ``hf:``: one tiny model, the same requests, asked in the Python that has vLLM.

All jobs are done by one process, one model after the other, which takes vLLM half a minute to start.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from imhi._core.context import Context
from imhi._core.models import ModelSpec
from imhi._core.plugin_manager import load_plugins
from imhi._core.records import Request
from imhi._core.settings import Generation
from tests.adapter_variants import changed, with_another_layer
from tests.checkpoint_variants import variant
from tests.real_servers import NotHere, python_with
from tests.tiny_models import CHAT_TEMPLATE, demo_posts, save_adapter, save_causal

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

SCRIPT = Path(__file__).parents[3] / "ask_vllm.py"
ROOT = SCRIPT.parents[1]
CHOICES = {"school": "school", "work": "work", "family": "family issues", "none": "family"}
HABITS = {"temperature": 1.5, "do_sample": True, "top_k": 3, "repetition_penalty": 1.7}
WINDOW = 256


def requests(count: int = 12, choices: bool = False) -> list[Request]:
    prompts = [f"Post: {post}\nCause:" for post in demo_posts()[:count]]
    prompts[3] += " word" * 400  # does not fit
    return [
        Request.of(str(i), "SAD", prompt, prompt, "?", choices=CHOICES if choices else None)
        for i, prompt in enumerate(prompts)
    ]


JOBS: dict[str, dict[str, Any]] = {
    "greedy": {"generation": {"max_new_tokens": 24}},
    "stop": {"generation": {"max_new_tokens": 24, "stop": ("e", "ing")}},
    "sampled": {"generation": {"max_new_tokens": 12, "temperature": 1.0, "top_p": 0.9}},
    "sampled again": {
        "generation": {"max_new_tokens": 12, "temperature": 1.0, "top_p": 0.9},
        "backwards": True,
        "extra": "max_num_seqs=2,prefix_caching=false",
    },
    "adapted": {"generation": {"max_new_tokens": 24}, "adapter": "adapter"},
    "templated": {"generation": {"max_new_tokens": 24}, "adapter": "templated"},
    "misfit": {"generation": {"max_new_tokens": 24}, "adapter": "misfit"},
    "likelihood": {"generation": {"answer": "likelihood"}},
    "choice": {"generation": {"answer": "choice"}},
    "stopped early": {"generation": {"max_new_tokens": 24}, "stopped_early": True},
    "refused": {"generation": {"max_new_tokens": 24}, "refused": True},
    "no room": {"generation": {"max_new_tokens": 24}, "extra": "kv_cache_gib=0.00001"},
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for package in ("torch", "transformers", "peft"):
        pytest.importorskip(package)
    folder = tmp_path_factory.mktemp("vllm")
    tiny = save_causal(folder / "plain", window=WINDOW, heads=2)
    variant(tiny, folder / "model", habits=HABITS)
    adapter = save_adapter(tiny, folder / "adapter")
    (changed(adapter, folder / "templated") / "chat_template.jinja").write_text(CHAT_TEMPLATE)
    changed(adapter, folder / "misfit", with_another_layer)
    return folder


def name(place: Path, family: str, job: dict[str, Any]) -> str:
    adapter = f",peft={place / job['adapter']}" if job.get("adapter") else ""
    own = f",kv_cache_gib=0.1,{job['extra']}" if "extra" in job else ",kv_cache_gib=0.1"
    own = own if family == "vllm" else ",device=cpu"
    if "kv_cache_gib" in job.get("extra", ""):
        own = f",{job['extra']}"
    return f"{family}:{place / 'model'}{adapter}{own}"


def asked_of(job: dict[str, Any]) -> list[Request]:
    found = requests(choices="answer" in job["generation"])
    return found[::-1] if job.get("backwards") else found


@pytest.fixture(scope="module")
def answered(place: Path) -> dict[str, dict[str, Any]]:
    """What ``vllm:`` answers, by job; what it printed stands under "printed"."""
    try:
        python = python_with("vllm", "IMHI_VLLM_PYTHON")
        python_with("imhi", "IMHI_VLLM_PYTHON")
    except NotHere as reason:
        pytest.skip(str(reason))
    told = [
        {
            **job,
            "model": name(place, "vllm", job),
            "requests": [dataclasses.asdict(one) for one in asked_of(job)],
        }
        for job in JOBS.values()
    ]
    (place / "jobs.json").write_text(json.dumps(told))
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT)}
    environment.pop("VLLM_LOGGING_LEVEL", None)
    process = subprocess.run(
        [python, str(SCRIPT), str(place / "jobs.json"), str(place / "answers.json")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr[-3000:]
    found = dict(zip(JOBS, json.loads((place / "answers.json").read_text()), strict=True))
    return {**found, "printed": {"printed": process.stdout + process.stderr}}


def by_hf(place: Path, job: dict[str, Any]) -> dict[str, dict[str, Any]]:
    registry = load_plugins().registry
    context = Context(registry, None, "test", generation=Generation(**job["generation"]))  # type: ignore[arg-type]
    model = ModelSpec.parse(name(place, "hf", job), registry).create(context)
    found = {one.id: dataclasses.asdict(one) for one in model.generate(asked_of(job))}
    model.close()
    return found


FIELDS = ("text", "finish_reason", "prompt_tokens", "completion_tokens", "truncated", "error")


@pytest.mark.parametrize("what", ["greedy", "stop", "adapted", "templated"])
def test_the_answers_are_those_of_hf(place: Path, answered: dict[str, Any], what: str) -> None:
    expected = by_hf(place, JOBS[what])
    found = answered[what]["answers"]
    for id, response in expected.items():
        assert {field: found[id][field] for field in FIELDS} == {
            field: response[field] for field in FIELDS
        }
    reasons = {response["finish_reason"] for response in expected.values()}
    assert reasons == ({"stop"} if what == "stop" else {"stop", "length"})
    assert found["3"]["truncated"]


def test_an_adapter_changes_answers(answered: dict[str, Any]) -> None:
    plain, adapted = answered["greedy"]["answers"], answered["adapted"]["answers"]
    assert [plain[id]["text"] for id in plain] != [adapted[id]["text"] for id in plain]


def test_the_template_of_an_adapter_is_used(answered: dict[str, Any]) -> None:
    adapted, templated = answered["adapted"], answered["templated"]
    assert any(
        "differs from that of its base in: chat template" in one for one in templated["notes"]
    )
    counts = [
        [one["prompt_tokens"] for one in said["answers"].values()] for said in (adapted, templated)
    ]
    assert counts[0] != counts[1]


def test_an_adapter_that_does_not_fit_starts_no_engine(answered: dict[str, Any]) -> None:
    assert "does not fit: 4 of its 12 weights match nothing" in answered["misfit"]["error"]


def test_a_sample_depends_on_its_request_alone(answered: dict[str, Any]) -> None:
    first, again = answered["sampled"]["answers"], answered["sampled again"]["answers"]
    assert {id: one["text"] for id, one in first.items()} == {
        id: one["text"] for id, one in again.items()
    }
    greedy = answered["greedy"]["answers"]
    assert any(not greedy[id]["text"].startswith(first[id]["text"]) for id in greedy)


def test_likelihoods_are_those_of_hf(place: Path, answered: dict[str, Any]) -> None:
    expected = by_hf(place, JOBS["likelihood"])
    found = answered["likelihood"]["answers"]
    for id, response in expected.items():
        assert found[id]["label"] == response["label"]
        assert found[id]["log_likelihoods"] == pytest.approx(response["log_likelihoods"], abs=1e-3)
        assert found[id]["normalised"].keys() == response["normalised"].keys()


def test_choices_are_those_of_hf(place: Path, answered: dict[str, Any]) -> None:
    expected = by_hf(place, JOBS["choice"])
    found = answered["choice"]["answers"]
    chosen = {
        id: (one["label"], one["text"], one["completion_tokens"]) for id, one in found.items()
    }
    assert chosen == {
        id: (one["label"], one["text"], one["completion_tokens"]) for id, one in expected.items()
    }
    assert len({label for label, *_ in chosen.values()}) > 1


def test_who_stops_asking_can_ask_again(answered: dict[str, Any]) -> None:
    answers = answered["stopped early"]["answers"]
    texts = [{id: one["text"] for id, one in answers[time].items()} for time in ("first", "again")]
    assert texts[0] == texts[1]


def test_what_the_engine_refuses_fails_alone(answered: dict[str, Any]) -> None:
    found = answered["refused"]["answers"]
    assert found["good"] and found["also good"]
    assert "empty" in found["bad"] and "longer than" in found["long"]


def test_an_engine_that_does_not_start_is_one_line(answered: dict[str, Any]) -> None:
    error = answered["no room"]["error"]
    assert "the engine does not start" in error and "kv_cache_gib=N" in error
    assert "\n" not in error and len(error) < 700


def test_the_manifest_names_the_engine(answered: dict[str, Any]) -> None:
    described = answered["greedy"]["description"]
    engine = described["engine"]
    assert engine["name"] == "vllm" and engine["version"]
    assert engine["batch_invariant"] is False and engine["prefix_caching"] is True
    assert answered["sampled again"]["description"]["engine"]["max_num_seqs"] == 2
    assert described["dtype"] == "float32" and described["window"] == WINDOW
    assert set(described["unused_generation_defaults"]) == set(HABITS)
    assert "are not used" in " ".join(answered["greedy"]["notes"])


def test_vllm_itself_is_not_heard(answered: dict[str, Any]) -> None:
    assert answered["printed"]["printed"] == ""
