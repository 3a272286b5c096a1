#!/usr/bin/env bash
# lm-eval asks a server about another text than the same model in this process: without BOS.
#
# Expected: one checkpoint, one prompt: lm-eval's backend "hf" and its backend "local-completions", given
# that checkpoint's tokenizer, hand the model the same token ids.
# Found: "hf" puts BOS first, as the tokenizer says; "local-completions" sends ids without it, which no
# server puts right, since ids are taken as they are. Nothing warns, and a model trained with BOS (Gemma,
# Llama) answers otherwise. With add_bos_token=True the ids are alike, but then a chat template that
# writes BOS itself has it twice.
#
# Output seen, lm_eval 0.4.13, transformers 5.23.0, torch 2.13.0 (CPU), Python 3.11:
#   hf: [1, 5, 6, 7]
#   local-completions: [5, 6, 7]
#   local-completions, add_bos_token=True: [1, 5, 6, 7]
#   local-completions, add_bos_token=True, chat template with BOS: [1, 1, 5, 6, 7]
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install -qq --disable-pip-version-check \
  "lm_eval[api,hf]==0.4.13" "transformers==5.23.0" "torch==2.13.0"
cat > "$place/ask.py" <<'PY'
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import lm_eval.models  # noqa: F401
from lm_eval.api.instance import Instance
from lm_eval.api.registry import get_model
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

folder = sys.argv[1]
words = {"<unk>": 0, "<s>": 1, "</s>": 2} | {f"w{number}": number for number in range(3, 100)}
core = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
core.post_processor = processors.TemplateProcessing(
    single="<s> $A", pair="<s> $A $B:1", special_tokens=[("<s>", 1)]
)
tokenizer = PreTrainedTokenizerFast(
    tokenizer_object=core, unk_token="<unk>", bos_token="<s>", eos_token="</s>", pad_token="</s>"
)
tokenizer.chat_template = "{{ bos_token }}{% for m in messages %} {{ m['content'] }}{% endfor %}"
tokenizer.save_pretrained(folder)
config = LlamaConfig(
    vocab_size=100, hidden_size=32, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
    bos_token_id=1, eos_token_id=2, pad_token_id=2,
)
LlamaForCausalLM(config).save_pretrained(folder)
sent = []


class Recording(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        sent.append(body["prompt"][0])
        choice = {"index": 0, "text": "w3", "finish_reason": "stop"}
        said = json.dumps({"choices": [choice]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def do_GET(self):
        self.send_error(404)

    def log_message(self, *said):
        pass


server = HTTPServer(("127.0.0.1", 0), Recording)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}/v1/completions"


def at_a_server(chat=False, **more):
    lm = get_model("local-completions")(model="m", base_url=address, tokenizer=folder, **more)
    prompt = "w5 w6 w7"
    if chat:
        prompt = lm.apply_chat_template([{"role": "user", "content": prompt}])
    asked = Instance("generate_until", {}, (prompt, {"until": [], "max_gen_toks": 1}), 0)
    lm.generate_until([asked], disable_tqdm=True)
    return sent[-1]


print("seen hf:", get_model("hf")(pretrained=folder, device="cpu").tok_encode("w5 w6 w7"))
print("seen local-completions:", at_a_server())
print("seen local-completions, add_bos_token=True:", at_a_server(add_bos_token=True))
print(
    "seen local-completions, add_bos_token=True, chat template with BOS:",
    at_a_server(chat=True, add_bos_token=True),
)
PY
HF_HUB_OFFLINE=1 "$place/env/bin/python" "$place/ask.py" "$place/model" 2>/dev/null \
  | grep "^seen" | sed "s/^seen //" | tee "$place/said"
diff "$place/said" - <<'SEEN'
hf: [1, 5, 6, 7]
local-completions: [5, 6, 7]
local-completions, add_bos_token=True: [1, 5, 6, 7]
local-completions, add_bos_token=True, chat template with BOS: [1, 1, 5, 6, 7]
SEEN
echo "as found"
