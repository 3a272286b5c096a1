"""Models of Hugging Face transformers: ``hf:ID_OR_FOLDER``.

Causal and encoder-decoder models answer in text, sequence classifiers with a label and its
probabilities; which of them a checkpoint is stands in its config. This module only declares: torch
and transformers are imported when a model is made.
"""

from __future__ import annotations

from collections.abc import Iterable

from imhi import Argument, ModelFamily, ModelPreset, ModelSpec, hookimpl
from imhi.plugins.models.hf.arguments import HfArguments

# Public ids. The published generation code sent the bare query, so the chat-tuned ones are asked
# without a chat template; ",chat_template=on" after the preset changes that.
PRESETS = (
    ModelPreset(
        "mentallama-chat-7b",
        "hf:klyang/MentaLLaMA-chat-7B,chat_template=off",
        "LLaMA-2-chat 7B tuned on the IMHI instruction data",
    ),
    ModelPreset(
        "mentallama-chat-13b",
        "hf:klyang/MentaLLaMA-chat-13B,chat_template=off",
        "LLaMA-2-chat 13B tuned on the IMHI instruction data",
    ),
    ModelPreset(
        "mentallama-33b-lora",
        "hf:lmsys/vicuna-33b-v1.3,peft=klyang/MentaLLaMA-33B-lora,chat_template=off",
        "Vicuna 33B v1.3 with the published LoRA adapter",
    ),
    ModelPreset(
        "mentalbart",
        "hf:Tianlin668/MentalBART",
        "BART-large tuned on the IMHI completion data",
        prompt="completion",
    ),
    ModelPreset(
        "mentalt5",
        "hf:Tianlin668/MentalT5",
        "T5-large tuned on the IMHI completion data",
        prompt="completion",
    ),
)


def gpus(spec: ModelSpec) -> int:
    """Return how many GPUs one copy of a model takes; ``device=spread`` takes what there is for it."""
    return 0 if spec.arguments["device"] in ("cpu", "mps") else 1


@hookimpl
def imhi_models() -> Iterable[ModelFamily | ModelPreset]:
    yield ModelFamily(
        "hf",
        "Hugging Face transformers: causal and encoder-decoder models, sequence classifiers",
        create="imhi.plugins.models.hf.model:create",
        target="ID_OR_FOLDER",
        arguments=Argument.all_of(HfArguments),
        fingerprint="imhi.checkpoints:fingerprint",
        cache_key="imhi.plugins.models.hf.identity:cache_key",
        estimate="imhi.checkpoints:estimate",
        wrap="imhi.plugins.models.hf.in_memory:wrap",
        answers=("text", "likelihood", "choice"),
        gpus=gpus,
        examples=(
            "hf:meta-llama/Llama-3.2-1B-Instruct,dtype=bfloat16",
            "hf:./my-model,batch_size=8",
            "hf:lmsys/vicuna-33b-v1.3,peft=./my-lora",
            "hf:./my-classifier,labels=0:no;1:yes",
        ),
    )
    yield from PRESETS
