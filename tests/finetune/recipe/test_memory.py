"""What a recipe needs of a GPU: the computed figures against models that are really built, trained
for a step, or traced on tensors without storage."""

from __future__ import annotations

from typing import Any

import pytest

from finetune.recipe.memory import (
    GIB,
    HEADROOM,
    OVERHEAD,
    TILE,
    activation_bytes,
    estimate,
    examples_per_gpu,
    smallest,
)
from finetune.recipe.schema import Base, Data, Hardware, Kind, Method, Recipe, Size, Training
from finetune.recipe.sizes import adapter_parameters, size_of
from harness.errors import HarnessError

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

SHARDED = ("fsdp", "deepspeed-zero2", "deepspeed-zero3")


def a_recipe(
    strategy: Any = "single", kind: Kind = "causal", window: int = 512, **fields: Any
) -> Recipe:
    """A recipe whose ``method`` is a name and whose other ``fields`` are those of its training."""
    data = {name: fields.pop(name) for name in ("answer_window",) if name in fields}
    method = {
        "name" if name == "method" else name: fields.pop(name)
        for name in ("method", "rank", "targets", "dropout")
        if name in fields
    }
    return Recipe(
        name="a-recipe",
        summary="to be measured",
        kind=kind,
        base=Base(model="a-model"),
        data=Data(window=window, **data),
        method=Method(**method),
        training=Training(**{"batch_size": 64, "device_batch_size": 4, **fields}),
        hardware=Hardware(strategy=strategy),
    )


def a_llama(hidden: int, inner: int, layers: int, heads: int, shared: int, words: int) -> Any:
    return transformers.LlamaConfig(
        hidden_size=hidden,
        intermediate_size=inner,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=shared,
        vocab_size=words,
    )


LLAMA_7B = size_of(a_llama(4096, 11008, 32, 32, 32, 32000))
LLAMA_13B = size_of(a_llama(5120, 13824, 40, 40, 40, 32000))
SMALL = a_llama(256, 688, 2, 4, 2, 1000)


def built_on_meta(config: Any) -> Any:
    with torch.device("meta"):
        return transformers.AutoModelForCausalLM.from_config(config)


def numbers(parameters: Any) -> int:
    return sum(parameter.numel() for parameter in parameters)


# --- sizes ---------------------------------------------------------------------------------------


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


def test_an_adapter_of_7b_is_the_published_size() -> None:
    # 0.6 % of the weights: rank 16 on all seven matrices of 32 layers.
    assert adapter_parameters(a_recipe(method="lora", rank=16), LLAMA_7B) == 39_976_960


def test_a_target_of_unknown_size_is_refused() -> None:
    with pytest.raises(HarnessError, match=r"method.targets: found c_attn, .* q_proj"):
        estimate(a_recipe(method="lora", targets=("c_attn", "q_proj")), LLAMA_7B, 1)


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


# --- activations, logits -------------------------------------------------------------------------

EXAMPLES, WINDOW, HIDDEN, INNER = 3, 128, 256, 688


def kept_by_autograd(run: Any, model: Any, autocast: bool) -> int:
    """Bytes of all that the backward pass will need, weights and their 16-bit copies apart."""
    weights = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    shapes = {tuple(p.shape) for p in model.parameters()}
    shapes |= {shape[::-1] for shape in shapes}
    kept: dict[int, int] = {}
    alive = []

    def keep(tensor: Any) -> Any:
        place = tensor.untyped_storage()
        if place.data_ptr() not in weights and tuple(tensor.shape) not in shapes:
            kept[place.data_ptr()] = place.nbytes()
            alive.append(tensor)  # so that no other tensor takes its place
        return tensor

    with (
        torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
        torch.autocast("cpu", torch.bfloat16, enabled=autocast),
    ):
        run(model)
    return sum(kept.values())


def per_layer(build: Any, run: Any, autocast: bool = True) -> float:
    """Bytes per token and hidden unit that a third layer adds to what two keep."""
    three, two = (kept_by_autograd(run, build(layers), autocast) for layers in (3, 2))
    return (three - two) / (EXAMPLES * WINDOW * HIDDEN)


def ids() -> Any:
    return torch.zeros(EXAMPLES, WINDOW, dtype=torch.long)


