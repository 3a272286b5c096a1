"""Compared runs say in what they differ besides their models: what may change the answers of an engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from imhi._core.comparing.engine_facts import about_engines, engine_differences
from imhi._core.run_store.manifest import Manifest
from imhi._core.run_store.repeat_record import RepeatCheck, Share
from tests.conftest import Imhi


def run(scheme: str = "hf", target: str = "m", **details: Any) -> Manifest:
    """A manifest as far as it is looked at."""
    kept = {
        name: details.pop(name)
        for name in ("generation", "seed", "repeat_check")
        if name in details
    }
    identity = {"scheme": scheme, "target": target}
    return Manifest(
        run="r", model=target, datasets={}, model_identity=identity, model_details=details, **kept
    )


def said(*manifests: Manifest) -> list[str]:
    names = [f"run {number}" for number, _ in enumerate(manifests)]
    return about_engines(engine_differences(names, manifests))


def test_settings_of_an_engine_are_named_with_their_values() -> None:
    one = run(dtype="float32", concurrency=1, device="cpu")
    other = run(dtype="bfloat16", concurrency=16, device="cpu")
    assert said(one, other) == [
        "the runs differ in: dtype (float32; bfloat16), concurrency (1; 16)"
    ]
    assert said(one, one) == []


def test_what_one_run_alone_tells_is_no_difference() -> None:
    """An API says nothing of its dtype; that is no other dtype."""
    assert said(run(dtype="float32"), run("openai", served_models=["m-2"])) == []


def test_engines_are_told_with_their_versions() -> None:
    vllm = run("openai", engine={"name": "vllm", "version": "0.32.0"})
    local = run(engine={"name": "transformers", "version": "5.23.0", "torch": "2.13.0"})
    assert said(vllm, local) == [
        "the runs differ in: engine (vllm 0.32.0; transformers 5.23.0, torch 2.13.0)"
    ]


def test_what_belongs_to_a_model_differs_only_between_runs_of_that_model() -> None:
    def served(target: str, model: str) -> Manifest:
        return run("openai", target, served_models=[model], chat_template=model)

    assert said(served("a", "a-1"), served("b", "b-1")) == []
    assert said(served("a", "a-1"), served("a", "a-2"), served("b", "b-1")) == [
        "the runs differ in: served model (a-1; a-2; b-1), chat template (a-1; a-2; b-1)"
    ]


def test_adapted_parameters_are_not_taken_for_the_number_of_weights() -> None:
    assert said(run(parameters=7_000_000_000), run(parameters=13_000_000_000)) == []
    kept = run("openai", parameters={"token_limit": "max_tokens", "left_out": []})
    lost = run("openai", parameters={"token_limit": "max_tokens", "left_out": ["temperature"]})
    assert said(kept, lost) == [
        "the runs differ in: parameters (token_limit max_tokens; token_limit max_tokens, left_out "
        "temperature)"
    ]


def test_variables_of_a_template_are_none_where_a_model_of_the_family_has_none() -> None:
    usual = run(chat_template="x")
    without = run(chat_template="x", template_variables={"enable_thinking": False})
    assert said(usual, without) == [
        "the runs differ in: template variables (none; enable_thinking false)"
    ]
    assert said(run("baseline"), without) == [], "a baseline has no template"


def test_a_vote_differs_from_single_answers_of_any_family() -> None:
    single = run(generation={"temperature": 0.7})
    for family in ("hf", "openai"):
        voted = run(family, generation={"temperature": 0.7, "samples": 5})
        assert said(voted, single) == ["the runs differ in: samples (5; 1)"]


def test_repeat_checks_are_compared_where_both_made_one() -> None:
    def checked(equal: int) -> Manifest:
        check = RepeatCheck(20, "x", False, Share(20, 20), Share(equal, 20), Share(20, 20))
        return run(repeat_check=check)

    assert said(run(), checked(18)) == []
    assert said(checked(20), checked(18)) == [
        "the runs differ in: repeat check (20 of 20 alone again, 20 of 20 in flight; 20 of 20 alone "
        "again, 18 of 20 in flight)"
    ]


def test_ten_runs_that_differ_in_everything_make_one_short_paragraph() -> None:
    runs = [
        run(
            engine={"name": f"engine{n}", "version": "1." * 30},
            dtype=("float32", "bfloat16")[n % 2],
            device=f"a device with a rather long name of its own, number {n}",
            concurrency=n,
            batch_size=n,
            batch_tokens=n,
            attention=("eager", "sdpa", "flash")[n % 3],
            served_models=[f"model-{n}"],
            system_fingerprints=[f"fp_{n}"],
            parameters={"left_out": [f"p{n}"]},
            template_variables={"effort": n},
            chat_template=f"{n}",
            generation={"temperature": n / 10, "top_p": 1 - n / 10, "max_new_tokens": n},
            seed=n,
        )
        for n in range(10)
    ]
    (sentence,) = said(*runs)
    assert len(sentence) < 7 * 80
    assert "dtype (float32; bfloat16), device (10 values)" in sentence
    assert "seed" in sentence


def test_compare_says_it_below_the_table_and_in_json(imhi_here: Imhi) -> None:
    words = ["run", "-d", "DR", "--json", "-m", "baseline:majority", "-m", "baseline:tfidf"]
    runs = imhi_here(*words).json["run"]
    assert "the runs differ in" not in imhi_here("compare", *runs).out
    for folder, dtype in zip(runs, ("float32", "bfloat16"), strict=True):
        path = Path(folder) / "manifest.json"
        manifest = json.loads(path.read_text())
        manifest["model_details"] |= {"dtype": dtype}
        path.write_text(json.dumps(manifest))
    assert "the runs differ in: dtype (float32; bfloat16)" in imhi_here("compare", *runs).out
    found = imhi_here("compare", *runs, "--json").json
    (difference,) = found["engine_differences"]
    assert difference["name"] == "dtype"
    assert list(difference["values"].items()) == list(
        zip(found["names"], ("float32", "bfloat16"), strict=True)
    )
