"""Arguments of a model family or metric, and how they are declared as fields of a dataclass."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_COMMA = re.compile(r",(?=[A-Za-z_][\w.-]*=)")


@dataclass(frozen=True)
class Argument:
    """One ``key=value`` a model family takes. ``parse`` turns the text into a value and raises
    ValueError where it cannot. ``changes_answers=False`` keeps it out of the run id (batch size,
    concurrency, time limits ...).

    A ``group`` takes ``NAME.PATH=VALUE`` any number of times; its value is a mapping of paths, and its
    default the empty one. ``added_later`` leaves the argument out of the run id where it has its
    default, so that runs from before there was such an argument keep their ids; groups always are.
    """

    name: str
    summary: str
    default: Any = None
    parse: Callable[[str], Any] = str
    changes_answers: bool = True
    group: bool = False
    added_later: bool = False

    @property
    def written(self) -> str:
        """How the argument is written before the equals sign."""
        return f"{self.name}.NAME" if self.group else self.name

    @staticmethod
    def field(
        default: Any,
        summary: str,
        parse: Callable[[str], Any] = str,
        *,
        changes_answers: bool = True,
        added_later: bool = False,
    ) -> Any:
        """Declare an argument as a dataclass field; see the class for what each part means."""
        declared = {"summary": summary, "parse": parse, "changes_answers": changes_answers}
        declared["added_later"] = added_later
        return dataclasses.field(default=default, metadata=declared)

    @staticmethod
    def group_field(
        summary: str, parse: Callable[[str], Any] = str, *, changes_answers: bool = True
    ) -> Any:
        """Declare a group as a dataclass field of type ``Mapping[str, Any]``."""
        declared = {"summary": summary, "parse": parse, "changes_answers": changes_answers}
        return dataclasses.field(default_factory=dict, metadata={**declared, "group": True})

    @classmethod
    def all_of(cls, record: type[Any]) -> tuple[Argument, ...]:
        """Return the arguments that a dataclass declares with :meth:`field`, in its order.

        A factory gets them as a mapping with a value for each: ``record(**values)``.
        """
        return tuple(
            cls(
                field.name,
                default={} if field.metadata.get("group") else field.default,
                **field.metadata,
            )
            for field in dataclasses.fields(record)
        )

    @staticmethod
    def choice(*allowed: str) -> Callable[[str], str]:
        """Return a parser that takes one of some words; for ``parse``."""

        def parse(text: str) -> str:
            if text not in allowed:
                raise ValueError(f"expected {' or '.join(allowed)}")
            return text

        return parse

    @staticmethod
    def count(text: str) -> int:
        """Parse a whole number above 0; for ``parse``."""
        if not re.fullmatch(r"[0-9]{1,12}", text) or int(text) < 1:
            raise ValueError("expected a whole number above 0")
        return int(text)

    @staticmethod
    def auto_count(text: str) -> int | None:
        """Parse ``auto`` (None) or a whole number above 0; for ``parse``."""
        if text == "auto":
            return None
        try:
            return Argument.count(text)
        except ValueError:
            raise ValueError("expected auto or a whole number above 0") from None

    @staticmethod
    def flag(text: str) -> bool:
        """Parse ``true/false, on/off, yes/no, 1/0``; for ``parse``."""
        known = {"true": True, "on": True, "yes": True, "1": True}
        known |= {"false": False, "off": False, "no": False, "0": False}
        if text.lower() not in known:
            raise ValueError("expected true or false")
        return known[text.lower()]

    @staticmethod
    def json_value(text: str) -> Any:
        """Parse JSON (``false``, ``0.5``, ``{"a": 1}``, ``null``); any other text is itself; for
        ``parse``."""
        try:
            value = json.loads(text, parse_constant=str)
            json.dumps(value, allow_nan=False)
        except RecursionError:
            raise ValueError("expected JSON that is not nested so deep") from None
        except json.JSONDecodeError:
            if text[:1] in ("{", "["):
                raise ValueError("expected JSON, as it begins with a bracket") from None
            return text
        except ValueError:
            raise ValueError("expected numbers that JSON can hold") from None
        return value

    @staticmethod
    def split(text: str) -> list[str]:
        """Split at the commas that begin a ``key=``; other commas belong to a value."""
        return _COMMA.split(text)
