"""What one GPU must hold to train a recipe, or a machine without one: computed from sizes, nothing is
loaded.

All figures are bytes per GPU at the peak of an update, rather too many than too few. The constants
of a layer were read off what autograd keeps, and tests compare them, and the whole, with traces of
real models. They are those of LLaMA; those of BERT are lower; encoder-decoders, which also look
across and bend more, get twice as much. (Korthikanti et al. 2022, arXiv 2205.05198, 4.1, count 34
bytes per token and hidden unit for a GPT layer kept in 16 bit throughout.)

Not counted: keys and values while answers are generated for validation (activations are gone then),
and fragmentation, for which :func:`smallest` leaves room.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from imhi import HarnessError
from imhi.finetune.recipe.sizes import adapter_parameters, linear_parameters, matrices
from imhi.finetune.training.answer_loss import LOGITS_AT_ONCE

if TYPE_CHECKING:
    from imhi.finetune.recipe.schema import Recipe, Size, Training

Amount = tuple[float, str]  # bytes, and the formula with its figures

GIB = 2**30
# An allowance, not a measurement: CUDA context, cuBLAS workspaces, NCCL buffers.
OVERHEAD = 3 * GIB // 2
# An allowance too, of what was resident beyond the parts computed (Gemma 3 270M with LoRA, four rows of
# 384 tokens, torch 2.13): Python with its packages, and what the allocator keeps of batches of other lengths.
CPU_OVERHEAD = 7 * GIB // 2
HEADROOM = 0.1
# nf4 with constants quantized as well: 4 + 8/64 + 32/(64 x 256) bits (QLoRA, arXiv 2305.14314, 3).
NF4 = (4 + 8 / 64 + 32 / (64 * 256)) / 8
# Tokens, and words of the vocabulary, that TRL's add_fused_lm_head projects at a time:
# trl.kernels.chunked_logprob.TOKEN_CHUNK_SIZE, trl.trainer.utils._CHUNKED_LOGPROB_CHUNK_SIZE.
TILE = (4096, 32768)
# Parameters, by DeepSpeed's defaults (deepspeed/runtime/zero/config.py): reduce_bucket_size and
# allgather_bucket_size; stage3_max_live_parameters.
BUCKET, LIVE = 500_000_000, 1_000_000_000


@dataclass(frozen=True)
class Part:
    """``bytes`` on each GPU, and the ``formula`` they come from, with its figures."""

    name: str
    bytes: int
    formula: str


@dataclass(frozen=True)
class MemoryEstimate:
    """``gpus``: 0 is a CPU. ``examples`` is how many rows are held at a time, by each GPU."""

    gpus: int
    examples: int
    parts: tuple[Part, ...]

    def __getitem__(self, name: str) -> int:
        return next(part.bytes for part in self.parts if part.name == name)

    @property
    def total(self) -> int:
        """Bytes on each GPU, or of the machine's memory."""
        return sum(part.bytes for part in self.parts)

    def lines(self) -> list[tuple[str, str, str]]:
        """Return rows (part, formula, GiB), the total last."""
        rows = [(part.name, part.formula, f"{part.bytes / GIB:.2f}") for part in self.parts]
        where = f"per GPU, with {self.gpus}" if self.gpus else "of the machine's memory"
        return [*rows, ("total", where, f"{self.total / GIB:.2f}")]


