"""Arguments declared as fields of a dataclass are those that are parsed and given to factories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from imhi import Argument, HarnessError
from imhi._core.arguments import parse_arguments
from imhi._core.declarations import ModelFamily
from imhi._core.models import ModelSpec


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


@dataclass(frozen=True)
class Extended:
    """A model whose arguments grew after it had runs."""

    model: str = Argument.field("tiny", "a hub id or a folder")
    fold: bool = Argument.field(False, "came later", Argument.flag, added_later=True)
    body: Mapping[str, Any] = Argument.group_field("further fields", Argument.json_value)
    header: Mapping[str, str] = Argument.group_field("headers", changes_answers=False)


def spec(*pairs: str) -> ModelSpec:
    family = ModelFamily("x", "a model", "nowhere:create", arguments=Argument.all_of(Extended))
    given = parse_arguments("model 'x:m'", "x:", family.arguments, pairs)
    defaults = {one.name: one.default for one in family.arguments}
    return ModelSpec("x:m", family, "m", defaults | given, given)


def test_a_group_takes_any_path_and_json_values() -> None:
    pairs = (
        "body.effort=low",
        "body.template.thinking=false",
        'body.stop={"at": [1, 2]}',
        "body.seed=null",
        "header.api-key=VARIABLE",
    )
    assert Extended(**spec(*pairs).arguments) == Extended(
        body={"effort": "low", "template.thinking": False, "stop": {"at": [1, 2]}, "seed": None},
        header={"api-key": "VARIABLE"},
    )
    assert Argument.split("m,body.a=x,header.api-key=K") == ["m", "body.a=x", "header.api-key=K"]


def test_what_came_later_changes_the_identity_only_where_it_is_used() -> None:
    assert spec().identity()["arguments"] == {"model": "tiny"}
    assert spec("fold=true", "body.effort=low", "header.a=B").identity()["arguments"] == {
        "model": "tiny",
        "fold": True,
        "body.effort": "low",
    }


@pytest.mark.parametrize("pair", ["body.=1", "body.a..b=1", "header.=A"])
def test_a_group_wants_a_name(pair: str) -> None:
    with pytest.raises(HarnessError, match=r"expected (body|header)\.NAME=VALUE"):
        spec(pair)


def test_half_a_json_object_is_refused() -> None:
    with pytest.raises(HarnessError, match=r"argument body\.a: found '\{1', expected JSON"):
        spec("body.a={1")


def test_a_group_without_a_name_is_unknown() -> None:
    with pytest.raises(HarnessError, match=r"did you mean 'body\.NAME'|body\.NAME"):
        spec("body=1")
