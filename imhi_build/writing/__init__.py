"""What a finished build is written as: the official layout, Parquet, a dataset for the Hub, statistics.

:func:`imhi.build.writing.pipeline.write` reads the kept rows of a build once and hands each to every
format that was asked for.
"""
