#!/usr/bin/env bash
# A LoRA adapter on the shared embeddings of an encoder-decoder (T5: "shared") is never computed, without a word.
#
# Expected: peft wraps the embeddings that get_input_embeddings() returns, so the adapter changes what encoder and
# decoder read; where it cannot, it raises.
# Found: encoder and decoder hold the same weights as embed_tokens, modules of their own, and read past the
# adapter. Whatever its weights are, the logits are those of the bare model; a loss has no gradient to it. Nothing is
# warned of, neither when it is made nor when it is asked. Merged into the weights, the same adapter does change the model.
#
# Output seen, peft 0.21.2, transformers 5.23.0, torch 2.13.0, Python 3.11:
#   adapted: shared.lora_embedding_A, shared.lora_embedding_B
#   logits change by 0.0; loss has a gradient: False; merged they change: True
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install -qq --disable-pip-version-check "torch==2.13.0" "transformers==5.23.0" "peft==0.21.2"
cat > "$place/shared.py" <<'PY'
import torch
from peft import LoraConfig, get_peft_model
from transformers import T5Config, T5ForConditionalGeneration

torch.manual_seed(0)
config = T5Config(
    vocab_size=64, d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2, decoder_start_token_id=0
)
model = T5ForConditionalGeneration(config).eval()
given = {"input_ids": torch.tensor([[5, 6, 7, 1]]), "labels": torch.tensor([[8, 9]])}
with torch.no_grad():
    bare = model(**given).logits
adapted = get_peft_model(model, LoraConfig(target_modules=["shared"], task_type="SEQ_2_SEQ_LM")).eval()
weights = {name: one for name, one in adapted.named_parameters() if "lora" in name}
short = [name.removeprefix("base_model.model.").removesuffix(".default") for name in weights]
print("adapted:", ", ".join(short))
with torch.no_grad():
    for one in weights.values():
        one.normal_()
found = adapted(**given)
change = float((found.logits.detach() - bare).abs().max())
gradient = found.loss.requires_grad
with torch.no_grad():
    merged = float((adapted.merge_and_unload()(**given).logits - bare).abs().max())
print(f"logits change by {change}; loss has a gradient: {gradient}; merged they change: {merged > 0.01}")
assert (change, gradient, merged > 0.01) == (0.0, False, True), merged
PY
"$place/env/bin/python" "$place/shared.py"
echo "as found"
