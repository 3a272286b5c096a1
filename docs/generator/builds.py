"""The generated parts of build.md: presets, checks, the fields of build.yaml."""

from __future__ import annotations

import json
from typing import Any

from docs.generator.markdown import default, markdown, table
from imhi._core.plugin_manager import PluginManager


def raw_presets(manager: PluginManager) -> str:
    from imhi.build.raw.preset import preset_names, read_preset

    rows = []
    for name in preset_names():
        preset = read_preset(name, manager.registry)
        files = dict.fromkeys(p for file in preset.files.values() for p in file.patterns)
        listed = ", ".join(f"`{pattern}`" for pattern in files)
        rows.append((f"`{name}`", preset.dataset, listed, preset.origin.layout, preset.origin.url))
    return table(("preset", "dataset", "files", "layout", "where from"), rows)


def checks(manager: PluginManager) -> str:
    """Return the table of the built-in checks and their settings."""
    from imhi.build.checks.configured import configured_checks

    rows = []
    for name, one in configured_checks({}, manager.registry).items():
        values = one.settings.model_dump(mode="json", exclude={"action"})
        settings = ", ".join(f"`{key}: {_yaml(value)}`" for key, value in values.items())
        rows.append((f"`{name}`", one.check.summary, one.action, settings))
    return table(("check", "what it finds", "action", "settings"), rows)


def _yaml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def build_fields() -> str:
    """Return every field of ``build.yaml``, a table per part."""
    from imhi.build import config

    parts = {"": config.Config, "raw": config.Raw, "explain": config.Explain, "write": config.Write}
    return "\n\n".join(_build_part(name, kind) for name, kind in parts.items())


def _build_part(name: str, kind: Any) -> str:
    rows = [
        (
            f"`{name}.{field}`" if name else f"`{field}`",
            "required"
            if info.is_required()
            else default(info.get_default(call_default_factory=True)),
        )
        for field, info in kind.model_fields.items()
        if name or field not in {"raw", "explain", "write", "checks"}
    ]
    return f"{markdown(kind.__doc__ or '')}\n\n{table(('field', 'default'), rows)}"