def estimate(recipe: Recipe, size: Size, gpus: int) -> MemoryEstimate:
    """Return what each of ``gpus`` GPUs holds under the recipe's ``hardware.strategy``; 0: what the
    machine's memory does without one (``single``).

    Trained weights are float32 with float32 gradients; under DeepSpeed 16 bit with gradients of
    16 bit and a float32 copy beside the moments (ZeRO, arXiv 1910.02054, 3.1): 16 bytes per parameter
    with AdamW either way. ZeRO-2 shards gradients and optimizer, ZeRO-3 and FSDP the weights too,
    save those of 4 bit. (TRL keeps adapters on a 4-bit base in bfloat16: half of what is counted.)

    Raises:
        HarnessError: ``single`` on several GPUs, a batch size that cannot be shared, or a target
            of LoRA whose size is not known.
    """
    training, strategy = recipe.training, recipe.hardware.strategy
    if strategy == "single" and gpus > 1:
        raise HarnessError(
            f"hardware.strategy: found single for {gpus} GPUs, expected ddp, fsdp, deepspeed-zero2 or "
            "deepspeed-zero3; write --set hardware.strategy=fsdp"
        )
    examples, trained = examples_per_gpu(training, max(1, gpus)), _trained(recipe, size)
    weight_shards = gpus if strategy in ("fsdp", "deepspeed-zero3") else 1
    shards = gpus if strategy == "deepspeed-zero2" else weight_shards
    # Bytes of a trained weight, and of its gradient.
    width = _low(recipe) if strategy.startswith("deepspeed") else 4
    moments, each = _moments(recipe, size, trained)
    if width == 2:
        moments, each = moments + 4 * trained, f"({each} + 4 B)"
    weights = trained * width / weight_shards, f"{_n(trained)} x {width} B{_over(weight_shards)}"
    # A frozen base is 16 bit, save on a CPU that does not compute in bfloat16.
    frozen = 4 if gpus == 0 and training.precision != "bfloat16" else 2
    full = recipe.method.name == "full"
    tokens = examples * max(recipe.data.window, _answer_window(recipe))
    activations = _activations(recipe, size, tokens)
    logits = _logits(recipe, size, examples, tokens, gpus)
    working = _working(recipe, size, gpus)
    # torch's AdamW works on all tensors at once (not on FSDP's), with room for one more copy of
    # them; activations, logits and working copies are gone by then.
    room = 4 * trained / shards if training.optimizer == "adamw_torch" and strategy != "fsdp" else 0
    update = max(0, room - activations[0] - logits[0] - working[0])
    amounts = {
        "weights": weights if full else _base(recipe, size, weight_shards, frozen),
        "adapter": (0, "all weights are trained") if full else weights,
        "gradients": (trained * width / shards, f"{_n(trained)} x {width} B{_over(shards)}"),
        "optimizer": (moments / shards, f"{_n(trained)} x {each}{_over(shards)}"),
        "activations": activations,
        "logits": logits,
        "working copies": working,
        "update": (update, "AdamW's temporary copy (4 B), beyond the three above"),
        "overhead": (OVERHEAD, "CUDA context, cuBLAS, NCCL: an allowance")
        if gpus
        else (CPU_OVERHEAD, "Python, packages, what the allocator keeps: an allowance"),
    }
    parts = (Part(name, round(amount), text) for name, (amount, text) in amounts.items())
    return MemoryEstimate(gpus, examples, tuple(parts))


def smallest(recipe: Recipe, size: Size, gpu_memory_gb: float) -> int | None:
    """Return the fewest GPUs (1, 2, 4 ... 64; ``single``: 1) of ``gpu_memory_gb`` the recipe fits on
    with a tenth left free, None if it fits on none. A maker's GB of GPU memory is 2**30 bytes."""
    room = (1 - HEADROOM) * gpu_memory_gb * GIB
    for gpus in (1,) if recipe.hardware.strategy == "single" else (1, 2, 4, 8, 16, 32, 64):
        shared = recipe.training.batch_size % gpus == 0
        if shared and estimate(recipe, size, gpus).total <= room:
            return gpus
    return None


def examples_per_gpu(training: Training, gpus: int) -> int:
    """Return how many rows one GPU holds at a time: the largest divisor of its share of
    ``batch_size`` that ``device_batch_size`` allows.

    Raises:
        HarnessError: ``batch_size`` cannot be shared evenly.
    """
    if gpus < 1 or training.batch_size % gpus:
        raise HarnessError(
            f"training.batch_size: found {training.batch_size} for {gpus} GPUs, expected a multiple "
            "of the number of GPUs, which is 1 or more"
        )
    share = training.batch_size // gpus
    return max(n for n in range(1, min(share, training.device_batch_size) + 1) if share % n == 0)


