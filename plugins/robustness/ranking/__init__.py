"""``imhi ranks``: does the order of models hang on who reads their labels, or on whose labels are gold?

* :mod:`~plugins.robustness.ranking.measuring`: values under each condition, on the same resampled posts.
* :mod:`~plugins.robustness.ranking.command`: the command line and its tables.
"""
