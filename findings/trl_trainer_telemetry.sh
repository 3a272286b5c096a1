#!/usr/bin/env bash
# TRL tells the Hugging Face hub of every trainer that is made, also where model and rows are local and no tracker is asked for.
#
# Expected: with report_to="none", push_to_hub=False, a model made in memory and rows from a list nothing is sent.
# Found: making the trainer (before any update) sends a HEAD request to ENDPOINT/api/telemetry/trl/NAME_OF_TRAINER; its user agent
# says the kind of model, adapter or not, where rows are from (memory, files, hub), the device. Not where CI is set.
# HF_HUB_DISABLE_TELEMETRY=1 or HF_HUB_OFFLINE=1 switch it off; both are read when huggingface_hub is imported. It is sent through
# huggingface_hub's session, whose first request in a day asks the hub for a list of coding agents, too (ENDPOINT/api/agent-harnesses).
#
# Output seen, trl 1.16.0, transformers 5.23.0, huggingface_hub 2.4.0, torch 2.13.0, Python 3.11 (a server on loopback as ENDPOINT):
#   GET /api/agent-harnesses
#   HEAD /api/telemetry/trl/SFTTrainer: model_arch/llama; peft/none; dataset_source/memory; device/cpu
#   with HF_HUB_DISABLE_TELEMETRY=1: nothing
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install -qq --disable-pip-version-check "torch==2.13.0" "transformers==5.23.0" "trl==1.16.0" "huggingface_hub==2.4.0"
cat > "$place/train.py" <<'PY'
import tempfile
import time

from datasets import Dataset
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from trl import SFTConfig, SFTTrainer

words = {f"w{n}": n for n in range(100)}
size = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
with tempfile.TemporaryDirectory() as folder:
    SFTTrainer(
        model=LlamaForCausalLM(LlamaConfig(vocab_size=len(words), **size)),
        args=SFTConfig(output_dir=folder, max_steps=1, use_cpu=True, bf16=False, report_to="none", push_to_hub=False),
        train_dataset=Dataset.from_list([{"input_ids": [3, 4, 5], "labels": [3, 4, 5]}]),
        processing_class=PreTrainedTokenizerFast(
            tokenizer_object=Tokenizer(WordLevel(words, unk_token="w0")), pad_token="w1", eos_token="w2"
        ),
    )
    time.sleep(5)  # it is sent by a thread
PY
cat > "$place/hub.py" <<'PY'
import http.server
import os
import re
import subprocess
import sys
import threading

heard = []


class Hub(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        heard.append((self.command, self.path, self.headers["User-Agent"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, *words):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
threading.Thread(target=server.serve_forever, daemon=True).start()
plain = {k: v for k, v in os.environ.items() if k not in ("CI", "HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY")}
plain |= {"HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}", "HF_HOME": sys.argv[2]}
subprocess.run([sys.executable, sys.argv[1]], env=plain, check=True, capture_output=True)
for method, path, agent in heard:
    said = [part for part in ("model_arch", "peft", "dataset_source", "device") if part in agent]
    words = [re.search(rf"{part}/\S+?(?=;|$)", agent)[0] for part in said]
    print(f"{method} {path}" + (f": {'; '.join(words)}" if words else ""))
telemetry = [path for method, path, _ in heard if path.startswith("/api/telemetry/trl/")]
before = len(heard)
subprocess.run([sys.executable, sys.argv[1]], env=plain | {"HF_HUB_DISABLE_TELEMETRY": "1"}, check=True, capture_output=True)
print("with HF_HUB_DISABLE_TELEMETRY=1:", heard[before:] or "nothing")
assert telemetry == ["/api/telemetry/trl/SFTTrainer"], telemetry
assert len(heard) == before, heard[before:]
PY
"$place/env/bin/python" "$place/hub.py" "$place/train.py" "$place/home"
echo "as found"
