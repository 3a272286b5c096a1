"""The Python API: one call from model names to scores."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from imhi._core.errors import HarnessError
from imhi._core.plugin_manager import PluginManager, load_plugins
from imhi._core.results import Results
from imhi._core.settings import RunSettings, settings_from
from imhi._core.stages.pipeline import run


def evaluate(
    models: str | Sequence[str],
    tasks: str | Sequence[str] = (),
    datasets: str | Sequence[str] = (),
    *,
    plugins: Sequence[str | Path] = (),
    manager: PluginManager | None = None,
    **settings: Any,
) -> Results:
    """Run models on IMHI and return their scores.

    Args:
        models: names as on the command line, such as ``"baseline:tfidf"`` or ``"hf:gpt2"``.
        tasks: names of tasks; all where neither tasks nor datasets are named.
        datasets: names of datasets.
        plugins: single-file plugins (.py or .yaml) to load besides the installed ones.
        manager: a plugin manager to use instead of a fresh one.
        settings: any other field of :class:`imhi.RunSettings` (``source, split,
            prompt, labeler, metric, limit, seed, out, ...``).

    Raises:
        HarnessError: a name or a file is not what it should be. Examples that fail do not raise:
            see :attr:`Results.complete`. With an unknown name stands which plugins failed to load.
    """

    def several(value: str | Sequence[str]) -> list[str]:
        return [value] if isinstance(value, str) else list(value)

    given = {"model": several(models), "task": several(tasks), "dataset": several(datasets)}
    plain = {k: str(v) if isinstance(v, Path) else v for k, v in settings.items()}
    chosen = RunSettings(**settings_from({**given, **plain}, "evaluate()"))
    if manager is not None and plugins:
        raise HarnessError("evaluate(): found plugins= beside manager=, expected one of the two")
    if manager is None:
        manager = load_plugins(plugins)
        manager.refuse_broken_files(plugins)
    with manager.naming_failures():
        return Results(run(chosen, manager))
