#!/usr/bin/env bash
# TRL's SFTTrainer projects prompts onto the vocabulary too where there is no Triton (a CPU), though their loss is not asked for.
#
# Expected: its fused head works on labelled tokens alone, as on GPUs: of a batch in which one token in sixteen has a
# label the head costs a sixteenth. With a vocabulary of 262,144 and a small model that is most of a training.
# Found: without Triton every position is scored, padding included, and what has no label is masked afterwards (the source says why:
# other devices would compile each shape anew; a CPU is treated as one of them). Labels change nothing about the work.
#
# Output seen, trl 1.16.0, transformers 5.23.0, torch 2.13.0, Python 3.11:
#   all 64 tokens of a row have a label: 2.00 GFLOP an update; the last 4: 2.00; ratio 1.00
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install -qq --disable-pip-version-check "torch==2.13.0" "transformers==5.23.0" "trl==1.16.0"
cat > "$place/count.py" <<'PY'
import contextlib
import io
import tempfile

import torch
from datasets import Dataset
from torch.utils.flop_counter import FlopCounterMode
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from trl import SFTConfig, SFTTrainer

words = {f"w{n}": n for n in range(30000)}
tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(WordLevel(words, unk_token="w0")), pad_token="w1", eos_token="w2")
size = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 1, "num_attention_heads": 2}


def flops(labelled: int) -> float:
    torch.manual_seed(0)
    ids = [3 + n for n in range(64)]
    row = {"input_ids": ids, "labels": [-100] * (64 - labelled) + ids[64 - labelled :]}
    with tempfile.TemporaryDirectory() as folder:
        trainer = SFTTrainer(
            model=LlamaForCausalLM(LlamaConfig(vocab_size=len(words), **size)),
            args=SFTConfig(
                output_dir=folder, max_steps=1, per_device_train_batch_size=4, use_cpu=True, bf16=False, report_to="none",
                gradient_checkpointing=False, dataset_kwargs={"skip_prepare_dataset": True},
            ),
            train_dataset=Dataset.from_list([row] * 4),
            processing_class=tokenizer,
        )
        with FlopCounterMode(display=False) as counted, contextlib.redirect_stdout(io.StringIO()):
            trainer.train()
    return counted.get_total_flops() / 1e9


every, few = flops(64), flops(4)
print(f"all 64 tokens of a row have a label: {every:.2f} GFLOP an update; the last 4: {few:.2f}; ratio {few / every:.2f}")
assert few / every > 0.95, "labelled tokens alone are scored now"
PY
"$place/env/bin/python" "$place/count.py" 2>/dev/null
echo "as found"
