"""The registered checks, each with the settings a build gives it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, JsonValue

from imhi import BuildCheck, HarnessError, Registry, UnknownName, resolve
from imhi.build.checks.declarations import Action, CheckSettings
from imhi.io import yaml_models

if TYPE_CHECKING:
    from imhi.build.checks.reports import CheckReport


@dataclass(frozen=True)
class ConfiguredCheck:
    """A check, what becomes of a row with a finding, and the check's own settings."""

    check: BuildCheck
    action: Action
    settings: BaseModel

    @property
    def name(self) -> str:
        """What the check is called."""
        return self.check.name

    def to_json(self) -> dict[str, JsonValue]:
        """Return action and settings, as a report has them."""
        return {"action": self.action, **self.settings.model_dump(mode="json")}

    def made(self, report: CheckReport) -> bool:
        """Say whether a report was made with these settings, whatever its action."""
        return {**report.settings, "action": self.action} == self.to_json()


def configured_checks(
    given: Mapping[str, Mapping[str, JsonValue]], registry: Registry
) -> dict[str, ConfiguredCheck]:
    """Return every registered check by name, with the settings ``given`` or its own defaults.

    Raises:
        HarnessError: an unknown check, or a setting that is not allowed.
    """
    known = registry.build_checks.things
    for name in given:
        if name not in known:
            raise UnknownName("check", name, known, "see: imhi build checks")
    return {name: _configured(check, given.get(name, {})) for name, check in known.items()}


def _configured(check: BuildCheck, given: Mapping[str, JsonValue]) -> ConfiguredCheck:
    kind = _settings_class(check)
    declared = kind.model_fields.get("action")
    action: Any = given.get("action", declared.default if declared else "quarantine")
    values = {name: value for name, value in given.items() if declared or name != "action"}
    return ConfiguredCheck(
        check, action, yaml_models.validated(kind, values, f"checks.{check.name}")
    )


def _settings_class(check: BuildCheck) -> type[BaseModel]:
    kind: object = check.settings or CheckSettings
    if isinstance(kind, str):
        kind = resolve(kind)
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        raise HarnessError(
            f"check '{check.name}': settings: found {kind!r}, expected a class of pydantic"
        )
    return kind
