"""Where the packages lie: each top-level folder is a part of the one package ``imhi``.

Everything else stands in pyproject.toml; a list of packages under other names than their folders'
is the one thing setuptools cannot find by itself. Why so: docs/architecture.md, "One package".
"""

from setuptools import find_packages, setup

ROOTS = {
    "imhi": "harness",
    "imhi.build": "imhi_build",
    "imhi.finetune": "finetune",
    "imhi.plugins": "plugins",
    "imhi.tasks": "tasks",
}

setup(
    package_dir=ROOTS,
    packages=[
        name
        for root, folder in ROOTS.items()
        for name in (root, *(f"{root}.{below}" for below in find_packages(folder)))
    ],
)
