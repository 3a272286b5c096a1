"""What ``hf:`` answers is kept across runs by weights, tokenizer, template, number format and engine;
a run that is all in the cache loads nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imhi._core.answer_cache.keys import model_facts
from imhi._core.checkpoints import answer_facts
from imhi._core.evaluation import evaluate
from imhi._core.plugin_manager import PluginManager
from imhi._core.records import JsonObject, Response
from imhi._core.run_store import list_runs
from imhi.plugins.models.hf import model as hf_model
from tests import tiny_models
from tests.plugins.models.hf.asking import Asker

Ask = Callable[..., list[Response]]


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The models that were loaded, as they come."""
    loaded: list[str] = []

    def load(target: str, arguments: Any) -> Any:
        loaded.append(target)
        return really(target, arguments)

    really = hf_model.load
    monkeypatch.setattr(hf_model, "load", load)
    return loaded


@pytest.fixture
def ask(manager: PluginManager, tmp_path: Path) -> Ask:
    """Run a model on a few demo posts with a cache; return its responses, by the order of ids."""
    outs = iter(range(100))

    def ask(model: str, **settings: Any) -> list[Response]:
        few = {"limit": 4, "max_new_tokens": 6, "labeler": "strict", "metric": "accuracy"}
        out = tmp_path / str(next(outs))
        cache = tmp_path / "cache"
        evaluate(model, datasets="DR", manager=manager, out=out, cache=cache, **{**few, **settings})
        (run,) = list_runs(out)
        return sorted(run.responses("DR"), key=lambda response: response.id)

    return ask


def said(responses: list[Response]) -> list[tuple[object, ...]]:
    return [
        (r.id, r.text, r.label, r.log_likelihoods, r.finish_reason, r.completion_tokens)
        for r in responses
    ]


def test_a_run_that_is_in_the_cache_loads_nothing_wherever_the_weights_lie(
    ask: Ask, loads: list[str], causal: Path, tmp_path: Path
) -> None:
    first = ask(f"hf:{causal}")
    assert len(loads) == 1 and not any(response.cached for response in first)
    moved = shutil.copytree(causal, tmp_path / "moved")
    again = ask(f"hf:{moved},batch_size=1")
    assert len(loads) == 1 and all(response.cached for response in again)
    assert said(again) == said(first)


def test_other_weights_in_the_same_place_are_another_model(
    ask: Ask, loads: list[str], causal: Path, tmp_path: Path
) -> None:
    place = shutil.copytree(causal, tmp_path / "model")
    first = ask(f"hf:{place}")
    shutil.rmtree(place)
    tiny_models.save_causal(place, seed=7)
    other = ask(f"hf:{place}")
    assert len(loads) == 2 and not any(response.cached for response in other)
    assert [r.text for r in other] != [r.text for r in first]


def test_likelihoods_and_drawn_answers_come_back_as_they_were(
    ask: Ask, loads: list[str], causal: Path
) -> None:
    for settings in ({"answer": "likelihood"}, {"temperature": 0.8, "seed": 4}):
        first, again = ask(f"hf:{causal}", **settings), ask(f"hf:{causal}", **settings)
        assert said(again) == said(first) and all(response.cached for response in again)
    assert len(loads) == 2


@pytest.fixture
def facts(known: Any) -> Callable[..., JsonObject | str]:
    asker = Asker(known)

    def facts(name: str, **generation: Any) -> JsonObject | str:
        from imhi._core.context import Context
        from imhi._core.settings import Generation

        source: Any = None
        context = Context(known, source, "test", generation=Generation(**generation))
        return model_facts(asker.spec(name), context)

    return facts


def test_the_key_changes_with_whatever_may_change_an_answer(
    facts: Callable[..., Any], causal: Path, adapter: Path, tmp_path: Path
) -> None:
    plain = facts(f"hf:{causal}")
    for same in ("batch_size=2", "batch_tokens=900", "dtype=float32", "name=Other"):
        assert facts(f"hf:{causal},{same}") == plain, same
    others = [
        facts(f"hf:{causal},{argument}")
        for argument in (
            *("dtype=bfloat16", f"peft={adapter}", "max_length=300"),
            *("chat_template=off", "template.enable_thinking=false", "labels=0:no;1:yes"),
        )
    ]
    template = shutil.copytree(causal, tmp_path / "templated")
    (template / "chat_template.jinja").write_text("{{ messages[0].content }}")
    tokenizer = shutil.copytree(causal, tmp_path / "tokenizer")
    with (tokenizer / "tokenizer_config.json").open("a") as stream:
        stream.write("\n")
    every = [plain, *others, facts(f"hf:{template}"), facts(f"hf:{tokenizer}")]
    assert all(one not in every[:number] for number, one in enumerate(every))


def test_engine_versions_and_our_own_code_are_in_the_key(
    facts: Callable[..., Any], causal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = facts(f"hf:{causal}")
    assert {"torch", "transformers", "tokenizers"} <= before["packages"].keys()
    monkeypatch.setattr(answer_facts, "package_versions", lambda names: {"torch": "99"})
    assert facts(f"hf:{causal}") == {**before, "packages": {"torch": "99"}}
    monkeypatch.setattr(answer_facts, "code_checksum", lambda *modules: f"{modules}")
    code = facts(f"hf:{causal}")["code"]
    assert "imhi.plugins.models.hf" in code and "imhi._core.checkpoints" in code


def test_a_template_that_reads_the_date_makes_other_prompts_tomorrow(
    facts: Callable[..., Any], causal: Path, tmp_path: Path
) -> None:
    dated = shutil.copytree(causal, tmp_path / "dated")
    (dated / "chat_template.jinja").write_text("{{ strftime_now('%d %b %Y') }}")
    assert "today" not in facts(f"hf:{causal}")
    assert len(facts(f"hf:{dated}")["today"]) == len("2026-01-31")
    assert "today" not in facts(f"hf:{dated}", chat_template="off")


def test_code_that_comes_with_a_checkpoint_is_not_known(
    facts: Callable[..., Any], causal: Path
) -> None:
    assert "may come from elsewhere" in facts(f"hf:{causal},trust_remote_code=true")
