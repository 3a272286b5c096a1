"""LoRA and QLoRA: adapters on a frozen base."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imhi import HarnessError
from imhi.checkpoints import past_embeddings, quiet, require_package

if TYPE_CHECKING:
    from imhi.finetune.recipe.schema import Recipe

# PEFT's names of what a model does.
_TASKS = {
    "AutoModelForCausalLM": "CAUSAL_LM",
    "AutoModelForSeq2SeqLM": "SEQ_2_SEQ_LM",
    "AutoModelForSequenceClassification": "SEQ_CLS",
}


def with_adapter(model: Any, recipe: Recipe, model_class: str) -> Any:
    """Return the model with the recipe's adapter on it, or as it is where all weights are trained.

    Raises:
        HarnessError: ``method.targets`` names no layer of the model, or the head of one that writes.
    """
    method = recipe.method
    if method.name == "full":
        return model
    peft = require_package("peft", f"method.name {method.name}")
    if method.name == "qlora":
        model = peft.prepare_model_for_kbit_training(
            model, use_gradient_checkpointing=recipe.training.gradient_checkpointing
        )
    targets = method.targets if isinstance(method.targets, str) else list(method.targets)
    config = peft.LoraConfig(
        r=method.rank,
        lora_alpha=method.alpha,
        lora_dropout=method.dropout,
        target_modules=targets,
        task_type=_TASKS.get(model_class),
    )
    try:
        with quiet():
            adapted = peft.get_peft_model(model, config)
    except ValueError as error:
        layers = sorted(
            {
                name.rpartition(".")[2]
                for name, part in model.named_modules()
                if hasattr(part, "weight")
            }
        )
        raise HarnessError(
            f"method.targets: found {targets}, expected names of layers of {type(model).__name__} "
            f"({', '.join(layers)}): {' '.join(str(error).split())[:160]}"
        ) from None
    if past_embeddings(model):
        raise HarnessError(
            f"method.targets: found the shared embeddings of {type(model).__name__} among {targets}, "
            "expected layers inside the model: encoder and decoder read past an adapter on them; leave "
            "them out (all-linear does), or write --set method.name=full"
        )
    if recipe.kind == "causal" and hasattr(model.get_output_embeddings(), "base_layer"):
        # TRL multiplies by the head's own weights: an adapter on it would never be trained.
        raise HarnessError(
            f"method.targets: found the head of {type(model).__name__} among {targets}, expected layers "
            "inside the model: the loss is computed with the head's own weights, past an adapter on it; "
            "leave it out (all-linear does), or write --set method.name=full"
        )
    return adapted
