"""Answers kept across runs (``--cache FOLDER``): the same request to the same weights is asked once.

Everything an answer depends on is in the key it is kept under (:mod:`.keys`); a folder of append-only
files holds the answers (:mod:`.entries`, :mod:`.cache_folder`), a run reads and fills it
(:mod:`.run_cache`), and ``imhi cache prune`` keeps it small (:mod:`.pruning`).
"""
