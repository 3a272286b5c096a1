"""``imhi vary``: the same models asked in other words.

* :mod:`~plugins.robustness.varying.running`: one run for each model and prompt.
* :mod:`~plugins.robustness.varying.measuring`: differences, flips, spread, order of models.
* :mod:`~plugins.robustness.varying.result`: what comes of it.
* :mod:`~plugins.robustness.varying.tables`: how a terminal shows it.
"""