def activation_bytes(recipe: Recipe, size: Size) -> tuple[float, int]:
    """Return bytes per token and hidden unit that (a whole layer, its input alone) keeps for the
    backward pass: norms + inputs of matrices + query, key, value, result + MLP."""
    method, exact = recipe.method.name, recipe.training.precision == "float32"
    # Under FSDP and DeepSpeed the weights computed with are 16 bit; else they are float32, and
    # autocast casts the input of every matrix anew.
    cast = recipe.hardware.strategy in ("single", "ddp") and not exact
    inner, groups = size.intermediate_size / size.hidden_size, size.key_value_heads / size.heads
    width = _low(recipe)
    attention = width * (2 + 2 * groups)
    if method != "full":
        # Frozen matrices keep no input; each adapter keeps a cast of its own, and a mask of one byte
        # for dropout. Layers of 4 bit give float32 back where the embeddings are float32.
        layer = 8 + width * (6 + inner) + attention + (12 if method == "qlora" else 6) * inner
        layer += (6 + inner) * (recipe.method.dropout > 0)
    else:
        norms, inputs = (16 if exact or cast else 12), (5 if cast else 2)
        layer = norms + width * inputs + attention + 4 * width * inner
    if recipe.training.attention == "eager":  # shares in float32, and once more as they are used
        layer += (4 + width) * size.heads * recipe.data.window / size.hidden_size
    kept = 4 if exact or method == "qlora" or (method == "full" and cast) else 2
    return layer * (2 if recipe.kind == "seq2seq" else 1), kept


def _low(recipe: Recipe) -> int:
    """Return the bytes of a number that is computed with."""
    return 4 if recipe.training.precision == "float32" else 2


def _answer_window(recipe: Recipe) -> int:
    return recipe.data.answer_window if recipe.kind == "seq2seq" else 0


def _trained(recipe: Recipe, size: Size) -> int:
    full = recipe.method.name == "full"
    return round(size.parameters) if full else adapter_parameters(recipe, size)


def _base(recipe: Recipe, size: Size, shards: int, width: int) -> Amount:
    """Return bytes of a frozen base: ``width`` for each parameter, or 4 bit; there
    peft.prepare_model_for_kbit_training makes float32 of everything else."""
    everything, linear = round(size.parameters), linear_parameters(size)
    if recipe.method.name == "lora":
        text = f"{_n(everything)} x {width} B{_over(shards)}, frozen"
        return width * everything / shards, text
    rest = everything - linear
    text = f"{_n(linear)} x {NF4 * 8:.3f} bit + {_n(rest)} x 4 B, frozen"
    return linear * NF4 + 4 * rest, text


def _moments(recipe: Recipe, size: Size, trained: int) -> Amount:
    """Return bytes of what the optimizer keeps, and its text per weight: two float32 moments, save
    for names with ``8bit`` and ``adafactor``."""
    name, full = recipe.training.optimizer, recipe.method.name == "full"
    if "8bit" in name:  # transformers keeps those of embeddings in float32
        embeddings = size.vocabulary * size.hidden_size * full
        return 2 * trained + 6 * embeddings, "2 B (embeddings 8 B)"
    if "adafactor" in name:
        edges = size.layers * sum(sum(shape) for shape in matrices(size).values())
        return 4 * (edges + 2 * (size.vocabulary + size.hidden_size)), "4 B per row and column"
    return 8 * trained, "8 B"


