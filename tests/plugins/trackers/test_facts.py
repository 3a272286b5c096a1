"""What a tracker may be told: settings and numbers, and nothing that is somebody's."""

from __future__ import annotations

import dataclasses

import pytest

from imhi.plugins.trackers import facts
from imhi.runs import Manifest

MANIFEST = Manifest(
    run="a-run",
    model="hf:/home/me/models/mine",
    model_identity={
        "scheme": "openai",
        "target": "/home/me/models/mine",
        "arguments": {
            "base_url": "https://me:hidden-login@host.example/v1",
            "api_key": "hidden-key",
            "extra_body": {"note": "hidden-body"},
            "max_tokens": 5,
        },
    },
    source="official:/data/hidden-place",
    split="test",
    datasets={"DR": 3},
    content_checksums={"DR": "abc"},
    generation={"system": "hidden-prompt", "temperature": 0.0, "stop": ["\n\n"]},
    environment={"packages": {"imhi-harness": "0.1.0"}},
)


def test_settings_are_told_by_their_names() -> None:
    told = facts.run_parameters(MANIFEST)
    assert told["source"] == "official:..." and told["split"] == "test"
    assert (told["examples.DR"], told["content.DR"]) == ("3", "abc")
    assert told["harness_version"] == "0.1.0"
    assert told["identity.arguments.max_tokens"] == "5"
    assert told["generation.temperature"] == "0.0"


def test_no_prompt_key_login_or_place_is_told() -> None:
    told = facts.run_parameters(MANIFEST)
    assert "hidden" not in str(told) and "/home" not in str(told)
    assert told["identity.target"] == "mine" and told["model"] == "hf:mine"
    assert told["identity.arguments.base_url"] == "https://host.example/v1"
    assert len(told["generation.system"]) == 16, (
        "by its checksum: whether it is the same can be seen"
    )


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("hf:/home/me/base,peft=/home/me/tuned", "hf:base,peft=tuned"),
        ("hf:org/base,peft=~/tuned,dtype=float32", "hf:org/base,peft=tuned,dtype=float32"),
        ("gguf:../models/tiny.gguf", "gguf:tiny.gguf"),
        (r"hf:C:\\models\\mine", "hf:mine"),
        ("openai:m,base_url=http://host:8000/v1", "openai:m,base_url=http://host:8000/v1"),
        ("/home/me/models/mine", "mine"),
    ],
)
def test_of_every_path_in_a_model_s_name_the_last_part_is_told(model: str, told: str) -> None:
    named = dataclasses.replace(MANIFEST, model=model)
    assert facts.run_parameters(named)["model"] == told


def test_a_recipe_is_told_without_its_prose() -> None:
    recipe = {
        "name": "r",
        "notes": ["long"],
        "data": {"system": "hidden", "window": 5, "source": "official:data/me/imhi"},
        "kind": "causal",
    }
    told = facts.training_parameters("r/model", recipe)
    assert told["data.window"] == "5" and told["kind"] == "causal"
    assert told["data.source"] == "official:..."
    assert "hidden" not in str(told) and "notes" not in told


def test_names_are_such_that_every_tracker_takes_them() -> None:
    assert facts.tracked_name("DR/f1[yes]/low") == "DR/f1.yes/low"
    assert facts.tracked_name("DR/what (of it)?") == "DR/what_of_it_"
