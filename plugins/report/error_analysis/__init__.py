"""What runs get wrong: what all miss, what flips, what contradicts itself, which words mark it.

* :mod:`~imhi.plugins.report.error_analysis.aligning`: the examples that all runs have.
* :mod:`~imhi.plugins.report.error_analysis.analysis`: counts and lists of examples.
* :mod:`~imhi.plugins.report.error_analysis.clustering`: posts with words in common that are missed more.
* :mod:`~imhi.plugins.report.error_analysis.result`: what comes of it.
"""
