"""The rubric: what judges are told, and the form their answer has."""

from __future__ import annotations

from pathlib import Path

from imhi import HarnessError
from imhi.io import Marking, read_yaml

SHIPPED = Path(__file__).with_name("rubric.yaml")
OVERALL = "overall"
REASON = "reason"
# Fields of the answer and measures that would be called the same.
_TAKEN = (REASON, "unread", "alpha", "kappa", "self_kappa")


def load_rubric(path: Path = SHIPPED) -> Marking:
    """Read a rubric.

    Raises:
        HarnessError: no such file, not YAML, or a field that is missing or not what it should be;
            the message names field and value.
    """
    where = f"rubric {path}"
    rubric = Marking.read(read_yaml(path, where), path.name, where, _TAKEN)
    if OVERALL not in rubric.names:
        raise HarnessError(
            f"{where}: criteria: found {', '.join(rubric.names)}, expected one called '{OVERALL}' "
            "among them"
        )
    return rubric


def answer_schema(rubric: Marking) -> dict[str, object]:
    """Return the JSON schema of a judge's answer.

    Marks are an ``enum``, since strict servers take no ``minimum``; the reason stands first, so
    that it is written before the marks it is to give reasons for.
    """
    properties: dict[str, object] = {REASON: {"type": "string"}}
    properties |= {name: {"type": "integer", "enum": list(Marking.MARKS)} for name in rubric.names}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
