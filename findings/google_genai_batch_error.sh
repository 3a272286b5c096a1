#!/usr/bin/env bash
# google-genai keeps from its user why a batch job of the Gemini API failed.
#
# Expected: of a job whose description has an "error" with code and message (google.rpc.Status),
# client.batches.get(...).error is that error; the class has a field of that name and documents it.
# Found: the field stays None. The client translates state, times and results of the Gemini API's
# description and leaves the error out (it does so for Vertex AI alone), so a failed batch looks as if no
# reason had been given; the answer on the wire has one.
#
# Output seen, google-genai 3.6.1, Python 3.11:
#   state: JOB_STATE_FAILED
#   error on the wire: 429 quota of enqueued tokens used up
#   error the client gives: None
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install -qq --disable-pip-version-check "google-genai==3.6.1"
cat > "$place/ask.py" <<'PY'
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from google import genai
from google.genai import types

ERROR = {"code": 429, "message": "quota of enqueued tokens used up", "status": "RESOURCE_EXHAUSTED"}
JOB = {
    "name": "batches/one",
    "metadata": {
        "@type": "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch",
        "model": "models/gemini-2.5-flash",
        "displayName": "a batch",
        "state": "BATCH_STATE_FAILED",
        "name": "batches/one",
    },
    "done": True,
    "error": ERROR,
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        data = json.dumps(JOB).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


server = HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
options = types.HttpOptions(base_url=f"http://127.0.0.1:{server.server_port}", api_version="v1beta")
client = genai.Client(api_key="none", vertexai=False, http_options=options)
job = client.batches.get(name="batches/one")
print("state:", job.state.value)
print("error on the wire:", ERROR["code"], ERROR["message"])
print("error the client gives:", job.error)
PY
"$place/env/bin/python" "$place/ask.py" 2>/dev/null | tee "$place/said"
diff "$place/said" - <<'SEEN'
state: JOB_STATE_FAILED
error on the wire: 429 quota of enqueued tokens used up
error the client gives: None
SEEN
echo "as found"
