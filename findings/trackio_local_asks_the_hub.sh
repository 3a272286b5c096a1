#!/usr/bin/env bash
# trackio.init() for a project in a local folder asks huggingface.co whose token lies here.
#
# Expected: without space_id, server_url and bucket_id nothing is sent: the project is SQLite in a folder.
# Found: with a token of the hub in the environment (or saved by a login) it looks up huggingface.co, to ask the hub for
# the user's name with that token, and writes the name into the run's configuration (_Username).
#
# Output seen, trackio 0.43.0, Python 3.11:
#   without a token: looked up nothing
#   with a token: looked up huggingface.co
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install -qq --disable-pip-version-check "trackio==0.43.0"
cat > "$place/local.py" <<'PY'
import socket
import sys

hosts = set()


def look_up(host, *more, **others):
    hosts.add(host)
    raise OSError("no network here")


socket.getaddrinfo = look_up
import trackio

trackio.init(project="local", embed=False, auto_log_cpu=False, auto_log_gpu=False)
trackio.log({"loss": 1.0})
trackio.finish()
print("looked up", ", ".join(sorted(hosts)) or "nothing", file=sys.stderr)
PY
ask() {  # the token, if any
  env -u HF_TOKEN -u HUGGING_FACE_HUB_TOKEN HF_HOME="$place/hub" TRACKIO_DIR="$place/tracked" \
    ${1:+HF_TOKEN="$1"} "$place/env/bin/python" "$place/local.py" 2>&1 > /dev/null | tail -1
}
without=$(ask "")
with=$(ask "hf_$(printf 'x%.0s' {1..34})")
echo "without a token: $without"
echo "with a token: $with"
if [[ "$without" != "looked up nothing" || "$with" != "looked up huggingface.co" ]]; then
  echo "changed"
  exit 1
fi
echo "as found"
