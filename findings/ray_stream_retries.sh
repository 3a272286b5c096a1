#!/usr/bin/env bash
# A streaming method of a Ray actor that is retried after its process died is replayed by position: where
# values come in the order in which work finishes, one is received twice and another never.
#
# Expected: with max_restarts and max_task_retries the retried stream goes on with what was not received, or
# raises.
# Found: the method runs again from its beginning, and as many of its first values are dropped as had been
# received before, whatever they are. The number of values is right, and nothing is raised. So answers that
# are yielded as they finish are lost and doubled in silence. Results must be told apart by a key of their
# own, or no task be retried by itself (max_task_retries=0, the default).
#
# Output seen, ray 2.60.0, Python 3.11 (yielded "ab", died; then yielded "dcba"):
#   ray 2.60.0 received abba
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install -qq --disable-pip-version-check "ray==2.60.0"
cat > "$place/stream.py" <<'PY'
import os
import sys
import time

import ray

ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
MARK = sys.argv[1]


@ray.remote(max_restarts=1, max_task_retries=1)
class Worker:
    def answers(self, mark):
        first = not os.path.exists(mark)
        open(mark, "a").close()
        # In the order in which they finish: another one the second time.
        for number, item in enumerate("abcd" if first else "dcba"):
            if first and number == 2:
                time.sleep(3)  # what was yielded has been received
                os._exit(1)
            yield item


stream = Worker.remote().answers.options(num_returns="streaming").remote(MARK)
received = "".join(ray.get(one) for one in stream)
print("ray", ray.__version__, "received", received)
assert received == "abba", f"changed: {received}"
PY
"$place/env/bin/python" "$place/stream.py" "$place/mark"
echo "as found"