def _activations(recipe: Recipe, size: Size, tokens: int) -> Amount:
    """Return bytes kept for the backward pass: of all layers, or with checkpointing the input of
    each and one layer that is computed again."""
    layer, kept = activation_bytes(recipe, size)
    unit, text = tokens * size.hidden_size, f"{_n(tokens)} tokens x {size.hidden_size}"
    if recipe.training.gradient_checkpointing:
        amount = unit * (kept * size.layers + layer)
        return amount, f"{text} x ({kept} B x {size.layers} + {layer:.1f} B)"
    return unit * layer * size.layers, f"{text} x {layer:.1f} B x {size.layers}"


def _logits(recipe: Recipe, size: Size, examples: int, tokens: int, gpus: int) -> Amount:
    """Return bytes of the projection onto the vocabulary and of the loss. All tokens of a causal
    model are counted, though only the answer's are projected."""
    low, vocabulary, hidden = _low(recipe), size.vocabulary, size.hidden_size
    if recipe.kind == "classifier":
        return 0, "one row of classes per example"
    if recipe.kind == "seq2seq":
        # At the peak: log-probabilities, their gradient and that of the logits, in float32.
        rows = examples * _answer_window(recipe)
        return 12 * rows * vocabulary, f"{_n(rows)} tokens x {vocabulary} x 3 x 4 B"
    if recipe.training.label_weight != 1 or gpus == 0:  # TRL's own kernel runs on GPUs alone
        return _weighed(recipe, size, tokens)
    tile = low * min(tokens, TILE[0]) * TILE[1]
    head = low * min(vocabulary, TILE[1]) * hidden
    head += 4 * vocabulary * hidden * (recipe.method.name == "full")
    states = (4 + low) * tokens * hidden
    text = f"tile {tile / GIB:.2f} + head {head / GIB:.2f} + states {states / GIB:.2f} GiB"
    return tile + head + states, text


def _weighed(recipe: Recipe, size: Size, tokens: int) -> Amount:
    """Return bytes of a loss whose tokens are weighed: some logits at a time, in float32 and as they
    are computed with, states and their gradient; of a head that is trained its gradient, what is
    added to it, and the head as it is computed with."""
    low, head = _low(recipe), size.vocabulary * size.hidden_size * (recipe.method.name == "full")
    logits = (4 + low) * min(LOGITS_AT_ONCE, tokens * size.vocabulary)
    head *= 4 + low * (2 if low < 4 else 1)
    states = (4 + low) * tokens * size.hidden_size
    text = f"at a time {logits / GIB:.2f} + head {head / GIB:.2f} + states {states / GIB:.2f} GiB"
    return logits + head + states, text


def _working(recipe: Recipe, size: Size, gpus: int) -> Amount:
    """Return bytes of copies that stand beside the weights while a batch is computed."""
    low, strategy, full = _low(recipe), recipe.hardware.strategy, recipe.method.name == "full"
    trained = _trained(recipe, size)
    if strategy == "fsdp":  # two layers (one is fetched ahead), embeddings and head
        units = 2 * linear_parameters(size) / size.layers + 2 * size.vocabulary * size.hidden_size
        each = low * (1 + full)  # and their gradients
        return each * units, f"gathered at a time: {_n(units)} x {each} B"
    if strategy.startswith("deepspeed"):
        bucket = gathered = min(trained, BUCKET)
        if strategy == "deepspeed-zero3":
            frozen = round(size.parameters) * (recipe.method.name == "lora")
            gathered = min(trained + frozen, LIVE)
        text = f"gathered {_n(gathered)} x {low} B + to be reduced {_n(bucket)} x {low} B"
        return low * (gathered + bucket), text
    cast = 2 * (linear_parameters(size) if full else trained) * (low == 2)
    buckets = (
        4 * trained * (gpus > 1)
    )  # a second copy of the gradients: gradient_as_bucket_view off
    text = f"autocast's copies {cast / GIB:.2f} + DDP's buckets {buckets / GIB:.2f} GiB"
    return cast + buckets, text


def _over(shards: int) -> str:
    return f" / {shards}" if shards > 1 else ""


def _n(count: float) -> str:
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= unit:
            return f"{count / unit:.3g} {name}"
    return f"{count:.3g}"
