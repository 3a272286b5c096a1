"""Training of a real pretrained model against a plain transformers Trainer: speed, peak memory, losses.

Both put the same adapter (LoRA) on the same base and train it on the same rows of the official data, with
the same batch size, learning rate and schedule, each in a process of its own. The plain one takes rows in
random order, pads each batch to its longest row, computes in the precision the checkpoint is loaded in
(float32 where there is no GPU) and lets the model make its loss. Speed is tokens of text (no padding) per
second of ``train()``; rounds in turns, the ratio is that of medians.

    python benchmarks/finetune_real_model.py --source official:FOLDER --base FOLDER [--rows 96]
        [--rounds 2] [--json FILE]
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from imhi._core.plugin_manager import load_plugins
from imhi.checkpoints import quiet
from imhi.finetune.recipe.reading import read_recipe
from imhi.finetune.rows.training_jobs import training_jobs
from imhi.finetune.trained.folder import TrainedFolder
from imhi.finetune.training.building import build
from imhi.finetune.training.job import TrainingJob
from imhi.finetune.training.pipeline import open_data

BATCH, WINDOW = 8, 384
DATASETS = ("DR", "dreaddit", "SAD")


def make_job(arguments: argparse.Namespace, place: Path) -> TrainingJob:
    recipe = read_recipe(
        arguments.recipe,
        [
            f"base.model={arguments.base}",
            f"data.source={arguments.source}",
            f"data.datasets=[{','.join(DATASETS)}]",
            f"data.limit={arguments.rows // len(DATASETS)}",
            f"data.window={WINDOW}",
            f"training.batch_size={BATCH}",
            "training.label_weight=1",  # as the plain one weighs them, so that losses compare
            "training.epochs=1",
            "training.log_every=1",
            "validation.metric=null",
            "evaluation.split=null",
        ],
    )
    job = training_jobs(recipe, open_data(recipe, load_plugins()), TrainedFolder(place))[0]
    return dataclasses.replace(job, validation=())


def ours(job: TrainingJob) -> tuple[Any, int]:
    built = build(job)
    built.trainer.args.save_strategy = "no"
    return built.trainer, built.record.tokens


def plain(job: TrainingJob) -> tuple[Any, int]:
    """A plain Trainer over the same rows, with the same adapter on the same base."""
    import peft
    import transformers

    built = build(job)
    rows, tokenizer = built.trainer.train_dataset, built.tokenizer
    given = built.trainer.args
    tokens = built.record.tokens
    del built  # its model
    training, method = job.recipe.training, job.recipe.method
    model = transformers.AutoModelForCausalLM.from_pretrained(str(job.recipe.base.model))
    if method.name == "lora":
        transformers.set_seed(training.seed)
        config = peft.LoraConfig(
            r=method.rank,
            lora_alpha=method.alpha,
            lora_dropout=method.dropout,
            target_modules="all-linear",
            task_type="CAUSAL_LM",
        )
        model = peft.get_peft_model(model, config)
    trainer = transformers.Trainer(
        model=model,
        args=transformers.TrainingArguments(
            output_dir=str(job.checkpoints),
            per_device_train_batch_size=BATCH,
            num_train_epochs=1,
            learning_rate=training.learning_rate,
            lr_scheduler_type=training.schedule,
            warmup_steps=given.warmup_steps,
            logging_steps=1,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            use_cpu=given.use_cpu,
            dataloader_pin_memory=False,
        ),
        train_dataset=rows.select_columns(["input_ids", "labels"]),
        data_collator=transformers.DataCollatorForSeq2Seq(tokenizer),
    )
    return trainer, tokens


def one_training(arguments: argparse.Namespace) -> dict[str, Any]:
    """Train once, in this process. Returns seconds, tokens, peak memory (bytes) and losses."""
    from transformers import PrinterCallback

    with tempfile.TemporaryDirectory() as folder, quiet():
        job = make_job(arguments, Path(folder))
        trainer, tokens = (ours if arguments.way == "ours" else plain)(job)
        trainer.remove_callback(PrinterCallback)
        seconds = float(trainer.train().metrics["train_runtime"])
    losses = [row["loss"] for row in trainer.state.log_history if "loss" in row]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"seconds": seconds, "tokens": tokens, "peak": peak, "losses": losses}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--source", required=True, help="official:FOLDER")
    parser.add_argument("--base", required=True, help="folder of Gemma 3 270M")
    parser.add_argument("--recipe", default="gemma-3-270m-lora")
    parser.add_argument("--rows", type=int, default=96)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures there as well")
    parser.add_argument("--way", choices=("ours", "plain"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way:
        print(json.dumps(one_training(arguments)))
        return
    found: dict[str, list[dict[str, Any]]] = {"ours": [], "plain": []}
    for _ in range(arguments.rounds):
        for way, results in found.items():
            command = [sys.executable, __file__, *sys.argv[1:], f"--way={way}"]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            results.append(json.loads(done.stdout.splitlines()[-1]))
            last = results[-1]
            print(
                f"{way:6} {last['tokens'] / last['seconds']:7.1f} tokens/s, peak "
                f"{last['peak'] / 2**30:.1f} GiB, mean loss of each quarter "
                + " ".join(f"{loss:.2f}" for loss in quarters(last["losses"])),
                flush=True,
            )
    seconds, peak = (
        {way: statistics.median(one[what] for one in results) for way, results in found.items()}
        for what in ("seconds", "peak")
    )
    print(
        f"{arguments.recipe}: speed {seconds['plain'] / seconds['ours']:.2f} of the plain Trainer's, "
        f"peak memory {peak['ours'] / peak['plain']:.2f} of its"
    )
    if arguments.json:
        figures = {
            "rows": arguments.rows,
            "speed": seconds["plain"] / seconds["ours"],
            "gib": {way: bytes_ / 2**30 for way, bytes_ in peak.items()},
            "losses": {way: quarters(results[-1]["losses"]) for way, results in found.items()},
        }
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def quarters(losses: list[float]) -> list[float]:
    """Return the mean loss of each quarter of the updates."""
    size = max(1, len(losses) // 4)
    return [statistics.mean(losses[at : at + size]) for at in range(0, 4 * size, size)]


if __name__ == "__main__":
    main()
