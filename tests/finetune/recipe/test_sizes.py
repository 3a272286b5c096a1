"""What a model measures: parameters, matrices, adapters, against real models."""

from __future__ import annotations

from typing import Any

import pytest

from imhi._core.errors import HarnessError
from imhi.finetune.recipe.memory import (
    estimate,
)
from imhi.finetune.recipe.sizes import adapter_parameters, size_of
from tests.finetune.recipe.small_models import (
    LLAMA_7B,
    SMALL,
    a_llama,
    a_recipe,
    built_on_meta,
    numbers,
)

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("config", "published"),
    [
        (a_llama(4096, 11008, 32, 32, 32, 32000), 6_738_415_616),  # LLaMA-2 7B
        (a_llama(5120, 13824, 40, 40, 40, 32000), 13_015_864_320),  # LLaMA-2 13B
        (a_llama(4096, 14336, 32, 32, 8, 128256), 8_030_261_248),  # Llama 3 8B: grouped keys
    ],
)
def test_parameters_of_llamas_are_computed_exactly(config: Any, published: int) -> None:
    assert size_of(config).parameters == published == numbers(built_on_meta(config).parameters())


@pytest.mark.parametrize(
    "change",
    [
        {"tie_word_embeddings": True},
        {"attention_bias": True},
        {"mlp_bias": True},
        {"head_dim": 32},
    ],
)
def test_parameters_of_llamas_with_other_matrices_are_exact_too(change: dict[str, Any]) -> None:
    config = transformers.LlamaConfig(**{**SMALL.to_diff_dict(), **change})
    assert size_of(config).parameters == numbers(built_on_meta(config).parameters())
    assert size_of(config).parameters != size_of(SMALL).parameters


@pytest.mark.parametrize(
    ("config", "published", "layers", "inner"),
    [
        (transformers.BertConfig(), 109_483_778, 12, 3072),  # bert-base-uncased, two classes
        (transformers.T5Config(), 60_506_624, 12, 2048),  # t5-small
        (transformers.BartConfig(), 406_291_456, 24, 4096),  # bart-large
        (transformers.GPT2Config(), 124_439_808, 12, 3072),  # gpt2
    ],
)
def test_other_architectures_are_built_without_memory_and_counted(
    config: Any, published: int, layers: int, inner: int
) -> None:
    size = size_of(config)
    assert (size.parameters, size.layers, size.intermediate_size) == (published, layers, inner)


def test_the_measures_are_those_of_the_configuration() -> None:
    assert size_of(SMALL).model_dump(exclude={"parameters"}) == {
        "layers": 2,
        "hidden_size": 256,
        "intermediate_size": 688,
        "heads": 4,
        "key_value_heads": 2,
        "head_size": None,
        "vocabulary": 1000,
        "source": "configuration of llama",
    }


def test_a_configuration_without_a_measure_is_named() -> None:
    config = transformers.MambaConfig(num_hidden_layers=1, hidden_size=8, vocab_size=8)
    with pytest.raises(HarnessError, match=r"configuration of mamba: no num_attention_heads.*base"):
        size_of(config)


# --- what is trained -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "targets", ["all-linear", ("q_proj", "v_proj"), ("k_proj",), ("mlp.down_proj", "gate_proj")]
)
def test_adapters_have_as_many_weights_as_peft_gives_them(targets: Any) -> None:
    peft = pytest.importorskip("peft")
    named = targets if targets == "all-linear" else list(targets)
    config = peft.LoraConfig(r=8, target_modules=named, task_type="CAUSAL_LM")
    trained, _ = peft.get_peft_model(built_on_meta(SMALL), config).get_nb_trainable_parameters()
    recipe = a_recipe(method="lora", rank=8, targets=targets)
    assert adapter_parameters(recipe, size_of(SMALL)) == trained


def test_heads_that_are_wider_than_their_share_count() -> None:
    # As in Gemma 3 270M, whose four heads of 256 read a width of 640.
    peft = pytest.importorskip("peft")
    gemma = transformers.Gemma3TextConfig(
        vocab_size=300, hidden_size=40, intermediate_size=80, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=1, head_dim=16,
    )  # fmt: skip
    assert size_of(gemma).head_size == 16
    config = peft.LoraConfig(r=8, target_modules="all-linear", task_type="CAUSAL_LM")
    trained, _ = peft.get_peft_model(built_on_meta(gemma), config).get_nb_trainable_parameters()
    assert adapter_parameters(a_recipe(method="lora", rank=8), size_of(gemma)) == trained


def test_an_adapter_of_7b_is_the_published_size() -> None:
    # 0.6 % of the weights: rank 16 on all seven matrices of 32 layers.
    assert adapter_parameters(a_recipe(method="lora", rank=16), LLAMA_7B) == 39_976_960


def test_a_target_of_unknown_size_is_refused() -> None:
    with pytest.raises(HarnessError, match=r"method.targets: found c_attn, .* q_proj"):
        estimate(a_recipe(method="lora", targets=("c_attn", "q_proj")), LLAMA_7B, 1)
