"""How much faster ``bartscore`` is than the published way, on real explanations.

Both score the same pairs (real answers as source, official references as target) with the same
model in the same process, in turns. The published way is that of neulab/BARTScore's BARTScorer:
batches of 4 in file order, each side tokenized per batch and padded to its longest, the model's own
loss and a log-softmax over all padded logits, one number fetched at a time. Weights are random (speed
does not depend on them); the tokenizer is a byte-level BPE trained on the explanations, the model's
vocabulary that of BART (50,265), as the projection onto it is most of a small model's work.

Peak memory is that of a process of its own, for some rows and for ten times as many. Run from the
project's root, with both folders beside the project, on a machine that does nothing else::

    python benchmarks/bartscore.py [--size small|base] [--rows 400] [--rounds 3] [--json]
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from imhi._core.answer_format import explanation_of  # noqa: E402
from imhi.plugins.metrics.neural.bartscore.likelihood import Likelihood  # noqa: E402

# d_model, layers of encoder and of decoder, heads, and the ratio expected at least.
SIZES = {"small": (256, 4, 4, 2.5), "base": (768, 6, 12, 1.25)}
VOCABULARY = 50_265
TOKENIZER = 16_000
WINDOW = 1_024
USEFUL = 0.92
Pairs = list[tuple[str, str]]


def real_pairs(imhi: Path, outputs: Path) -> Pairs:
    """Return (explanation in the answer, reference explanation), models and files one by one."""
    pairs = []
    for model in sorted(path for path in outputs.iterdir() if path.is_dir()):
        for file in sorted(model.glob("*.csv")):
            gold = imhi / "test_data" / "test_instruction" / file.name
            for reference, answer in zip(
                _column(gold, "gpt-3.5-turbo"), _column(file, "generated_text"), strict=True
            ):
                pair = explanation_of(answer), explanation_of(reference)
                if pair[0].strip() and pair[1].strip():
                    pairs.append(pair)
    return pairs


def _column(path: Path, name: str) -> list[str]:
    with path.open(encoding="utf-8", newline="") as stream:
        return [row[name] for row in csv.DictReader(stream)]


def sample(pairs: Pairs, rows: int, seed: int = 0) -> Pairs:
    """Return distinct pairs drawn at random, in file order."""
    distinct = list(dict.fromkeys(pairs))
    if rows > len(distinct):
        sys.exit(f"--rows {rows}: there are {len(distinct)} distinct pairs of real explanations")
    chosen = random.Random(seed).sample(range(len(distinct)), rows)
    return [distinct[index] for index in sorted(chosen)]


def make_tokenizer(texts: Sequence[str]) -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=TOKENIZER,
        special_tokens=["<s>", "<pad>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator(texts, trainer)
    core.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=core, bos_token="<s>", pad_token="<pad>", eos_token="</s>"
    )


def make_model(size: str) -> Any:
    import torch
    from transformers import BartConfig, BartForConditionalGeneration

    width, layers, heads, _ = SIZES[size]
    torch.manual_seed(0)
    config = BartConfig(
        vocab_size=VOCABULARY,
        d_model=width,
        encoder_layers=layers,
        decoder_layers=layers,
        encoder_attention_heads=heads,
        decoder_attention_heads=heads,
        encoder_ffn_dim=4 * width,
        decoder_ffn_dim=4 * width,
        max_position_embeddings=WINDOW,
    )
    return BartForConditionalGeneration(config).eval()


def published(model: Any, tokenizer: Any, pairs: Pairs) -> tuple[list[float], dict[str, float]]:
    """Return scores, and the share of tokens that are no padding, of the published way."""
    import torch

    softmax = torch.nn.LogSoftmax(dim=1)
    loss_of = torch.nn.NLLLoss(reduction="none", ignore_index=model.config.pad_token_id)
    scores: list[float] = []
    real = {"source": 0, "target": 0}
    computed = {"source": 0, "target": 0}
    for start in range(0, len(pairs), 4):
        batch = pairs[start : start + 4]
        with torch.no_grad():
            sides = {
                name: tokenizer(
                    list(texts),
                    max_length=WINDOW,
                    truncation=True,
                    padding=True,
                    return_tensors="pt",
                )
                for name, texts in zip(("source", "target"), zip(*batch, strict=True), strict=True)
            }
            labels, lengths = sides["target"]["input_ids"], sides["target"]["attention_mask"].sum(1)
            found = model(
                input_ids=sides["source"]["input_ids"],
                attention_mask=sides["source"]["attention_mask"],
                labels=labels,
            )
            flat = softmax(found.logits.view(-1, model.config.vocab_size))
            losses = loss_of(flat, labels.view(-1)).view(len(batch), -1).sum(dim=1) / lengths
            scores += [-loss.item() for loss in losses]
        for name, side in sides.items():
            real[name] += int(side["attention_mask"].sum())
            computed[name] += side["input_ids"].numel()
    return scores, {name: real[name] / computed[name] for name in real}


def harness_way(
    model: Any, tokenizer: Any, pairs: Pairs, budget: int | None
) -> tuple[list[float], dict[str, float]]:
    """Return the same of the metric's own computation."""
    likelihood = Likelihood(model, tokenizer, "cpu", WINDOW, budget)
    found = dict(likelihood.score(pairs))
    tokens = likelihood.tokens
    return [found[index].value for index in range(len(pairs))], {
        "source": tokens.encoded_real / tokens.encoded,
        "source in the decoder": tokens.attended_real / tokens.attended,
        "target": tokens.target_real / tokens.target,
    }


