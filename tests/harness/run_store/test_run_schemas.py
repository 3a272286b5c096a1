"""The JSON Schemas in docs/schemas are those of the records, and run folders fit them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from docs.generator.run_records import schemas
from tests.conftest import Imhi

SHIPPED = Path(__file__).resolve().parents[3] / "docs" / "schemas"
EARLIER = Path(__file__).resolve().parents[2] / "data" / "runs_of_0.1"


def fits(value: Any, name: str) -> None:
    schema = json.loads((SHIPPED / f"{name}.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(value)


def test_the_schemas_are_those_of_the_records() -> None:
    for name, text in schemas().items():
        assert (SHIPPED / name).read_text(encoding="utf-8") == text, "make docs writes them"


@pytest.mark.parametrize("run", sorted(EARLIER.iterdir()), ids=lambda path: path.name)
def test_runs_of_an_earlier_version_fit(run: Path) -> None:
    fits(json.loads((run / "manifest.json").read_text()), "manifest")
    fits(json.loads((run / "scores" / "hybrid.json").read_text()), "scores")


def test_a_new_run_fits(imhi_here: Imhi) -> None:
    words = ("run", "-m", "baseline:majority", "-d", "DR", "--resamples", "100", "--json")
    run = Path(imhi_here(*words).json["run"])
    fits(json.loads((run / "manifest.json").read_text()), "manifest")
    fits(json.loads((run / "scores" / "hybrid.json").read_text()), "scores")


def test_what_does_not_fit_is_told() -> None:
    manifest = json.loads((next(EARLIER.iterdir()) / "manifest.json").read_text())
    with pytest.raises(jsonschema.ValidationError, match="'many' is not of type 'integer'"):
        fits({**manifest, "datasets": {"DR": "many"}}, "manifest")
    with pytest.raises(jsonschema.ValidationError, match="'datasets' is a required property"):
        fits({k: v for k, v in manifest.items() if k != "datasets"}, "manifest")
