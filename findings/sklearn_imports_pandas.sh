#!/usr/bin/env bash
# scikit-learn 1.9.1 imports pandas (and with it pyarrow) wherever they are installed.
#
# Guessed: TfidfVectorizer on texts needs numpy and scipy; pandas is imported by whoever gives a frame.
# Found: `import sklearn.feature_extraction.text` runs `import pandas` in sklearn/utils/fixes.py and
# binds the name `pd`, which no other module of scikit-learn reads. With pandas 3.1.1 and pyarrow
# 26.0.1 beside it, that is about 70 MB of memory in a process of 200 MB. Where the optional import
# is made to fail, the vectorizer gives the same matrix, and still takes a column of a frame.
#
# Output seen, Python 3.11, Linux x86_64:
#   scikit-learn 1.9.1 pandas 3.1.1
#   plain: pandas imported True
#   without: pandas imported False, saves at least 40 MB True
#   same matrix True, a frame's column is taken True
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -qq --disable-pip-version-check \
  scikit-learn==1.9.1 pandas==3.1.1 pyarrow==26.0.1 numpy==2.4.6 scipy==1.17.1
cat > "$place/one.py" <<'PY'
import sys

hide = sys.argv[1] == "without"
if hide:
    sys.modules["pandas"] = None
from sklearn.feature_extraction.text import TfidfVectorizer

if hide:
    del sys.modules["pandas"]
memory = next(line for line in open("/proc/self/status") if line.startswith("VmRSS"))
texts = ["slept badly again", "slept well", "again a bad day"]
matrix = TfidfVectorizer().fit_transform(texts).toarray().round(6).tolist()
imported = "pandas" in sys.modules
import pandas

column = TfidfVectorizer().fit_transform(pandas.DataFrame({"text": texts})["text"])
print(imported, int(memory.split()[1]) // 1024, matrix, column.toarray().round(6).tolist() == matrix)
PY
cat > "$place/compare.py" <<'PY'
import subprocess, sys
from importlib.metadata import version

def run(how):
    said = subprocess.run([sys.executable, sys.argv[1], how], capture_output=True, text=True, check=True)
    imported, memory, rest = said.stdout.split(" ", 2)
    matrix, column = rest.strip().rsplit(" ", 1)
    return imported == "True", int(memory), matrix, column == "True"

plain, without = run("plain"), run("without")
print("scikit-learn", version("scikit-learn"), "pandas", version("pandas"))
print("plain: pandas imported", plain[0])
print(f"without: pandas imported {without[0]}, saves at least 40 MB {plain[1] - without[1] >= 40}")
print(f"same matrix {plain[2] == without[2]}, a frame's column is taken {plain[3] and without[3]}")
PY
"$place/venv/bin/python" "$place/compare.py" "$place/one.py" | tee "$place/said"
diff "$place/said" - <<'SEEN'
scikit-learn 1.9.1 pandas 3.1.1
plain: pandas imported True
without: pandas imported False, saves at least 40 MB True
same matrix True, a frame's column is taken True
SEEN
echo "as found"
