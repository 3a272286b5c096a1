"""How far a score depends on what should not matter, and whether a model knows when it is wrong.

* ``imhi vary`` asks models in other words (the prompt styles ``vary-...``, declared in
  variants.json) and reports how far values, labels and the order of models move.
* ``imhi ranks`` says whether models keep their order under other labelers and other gold labels.
* ``imhi calibration`` sets the confidence of models against how often they are right.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from imhi import PromptStyle, hookimpl


@hookimpl
def imhi_prompts() -> Iterator[PromptStyle]:
    from imhi.plugins.robustness.variants import styles

    yield from styles()


@hookimpl
def imhi_commands(app: Any) -> None:
    from imhi.plugins.robustness.calibration.calibration_command import calibration
    from imhi.plugins.robustness.ranking.ranks_command import ranks
    from imhi.plugins.robustness.varying.vary_command import vary

    app.command("vary")(vary)
    app.command("ranks")(ranks)
    app.command("calibration")(calibration)
