"""``imhi finetune``: a recipe's name trains it; its subcommands look at recipes and at what was
trained."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup


class RecipeFirst(TyperGroup):
    """Takes ``imhi finetune RECIPE`` for ``imhi finetune train RECIPE``."""

    default = "train"

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse arguments, with the default command before a recipe's name."""
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = [self.default, *args]
        parsed: list[str] = super().parse_args(ctx, args)
        return parsed


def add_commands(app: typer.Typer) -> None:
    """Add the group to the application."""
    from imhi.finetune.commands import launch, recipes, train, trained

    group = typer.Typer(
        cls=RecipeFirst,
        help="Train a recipe: imhi finetune RECIPE. Then: imhi run --model trained:NAME",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("train")(train.train)
    group.command("recipes")(recipes.recipes)
    group.command("show")(recipes.show)
    group.command("launch")(launch.launch)
    group.command("merge")(trained.merge)
    group.command("unpack")(trained.unpack)
    group.command("card")(trained.card)
    app.add_typer(group, name="finetune")
