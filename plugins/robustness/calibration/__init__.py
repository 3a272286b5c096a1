"""``imhi calibration``: does a model know when it is wrong?

* :mod:`~imhi.plugins.robustness.calibration.confidences`: how sure a model is of each label.
* :mod:`~imhi.plugins.robustness.calibration.errors`: calibration error and Brier score.
* :mod:`~imhi.plugins.robustness.calibration.risk`: risk-coverage curves.
* :mod:`~imhi.plugins.robustness.calibration.reliability`: all of them, with intervals.
* :mod:`~imhi.plugins.robustness.calibration.tables`: how a terminal shows it.
"""
