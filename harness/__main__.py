"""``python -m imhi``: the same as ``imhi``, which does not import from the working directory."""

import os
import sys

# Python puts it first for -m; whatever lies there, numpy.py included, would be taken for the package.
if sys.path and sys.path[0] in ("", os.getcwd()) and not getattr(sys.flags, "safe_path", False):  # noqa: PTH109
    del sys.path[0]

from imhi._core.cli import main

main()
