"""``build.yaml``: what is to be built, and how. Every field has a default but the raw datasets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from imhi import HarnessError, UnknownName
from imhi.build.checks.declarations import Action, CheckSettings
from imhi.build.raw.preset import Cleaning, Part
from imhi.io import plain_values, read_yaml, validated, with_overrides

Profile = Literal["published", "strict"] | Cleaning
Format = Literal["official", "parquet", "dataset", "statistics"]
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

    formats: tuple[Format, ...] = ("official", "parquet", "dataset", "statistics")
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
    checks: Annotated[dict[str, dict[str, Any]], Field(default_factory=dict)]
    write: Write = Write()

    def check_settings(self) -> dict[str, CheckSettings]:
        """Return the settings of every check, by name.

        Raises:
            HarnessError: an unknown check, or a setting that is not allowed.
        """
        from imhi.build.checks.catalogue import CHECKS

        known = {check.name: check for check in CHECKS}
        for name in self.checks:
            if name not in known:
                raise UnknownName("check", name, known, "see: imhi build checks")
        return {
            name: validated(check.settings, self.checks.get(name, {}), f"checks.{name}")
            for name, check in known.items()
        }


def read_config(path: Path, overrides: Sequence[str] = ()) -> Config:
    """Return a configuration with ``a.b=c`` overrides applied.

    Raises:
        HarnessError: no such file, not YAML, an unknown field, a value that is not allowed.
    """
    values = plain_values(read_yaml(path, str(path)))
    if not isinstance(values, dict):
        raise HarnessError(f"{path}: expected a mapping that begins with 'raw:'")
    return checked(with_overrides(values, overrides, "explain.shots=1"), str(path))


def checked(values: Mapping[str, Any], where: str) -> Config:
    """Return the configuration these values describe.

    Raises:
        HarnessError: naming field, value and what is allowed.
    """
    checks = values.get("checks")
    if isinstance(checks, dict):
        settings = {
            name: _settings(found, f"{where}: checks.{name}") for name, found in checks.items()
        }
        values = {**values, "checks": settings}
    config = validated(Config, values, where)
    config.check_settings()
    return config


def _settings(found: Any, where: str) -> dict[str, Any]:
    """Return the settings of a check; its action may be given alone.

    Raises:
        HarnessError: neither settings nor an action.
    """
    # YAML 1.1 reads a bare off as false.
    given = found if isinstance(found, dict) else {} if found is None else {"action": found}
    settings = {k: "off" if k == "action" and v is False else v for k, v in given.items()}
    if settings.get("action", "off") not in get_args(Action):
        raise HarnessError(
            f"{where}: found {settings['action']!r}, expected {', '.join(get_args(Action))}, or settings "
            "such as {action: report}"
        )
    return settings
