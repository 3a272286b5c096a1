"""``python -m harness.cli``: the same as ``imhi``."""

from harness.cli import main

main()
