"""``imhi vary``: the same models asked in other words.

* :mod:`~imhi.plugins.robustness.varying.running`: one run for each model and prompt.
* :mod:`~imhi.plugins.robustness.varying.prompt_effects`: differences, flips, spread, order of models.
* :mod:`~imhi.plugins.robustness.varying.result`: what comes of it.
* :mod:`~imhi.plugins.robustness.varying.tables`: how a terminal shows it.
"""
