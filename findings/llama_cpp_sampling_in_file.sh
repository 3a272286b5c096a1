#!/usr/bin/env bash
# A GGUF file can hold sampling settings (general.sampling.*), and llama.cpp starts every request from them:
# at temperature 0 a repetition penalty in the file changes the answer, and nothing says so.
#
# Expected: two files with the same weights give the same answer to the same prompt at temperature 0.
# Found: the file with general.sampling.penalty_repeat gives another one, unless the request itself says
# "repeat_penalty": 1.0, which OpenAI's interface does not have. So a benchmark of "the same model, greedily"
# depends on who wrote the file's metadata.
#
# Output seen, xllamacpp 2026.10.11549, gguf 0.19.0, Python 3.11:
#   temperature 0: the same answers from both files: False
#   temperature 0, repeat_penalty 1.0: the same answers from both files: True
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install -qq --disable-pip-version-check "xllamacpp==2026.10.11549" "gguf==0.19.0"
cat > "$place/ask.py" <<'PY'
import sys

import gguf
import numpy as np
import xllamacpp

WIDTH, HEADS, LAYERS = 32, 2, 2
# The printable letters that byte-level tokenizers write bytes as, one merge, and two special tokens.
LETTERS = [chr(code) for code in range(33, 127)] + [chr(256 + code) for code in range(33)]
TOKENS = ["<s>", "</s>", *LETTERS, "ab"]


def write(path: str, settings: dict[str, float]) -> None:
    """Write a random model, always the same."""
    random = np.random.default_rng(0)

    def weights(*shape: int) -> np.ndarray:
        return random.normal(0, 0.4, shape).astype(np.float32)

    one = np.ones(WIDTH, np.float32)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(512)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(2 * WIDTH)
    writer.add_head_count(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(TOKENS))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(TOKENS)
    writer.add_token_types([3, 3] + [1] * (len(TOKENS) - 2))
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    for name, value in settings.items():
        writer.add_float32(f"general.sampling.{name}", value)
    writer.add_tensor("token_embd.weight", weights(len(TOKENS), WIDTH))
    writer.add_tensor("output.weight", weights(len(TOKENS), WIDTH))
    writer.add_tensor("output_norm.weight", one)
    for layer in range(LAYERS):
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", weights(WIDTH, WIDTH))
        for name in ("ffn_gate", "ffn_up"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", weights(2 * WIDTH, WIDTH))
        writer.add_tensor(f"blk.{layer}.ffn_down.weight", weights(WIDTH, 2 * WIDTH))
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", one)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def answers(path: str, more: dict[str, float]) -> list[str]:
    params = xllamacpp.CommonParams()
    params.model.path = path
    params.n_ctx = 512
    params.n_parallel = 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(params)
    asked = {"max_tokens": 32, "temperature": 0, "cache_prompt": False, **more}
    prompts = [[0, 10 + at, 40 + at] for at in range(8)]
    return [
        server.handle_completions({"prompt": prompt, **asked})["choices"][0]["text"]
        for prompt in prompts
    ]


plain, told = f"{sys.argv[1]}/plain.gguf", f"{sys.argv[1]}/told.gguf"
write(plain, {})
write(told, {"penalty_repeat": 1.5})
for name, more in (
    ("temperature 0", {}),
    ("temperature 0, repeat_penalty 1.0", {"repeat_penalty": 1.0}),
):
    same = answers(plain, more) == answers(told, more)
    print(f"found {name}: the same answers from both files: {same}")
PY
"$place/env/bin/python" "$place/ask.py" "$place" 2>/dev/null | grep "^found" | sed "s/^found //" | tee "$place/said"
diff "$place/said" - <<'SEEN'
temperature 0: the same answers from both files: False
temperature 0, repeat_penalty 1.0: the same answers from both files: True
SEEN
echo "as found"
