"""``python -m imhi``: the same as ``imhi``."""

from imhi._core.cli import main

main()
