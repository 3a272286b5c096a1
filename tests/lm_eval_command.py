"""The command ``lm_eval`` without its own tasks: reading their 26,000 YAML files (lm-eval 0.4.13) takes
most of the time of a short evaluation."""

from __future__ import annotations

import sys

_CODE = """
import functools
from lm_eval.tasks.manager import TaskManager
TaskManager.__init__ = functools.partialmethod(TaskManager.__init__, include_defaults=False)
from lm_eval.__main__ import cli_evaluate
cli_evaluate()
"""
LM_EVAL = (sys.executable, "-c", _CODE)
