"""What a recipe needs of a GPU: the computed figures against models that are really built, trained
for a step, or traced on tensors without storage."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from imhi._core.errors import HarnessError
from imhi.finetune.recipe.memory import (
    CPU_OVERHEAD,
    GIB,
    HEADROOM,
    OVERHEAD,
    estimate,
    examples_per_gpu,
    smallest,
)
from imhi.finetune.recipe.schema import Size, Training
from imhi.finetune.recipe.sizes import size_of
from tests.conftest import Imhi
from tests.finetune.recipe.small_models import (
    LLAMA_7B,
    LLAMA_13B,
    SHARDED,
    SMALL,
    a_llama,
    a_recipe,
)

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

# --- weights, gradients, optimizer ---------------------------------------------------------------


def held_after_a_step(model: Any) -> dict[str, int]:
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained)
    ids = torch.zeros(1, 4, dtype=torch.long)
    model(input_ids=ids, labels=ids).loss.backward()
    optimizer.step()

    def size(tensors: Any) -> int:
        return sum(tensor.numel() * tensor.element_size() for tensor in tensors)

    states = [v for state in optimizer.state.values() for v in state.values()]
    return {
        "weights": size(p for p in model.parameters() if not p.requires_grad) or size(trained),
        "adapter": size(trained) if len(trained) < len(list(model.parameters())) else 0,
        "gradients": size(p.grad for p in trained),
        "optimizer": size(states),
    }


@pytest.mark.parametrize("method", ["full", "lora"])
def test_weights_gradients_and_optimizer_are_what_a_real_step_leaves(method: Any) -> None:
    model = transformers.LlamaForCausalLM(SMALL)
    if method == "lora":
        peft = pytest.importorskip("peft")
        config = peft.LoraConfig(r=16, target_modules="all-linear", task_type="CAUSAL_LM")
        model = peft.get_peft_model(model.to(torch.bfloat16), config)
    computed = estimate(a_recipe(method=method), size_of(SMALL), 1)
    for part, measured in held_after_a_step(model).items():
        assert computed[part] == pytest.approx(measured, rel=0.01), part


def test_a_base_of_4_bit_is_what_bitsandbytes_makes_of_it(tmp_path: Any) -> None:
    peft = pytest.importorskip("peft")
    pytest.importorskip("bitsandbytes")
    config = a_llama(512, 1408, 2, 4, 4, 1000)
    transformers.LlamaForCausalLM(config).save_pretrained(tmp_path)
    four_bit = transformers.BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True
    )
    model = transformers.AutoModelForCausalLM.from_pretrained(
        tmp_path, quantization_config=four_bit, dtype=torch.bfloat16
    )
    held = 0
    for parameter in peft.prepare_model_for_kbit_training(model).parameters():
        constants = getattr(parameter, "quant_state", None)
        found = [parameter]
        if constants is not None:
            found += [constants.absmax, constants.state2.absmax]
        held += sum(tensor.numel() * tensor.element_size() for tensor in found)
    computed = estimate(a_recipe(method="qlora"), size_of(config), 1)
    assert computed["weights"] == pytest.approx(held, rel=0.01)


@pytest.mark.parametrize("strategy", ["single", *SHARDED])
def test_full_training_on_one_gpu_takes_16_bytes_per_parameter(strategy: str) -> None:
    computed = estimate(a_recipe(strategy), LLAMA_7B, 1)
    held = computed["weights"] + computed["gradients"] + computed["optimizer"]
    assert held == 16 * LLAMA_7B.parameters


@pytest.mark.parametrize(
    ("strategy", "weights", "rest"),
    [("ddp", 1, 1), ("deepspeed-zero2", 1, 8), ("deepspeed-zero3", 8, 8), ("fsdp", 8, 8)],
)
@pytest.mark.parametrize("method", ["full", "lora"])
def test_sharding_divides_what_it_says(strategy: str, weights: int, rest: int, method: str) -> None:
    one, eight = (estimate(a_recipe(strategy, method=method), LLAMA_13B, n) for n in (1, 8))
    for part, shards in (
        ("weights", weights),
        ("adapter", weights),
        ("gradients", rest),
        ("optimizer", rest),
    ):
        assert eight[part] == pytest.approx(one[part] / shards, abs=1), part


def test_4_bit_weights_are_not_sharded() -> None:
    one, eight = (estimate(a_recipe("fsdp", method="qlora"), LLAMA_7B, n) for n in (1, 8))
    assert one["weights"] == eight["weights"]


def test_8_bit_moments_take_a_quarter_save_those_of_embeddings() -> None:
    usual = estimate(a_recipe(), LLAMA_7B, 1)["optimizer"]
    small = estimate(a_recipe(optimizer="adamw_8bit"), LLAMA_7B, 1)["optimizer"]
    assert small - 6 * 32000 * 4096 == usual // 4
    rows = estimate(a_recipe(optimizer="adafactor"), LLAMA_7B, 1)["optimizer"]
    assert rows < usual / 500


# --- the whole -----------------------------------------------------------------------------------


def test_the_total_is_the_sum_and_every_part_says_how_it_comes_about() -> None:
    computed = estimate(a_recipe("fsdp"), LLAMA_7B, 8)
    *parts, total = computed.lines()
    assert [row[0] for row in parts][:4] == ["weights", "adapter", "gradients", "optimizer"]
    assert all(text for _, text, _ in parts)
    assert sum(float(amount) for *_, amount in parts) == pytest.approx(float(total[2]), abs=0.05)
    assert ("weights", "6.74 G x 4 B / 8", "3.14") in parts
    assert computed["overhead"] == OVERHEAD


@pytest.mark.parametrize("method", ["full", "lora", "qlora"])
@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("gpus", [2, 8])
@pytest.mark.parametrize("size", [LLAMA_7B, LLAMA_13B])
def test_whoever_shards_more_needs_no_more(
    method: str, checkpointing: bool, gpus: int, size: Size
) -> None:
    ddp, zero2, zero3 = (
        estimate(a_recipe(s, method=method, gradient_checkpointing=checkpointing), size, gpus).total
        for s in ("ddp", "deepspeed-zero2", "deepspeed-zero3")
    )
    assert zero3 <= zero2 <= ddp


@pytest.mark.parametrize("strategy", ["ddp", *SHARDED])
@pytest.mark.parametrize("method", ["full", "lora", "qlora"])
def test_more_rows_longer_rows_and_bigger_models_need_more(strategy: str, method: str) -> None:
    def total(size: Size = LLAMA_7B, gpus: int = 8, **fields: Any) -> int:
        return estimate(a_recipe(strategy, method=method, **fields), size, gpus).total

    assert total(device_batch_size=2) < total(device_batch_size=4) < total(device_batch_size=8)
    assert total(window=512) < total(window=1024) < total(window=2048)
    assert total(LLAMA_7B) < total(LLAMA_13B)
    assert total(gradient_checkpointing=True) < total(gradient_checkpointing=False)
    assert total(gpus=64) <= total(gpus=8) <= total(gpus=2)


def test_adapters_need_less_and_4_bit_less_again() -> None:
    full, lora, qlora = (
        estimate(a_recipe(method=m, gradient_checkpointing=True), LLAMA_7B, 1).total
        for m in ("full", "lora", "qlora")
    )
    assert qlora < lora < full / 4


def test_rows_at_a_time_divide_the_share_of_each_gpu() -> None:
    training = Training(batch_size=24, device_batch_size=8)
    assert [examples_per_gpu(training, gpus) for gpus in (1, 2, 4, 8)] == [8, 6, 6, 3]
    with pytest.raises(HarnessError, match=r"training.batch_size: found 24 for 16 GPUs"):
        examples_per_gpu(training, 16)
    with pytest.raises(HarnessError, match="1 or more"):
        examples_per_gpu(training, 0)


def test_one_gpu_is_not_several() -> None:
    with pytest.raises(HarnessError, match=r"hardware.strategy: found single for 8 GPUs.*fsdp"):
        estimate(a_recipe("single"), LLAMA_7B, 8)


# --- without a GPU --------------------------------------------------------------------------------


def test_a_cpu_holds_a_frozen_base_in_the_numbers_it_computes_in() -> None:
    half, exact = (
        estimate(a_recipe(method="lora", precision=precision), LLAMA_7B, 0)
        for precision in ("bfloat16", "float32")
    )
    assert half["weights"] == 2 * LLAMA_7B.parameters
    assert exact["weights"] == 4 * LLAMA_7B.parameters
    assert half["overhead"] == CPU_OVERHEAD


@pytest.mark.parametrize(
    ("recipe", "said"),
    [("minilm", "memory, computed (on a CPU)"), ("gemma-3-270m", "without a GPU: ")],
)
def test_a_plan_says_what_a_machine_without_gpus_needs(
    imhi_here: Imhi, recipe: str, said: str
) -> None:
    shown = imhi_here("finetune", recipe, "--dry-run", "--dataset", "DR")
    assert said in shown.out + shown.err


def test_a_plan_is_made_where_torch_is_not_installed(
    imhi_here: Imhi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imhi.finetune.commands.plan.find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "torch", None)
    for recipe in ("gemma-3-270m", "minilm"):
        shown = imhi_here("finetune", recipe, "--dry-run", "--dataset", "DR")
        assert (shown.code, "total" in shown.out) == (0, True), shown.err
        assert "without a GPU" not in shown.out + shown.err


def test_a_plan_looks_for_the_base(imhi_here: Imhi, tmp_path: Path) -> None:
    base = f"base.model={tmp_path / 'nowhere'}"
    refused = imhi_here("finetune", "minilm", "--dry-run", "--dataset", "DR", "--set", base)
    assert refused.code == 2 and "there is no such folder" in refused.complaint


# --- how many GPUs -------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", SHARDED)
def test_the_smallest_number_of_gpus_fits_and_half_of_it_does_not(strategy: str) -> None:
    recipe = a_recipe(strategy, gradient_checkpointing=True)
    gpus = smallest(recipe, LLAMA_13B, 80)
    assert gpus is not None and gpus > 1
    room = (1 - HEADROOM) * 80 * GIB
    assert estimate(recipe, LLAMA_13B, gpus).total <= room
    assert estimate(recipe, LLAMA_13B, gpus // 2).total > room


def test_what_no_number_of_gpus_helps_has_none() -> None:
    assert smallest(a_recipe("ddp"), LLAMA_7B, 80) is None  # 108 GB of states on each
    assert smallest(a_recipe("single"), LLAMA_7B, 80) is None
    assert smallest(a_recipe("single", method="qlora", device_batch_size=1), LLAMA_7B, 24) == 1


def test_numbers_of_gpus_that_do_not_share_the_batch_are_left_out() -> None:
    def gpus(batch_size: int) -> int | None:
        recipe = a_recipe("fsdp", batch_size=batch_size, gradient_checkpointing=True)
        return smallest(recipe, LLAMA_13B, 40)

    assert (gpus(64), gpus(24), gpus(4)) == (8, 8, None)
