"""``imhi audit``: what a benchmark's rows are worth, measured on the rows themselves.

An audit reads a source once to sketch its posts and once to judge its rows; it keeps a few bytes of
each. What it leaves is figures, findings (with row ids and no text) and a verdict on every row.
"""
