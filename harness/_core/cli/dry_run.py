"""``--dry-run``: what would be asked, how many tokens, what it would cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from imhi._core.budget import Estimate
from imhi._core.cli.console import out, print_json, say
from imhi._core.plugin_manager import PluginManager
from imhi._core.sanitizing import plain
from imhi._core.settings import RunSettings
from imhi._core.tables import figures
from imhi._core.tables.table import Table, bold
from imhi._core.tables.terminal import show_table

if TYPE_CHECKING:
    from imhi._core.stages.rescore import ScoringEstimate


def show_dry_run(settings: RunSettings, manager: PluginManager, as_json: bool) -> None:
    """Print a table per model and the first prompt, as the model would get it."""
    from imhi._core.plan import plan_run
    from imhi._core.stages.preview import preview

    plan = plan_run(settings, manager.registry)
    previews = [preview(plan, model, manager.registry) for model in plan.models]
    if as_json:
        print_json({"dry_run": [one.to_json() for one in previews]})
        return
    console = out()
    for one in previews:
        rows = [(row.dataset, row.estimate) for row in one.datasets]
        rows += [("repeat check", one.repeat_check)] if one.repeat_check else []
        show_estimates(f"{one.model}, prompt style {one.prompt}", rows)
        answered = sum(row.answered for row in one.datasets)
        if answered:
            left = sum(row.estimate.requests for row in one.datasets)
            asked = "examples" if settings.samples == 1 else "requests"
            told = (
                f"{answered:,} of {answered + left:,} {asked} are answered already and not counted"
            )
            console.print(f"({told})", markup=False)
        first = one.datasets[0]
        console.print(f"\nthe first prompt, {first.dataset}:\n", markup=False)
        console.print(plain(first.first_prompt), markup=False)
        console.print()


def show_scoring(estimates: Sequence[ScoringEstimate], as_json: bool) -> None:
    """Print what the judges of one or more runs would be asked, a table per run and judge."""
    if as_json:
        print_json({"dry_run": [one.to_json() for one in estimates]})
        return
    if not estimates:
        say("none of the metrics asks a model")
    tables: dict[str, list[tuple[str, Estimate]]] = {}
    for one in estimates:
        title = f"{one.metric} by {one.model}, {one.run}"
        tables.setdefault(title, []).append((one.dataset, one.estimate))
    for title, rows in tables.items():
        show_estimates(title, rows)


def show_estimates(title: str, estimates: Sequence[tuple[str, Estimate]]) -> None:
    """Print a line for each dataset and their sum, whose cost is not known where a part is not."""

    total = Estimate.total([estimate for _, estimate in estimates])
    last = "wordings scored" if total.scored else "answer tokens, at most"

    def line(dataset: str, one: Estimate) -> list[str]:
        counts = (one.requests, one.prompt_tokens, one.scored or one.completion_tokens)
        return [dataset, *(f"{n:,}" for n in counts), figures.dollars(one.cost)]

    columns = Table.numbers("requests", "prompt tokens", last, "cost, at most")
    rows: list[Sequence[object]] = [line(*estimate) for estimate in estimates]
    rows.append(bold(line("all", total)))
    show_table(Table(title, [*Table.texts("dataset"), *columns], rows))
    for note in sorted({f"({one.note})" for _, one in estimates if one.note}):
        out().print(note, markup=False)
