"""BERTScore against ``bert_score``: same model, same machine, same run, on real explanations.

Both sides score the same pairs (gold explanations of the official test files, real answers of
language models) with a BERT built here: random weights, so that nothing is downloaded, and a
WordPiece tokenizer trained on the texts. Times are without loading the model, on both sides:
``bert_score`` runs as a ``BERTScorer`` that has loaded it, in one call at its default batch size of
64; ours has loaded it too, writes embeddings of references to the disk for the first model and
reads them for the second. Rounds are interleaved, medians are given, with the CPU time beside
the time (where something else runs on the machine, the former is the better guide). Peak memory is that of a
process of its own at n and at 10n rows (with layer 1). Run from the project's root::

    python benchmarks/bertscore.py [--rows 96] [--rounds 3] [--size base] [--json FILE]
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from imhi._core.answer_format import explanation_of  # noqa: E402
from imhi._core.context import Context  # noqa: E402
from imhi._core.plugin_manager import load_plugins  # noqa: E402
from imhi._core.row_files import TableRow, read_table  # noqa: E402
from imhi._core.sources import open_source  # noqa: E402
from imhi.checkpoints import quiet  # noqa: E402
from imhi.plugins.metrics.neural.bertscore import METRIC, create  # noqa: E402


@dataclass(frozen=True)
class Size:
    """Shape of the encoder, and the layer that is used."""

    layers: int
    width: int
    heads: int
    layer: int


# bert-score takes layer 9 of bert-base-uncased.
SIZES = {"base": Size(12, 768, 12, 9), "small": Size(4, 256, 4, 4)}
BATCH_SIZE = 64  # of bert_score, its default


def real_pairs(context: Context, folder: Path, rows: int) -> list[tuple[str, str]]:
    """Return pairs (reference, candidate) of one model, in file order, the datasets in turn.

    Pairs with an empty side are left out: ``bert_score`` stops at them.
    """
    columns = []
    for path in sorted(folder.glob("*.csv")):
        answers = read_table(path, ("goldens", "generated_text"))
        texts = [row.cells["generated_text"] for row in answers if isinstance(row, TableRow)]
        examples = context.examples(context.dataset(path.stem).name, "test")
        columns.append(
            [
                (example.explanation.strip(), explanation_of(text).strip())
                for example, text in zip(examples, texts, strict=True)
            ]
        )
    mixed = chain.from_iterable(zip_longest(*columns, fillvalue=("", "")))
    return [pair for pair in mixed if all(pair)][:rows]


def build_model(folder: Path, size: Size, texts: Sequence[str]) -> Path:
    """Save an encoder with random weights and a tokenizer trained on the texts."""
    import torch
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    words = BertWordPieceTokenizer()
    words.train_from_iterator(texts, vocab_size=30_522, show_progress=False)
    folder.mkdir(parents=True)
    words.save_model(str(folder))
    tokenizer = BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=512)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=30_522,
        hidden_size=size.width,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        intermediate_size=4 * size.width,
    )
    with quiet():
        BertModel(config).save_pretrained(folder)
    return folder


def settings(model: Path, size: Size, **more: Any) -> dict[str, Any]:
    defaults = {argument.name: argument.default for argument in METRIC.arguments}
    return {**defaults, "model": str(model), "layer": size.layer, "device": "cpu", **more}


def their_scorer(model: Path, size: Size) -> Any:
    from bert_score import BERTScorer

    return BERTScorer(model_type=str(model), num_layers=size.layer, device="cpu")


def their_scores(scorer: Any, pairs: Sequence[tuple[str, str]]) -> Any:
    """Return precision, recall, F1: shape (3, pairs)."""
    import torch

    references, candidates = zip(*pairs, strict=True)
    return torch.stack(scorer.score(list(candidates), list(references), batch_size=BATCH_SIZE))


def our_scores(metric: Any, pairs: Sequence[tuple[str, str]], context: Context) -> Any:
    """Return precision, recall, F1: shape (3, pairs)."""
    import torch

    found = metric.score(pairs, context, "benchmark")
    return torch.tensor([found[pair].scores for pair in pairs]).T


def compare(given: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Return times, equality and useful tokens."""
    context = surroundings(given.imhi)
    size = SIZES[given.size]
    names = [p.name for p in sorted(given.outputs.iterdir()) if p.is_dir()]
    answers = [real_pairs(context, given.outputs / name, 10**9) for name in names[:2]]
    # The same rows of both models, so that the references are the same.
    shared = {reference for reference, _ in answers[0]} & {r for r, _ in answers[1]}
    first, second = ([p for p in pairs if p[0] in shared][: given.rows] for pairs in answers)
    references = {r for r, _ in first}
    second = [pair for pair in answers[1] if pair[0] in references][: given.rows]
    model = build_model(folder, size, [text for pair in answers[0] + answers[1] for text in pair])
    theirs = their_scorer(model, size)
    times: dict[str, list[tuple[float, float]]] = {}
    largest = 0.0
    useful = []
    for _ in range(given.rounds):
        ours = create(settings(model, size, batch_tokens=given.batch_tokens))
        ours.ready()
        for which, pairs in (("first", first), ("later", second)):
            context = surroundings(given.imhi)  # of another run: nothing is kept
            sides = {
                "bert_score": functools.partial(their_scores, theirs, pairs),
                "ours": functools.partial(our_scores, ours, pairs, context),
            }
            found = {}
            for side, work in sides.items():
                wall, cpu = time.perf_counter(), time.process_time()
                found[side] = work()
                spent = time.perf_counter() - wall, time.process_time() - cpu
                times.setdefault(f"{side}, {which} model", []).append(spent)
                print(
                    f"{side}, {which} model: {spent[0]:.1f} s ({spent[1]:.1f} s of CPU)",
                    file=sys.stderr,
                )
            largest = max(largest, float((found["ours"] - found["bert_score"]).abs().max()))
        useful.append(ours.encoder.encoded / ours.encoder.computed)
        ours.close()
    speed = {}
    for kind, column in (("time", 0), ("CPU time", 1)):
        for which in ("first", "later"):
            medians = [
                statistics.median(spent[column] for spent in times[f"{side}, {which} model"])
                for side in ("bert_score", "ours")
            ]
            speed[f"{which} model, {kind}"] = medians[0] / medians[1]
    return {
        "rows": [len(first), len(second)],
        "models": names[:2],
        "size": given.size,
        "seconds": times,
        "speed-up": speed,
        "largest difference": largest,
        "useful tokens": min(useful),
    }


