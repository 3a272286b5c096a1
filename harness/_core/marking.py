"""What explanations are marked by, by people or by models: criteria, and what each mark means.

Read from YAML and checked. The scale, 0 to 3, and the criteria's names are those of the human
evaluation in the MentaLLaMA paper (arXiv 2309.13567).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from imhi._core.errors import HarnessError
from imhi._core.yaml_models import Expected, shortened, validated

_MARKS = (0, 1, 2, 3)
_NAME = r"^[a-z][a-z0-9_]{0,29}$"
_Name = Annotated[
    str,
    StringConstraints(pattern=_NAME),
    Expected("up to 30 small letters, digits and underscores, a letter first"),
]
_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), Expected("a text")]


def _in_order(value: Any) -> list[str]:
    """Return the texts of all marks; raise ValueError where one is none. JSON has texts for keys."""
    if not isinstance(value, Mapping) or set(value) != set(map(str, _MARKS)):
        found = f"[{', '.join(value)}]" if isinstance(value, Mapping) else shortened(value)
        raise ValueError(
            f"found {found}, expected a text for each of {', '.join(map(str, _MARKS))}"
        )
    texts = [value[str(mark)] for mark in _MARKS]
    for mark, text in enumerate(texts):
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"{mark}: found {shortened(text)}, expected a text")
    return [text.strip() for text in texts]


class Criterion(BaseModel):
    """What is marked. ``marks[m]`` says what mark ``m`` means."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: _Name
    definition: _Text
    marks: Annotated[tuple[str, ...], BeforeValidator(_in_order)]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    instruction: _Text
    criteria: Annotated[
        list[dict[str, object]], Field(min_length=1), Expected("a list of criteria")
    ]


@dataclass(frozen=True)
class Marking:
    """What those who mark are told; ``file`` is shown, the rest counts."""

    MARKS: ClassVar[tuple[int, ...]] = _MARKS

    file: str
    instruction: str
    criteria: tuple[Criterion, ...]

    @classmethod
    def read(cls, value: object, file: str, where: str, taken: Collection[str] = ()) -> Marking:
        """Check what a YAML or JSON file holds.

        Args:
            where: named in errors.
            taken: names that no criterion may have.

        Raises:
            HarnessError: a field is missing, unknown or not what it should be; the message names field
                and value.
        """
        if not isinstance(value, Mapping):
            fields = "the fields instruction and criteria"
            raise HarnessError(f"{where}: found {shortened(value)}, expected {fields}")
        read = validated(_File, value, where)
        criteria: list[Criterion] = []
        for number, row in enumerate(read.criteria, start=1):
            place = f"{where}: criterion {number}"
            name = row.get("name")
            named = isinstance(name, str) and re.fullmatch(_NAME, name)
            if name in taken:
                raise HarnessError(
                    f"{place}: name: found '{name}', expected another name: this one is taken"
                )
            if name in [criterion.name for criterion in criteria]:
                raise HarnessError(
                    f"{where}: criteria: found '{name}' twice, expected each name once"
                )
            criteria.append(validated(Criterion, row, f"{place} ({name})" if named else place))
        return cls(file, read.instruction, tuple(criteria))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the criteria, in their order."""
        return tuple(criterion.name for criterion in self.criteria)

    def content(self) -> dict[str, object]:
        """Return, as JSON, what changes a mark."""
        return {
            "instruction": self.instruction,
            "criteria": [[c.name, c.definition, list(c.marks)] for c in self.criteria],
        }

    def as_yaml(self) -> dict[str, object]:
        """Return the values that :meth:`read` reads."""
        criteria = [{**dict(c), "marks": dict(enumerate(c.marks))} for c in self.criteria]
        return {"instruction": self.instruction, "criteria": criteria}
