"""``imhi export lm-eval DIR``: the benchmark as task definitions for lm-evaluation-harness."""

from __future__ import annotations

from typing import Any

from imhi import hookimpl

GROUP = "export"


@hookimpl
def imhi_commands(app: Any) -> None:
    import typer

    from imhi.plugins.exporters.lm_eval_export.export_command import export_lm_eval

    # Several plugins may add a form of export; the first makes the group.
    exports = next((g.typer_instance for g in app.registered_groups if g.name == GROUP), None)
    if exports is None:
        exports = typer.Typer(
            no_args_is_help=True, help="Write the benchmark in the form of another tool."
        )
        app.add_typer(exports, name=GROUP)
    exports.command("lm-eval")(export_lm_eval)
