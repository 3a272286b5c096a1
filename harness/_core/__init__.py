"""The core: knows no task, no model, no metric. Private: see :mod:`imhi` for what is public."""
