"""``--dry-run``: what would be asked, how many tokens, what it would cost."""

from __future__ import annotations

from typing import Any

from imhi._core.cli.console import out, print_json, say
from imhi._core.plugin_manager import PluginManager
from imhi._core.sanitizing import plain
from imhi._core.settings import RunSettings


def show_dry_run(settings: RunSettings, manager: PluginManager, as_json: bool) -> None:
    """Print a table per model and the first prompt, as the model would get it."""
    from imhi._core.stages.prepare import preview

    previews = [preview(settings, model, manager.registry) for model in settings.model]
    if as_json:
        print_json({"dry_run": previews})
        return
    console = out()
    for found in previews:
        title = f"{found['model']}, prompt style {found['prompt']}"
        rows = found["datasets"]
        _show_estimates(title, rows)
        console.print(f"\nthe first prompt, {rows[0]['dataset']}:\n", markup=False)
        console.print(plain(rows[0]["first_prompt"]), markup=False)
        console.print()


def show_scoring(estimates: list[dict[str, Any]], as_json: bool) -> None:
    """Print what the judges of one or more runs would be asked, a table per run and judge."""
    if as_json:
        print_json({"dry_run": estimates})
        return
    if not estimates:
        say("none of the metrics asks a model")
    tables: dict[str, list[dict[str, Any]]] = {}
    for row in estimates:
        tables.setdefault(f"{row['metric']} by {row['model']}, {row['run']}", []).append(row)
    for title, rows in tables.items():
        _show_estimates(title, rows)


def _show_estimates(title: str, rows: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table(title=plain(title), title_justify="left")
    table.add_column("dataset")
    for column in ("requests", "prompt tokens", "answer tokens, at most", "cost, at most"):
        table.add_column(column, justify="right")
    counted = ("requests", "prompt_tokens", "completion_tokens")
    for row in rows:
        table.add_row(
            row["dataset"], *(f"{row[name]:,}" for name in counted), _dollars(row["cost"])
        )
    costs = [row["cost"] for row in rows]
    total = None if None in costs else sum(costs)
    sums = (f"{sum(row[name] for row in rows):,}" for name in counted)
    table.add_row("all", *sums, _dollars(total), style="bold")
    console = out()
    console.print(table)
    for note in sorted({row["note"] for row in rows if row["note"]}):
        console.print(f"({note})", markup=False)


def _dollars(cost: float | None) -> str:
    return "-" if cost is None else f"${cost:,.2f}"
