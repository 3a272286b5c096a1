"""Where the packages lie: each top-level folder is a part of the one package ``imhi``.

Everything else stands in pyproject.toml; a list of packages under other names than their folders'
is what setuptools cannot find by itself (why so: docs/architecture.md, "One package"), nor a README
whose links lead somewhere where there is nothing but the README.
"""

import re
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

# On the page of a package index the project's other files are not there, and no address is published
# where they are: of a link to one of them, the text is left.
readme = (Path(__file__).parent / "README.md").read_text(encoding="utf-8")
without_links = re.sub(r"\[([^\]]+)\]\((?!https?://|#)[^)]+\)", r"\1", readme)

setup(
    long_description=without_links,
    long_description_content_type="text/markdown",
    package_dir=ROOTS,
    packages=[
        name
        for root, folder in ROOTS.items()
        for name in (root, *(f"{root}.{below}" for below in find_packages(folder)))
    ],
)
