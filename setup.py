"""Where the packages lie: each top-level folder is a part of the one package ``imhi``.

Everything else stands in pyproject.toml; a list of packages under other names than their folders'
is the one thing setuptools cannot find by itself. Why so: docs/architecture.md, "One package".
"""

import shutil
from pathlib import Path

from setuptools import find_packages, setup

ROOTS = {
    "imhi": "harness",
    "imhi.build": "imhi_build",
    "imhi.finetune": "finetune",
    "imhi.plugins": "plugins",
    "imhi.tasks": "tasks",
}

# setuptools puts all that lies in build/lib into a wheel, and earlier versions left other top-level
# packages there.
for earlier in ("harness", "plugins", "tasks", "imhi_build", "finetune"):
    shutil.rmtree(Path(__file__).parent / "build" / "lib" / earlier, ignore_errors=True)

setup(
    package_dir=ROOTS,
    packages=[
        name
        for root, folder in ROOTS.items()
        for name in (root, *(f"{root}.{below}" for below in find_packages(folder)))
    ],
)