def compare(options: argparse.Namespace, all_pairs: Pairs) -> dict[str, Any]:
    """Run both ways in turns; return seconds, their ratio, useful shares, biggest difference."""
    pairs = sample(all_pairs, options.rows)
    tokenizer = make_tokenizer([text for pair in all_pairs[:20_000] for text in pair])
    model = make_model(options.size)
    seconds: dict[str, list[float]] = {"published": [], "harness": []}
    # The first use of a model is slower; neither way is to pay for it.
    published(model, tokenizer, pairs[:4])
    harness_way(model, tokenizer, pairs[:4], options.batch_tokens)
    for _ in range(options.rounds):
        started = time.perf_counter()
        slow, slow_useful = published(model, tokenizer, pairs)
        seconds["published"].append(time.perf_counter() - started)
        started = time.perf_counter()
        fast, fast_useful = harness_way(model, tokenizer, pairs, options.batch_tokens)
        seconds["harness"].append(time.perf_counter() - started)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    return {
        "size": options.size,
        "rows": len(pairs),
        "seconds": seconds,
        "ratio": medians["published"] / medians["harness"],
        "ratio_of_each_round": [
            slow_time / fast_time
            for slow_time, fast_time in zip(seconds["published"], seconds["harness"], strict=True)
        ],
        "useful": {"published": slow_useful, "harness": fast_useful},
        "largest_difference": max(abs(a - b) for a, b in zip(slow, fast, strict=True)),
    }


def peak_memory(options: argparse.Namespace, rows: int) -> float:
    """Return the peak resident memory, in MB, of a process that scores ``rows`` pairs."""
    command = [sys.executable, __file__, "--peak", str(rows), "--size", options.size]
    command += ["--imhi", str(options.imhi), "--outputs", str(options.outputs)]
    if options.batch_tokens:
        command += ["--batch-tokens", str(options.batch_tokens)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ})
    return float(done.stdout)


def print_peak(options: argparse.Namespace, all_pairs: Pairs) -> None:
    pairs = sample(all_pairs, options.peak)
    tokenizer = make_tokenizer([text for pair in all_pairs[:20_000] for text in pair])
    harness_way(make_model(options.size), tokenizer, pairs, options.batch_tokens)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(peak / (1024**2 if sys.platform == "darwin" else 1024))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch-tokens", type=int)
    parser.add_argument("--memory-rows", type=int, default=60, help="0: memory is not measured")
    parser.add_argument("--imhi", type=Path, default=ROOT.parent / "shared" / "imhi")
    parser.add_argument("--outputs", type=Path, default=ROOT.parent / "shared" / "model_outputs")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--peak", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    all_pairs = real_pairs(options.imhi, options.outputs)
    if options.peak:
        print_peak(options, all_pairs)
        return
    import torch

    result = compare(options, all_pairs)
    result["threads"] = torch.get_num_threads()
    if options.memory_rows:
        result["peak_mb"] = {
            rows: peak_memory(options, rows)
            for rows in (options.memory_rows, 10 * options.memory_rows)
        }
    if options.json:
        print(json.dumps(result, indent=1))
        return
    wanted = SIZES[options.size][3]
    print(f"{options.size} BART, {result['rows']} pairs, {result['threads']} threads")
    for name, values in result["seconds"].items():
        useful = ", ".join(f"{k} {v:.1%}" for k, v in result["useful"][name].items())
        times = " ".join(f"{value:.1f}" for value in values)
        print(f"  {name:10} {statistics.median(values):7.1f} s  ({times})  useful tokens: {useful}")
    each = " ".join(f"{ratio:.2f}" for ratio in result["ratio_of_each_round"])
    print(f"  ratio {result['ratio']:.2f} (rounds: {each}; expected at least {wanted})")
    print(f"  useful tokens expected at least {USEFUL:.0%} on each side")
    print(f"  largest difference between the two {result['largest_difference']:.1e}")
    if options.memory_rows:
        peaks = ", ".join(f"{mb:.0f} MB at {rows} rows" for rows, mb in result["peak_mb"].items())
        print(f"  peak memory: {peaks}")


if __name__ == "__main__":
    main()
