#!/usr/bin/env bash
# Ray prints what it has to say of a dead worker on the driver's standard output, also with
# log_to_driver=False and logging_level="ERROR".
#
# Expected: with both, the driver's output is its own; errors go to standard error or a log.
# Found: the thread that listens for errors prints "(raylet) A worker died or was killed ..." to standard
# output. A command whose output is JSON has other text in it as soon as one worker dies.
#
# Output seen, ray 2.60.0, Python 3.11:
#   lines of standard output that the program did not write: some, of the raylet
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install -qq --disable-pip-version-check "ray==2.60.0"
cat > "$place/dies.py" <<'PY'
import os
import time

import ray

ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, logging_level="ERROR")


@ray.remote(max_restarts=0, max_task_retries=0)
class Worker:
    def work(self):
        os._exit(1)


try:
    ray.get(Worker.remote().work.remote())
except ray.exceptions.RayActorError:
    pass
time.sleep(5)  # it is told in another thread
print("{}", flush=True)
PY
"$place/env/bin/python" "$place/dies.py" > "$place/out" 2> "$place/errors"
if grep -v '^{}$' "$place/out" | grep -q raylet; then
  echo "lines of standard output that the program did not write: some, of the raylet"
else
  echo "changed: standard output holds"
  cat "$place/out"
  exit 1
fi
echo "as found"
