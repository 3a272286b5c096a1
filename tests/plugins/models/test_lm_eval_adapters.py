"""``lm-eval:hf,peft=``: an adapter that does not fit is refused before lm-eval loads it, which would not
say so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from imhi import Context, Generation, HarnessError, ModelSpec, Request
from imhi._core.fingerprints import prompt_hash
from imhi._core.registry import Registry
from imhi.plugins.models import hf, lm_eval_backend
from tests import tiny_models
from tests.adapter_variants import changed, save_lora, with_another_layer

for package in ("torch", "transformers", "peft", "lm_eval"):
    pytest.importorskip(package, reason="lm-eval:hf needs the extras [hf] and [lm-eval]")


@pytest.fixture(scope="module")
def causal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.save_causal(tmp_path_factory.mktemp("base") / "causal")


@pytest.fixture(scope="module")
def adapter(causal: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.save_adapter(causal, tmp_path_factory.mktemp("adapter") / "lora")


def answers(model: str) -> tuple[list[str], list[str]]:
    """Return the answers to two prompts, and the notes of the run."""
    registry = Registry()
    for module in (hf, lm_eval_backend):
        for family in module.imhi_models():
            registry.add(family, module.__name__)
    context = Context(registry, None, "test", generation=Generation(max_new_tokens=8))
    prompts = ("I slept well.", "Nobody calls me any more.")
    asked = [Request(p, "DR", p, prompt_hash("", p), p, "?", system="") for p in prompts]
    opened = ModelSpec.parse(model, registry).create(context)
    told = {response.id: response.text or "" for response in opened.generate(asked)}
    return [told[prompt] for prompt in prompts], list(context.report.notes)


def test_an_adapter_that_fits_answers_as_it_does_through_hf(causal: Path, adapter: Path) -> None:
    through, notes = answers(f"lm-eval:hf,pretrained={causal},peft={adapter}")
    assert through == answers(f"hf:{causal},peft={adapter}")[0]
    assert through != answers(f"lm-eval:hf,pretrained={causal}")[0]
    assert not [note for note in notes if "adapter" in note]


def _moved(held: dict[str, object]) -> dict[str, object]:
    return {name.replace("base_model.model.", "base_model."): held[name] for name in held}


@pytest.mark.parametrize(
    ("tensors", "said"),
    [(_moved, "8 of its 8 weights match nothing"), (with_another_layer, "4 of its 12 weights")],
    ids=["keys that match nothing", "four layers on two"],
)
def test_one_that_does_not_fit_is_refused(
    causal: Path, adapter: Path, tmp_path: Path, tensors: Callable[..., object], said: str
) -> None:
    broken = changed(adapter, tmp_path / "broken", tensors)  # type: ignore[arg-type]
    with pytest.raises(HarnessError, match=f"the adapter {broken} does not fit: .*{said}") as no:
        answers(f"lm-eval:hf,pretrained={causal},peft={broken}")
    assert "\n" not in str(no.value)


def test_one_of_another_base_of_the_same_shape_is_refused(adapter: Path, tmp_path: Path) -> None:
    other = tiny_models.save_causal(tmp_path / "other", seed=1)
    with pytest.raises(HarnessError, match="was trained on another base"):
        answers(f"lm-eval:hf,pretrained={other},peft={adapter}")


def test_a_tokenizer_of_its_own_must_be_named(causal: Path, tmp_path: Path) -> None:
    own = save_lora(causal, tmp_path / "own")
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(causal)
    tokenizer.chat_template = tiny_models.CHAT_TEMPLATE
    tokenizer.save_pretrained(own)
    model = f"lm-eval:hf,pretrained={causal},peft={own}"
    with pytest.raises(HarnessError, match=rf"in: chat template; .*write tokenizer={own} as well"):
        answers(model)
    assert all(answers(f"{model},tokenizer={own}")[0])