def surroundings(imhi: Path) -> Context:
    registry = load_plugins().registry
    return Context(registry, open_source(f"official:{imhi}", registry)[1], "test")


def peak_memory(side: str, given: argparse.Namespace, model: Path, rows: int) -> float:
    """Return the peak memory (MB) of a process of its own that scores so many rows."""
    options = {"measure": side, "model": model, "rows": rows, "size": given.size}
    options |= {"imhi": given.imhi, "outputs": given.outputs}
    words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    done = subprocess.run(
        [sys.executable, __file__, *words],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.splitlines()[-1])


def measure(given: argparse.Namespace) -> None:
    """Score once and print this process's peak memory in MB.

    Layer 1 is used: rows and what is computed on them take the same memory with every layer, and
    ten times the rows are done in reasonable time.
    """
    context = surroundings(given.imhi)
    size = dataclasses.replace(SIZES[given.size], layer=1)
    folders = [path for path in sorted(given.outputs.iterdir()) if path.is_dir()]
    pairs = real_pairs(context, folders[0], given.rows)
    if given.measure == "ours":
        metric = create(settings(given.model, size))
        our_scores(metric, pairs, context)
        metric.close()
    else:
        their_scores(their_scorer(given.model, size), pairs)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(peak / (1024 if sys.platform != "darwin" else 1024**2))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=96, help="pairs of each of two models")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", choices=SIZES, default="base")
    parser.add_argument("--batch-tokens", type=int, help="instead of the default")
    parser.add_argument("--threads", type=int, help="of torch, for both sides")
    parser.add_argument(
        "--memory-rows", type=int, default=40, help="n: memory at n and 10n rows; 0 leaves it out"
    )
    parser.add_argument("--json", type=Path, help="write what was measured to this file")
    parser.add_argument("--outputs", type=Path, default=ROOT.parent / "shared" / "model_outputs")
    parser.add_argument("--imhi", type=Path, default=ROOT.parent / "shared" / "imhi")
    parser.add_argument("--measure", choices=("ours", "bert_score"), help=argparse.SUPPRESS)
    parser.add_argument("--model", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    import torch

    if given.threads:
        torch.set_num_threads(given.threads)
    if given.measure:
        measure(given)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "encoder"
        found = compare(given, folder)
        found["threads"] = torch.get_num_threads()
        if given.memory_rows:
            found["peak memory (MB)"] = {
                f"{side}, {rows} rows": peak_memory(side, given, folder, rows)
                for side in ("ours", "bert_score")
                for rows in (given.memory_rows, 10 * given.memory_rows)
            }
    for name, value in found.items():
        if name == "seconds":
            for which, spent in value.items():
                wall, cpu = (statistics.median(column) for column in zip(*spent, strict=True))
                each = ", ".join(f"{one:.1f}" for one, _ in spent)
                print(f"{which}: median {wall:.2f} s ({each}), {cpu:.2f} s of CPU")
        elif isinstance(value, dict):
            for which, number in value.items():
                print(f"{name}: {which}: {number:.4g}")
        else:
            print(f"{name}: {value:.3g}" if isinstance(value, float) else f"{name}: {value}")
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
