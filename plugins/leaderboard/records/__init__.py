"""What is submitted and what a board keeps, declared once: read, written and published by these.

* :mod:`~imhi.plugins.leaderboard.records.submission`: the files of an archive.
* :mod:`~imhi.plugins.leaderboard.records.entry`: a verified submission on a board.
* :mod:`~imhi.plugins.leaderboard.records.checking`: reads them, one line for what is wrong.
* :mod:`~imhi.plugins.leaderboard.records.json_schemas`: their JSON Schemas.
"""