@pytest.mark.parametrize(
    ("recipe", "shared"),
    [
        (a_recipe(window=WINDOW), 2),
        (a_recipe(window=WINDOW), 1),
        (a_recipe(window=WINDOW, attention="eager"), 2),
        (a_recipe(window=WINDOW, precision="float32"), 2),
        (a_recipe("fsdp", window=WINDOW), 1),
        (a_recipe("deepspeed-zero2", window=WINDOW), 2),
        (a_recipe(window=WINDOW, method="lora", dropout=0.0), 2),
    ],
    ids=lambda value: (
        f"{value.method.name}-{value.hardware.strategy}-{value.training.attention}"
        f"-{value.training.precision}"
        if isinstance(value, Recipe)
        else f"{value}-shared"
    ),
)
def test_a_llama_layer_keeps_what_is_computed(recipe: Recipe, shared: int) -> None:
    config = a_llama(HIDDEN, INNER, 2, 2, shared, 50)
    config._attn_implementation = recipe.training.attention.replace("auto", "sdpa")

    def build(layers: int) -> Any:
        config.num_hidden_layers = layers
        model = transformers.LlamaModel(config).train()
        if recipe.method.name == "full" and recipe.hardware.strategy == "single":
            return model
        model = model.to(torch.bfloat16)
        if recipe.method.name == "full":
            return model
        peft = pytest.importorskip("peft")
        return peft.get_peft_model(
            model, peft.LoraConfig(r=2, target_modules="all-linear", lora_dropout=0.0)
        )

    def run(model: Any) -> None:
        model(input_ids=ids(), use_cache=False)

    computed, _ = activation_bytes(recipe, size_of(config))
    measured = per_layer(build, run, autocast=recipe.training.precision != "float32")
    assert computed == pytest.approx(measured, rel=0.02)


@pytest.mark.slow
def test_a_layer_of_4_bit_with_adapters_keeps_what_is_computed(tmp_path: Any) -> None:
    peft = pytest.importorskip("peft")
    pytest.importorskip("bitsandbytes")
    four_bit = transformers.BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16
    )

    def build(layers: int) -> Any:
        config = a_llama(HIDDEN, INNER, layers, 2, 2, 50)
        transformers.LlamaForCausalLM(config).save_pretrained(tmp_path / str(layers))
        model = transformers.AutoModelForCausalLM.from_pretrained(
            tmp_path / str(layers), quantization_config=four_bit, dtype=torch.bfloat16
        )
        model = peft.prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
        return peft.get_peft_model(
            model, peft.LoraConfig(r=2, target_modules="all-linear", lora_dropout=0.0)
        ).train()

    def run(model: Any) -> None:
        model.get_base_model().model(input_ids=ids(), use_cache=False)

    recipe = a_recipe(window=WINDOW, method="qlora", dropout=0.0)
    computed, kept = activation_bytes(recipe, size_of(a_llama(HIDDEN, INNER, 2, 2, 2, 50)))
    assert computed == pytest.approx(per_layer(build, run), rel=0.02)
    assert kept == 4


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["bert", "t5", "t5-gated", "bart"])
def test_layers_of_other_architectures_keep_no_more(kind: str) -> None:
    common = {"num_attention_heads": 2, "vocab_size": 50}
    half = {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "vocab_size": 50}
    none = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}

    def config_of(layers: int) -> Any:
        if kind == "bert":
            return transformers.BertConfig(
                hidden_size=HIDDEN,
                intermediate_size=4 * HIDDEN,
                num_hidden_layers=layers,
                **common,
                **none,
            )
        if kind == "bart":
            return transformers.BartConfig(
                d_model=HIDDEN,
                encoder_layers=layers,
                decoder_layers=layers,
                encoder_ffn_dim=4 * HIDDEN,
                decoder_ffn_dim=4 * HIDDEN,
                dropout=0.0,
                **half,
            )
        gated = kind == "t5-gated"
        return transformers.T5Config(
            d_model=HIDDEN,
            d_kv=HIDDEN // 2,
            d_ff=INNER if gated else 4 * HIDDEN,
            num_heads=2,
            num_layers=layers,
            num_decoder_layers=layers,
            feed_forward_proj="gated-gelu" if gated else "relu",
            dropout_rate=0.0,
            vocab_size=50,
        )

    def run(model: Any) -> None:
        more = {} if kind == "bert" else {"decoder_input_ids": ids(), "use_cache": False}
        model(input_ids=ids(), **more)

    def build(layers: int) -> Any:
        return transformers.AutoModel.from_config(config_of(layers)).train()

    recipe = a_recipe(kind="classifier" if kind == "bert" else "seq2seq", window=WINDOW)
    size = size_of(config_of(2))
    computed, _ = activation_bytes(recipe, size)
    layers_at_once = 1 if kind == "bert" else 2  # one of each half
    measured = per_layer(build, run) / layers_at_once
    assert computed / 3 < measured < computed


