#!/usr/bin/env bash
# transformers' group_by_length: a training that goes on within its second epoch sees some rows twice, and others never.
#
# Expected: resume_from_checkpoint skips the batches that are done and goes on with the rows that are left, as it does with rows in
# random order (train_sampling_strategy="random").
# Found: the order of a grouped epoch is drawn from torch's global random state when the epoch begins. On resumption that state is
# the one right after the seed was set, so that the order of the first epoch is drawn again, and its end is what is trained on.
#
# Output seen, transformers 5.23.0, torch 2.13.0, accelerate 1.15.0, Python 3.11:
#   random: rows seen twice in the second epoch: 0, never: 0
#   group_by_length: rows seen twice in the second epoch: 10, never: 10
#   what was trained on is the end of the first epoch: True
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install -qq --disable-pip-version-check "torch==2.13.0" "transformers==5.23.0" "accelerate==1.15.0" \
    "datasets==5.2.0"
cat > "$place/resume.py" <<'PY'
import tempfile
from collections import Counter

import torch
from datasets import Dataset
from transformers import LlamaConfig, LlamaForCausalLM, Trainer, TrainerCallback, TrainingArguments

ROWS, BATCH = 48, 4
UPDATES = ROWS // BATCH  # of an epoch
rows = Dataset.from_list([{"input_ids": [n] * (5 + n), "length": 5 + n} for n in range(ROWS)])
size = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "vocab_size": ROWS}


class Stop(TrainerCallback):
    def __init__(self, at):
        self.at = at

    def on_step_end(self, args, state, control, **more):
        control.should_training_stop = state.global_step == self.at


def trained(folder, strategy, stop=None, resume=None):
    """Return the rows of each update, in order."""
    seen = []

    def collate(given):
        seen.append([row["input_ids"][0] for row in given])
        ids = torch.nn.utils.rnn.pad_sequence([torch.tensor(row["input_ids"]) for row in given], batch_first=True)
        return {"input_ids": ids, "labels": ids}

    arguments = TrainingArguments(
        output_dir=folder, per_device_train_batch_size=BATCH, num_train_epochs=2, train_sampling_strategy=strategy, save_steps=6,
        use_cpu=True, report_to="none", disable_tqdm=True, remove_unused_columns=False,
    )
    torch.manual_seed(0)
    trainer = Trainer(LlamaForCausalLM(LlamaConfig(**size)), arguments, train_dataset=rows, data_collator=collate)
    if stop:
        trainer.add_callback(Stop(stop))
    trainer.train(resume_from_checkpoint=resume)
    return seen


wrong = {}
for strategy in ("random", "group_by_length"):
    with tempfile.TemporaryDirectory() as folder:
        middle = UPDATES + UPDATES // 2
        begun = trained(folder, strategy, stop=middle)[:middle]
        again = trained(folder, strategy, resume=f"{folder}/checkpoint-{middle}")[-(UPDATES - UPDATES // 2):]
    second = Counter(n for batch in [*begun[UPDATES:], *again] for n in batch)
    twice, never = sum(count > 1 for count in second.values()), ROWS - len(second)
    print(f"{strategy}: rows seen twice in the second epoch: {twice}, never: {never}")
    if strategy == "group_by_length":
        print("what was trained on is the end of the first epoch:", again == begun[UPDATES // 2 : UPDATES])
    wrong[strategy] = twice, never
assert wrong["random"] == (0, 0), "rows in random order are not resumed right either"
assert wrong["group_by_length"] != (0, 0), "grouped rows are resumed right now"
PY
"$place/env/bin/python" "$place/resume.py" 2>/dev/null | grep -v "^{"
echo "as found"
