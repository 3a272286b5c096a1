#!/usr/bin/env bash
# anthropic 2 sends another version of the interface, and the key in another header, than version 1 did.
#
# Expected: "anthropic-version: 2023-06-01" and the key in "x-api-key", as in all releases before 2.0 and
# in most guides, gateways and proxies that check either.
# Found: "anthropic-version: 2026-10-21" and "Authorization: Bearer KEY", no x-api-key. What the newer
# version takes differs (sampling parameters), so the same code on a newer client may be refused; whoever
# wants temperature 0 from models that still take it has to name the version: default_headers.
#
# Output seen, anthropic 2.14.0, Python 3.11:
#   version: 2026-10-21
#   x-api-key: absent
#   authorization: Bearer
#   version with default_headers: 2023-06-01
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install -qq --disable-pip-version-check "anthropic==2.14.0"
cat > "$place/ask.py" <<'PY'
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import anthropic

ANSWER = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
    "content": [{"type": "text", "text": "Yes."}], "usage": {"input_tokens": 1, "output_tokens": 1},
}
heard = []


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        heard.append({name.lower(): value for name, value in self.headers.items()})
        self.rfile.read(int(self.headers["Content-Length"]))
        data = json.dumps(ANSWER).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


server = HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}"
for headers in (None, {"anthropic-version": "2023-06-01"}):
    client = anthropic.Anthropic(api_key="a-key", base_url=address, default_headers=headers)
    client.messages.create(
        model="m", max_tokens=5, messages=[{"role": "user", "content": "Is it raining?"}]
    )
first, second = heard
print("version:", first["anthropic-version"])
print("x-api-key:", "sent" if "x-api-key" in first else "absent")
print("authorization:", first.get("authorization", "absent").split()[0])
print("version with default_headers:", second["anthropic-version"])
PY
"$place/env/bin/python" "$place/ask.py" 2>/dev/null | tee "$place/said"
diff "$place/said" - <<'SEEN'
version: 2026-10-21
x-api-key: absent
authorization: Bearer
version with default_headers: 2023-06-01
SEEN
echo "as found"
