"""Training speed of each trainer against a plain transformers Trainer, in one run.

Both train the same small model (random weights) on the same rows with the same batch size; the plain
one takes rows in random order, pads each batch to its longest row and computes the loss as the model
does. What is counted is useful tokens (no padding) per second of ``train()``; rounds in turns, the
ratio is that of medians.

    python benchmarks/finetune_speed.py [--source official:FOLDER] [--rows 256] [--rounds 3] [--json FILE]
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

from imhi._core.plugin_manager import load_plugins
from imhi.checkpoints import quiet
from imhi.finetune.recipe.reading import checked
from imhi.finetune.rows.training_jobs import training_jobs
from imhi.finetune.trained.folder import TrainedFolder
from imhi.finetune.training.building import build
from imhi.finetune.training.job import TrainingJob
from imhi.finetune.training.pipeline import open_data

SIZE = {"hidden_size": 128, "intermediate_size": 344, "layers": 2, "heads": 4, "vocabulary": 4000}
WAYS: dict[str, dict[str, Any]] = {
    "causal, length grouping": {"kind": "causal"},
    "causal, packing": {"kind": "causal", "packing": True},
    "seq2seq, length grouping": {"kind": "seq2seq"},
    "classifier, length grouping": {"kind": "classifier"},
}
ARCHITECTURES = {"causal": "llama", "seq2seq": "t5", "classifier": "bert"}
BATCH = 16


def make_job(way: dict[str, Any], source: str, rows: int, place: Path) -> TrainingJob:
    kind = way["kind"]
    recipe = checked(
        {
            "name": "speed",
            "summary": "speed",
            "kind": kind,
            "base": {"scratch": {**SIZE, "type": ARCHITECTURES[kind], "window": 1024}},
            "data": {
                "source": source,
                # Rows of one dataset are alike in length; instruction tuning mixes datasets.
                "datasets": ["DR"] if kind == "classifier" else ["DR", "dreaddit", "SAD"],
                "style": "completion" if kind == "seq2seq" else "instruction",
                "limit": rows if kind == "classifier" else rows // 3,
                "window": 1024,
                "per": "question" if kind == "classifier" else "all",
            },
            "training": {
                "epochs": 1,
                "batch_size": BATCH,
                "device_batch_size": 4 if way.get("packing") else BATCH,
                "packing": way.get("packing", False),
            },
            "validation": {"metric": None},
        },
        "benchmark",
    )
    context = open_data(recipe, load_plugins())
    return dataclasses.replace(
        training_jobs(recipe, context, TrainedFolder(place))[0], validation=()
    )


def ours(job: TrainingJob) -> float:
    with quiet():
        built = build(job)
        built.trainer.args.save_strategy = "no"
        return seconds(built.trainer)


def plain(job: TrainingJob) -> float:
    """A plain Trainer over the same model and rows."""
    import transformers

    apart = job.recipe.training.model_copy(update={"packing": False})
    job = dataclasses.replace(job, recipe=job.recipe.model_copy(update={"training": apart}))
    with quiet():
        built = build(job)
        columns = [c for c in built.trainer.train_dataset.column_names if c != "length"]
        pad = (
            transformers.DataCollatorWithPadding(built.tokenizer)
            if job.recipe.kind == "classifier"
            else transformers.DataCollatorForSeq2Seq(built.tokenizer, model=built.trainer.model)
        )
        trainer = transformers.Trainer(
            model=built.trainer.model,
            args=transformers.TrainingArguments(
                output_dir=str(job.checkpoints),
                per_device_train_batch_size=BATCH,
                num_train_epochs=1,
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
                use_cpu=True,
                dataloader_pin_memory=False,
            ),
            train_dataset=built.trainer.train_dataset.select_columns(columns),
            data_collator=pad,
        )
        return seconds(trainer)


def seconds(trainer: Any) -> float:
    from transformers import PrinterCallback

    trainer.remove_callback(PrinterCallback)
    return float(trainer.train().metrics["train_runtime"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", default="demo")
    parser.add_argument("--rows", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="ways whose name has this in it")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures there as well")
    arguments = parser.parse_args()
    found: dict[str, float] = {}
    for name, way in WAYS.items():
        if arguments.only not in name:
            continue
        times: dict[str, list[float]] = {"ours": [], "plain": []}
        tokens = 0
        for _ in range(arguments.rounds):
            with tempfile.TemporaryDirectory() as folder:
                job = make_job(way, arguments.source, arguments.rows, Path(folder))
                with quiet():
                    tokens = build(job).record.tokens
                times["ours"].append(ours(job))
                times["plain"].append(plain(job))
        speed = {who: tokens / statistics.median(taken) for who, taken in times.items()}
        found[name] = speed["ours"] / speed["plain"]
        ratios = " ".join(
            f"{b / a:.2f}" for a, b in zip(times["ours"], times["plain"], strict=True)
        )
        print(
            f"{name:28} {speed['ours']:8,.0f} tokens/s, plain {speed['plain']:8,.0f}: ratio "
            f"{found[name]:.2f} (rounds {ratios}; {tokens:,} tokens)",
            flush=True,
        )
    if arguments.json:
        figures = {"rows": arguments.rows, "rounds": arguments.rounds, "ratios": found}
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
