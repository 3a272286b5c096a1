"""Listing plugins stays cheap: these modules import nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module",
    [
        "imhi.plugins.data_commands",
        "imhi.plugins.sources.official",
        "imhi.plugins.sources.own",
        "imhi.tasks.demo",
    ],
)
def test_importing_a_data_plugin_imports_no_heavy_library(module: str) -> None:
    code = (
        f"import sys, {module}\n"
        "heavy = {'torch', 'pandas', 'numpy', 'ftfy', 'rich', 'typer', 'urllib.request'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
