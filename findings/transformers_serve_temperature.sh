#!/usr/bin/env bash
# "transformers serve" answers greedily whatever temperature it is asked for, with status 200.
#
# Expected: temperature 1 or 2 samples, as in OpenAI's interface, so four seeds give more than one answer;
# or the server says that it cannot.
# Found: where the checkpoint's generation_config.json does not say do_sample, which is so of most base
# models, all temperatures and seeds give the answer of temperature 0: the server sets do_sample to false
# at temperature 0 and never to true. The way round is its own field "generation_config", a JSON text.
#
# Output seen, transformers 5.23.0, torch 2.13.0 (CPU), Python 3.11, random weights:
#   temperature 0: 1 answers to 4 seeds
#   temperature 1: 1 answers to 4 seeds, that of temperature 0: True
#   temperature 2: 1 answers to 4 seeds, that of temperature 0: True
#   temperature 1, generation_config {"do_sample": true}: 4 answers to 4 seeds
set -euo pipefail
place=$(mktemp -d)
server=""
trap 'if [ -n "$server" ]; then kill "$server"; fi; rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install -qq --disable-pip-version-check \
  "transformers[serving]==5.23.0" "torch==2.13.0"
cat > "$place/make.py" <<'PY'
import sys

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

words = {"<unk>": 0, "<s>": 1, "</s>": 2} | {f"w{number}": number for number in range(3, 500)}
core = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
core.pre_tokenizer = pre_tokenizers.Whitespace()
tokenizer = PreTrainedTokenizerFast(
    tokenizer_object=core, unk_token="<unk>", bos_token="<s>", eos_token="</s>", pad_token="</s>"
)
torch.manual_seed(0)
config = LlamaConfig(
    vocab_size=500, hidden_size=64, intermediate_size=128, num_hidden_layers=2,
    num_attention_heads=4, initializer_range=0.4, bos_token_id=1, eos_token_id=2, pad_token_id=2,
)
LlamaForCausalLM(config).save_pretrained(sys.argv[1])
tokenizer.save_pretrained(sys.argv[1])
PY
cat > "$place/ask.py" <<'PY'
import json
import sys
import time
import urllib.request

port, model = sys.argv[1:]
address = f"http://127.0.0.1:{port}"
for _ in range(600):
    try:
        urllib.request.urlopen(address + "/health", timeout=2).close()
        break
    except OSError:
        time.sleep(0.5)


def answers(**more):
    found = set()
    for seed in range(4):
        body = {"model": model, "prompt": "w5 w6 w7", "max_tokens": 12, "seed": seed, **more}
        request = urllib.request.Request(
            address + "/v1/completions",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            found.add(json.load(answer)["choices"][0]["text"])
    return found


greedy = answers(temperature=0)
print(f"temperature 0: {len(greedy)} answers to 4 seeds")
for temperature in (1, 2):
    found = answers(temperature=temperature)
    print(
        f"temperature {temperature}: {len(found)} answers to 4 seeds, that of temperature 0: "
        f"{found == greedy}"
    )
found = answers(temperature=1, generation_config='{"do_sample": true}')
print(f'temperature 1, generation_config {{"do_sample": true}}: {len(found)} answers to 4 seeds')
PY
export HF_HUB_OFFLINE=1
"$place/env/bin/python" "$place/make.py" "$place/model" > "$place/log" 2>&1
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$place/env/bin/transformers" serve --host 127.0.0.1 --port "$port" --device cpu "$place/model" \
  >> "$place/log" 2>&1 &
server=$!
"$place/env/bin/python" "$place/ask.py" "$port" "$place/model" | tee "$place/said"
diff "$place/said" - <<'SEEN'
temperature 0: 1 answers to 4 seeds
temperature 1: 1 answers to 4 seeds, that of temperature 0: True
temperature 2: 1 answers to 4 seeds, that of temperature 0: True
temperature 1, generation_config {"do_sample": true}: 4 answers to 4 seeds
SEEN
echo "as found"
