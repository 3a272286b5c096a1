"""``imhi ranks``: does the order of models hang on who reads their labels, or on whose labels are gold?

* :mod:`~imhi.plugins.robustness.ranking.rank_changes`: values under each condition, on the same
  resampled posts.
* :mod:`~imhi.plugins.robustness.ranking.ranks_command`: the command line and its tables.
"""
