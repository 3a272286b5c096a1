"""People's evidence spans, as the authors of IRF distribute them.

``{train,val,test}_data.csv`` with the columns ``text, belong, belong_exp, burden, burden_exp``:
for each of the two risk factors a 0/1 label and the words of the post that show it (Garg et al.
2023, "An Annotated Dataset for Explainable Interpersonal Risk Factors of Mental Disturbance in
Social Media Posts", Findings of ACL).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from imhi import HarnessError
from imhi.io import TableRow, read_table
from imhi.plugins.metrics.faithfulness.words import words

# Aspect of the question -> column of the span.
SPANS = {"thwarted belongingness": "belong_exp", "perceived burdensomeness": "burden_exp"}
COLUMNS = ("text", "belong", "belong_exp", "burden", "burden_exp")


def _key(post: str) -> str:
    """Return what a post is joined by: its words, so that copies spaced, quoted or decoded
    differently are one."""
    return " ".join(words(post))


@dataclass(frozen=True)
class Evidence:
    """Spans by post and aspect. A post that stands in the files twice has the spans of both."""

    spans: Mapping[str, Mapping[str, str]]
    source: str

    def is_about(self, aspect: str) -> bool:
        """Return whether people marked spans for such a question."""
        return aspect in SPANS

    def knows(self, post: str) -> bool:
        """Return whether the post is in the files."""
        return _key(post) in self.spans

    def of(self, post: str, aspect: str) -> str:
        """Return the span, or nothing where people marked none."""
        return self.spans.get(_key(post), {}).get(aspect, "")


def read_evidence(written: str) -> Evidence:
    """Read the files of a folder, or one file.

    Raises:
        HarnessError: no such folder, no table in it, or a table that cannot be read.
    """
    where = f"metric grounding: evidence={written}"
    path = Path(written).expanduser()
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    if not path.exists() or not files:
        problem = "there is no such folder" if not path.exists() else "found no .csv file in it"
        raise HarnessError(
            f"{where}: {problem}; expected the folder of the raw IRF files (train_data.csv, "
            f"val_data.csv, test_data.csv with the columns {', '.join(COLUMNS)})"
        )
    spans: dict[str, dict[str, list[str]]] = {}
    for file in files:
        for row in read_table(file, COLUMNS):
            if not isinstance(row, TableRow):
                raise row
            of_post = spans.setdefault(_key(row.cells["text"]), {})
            for aspect, column in SPANS.items():
                span = row.cells[column].strip()
                if span and span not in of_post.get(aspect, []):
                    of_post.setdefault(aspect, []).append(span)
    joined = {
        post: {aspect: " ".join(sorted(texts)) for aspect, texts in of_post.items()}
        for post, of_post in spans.items()
    }
    return Evidence(joined, path.name)
