"""Arguments declared as fields of a dataclass are those that are parsed and given to factories."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from imhi import Argument, HarnessError
from imhi._core.arguments import parse_arguments


@dataclass(frozen=True)
class Settings:
    """What some model takes."""

    model: str = Argument.field("tiny", "a hub id or a folder")
    size: int | None = Argument.field(
        None, "items of a batch", Argument.count, changes_answers=False
    )


def test_each_field_is_an_argument_with_its_default_and_parser() -> None:
    assert Argument.all_of(Settings) == (
        Argument("model", "a hub id or a folder", "tiny"),
        Argument("size", "items of a batch", None, Argument.count, changes_answers=False),
    )


def test_parsed_values_make_the_record_again() -> None:
    defaults = {one.name: one.default for one in Argument.all_of(Settings)}
    given = parse_arguments("model 'x'", "x:", Argument.all_of(Settings), ["size=3"])
    assert Settings(**{**defaults, **given}) == Settings("tiny", 3) != Settings()


def test_a_value_that_cannot_be_read_names_the_argument() -> None:
    with pytest.raises(HarnessError, match="argument size: found 'three'"):
        parse_arguments("model 'x'", "x:", Argument.all_of(Settings), ["size=three"])
