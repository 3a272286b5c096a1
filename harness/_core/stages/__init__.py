"""The stages of a run: prepare, respond, label, score, report.

Each reads what the one before left in the run folder; only ``respond`` asks the model.
"""
