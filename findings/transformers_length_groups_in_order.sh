#!/usr/bin/env bash
# transformers' group_by_length hands out batches in order of length, fifty at a time: datasets that differ in length come in waves.
#
# Expected: rows of like length share a batch, and batches come in random order, so that an epoch is mixed.
# Found: each mega-batch (fifty batches, or a quarter of all where that is fewer) is sorted by length, longest first, and its batches
# are taken as they are sorted. With one dataset of long and one of short rows a dozen updates in a row are of the one, the next
# dozen of the other, again and again; the logged loss has the same period.
#
# Output seen, transformers 5.23.0, torch 2.13.0, Python 3.11:
#   of 100 batches of like length, neighbours of falling or equal length: 96 of 99
#   batches of one dataset in a row: 11, 14, 14, 11, 12, 13, 12, 13
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install -qq --disable-pip-version-check "torch==2.13.0" "transformers==5.23.0" "accelerate==1.15.0" \
    "datasets==5.2.0"
cat > "$place/order.py" <<'PY'
import itertools
import tempfile

import torch
from datasets import Dataset
from transformers import LlamaConfig, LlamaForCausalLM, Trainer, TrainingArguments

torch.manual_seed(0)
# Two datasets: 400 rows of 200 to 299 tokens, 400 rows of 20 to 119.
lengths = [200 + n % 100 for n in range(400)] + [20 + n % 100 for n in range(400)]
rows = Dataset.from_list([{"input_ids": [1] * n, "labels": [1] * n, "length": n} for n in lengths])
size = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "vocab_size": 8}
with tempfile.TemporaryDirectory() as folder:
    arguments = TrainingArguments(
        output_dir=folder, per_device_train_batch_size=8, train_sampling_strategy="group_by_length", use_cpu=True, report_to="none"
    )
    trainer = Trainer(LlamaForCausalLM(LlamaConfig(**size)), arguments, train_dataset=rows, data_collator=lambda given: given)
    batches = [[len(row["input_ids"]) for row in batch] for batch in trainer.get_train_dataloader()]
long = [sum(batch) / len(batch) for batch in batches]
pairs = list(itertools.pairwise(long))
falling = sum(a >= b for a, b in pairs)
runs = [len(list(group)) for _, group in itertools.groupby(mean >= 160 for mean in long)]
print(f"of {len(batches)} batches of like length, neighbours of falling or equal length: {falling} of {len(pairs)}")
print("batches of one dataset in a row:", ", ".join(map(str, runs)))
assert falling > 0.9 * len(pairs), "batches come in another order now"
PY
"$place/env/bin/python" "$place/order.py" 2>/dev/null
echo "as found"
