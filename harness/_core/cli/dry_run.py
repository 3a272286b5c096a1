"""``--dry-run``: what would be asked, how many tokens, what it would cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from imhi._core.cli.console import out, print_json, say
from imhi._core.plugin_manager import PluginManager
from imhi._core.records import JsonObject
from imhi._core.sanitizing import plain
from imhi._core.settings import RunSettings

if TYPE_CHECKING:
    from imhi._core.stages.rescore import ScoringEstimate


def show_dry_run(settings: RunSettings, manager: PluginManager, as_json: bool) -> None:
    """Print a table per model and the first prompt, as the model would get it."""
    from imhi._core.plan import plan_run
    from imhi._core.stages.prepare import preview

    plan = plan_run(settings, manager.registry)
    previews = [preview(plan, model, manager.registry) for model in plan.models]
    if as_json:
        print_json({"dry_run": [one.to_json() for one in previews]})
        return
    console = out()
    for one in previews:
        title = f"{one.model}, prompt style {one.prompt}"
        rows = one.to_json()["datasets"]
        _show_estimates(title, rows)
        console.print(f"\nthe first prompt, {rows[0]['dataset']}:\n", markup=False)
        console.print(plain(rows[0]["first_prompt"]), markup=False)
        console.print()


def show_scoring(estimates: Sequence[ScoringEstimate], as_json: bool) -> None:
    """Print what the judges of one or more runs would be asked, a table per run and judge."""
    if as_json:
        print_json({"dry_run": [one.to_json() for one in estimates]})
        return
    if not estimates:
        say("none of the metrics asks a model")
    from imhi._core.stages.rescore import ScoringEstimate

    tables: dict[str, list[JsonObject]] = {}
    for row in map(ScoringEstimate.to_json, estimates):
        tables.setdefault(f"{row['metric']} by {row['model']}, {row['run']}", []).append(row)
    for title, rows in tables.items():
        _show_estimates(title, rows)


def _show_estimates(title: str, rows: Sequence[JsonObject]) -> None:
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
