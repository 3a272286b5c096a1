#!/usr/bin/env bash
# inspect_ai's .eval logs are ZIP archives whose entries Python's zipfile cannot read before 3.14.
#
# Expected: a .eval file is a ZIP of JSON, as its documentation says, and any zipfile module reads it.
# Found: the entries are compressed with method 93 (Zstandard), which zipfile has from Python 3.14 on.
# Before, listing works and reading raises NotImplementedError; a package such as zipfile-zstd is needed.
#
# Output seen, inspect-ai 0.3.285, Python 3.11:
#   methods: [93]
#   zipfile alone: NotImplementedError
#   with zipfile-zstd: 1 sample
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install -qq --disable-pip-version-check "inspect-ai==0.3.285" "zipfile-zstd==0.0.4"
cat > "$place/make.py" <<'PY'
import sys

from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.scorer import match

task = Task(dataset=[Sample(input="Is the sky blue?", target="yes")], scorer=match())
eval(task, model="mockllm/model", log_dir=sys.argv[1], display="none")
PY
cat > "$place/read.py" <<'PY'
import sys
import zipfile
from pathlib import Path

(log,) = Path(sys.argv[1]).glob("*.eval")
with zipfile.ZipFile(log) as archive:
    print("methods:", sorted({entry.compress_type for entry in archive.infolist()}))
    (sample,) = [name for name in archive.namelist() if name.startswith("samples/")]
    try:
        archive.read(sample)
        print("zipfile alone: read")
    except NotImplementedError:
        print("zipfile alone: NotImplementedError")
import zipfile_zstd  # noqa: E402, F401  it teaches zipfile the method

with zipfile.ZipFile(log) as archive:
    print("with zipfile-zstd:", b"sky" in archive.read(sample) and "1 sample")
PY
"$place/env/bin/python" "$place/make.py" "$place/logs" > "$place/made" 2>&1 || { tail -3 "$place/made"; exit 1; }
"$place/env/bin/python" "$place/read.py" "$place/logs" | tee "$place/said"
diff "$place/said" - <<'SEEN'
methods: [93]
zipfile alone: NotImplementedError
with zipfile-zstd: 1 sample
SEEN
echo "as found"
