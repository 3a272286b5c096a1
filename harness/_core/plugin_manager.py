"""Finds plugins, loads each on its own, and keeps a list of what went wrong.

A plugin that cannot be imported, implements a hook that does not exist or returns rubbish is
reported with its distribution, file and exception (``imhi plugins``); the others keep working.
"""

from __future__ import annotations

import importlib.metadata
import inspect
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pluggy

from imhi._core import hookspecs
from imhi._core.commands_taken import Commands
from imhi._core.errors import HarnessError, UnknownName
from imhi._core.events import Event
from imhi._core.file_plugins import check_plugin_file, read_plugin_file
from imhi._core.installing import DISTRIBUTION
from imhi._core.observing import call_observer
from imhi._core.plugin_problems import OBSERVE, Problem, failed_to_load, one_line, problem_of
from imhi._core.registry import Registry, name_of, types_by_hook

ENTRY_POINT_GROUP = "imhi"
ENVIRONMENT = "IMHI_PLUGINS"

REGISTER_HOOKS = types_by_hook()


@dataclass
class LoadedPlugin:
    """A plugin that was imported, and what it added (kind -> names)."""

    name: str
    distribution: str
    version: str
    file: str
    adds: dict[str, list[str]] = field(default_factory=dict)


def _name_and_version(distribution: importlib.metadata.Distribution) -> tuple[str, str]:
    # Each access parses the metadata anew: one is enough.
    metadata = distribution.metadata
    return str(metadata["Name"] or "?"), str(metadata["Version"] or "?")


