"""A run of one model, prepared as the pipeline prepares it."""

from __future__ import annotations

from imhi._core.plan import plan_run
from imhi._core.plugin_manager import PluginManager
from imhi._core.settings import RunSettings
from imhi._core.stages.prepare import Prepared, prepare


def prepared_run(settings: RunSettings, manager: PluginManager) -> Prepared:
    """Prepare the first model of the settings."""
    plan = plan_run(settings, manager.registry)
    return prepare(plan, plan.models[0], manager, plan.open_data(manager.registry))
