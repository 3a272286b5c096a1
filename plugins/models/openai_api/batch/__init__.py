"""``mode=batch``: requests go to the server in files, are answered within a day, and cost half.

What matters here is that nothing is paid for twice. Every step is written down in the run folder
before it is taken (``ledger``), so a process that dies anywhere is gone on with.
"""
