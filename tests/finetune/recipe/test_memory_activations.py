"""Activations and logits: computed as autograd keeps them."""

from __future__ import annotations

from typing import Any

import pytest

from imhi.finetune.recipe.memory import (
    TILE,
    activation_bytes,
    estimate,
)
from imhi.finetune.recipe.schema import Recipe
from imhi.finetune.recipe.sizes import size_of
from imhi.finetune.training.answer_loss import summed_loss
from tests.finetune.recipe.small_models import (
    LLAMA_7B,
    a_llama,
    a_recipe,
)

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

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


@pytest.mark.slow
@pytest.mark.parametrize("method", ["full", "lora"])
@pytest.mark.parametrize("rows", [2, 16])
def test_a_loss_of_weighed_tokens_makes_some_logits_at_a_time(method: Any, rows: int) -> None:
    """The loss as it is trained with, on tensors without storage: 16 rows do not fit at once."""
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.distributed._tools.mem_tracker import MemTracker

    config = a_llama(64, 172, 2, 4, 4, 32000)
    recipe = a_recipe(method=method, label_weight=2.0, window=512, device_batch_size=rows)
    computed = estimate(recipe.model_copy(), size_of(config), 1)
    tokens = computed.examples * 512
    assert computed.examples == rows
    with FakeTensorMode():
        width = torch.float32 if method == "full" else torch.bfloat16
        head = torch.nn.Parameter(
            torch.zeros(32000, 64, dtype=width), requires_grad=method == "full"
        )
        states = torch.zeros(tokens, 64, requires_grad=True)
        labels, each = torch.zeros(tokens, dtype=torch.long), torch.ones(tokens)
        tracker = MemTracker()
        tracker.track_external(head, states, labels, each)
        held = sum(one.numel() * one.element_size() for one in (head, states, labels, each))
        with tracker, torch.autocast("cpu", torch.bfloat16):
            summed_loss(states, head, None, labels, each)
        traced = tracker.get_tracker_snapshot("peak")[torch.device("cpu")]["Total"] - held
    assert computed["logits"] == pytest.approx(traced, rel=0.1)


def test_encoder_decoders_need_all_logits() -> None:
    each = 3 * 4 * LLAMA_7B.vocabulary
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
