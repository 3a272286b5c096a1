"""The scheme: what annotators are told and what each mark means, read from YAML and checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from imhi import digest
from imhi.io import Marking, read_yaml

SHIPPED = Path(__file__).with_name("scheme.yaml")
ALLOWED = f"{', '.join(map(str, Marking.MARKS[:-1]))} or {Marking.MARKS[-1]}"
ITEM, POST, QUESTION, LABEL, EXPLANATION = "item", "post", "question", "label", "explanation"
COMMENT, ANNOTATOR, SAMPLE = "comment", "annotator", "sample"
TEXTS = (POST, QUESTION, LABEL, EXPLANATION)
"""The columns of a sheet that show an item."""
# Columns of the sheets.
_TAKEN = (ITEM, *TEXTS, COMMENT, ANNOTATOR, SAMPLE)


def load_scheme(path: Path = SHIPPED) -> Marking:
    """Read a scheme.

    Raises:
        HarnessError: no such file, not YAML, or a field that is missing or not what it should be;
            the message names field and value.
    """
    where = f"scheme {path}"
    return scheme_from(read_yaml(path, where), path.name, where)


def scheme_from(value: Any, file: str, where: str) -> Marking:
    """Check what a YAML or JSON file holds; ``where`` is named in errors.

    Raises:
        HarnessError: as :func:`load_scheme`.
    """
    return Marking.read(value, file, where, _TAKEN)


def scheme_digest(scheme: Marking) -> str:
    """Return 16 hex digits that tell the wording from every other."""
    return digest(scheme.content())[:16]
