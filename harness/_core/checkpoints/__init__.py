"""Checkpoints of transformers models, for whichever plugin loads them: found, checked, told apart.

torch and transformers are imported inside the calls that need them.
"""
