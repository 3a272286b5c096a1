"""``imhi run --dry-run``: what would be asked, how many tokens, what it would cost."""

from __future__ import annotations

from harness.cli.console import out, plain, print_json
from harness.plugin_manager import PluginManager
from harness.settings import RunSettings


def show_dry_run(settings: RunSettings, manager: PluginManager, as_json: bool) -> None:
    """Print a table per model and the first prompt, as the model would get it."""
    from harness.stages.prepare import preview

    previews = [preview(settings, model, manager.registry) for model in settings.model]
    if as_json:
        print_json({"dry_run": previews})
        return
    from rich.table import Table

    console = out()
    for found in previews:
        table = Table(
            title=plain(f"{found['model']}, prompt style {found['prompt']}"), title_justify="left"
        )
        table.add_column("dataset")
        for column in ("requests", "prompt tokens", "answer tokens, at most", "cost, at most"):
            table.add_column(column, justify="right")
        rows = found["datasets"]
        costs = [row["cost"] for row in rows]
        for row in rows:
            table.add_row(
                row["dataset"],
                f"{row['requests']:,}",
                f"{row['prompt_tokens']:,}",
                f"{row['completion_tokens']:,}",
                _dollars(row["cost"]),
            )
        total = None if None in costs else sum(costs)
        table.add_row(
            "all",
            *(
                f"{sum(r[k] for r in rows):,}"
                for k in ("requests", "prompt_tokens", "completion_tokens")
            ),
            _dollars(total),
            style="bold",
        )
        console.print(table)
        for note in sorted({row["note"] for row in rows if row["note"]}):
            console.print(f"({note})", markup=False)
        console.print(f"\nthe first prompt, {rows[0]['dataset']}:\n", markup=False)
        console.print(plain(rows[0]["first_prompt"]), markup=False)
        console.print()


def _dollars(cost: float | None) -> str:
    return "-" if cost is None else f"${cost:,.2f}"
