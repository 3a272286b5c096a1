"""Verification: everything a submission claims is made again from its answers, by the code that
scores runs, on the verifier's own data; then come the looks for tricks.

What it cannot know: whether the named model gave the answers. It sees answers taken from the
reference or from another entry, not answers that somebody wrote well.
"""
