"""``build.yaml``: what is to be built, and how. Every field has a default but the raw datasets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field, JsonValue

from imhi import HarnessError, Registry, UnknownName
from imhi.build.checks.configured import configured_checks
from imhi.build.checks.declarations import Action
from imhi.build.raw.preset import Cleaning, Part
from imhi.io import read_yaml, yaml_models

Profile = Literal["published", "strict"] | Cleaning
Count = Annotated[int, Field(gt=0)]


class Raw(Part):
    """One raw dataset: ``preset`` (a name or a YAML file) and ``path`` (the folder, or the only
    file). ``clean`` overrides how the preset cleans."""

    preset: str
    path: str
    clean: Profile | None = None


class Explain(Part):
    """Where explanations come from: ``given`` (a source that has them, such as official:PATH) for
    the rows it has, ``model`` for the others.

    ``experts`` is a source whose split ``expert`` is shown to the model, ``shots`` rows per label.
    ``template`` names a file of wordings (imhi_build/explanations/templates) or is a path to one.
    ``labeler`` reads the label a model's answer states.
    """

    model: str | None = None
    given: str | None = None
    experts: str | None = None
    shots: Annotated[int, Field(ge=0)] = 2
    template: str = "stepwise"
    labeler: str = "strict"
    max_new_tokens: Count = 400
    temperature: Annotated[float, Field(ge=0)] = 0.0
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    chat_template: Literal["auto", "on", "off"] = "auto"


class Write(Part):
    """What is written, and where (default: ``written`` in the build)."""

    formats: tuple[str, ...] = ("official", "parquet", "dataset", "statistics")
    to: str | None = None


class Config(Part):
    """A build. ``gold`` decides whose label counts where the model states another than people gave:
    ``human`` keeps theirs; ``model`` takes the model's, as in the published set, and says so in each
    row. ``limit`` is posts per split."""

    raw: Annotated[tuple[Raw, ...], Field(min_length=1)]
    clean: Profile | None = None
    seed: Annotated[int, Field(ge=0)] = 0
    limit: Count | None = None
    gold: Literal["human", "model"] = "human"
    explain: Explain = Explain()
    checks: Annotated[dict[str, dict[str, JsonValue]], Field(default_factory=dict)]
    write: Write = Write()


def read_config(path: Path, overrides: Sequence[str], registry: Registry) -> Config:
    """Return a configuration with ``a.b=c`` overrides applied.

    Raises:
        HarnessError: no such file, not YAML, an unknown field, check or format, or a value that is
            not allowed.
    """
    values = yaml_models.plain_values(read_yaml(path, str(path)))
    if not isinstance(values, dict):
        raise HarnessError(f"{path}: expected a mapping that begins with 'raw:'")
    return checked(
        yaml_models.with_overrides(values, overrides, "explain.shots=1"), str(path), registry
    )


def checked(values: Mapping[str, object], where: str, registry: Registry) -> Config:
    """Return the configuration these values describe.

    Raises:
        HarnessError: naming field, value and what is allowed.
    """
    checks = values.get("checks")
    if isinstance(checks, dict):
        settings: dict[str, JsonValue] = {
            name: _settings(given, f"{where}: checks.{name}") for name, given in checks.items()
        }
        values = {**values, "checks": settings}
    config = yaml_models.validated(Config, values, where)
    configured_checks(config.checks, registry)
    for name in config.write.formats:
        if name not in registry.build_formats.things:
            raise UnknownName("format", name, registry.build_formats.things)
    return config


def _settings(given: JsonValue, where: str) -> dict[str, JsonValue]:
    """Return the settings of a check; its action may be given alone.

    Raises:
        HarnessError: neither settings nor an action.
    """
    # YAML 1.1 reads a bare off as false.
    values = given if isinstance(given, dict) else {} if given is None else {"action": given}
    settings = {k: "off" if k == "action" and v is False else v for k, v in values.items()}
    if settings.get("action", "off") not in get_args(Action):
        raise HarnessError(
            f"{where}: found {settings['action']!r}, expected {', '.join(get_args(Action))}, or settings "
            "such as {action: report}"
        )
    return settings
