"""Metrics as asked for: names, arguments, and what is opened and closed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from imhi import Argument, Metric
from imhi._core.errors import HarnessError, UnknownName
from imhi._core.metrics import MetricSpec
from imhi._core.registry import Registry


class Depth:
    """A metric that holds something."""

    closed: list[str] = []  # noqa: RUF012 - seen by the tests

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self.arguments = arguments

    def __call__(self, *columns: Any) -> list[Any]:
        return []

    def close(self) -> None:
        Depth.closed.append(self.arguments["model"])


@pytest.fixture
def shelves() -> Registry:
    registry = Registry()
    arguments = (
        Argument("model", "A model", "small"),
        Argument("layer", "A layer", 1, Argument.count),
    )
    registry.add(Metric("plain", "No arguments", lambda *_: [], default=True), "p")
    registry.add(
        Metric("depth", "With a model", group="neural", create=Depth, arguments=arguments), "q"
    )
    return registry


def test_without_names_the_defaults_are_taken(shelves: Registry) -> None:
    assert [spec.name for spec in MetricSpec.parse([], shelves)] == ["plain"]


@pytest.mark.parametrize(
    ("text", "model", "layer"),
    [
        ("depth", "small", 1),
        ("depth:./a,b", "./a,b", 1),
        ("depth:./a,layer=3", "./a", 3),
        ("depth:layer=3", "small", 3),
        ("depth:model=x", "x", 1),
        ("DEPTH:x", "x", 1),
        ("neural", "small", 1),
    ],
)
def test_the_first_argument_needs_no_name(
    text: str, model: str, layer: int, shelves: Registry
) -> None:
    (spec,) = MetricSpec.parse([text], shelves)
    assert (spec.name, spec.owner) == ("depth", "q")
    assert spec.arguments == {"model": model, "layer": layer}


def test_a_metric_named_beside_its_group_keeps_its_arguments(shelves: Registry) -> None:
    for names in (["depth:x", "neural"], ["neural", "depth:x"]):
        (spec,) = MetricSpec.parse(names, shelves)
        assert spec.arguments["model"] == "x"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("depht", "did you mean 'depth'"),
        ("depth:x,layr=3", "did you mean 'layer'"),
        ("depth:x,layer=none", "argument layer: found 'none', expected a whole number above 0"),
        ("plain:x", "plain takes no arguments"),
        ("neural:x", "neural is a group and takes no arguments; name one of depth"),
    ],
)
def test_what_cannot_be_read_is_said(text: str, said: str, shelves: Registry) -> None:
    with pytest.raises((HarnessError, UnknownName), match=said):
        MetricSpec.parse([text], shelves)


def test_a_metric_that_holds_something_is_closed_whatever_happens(shelves: Registry) -> None:
    Depth.closed.clear()
    with (
        pytest.raises(RuntimeError),
        MetricSpec.opened(MetricSpec.parse(["plain", "depth:x"], shelves)) as ready,
    ):
        assert [spec.name for spec, _ in ready] == ["plain", "depth"]
        raise RuntimeError
    assert Depth.closed == ["x"]


def test_a_metric_gives_a_function_or_a_factory() -> None:
    for more in ({}, {"score": print, "create": print}):
        with pytest.raises(HarnessError, match="expected one of score= and create="):
            Metric("both", "x", **more)  # type: ignore[arg-type]
