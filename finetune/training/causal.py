"""Instruction tuning of causal models, by TRL's SFTTrainer: loss on the answer only."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imhi import Example, HarnessError
from imhi.checkpoints import Prompter, require_package
from imhi.finetune.rows.encoding import IGNORED, Counts, Encoder, TokenRow, encode_causal
from imhi.finetune.training.answer_loss import answer_loss
from imhi.finetune.training.job import TrainingJob

if TYPE_CHECKING:
    import torch

    Batch = dict[str, torch.Tensor]


def encoder(job: TrainingJob, tokenizer: Any) -> Encoder:
    """Return the function from examples to rows of :func:`encode_causal`.

    Raises:
        HarnessError: a chat template is asked for, and the tokenizer has none.
    """
    data, training = job.recipe.data, job.recipe.training
    if data.chat_template == "on" and not tokenizer.chat_template:
        raise HarnessError(
            f"{job.title}: found no chat template in the base model's tokenizer, but data.chat_template "
            "is on; write --set data.chat_template=off, or take a chat model"
        )
    prompter = Prompter(tokenizer, data.chat_template, job.title)

    def encode(examples: Sequence[Example], counts: Counts) -> Iterator[TokenRow]:
        return encode_causal(
            job.text_rows(examples),
            prompter,
            data.window,
            loss_on_all=training.loss_on == "all",
            label_weight=training.label_weight,
            counts=counts,
        )

    return encode


def trainer(job: TrainingJob, model: Any, tokenizer: Any, train: Any, validation: Any) -> Any:
    """Return a trainer of TRL, over rows (packed ones, where the recipe says so) of token ids."""
    _tell_nobody()
    trl = require_package("trl", f"recipe {job.recipe.name}", "finetune")
    packing, window = job.recipe.training.packing, job.recipe.data.window
    if packing:
        from datasets import disable_progress_bars

        disable_progress_bars()  # the harness has its own
        train = trl.pack_dataset(train.select_columns(["input_ids", "labels"]), window, "bfd")
    return _trainer_class(trl)(
        model=model,
        args=job.training_arguments(
            trl.SFTConfig,
            len(train),
            max_length=window,
            packing=packing,
            eval_packing=False,
            dataset_kwargs={"skip_prepare_dataset": True},  # rows are token ids, and packed already
        ),
        train_dataset=train,
        eval_dataset=validation,
        processing_class=tokenizer,
        data_collator=None if packing else AnswerCollator(tokenizer.pad_token_id),
    )


def _tell_nobody() -> None:
    """Keep TRL from telling the hub of the training (findings/trl_trainer_telemetry.sh), also where
    huggingface_hub, which reads the variable once, was imported before it was set."""
    from huggingface_hub import constants

    if os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1").upper() in ("1", "ON", "YES", "TRUE"):
        constants.HF_HUB_DISABLE_TELEMETRY = True


@dataclass
class AnswerCollator:
    """Pads rows of :func:`imhi.finetune.rows.encoding.encode_causal` on the right."""

    pad: int

    def __call__(self, rows: Sequence[Mapping[str, Sequence[float]]]) -> Batch:
        """Return tensors of shape (rows, longest row)."""
        import torch

        longest = max(len(row["input_ids"]) for row in rows)

        def padded(name: str, filling: float) -> torch.Tensor:
            return torch.tensor(
                [[*row[name], *[filling] * (longest - len(row[name]))] for row in rows]
            )

        batch = {"input_ids": padded("input_ids", self.pad), "labels": padded("labels", IGNORED)}
        lengths = torch.tensor([len(row["input_ids"]) for row in rows])
        batch["attention_mask"] = (torch.arange(longest) < lengths[:, None]).long()
        if "loss_weights" in rows[0]:
            batch["loss_weights"] = padded("loss_weights", 0.0)
        return batch


def _trainer_class(trl: Any) -> Any:
    class CausalTrainer(trl.SFTTrainer):  # type: ignore[misc]
        """TRL's trainer; where its fused kernel does not run (no GPU), or tokens are weighed, the
        loss is computed here, of answer tokens alone."""

        def compute_loss(
            self, model: Any, inputs: Batch, return_outputs: bool = False, **more: Any
        ) -> Any:
            weights = inputs.pop("loss_weights", None)
            if not self.model.training:
                weights = None  # losses on validation rows are those of any other recipe
            if return_outputs or (weights is None and inputs["input_ids"].is_cuda):
                return super().compute_loss(model, inputs, return_outputs, **more)
            count = more.get("num_items_in_batch")
            whole = self.accelerator.unwrap_model(self.model)
            loss = answer_loss(model, whole.get_output_embeddings(), inputs, weights, count)
            if self.args.average_tokens_across_devices and count is not None:
                loss = loss * self.accelerator.num_processes
            return loss

    return CausalTrainer