@pytest.mark.slow
@pytest.mark.parametrize("checkpointing", [False, True])
def test_the_peak_is_what_torch_traces(checkpointing: bool) -> None:
    """Two updates of two accumulated batches, on tensors that have shapes and no storage. The loss
    here is made of hidden states, so that the head is not used: it gets no gradient, no moments."""
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.distributed._tools.mem_tracker import MemTracker

    recipe = a_recipe(window=512, gradient_checkpointing=checkpointing)
    config = a_llama(1024, 2752, 4, 8, 8, 8000)
    computed = estimate(recipe, size_of(config), 1)
    with FakeTensorMode():
        model = transformers.LlamaForCausalLM(config).train()
        if checkpointing:
            model.gradient_checkpointing_enable({"use_reentrant": False})
        optimizer = torch.optim.AdamW(model.parameters(), foreach=False)
        tracker = MemTracker()
        tracker.track_external(model, optimizer)
        with tracker:
            for _ in range(2):
                for _ in range(2):
                    with torch.autocast("cpu", torch.bfloat16):
                        tokens = torch.zeros(computed.examples, 512, dtype=torch.long)
                        states = model.model(input_ids=tokens, use_cache=False).last_hidden_state
                    states.float().sum().backward()
                    tracker.reset_mod_stats()
                optimizer.step()
                optimizer.zero_grad()
        traced = tracker.get_tracker_snapshot("peak")[torch.device("cpu")]["Total"]
    head = 12 * 8000 * 1024
    expected = computed.total - computed["logits"] - computed["overhead"] - head
    assert expected == pytest.approx(traced, rel=0.05)


def test_checkpointing_keeps_one_state_per_layer_and_one_layer() -> None:
    kept, all_kept = (
        estimate(a_recipe("fsdp", gradient_checkpointing=on), LLAMA_7B, 8) for on in (True, False)
    )
    unit = 4 * 512 * 4096
    layer = all_kept["activations"] / unit / 32
    assert kept["activations"] == pytest.approx(unit * (2 * 32 + layer))
    assert kept["activations"] < all_kept["activations"] / 10


def test_the_head_of_causal_models_works_in_the_tiles_of_trl() -> None:
    pytest.importorskip("trl")
    from trl.kernels.chunked_logprob import TOKEN_CHUNK_SIZE
    from trl.trainer.utils import _CHUNKED_LOGPROB_CHUNK_SIZE

    assert TILE == (TOKEN_CHUNK_SIZE, _CHUNKED_LOGPROB_CHUNK_SIZE)


def test_logits_of_causal_models_hardly_grow_with_tokens() -> None:
    few, many = (
        estimate(a_recipe("fsdp", window=2048, device_batch_size=n), LLAMA_7B, 8) for n in (2, 8)
    )
    all_logits = 4 * 8 * 2048 * LLAMA_7B.vocabulary
    assert many["logits"] < all_logits
    assert many["logits"] - few["logits"] == 6 * 6 * 2048 * 4096  # the states alone


def test_weighed_tokens_and_encoder_decoders_need_all_logits() -> None:
    each = 3 * 4 * LLAMA_7B.vocabulary
    weighed = estimate(a_recipe(label_weight=2.0), LLAMA_7B, 1)
    assert weighed["logits"] == each * 4 * 512
    written = estimate(a_recipe(kind="seq2seq", answer_window=100), LLAMA_7B, 1)
    assert written["logits"] == each * 4 * 100
    assert estimate(a_recipe(kind="classifier"), LLAMA_7B, 1)["logits"] == 0


@pytest.mark.slow
def test_the_loss_over_all_logits_holds_three_copies_of_them() -> None:
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.distributed._tools.mem_tracker import MemTracker

    recipe = a_recipe(kind="seq2seq", window=32, answer_window=512)
    with FakeTensorMode():
        config = transformers.T5Config(
            d_model=64, d_ff=64, num_layers=1, num_heads=2, d_kv=32, decoder_start_token_id=0
        )
        model = transformers.T5ForConditionalGeneration(config).train()
        tracker = MemTracker()
        tracker.track_external(model)
        with tracker, torch.autocast("cpu", torch.bfloat16):
            read, written = (torch.zeros(4, n, dtype=torch.long) for n in (32, 512))
            model(input_ids=read, labels=written).loss.backward()
        traced = tracker.get_tracker_snapshot("peak")[torch.device("cpu")]["Total"]
        computed = estimate(recipe, size_of(config), 1)["logits"]
    assert computed == pytest.approx(traced, rel=0.1)


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
