"""Submissions: a run, packed without its posts into one ZIP file, and read as a stranger's file.

::

    submission.json              what was run, how, on which data; checksums of the other files
    responses/DATASET.jsonl      the answers
    predictions/DATASET.jsonl    the labels read out of them
    scores.json                  what is claimed

Rows are keyed by salted hashes of what only those know who have the data, and stand in the order of
their keys.
"""
