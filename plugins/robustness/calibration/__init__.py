"""``imhi calibration``: does a model know when it is wrong?

* :mod:`~plugins.robustness.calibration.confidences`: how sure a model is of each label.
* :mod:`~plugins.robustness.calibration.errors`: calibration error and Brier score.
* :mod:`~plugins.robustness.calibration.risk`: risk-coverage curves.
* :mod:`~plugins.robustness.calibration.measuring`: all of them, with intervals.
* :mod:`~plugins.robustness.calibration.tables`: how a terminal shows it.
"""
