"""scikit-learn without pandas, and pandas for whoever wants it meanwhile."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys, threading
from imhi import import_sklearn

raised = []
def other():
    try:
        import pandas
    except ImportError as error:
        raised.append(error)

thread = threading.Thread(target=other)
if sys.argv[1] == "threads":
    thread.start()
import_sklearn()
from sklearn.feature_extraction.text import TfidfVectorizer
if sys.argv[1] == "threads":
    thread.join()
else:
    assert "pandas" not in sys.modules
import pandas
assert not raised, raised
frame = pandas.DataFrame({"text": ["a day", "a bad day"]})
assert TfidfVectorizer().fit_transform(frame["text"]).shape == (2, 2)
"""


def run(how: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", SCRIPT, how]
    return subprocess.run(words, capture_output=True, text=True, timeout=120)


def test_pandas_is_not_imported_and_can_be_used_afterwards() -> None:
    done = run("alone")
    assert done.returncode == 0, done.stderr


def test_another_thread_gets_pandas_meanwhile() -> None:
    done = run("threads")
    assert done.returncode == 0, done.stderr