class PluginManager:
    """Loads plugins into a :class:`Registry`; notifies observers.

    Args:
        disabled: names of plugins or of distributions that are not to be loaded.
        strict_observers: let what an observer raises fail the run.
    """

    def __init__(self, disabled: Iterable[str] = (), strict_observers: bool = False) -> None:
        self.registry = Registry()
        self.plugins: list[LoadedPlugin] = []
        self.problems: list[Problem] = []
        self.disabled = set(disabled)
        self.strict_observers = strict_observers
        self._used_disabled: set[str] = set()
        self._pluggy = pluggy.PluginManager(hookspecs.PROJECT)
        self._pluggy.add_hookspecs(hookspecs)

    # --- loading ---------------------------------------------------------------------------------

    def load_entry_points(self) -> None:
        """Load every plugin installed under the entry-point group ``imhi``; our own come first, so that
        nobody takes their names."""
        installed: list[tuple[str, str, list[importlib.metadata.EntryPoint]]] = []
        for distribution in importlib.metadata.distributions():
            try:
                found = distribution.entry_points
                entry_points = [entry for entry in found if entry.group == ENTRY_POINT_GROUP]
                if not entry_points:
                    continue
                dist_name, version = _name_and_version(distribution)
            except Exception as error:  # a damaged installation, of whatever
                place = str(getattr(distribution, "_path", "?"))
                damage = HarnessError(f"its metadata cannot be read ({one_line(error)})")
                self._problem(Path(place).name, "?", "metadata", damage, place)
                continue
            installed.append((dist_name, version, entry_points))
        seen: set[tuple[str, str]] = set()
        for dist_name, version, entry_points in sorted(
            installed, key=lambda one: one[0] != DISTRIBUTION
        ):
            for entry_point in entry_points:
                # An editable install can be found twice on the path; it is one plugin.
                if (entry_point.name, entry_point.value) in seen:
                    continue
                seen.add((entry_point.name, entry_point.value))
                if self._is_disabled(entry_point.name, dist_name):
                    continue
                try:
                    module = entry_point.load()
                except (Exception, SystemExit) as error:
                    self._problem(
                        entry_point.name, dist_name, "import", error, str(entry_point.value)
                    )
                    continue
                self.register(module, entry_point.name, dist_name, version)

    def load_file(self, path: Path) -> None:
        """Load a single-file plugin: a ``.py`` module, or a task as ``.yaml``.

        Raises:
            HarnessError: there is no such file, or it is neither.
        """
        check_plugin_file(path)
        if self._is_disabled(path.stem, str(path)):
            return
        try:
            plugin = read_plugin_file(path)
        except (Exception, SystemExit) as error:
            self._problem(path.stem, str(path), "import", error, str(path))
            return
        self.register(plugin, path.stem, str(path), "file")

    def register(self, plugin: Any, name: str, distribution: str, version: str) -> None:
        """Register an imported plugin: check its hooks, then take what each returns."""
        file = str(getattr(plugin, "__file__", None) or getattr(plugin, "file", "?"))
        loaded = LoadedPlugin(name, distribution, version, file)
        self._check_hook_names(plugin, loaded)
        try:
            self._pluggy.register(plugin, f"{distribution}:{name}")
        except (pluggy.PluginValidationError, ValueError) as error:
            self._problem(name, distribution, "hooks", HarnessError(one_line(error)), file)
            with suppress(Exception):
                self._pluggy.unregister(plugin)  # what was taken before the fault was met
            return
        self.plugins.append(loaded)
        for hook in REGISTER_HOOKS:
            self._call_register_hook(plugin, loaded, hook)

    def _call_register_hook(self, plugin: Any, loaded: LoadedPlugin, hook: str) -> None:
        if not any(
            impl.plugin is plugin for impl in getattr(self._pluggy.hook, hook).get_hookimpls()
        ):
            return
        expected = REGISTER_HOOKS[hook]
        # Called on this plugin alone, so that a failure has an owner.
        others = [other for other in self._pluggy.get_plugins() if other is not plugin]
        caller = self._pluggy.subset_hook_caller(hook, others)
        try:
            for returned in caller():
                if isinstance(returned, (str, bytes)) or not isinstance(returned, Iterable):
                    raise HarnessError(
                        f"{hook} returned a {type(returned).__name__}, expected an iterable of "
                        + " or ".join(kind.__name__ for kind in expected)
                    )
                for thing in returned:
                    if not isinstance(thing, expected):
                        raise HarnessError(
                            f"{hook} gave a {type(thing).__name__}, expected "
                            + " or ".join(kind.__name__ for kind in expected)
                        )
                    self.registry.add(thing, loaded.name)
                    kind = type(thing).__name__
                    loaded.adds.setdefault(kind, []).append(name_of(thing))
        except (Exception, SystemExit) as error:
            self._hook_problem(loaded, hook, error)

    def _check_hook_names(self, plugin: Any, loaded: LoadedPlugin) -> None:
        known = [name for name in dir(hookspecs) if name.startswith("imhi_")]
        for name in dir(plugin):
            function = getattr(plugin, name)
            if not name.startswith("imhi_") or not callable(function):
                continue
            error: HarnessError | None = None
            if name not in known:
                error = UnknownName("hook", name, known)
            elif not hasattr(function, f"{hookspecs.PROJECT}_impl"):  # pluggy's mark
                error = HarnessError(f"{name} is never called: it is not marked with @hookimpl")
            if error is not None:
                self._hook_problem(loaded, "hooks", error)

    def _problem(
        self, plugin: str, distribution: str, stage: str, error: BaseException, where: str
    ) -> None:
        problem = problem_of(plugin, distribution, stage, error, where)
        if problem not in self.problems:
            self.problems.append(problem)

    def _hook_problem(self, plugin: LoadedPlugin, stage: str, error: BaseException) -> None:
        self._problem(plugin.name, plugin.distribution, stage, error, plugin.file)

    def _is_disabled(self, *names: str) -> bool:
        hit = self.disabled.intersection(names)
        self._used_disabled |= hit
        return bool(hit)

    def refuse_broken_files(self, files: Iterable[str | Path]) -> None:
        """Raise HarnessError if one of the plugin files that were asked for by name has a problem:
        whoever named it cannot want to go on without it."""
        named = {str(Path(file)) for file in files}
        for problem in self.problems:
            if problem.distribution in named:
                raise HarnessError(f"plugin {problem}; correct the file, or leave it out")

    def check_disabled_names(self) -> None:
        """Raise UnknownName if a plugin to be disabled was never met."""
        for name in sorted(self.disabled - self._used_disabled):
            raise UnknownName("plugin", name, [plugin.name for plugin in self.plugins])

    # --- use -------------------------------------------------------------------------------------

    def add_commands(self, app: Any) -> None:
        """Let each plugin add its commands; one that fails is a problem, not the end, and a command
        whose name is taken is left out."""
        commands = Commands(app)
        owners = {f"{plugin.distribution}:{plugin.name}": plugin for plugin in self.plugins}
        for impl in self._pluggy.hook.imhi_commands.get_hookimpls():
            owner = owners[impl.plugin_name]
            try:
                impl.function(app)
            except (Exception, SystemExit) as error:
                self._hook_problem(owner, "imhi_commands", error)
            added, refused = commands.take_new(owner.name)
            if added:
                owner.adds["Command"] = added
            for refusal in refused:
                self._hook_problem(owner, "imhi_commands", refusal)

    def observe(self, observer: Any, name: str) -> None:
        """Add an observer object (with a method ``imhi_event``) for as long as the run lasts."""
        self._pluggy.register(observer, name)

    def forget(self, observer: Any) -> None:
        """Tell an observer nothing more."""
        self._pluggy.unregister(observer)

    def notify(self, event: Event) -> None:
        """Tell every observer. What one raises is recorded once and does not stop the run.

        Raises:
            KeyboardInterrupt: the user stopped the run while an observer was at work.
        """
        for impl in self._pluggy.hook.imhi_event.get_hookimpls():
            raised = call_observer(impl.function, event)
            self._passed_over(raised, impl.plugin_name, str(impl.function))

    def call_last(self, close: Callable[[bool], object], failed: bool, name: str) -> None:
        """Close an observer; what it raises is passed over as what it raises of an event."""
        self._passed_over(call_observer(close, failed), name, str(close))

    def _passed_over(self, raised: BaseException | None, name: str, where: str) -> None:
        """Record what an observer raised, once; or raise it where observers are strict."""
        if raised is None:
            return
        if self.strict_observers:
            if isinstance(raised, Exception):
                raise raised
            raise HarnessError(f"observer {name} raised {one_line(raised)}") from raised
        if not any(p.plugin == name and p.stage == OBSERVE for p in self.problems):
            self._problem(name, name, OBSERVE, raised, where)

    @contextmanager
    def naming_failures(self) -> Iterator[None]:
        """Say with every unknown name which plugins failed to load: they may have it.

        Raises:
            HarnessError: the same as was raised within, with this told.
        """
        try:
            yield
        except HarnessError as error:
            cause: BaseException | None = error
            while cause is not None and not isinstance(cause, UnknownName):
                cause = cause.__cause__
            note = failed_to_load(self.problems)
            if cause is not None and note and note not in str(error):
                error.add_note_to_line(note)
            raise


def load_plugins(
    files: Sequence[str | Path] = (),
    disabled: Iterable[str] = (),
    strict_observers: bool = False,
) -> PluginManager:
    """Return a manager with all installed plugins, those of ``IMHI_PLUGINS`` (paths separated by
    the system's path separator) and ``files``."""
    manager = PluginManager(disabled, strict_observers)
    manager.load_entry_points()
    named = [part for part in os.environ.get(ENVIRONMENT, "").split(os.pathsep) if part]
    for file in [*named, *files]:
        manager.load_file(Path(file))
    manager.check_disabled_names()
    return manager


def hook_signature(name: str) -> str:
    """Return a hook's exact signature, as the plugin author's guide prints it."""
    return f"{name}{inspect.signature(getattr(hookspecs, name))}"
