"""Builds the ``imhi`` application: own commands, then those of plugins; turns errors into lines.

``--plugin``, ``--disable-plugin``, ``--strict-observers`` and ``--debug`` may stand anywhere on
the line: they are taken out before commands are known, because plugins may add commands.
"""

from __future__ import annotations

import importlib.metadata
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated

import typer

from imhi._core.cli.console import say
from imhi._core.errors import HarnessError
from imhi._core.plugin_manager import PluginManager, load_plugins
from imhi._core.plugin_problems import failed_to_load
from imhi._core.run_store.jsonl import disk_error

STOPPED = 130  # as a shell reports a process that SIGINT ended

_HELP = """Compare language models on IMHI, the interpretable mental-health instruction benchmark.

For non-clinical research only. Start with: imhi run (fictional demo posts, two baselines).
"""


@dataclass
class GlobalOptions:
    """Options that stand anywhere on the line."""

    plugins: list[str] = field(default_factory=list)
    disabled: list[str] = field(default_factory=list)
    strict_observers: bool = False
    debug: bool = False


def take_global_options(arguments: Sequence[str]) -> tuple[GlobalOptions, list[str]]:
    """Split a command line into the global options and the rest.

    Raises:
        HarnessError: an option stands without its value.
    """
    options = GlobalOptions()
    rest: list[str] = []
    lists = {"--plugin": options.plugins, "--disable-plugin": options.disabled}
    words = iter(arguments)
    for word in words:
        name, equals, value = word.partition("=")
        if word == "--":
            rest += [word, *words]
        elif name in lists:
            given = value if equals else next(words, None)
            if not given:
                raise HarnessError(f"{name}: nothing follows it, expected a value")
            lists[name].append(given)
        elif word == "--strict-observers":
            options.strict_observers = True
        elif word == "--debug":
            options.debug = True
        else:
            rest.append(word)
    return options, rest


def build(manager: PluginManager) -> typer.Typer:
    """Return the application with every command, ours and the plugins'."""
    from imhi._core.cli import cache, lists, rescore, runs, shards
    from imhi._core.cli.compare import compare
    from imhi._core.cli.run import run as run_command

    app = typer.Typer(
        name="imhi",
        help=_HELP,
        no_args_is_help=True,
        rich_markup_mode=None,  # help through rich takes a fifth of a second more
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def root(
        context: typer.Context,
        plugin: Annotated[
            list[str] | None,
            typer.Option(metavar="FILE", help="Load a .py plugin or a .yaml task; repeatable."),
        ] = None,
        disable_plugin: Annotated[
            list[str] | None, typer.Option(metavar="NAME", help="Leave a plugin out; repeatable.")
        ] = None,
        strict_observers: Annotated[
            bool, typer.Option("--strict-observers", help="Let a failing observer end the run.")
        ] = False,
        debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
        version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
    ) -> None:
        context.obj = manager

    app.command("run")(run_command)
    app.command("runs")(runs.runs)
    app.command("show")(runs.show)
    app.command("label")(rescore.label)
    app.command("score")(rescore.score)
    app.command("shard")(shards.shard)
    app.command("merge")(shards.merge)
    app.command("compare")(compare)
    app.add_typer(cache.application, name="cache")
    lists.add_commands(app)
    manager.add_commands(app)
    return app


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; return the exit code: 0 done, 1 incomplete, 2 bad input, 130 stopped."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    # TRL tells the hub of every training (findings/trl_trainer_telemetry.sh); read when it is imported.
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    debug = "--debug" in words
    manager: PluginManager | None = None
    try:
        options, rest = take_global_options(words)
        manager = load_plugins(options.plugins, options.disabled, options.strict_observers)
        if rest == ["--version"]:
            print("imhi-harness", importlib.metadata.version("imhi-harness"))
            return 0
        app = build(manager)
        if rest[:1] != ["plugins"]:
            manager.refuse_broken_files(options.plugins)
            _warn_of_problems(manager)
        _leave_only(app, rest)
        with manager.naming_failures():
            code = typer.main.get_command(app).main(rest, prog_name="imhi", standalone_mode=False)
        if code == STOPPED:  # typer makes this of a KeyboardInterrupt
            raise KeyboardInterrupt
        return int(code or 0)
    except HarnessError as error:
        if debug:
            raise
        say(f"imhi: {error}", "red")
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        say(
            "imhi: stopped; what was finished is kept: run the same command again to go on",
            "yellow",
        )
        return STOPPED
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - nobody reads on
        return 0
    except OSError as error:
        if debug:
            raise
        from pathlib import Path

        say(f"imhi: {disk_error(error, Path(str(error.filename or 'a file')))}", "red")
        return 2
    except Exception as error:
        if debug:
            raise
        return _usage_or_bug(error, manager)


def _leave_only(app: typer.Typer, words: Sequence[str]) -> None:
    """Leave the command that is asked for alone in the application: typer reads the signatures of all
    that are there, which takes longer than loading the plugins."""
    commands = [one for one in app.registered_commands if words[:1] == [one.name]]
    groups = [one for one in app.registered_groups if words[:1] == [one.name]]
    if commands or groups:
        app.registered_commands, app.registered_groups = commands, groups


def _usage_or_bug(error: Exception, manager: PluginManager | None) -> int:
    show = getattr(error, "format_message", None)
    if show is not None and type(error).__name__ == "NoArgsIsHelpError":
        with suppress(BrokenPipeError):
            print(show(), flush=True)
        return 0
    if show is not None:  # a mistake on the command line, in typer's words
        context = getattr(error, "ctx", None)
        command = getattr(context, "command_path", "imhi")
        told = " ".join(show().split()).rstrip(".")
        failed = failed_to_load(manager.problems) if manager else ""
        note = f"; {failed}" if failed and told.startswith("No such command") else ""
        say(f"imhi: {told}; see: {command} --help{note}", "red")
        return int(getattr(error, "exit_code", 2))
    text = " ".join(str(error).split())
    say(
        f"imhi: unexpected {type(error).__name__}: {text}; this is a fault of the program or of a "
        "plugin: run again with --debug to see where, and report it",
        "red",
    )
    return 2


def _warn_of_problems(manager: PluginManager) -> None:
    """Say in one line that plugins failed; ``imhi plugins`` says it all."""
    if manager.problems:
        names = sorted({problem.plugin for problem in manager.problems})
        say(f"imhi: plugin problems in {', '.join(names)}; see: imhi plugins", "yellow")
