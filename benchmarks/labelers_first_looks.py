"""How often ``hybrid`` read the readers' labels when it was first held to answers nothing was built on.

Since then its errors on them were read, so that its present figures (``labelers.py``) flatter. Takes the
commits of :data:`LOOKS` out of the history of this repository, lays each as a package in a folder that is
deleted afterwards, and labels the answers there::

    python benchmarks/labelers_first_looks.py [--outputs ../shared/model_outputs] [--imhi ../shared/imhi]
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.hand_labels import UNSEEN, HandLabel, answers, hand_labels, in_parts, shown  # noqa: E402

# Where each folder of the repository lies in the package (setup.py).
PLACES = {
    "harness": "imhi",
    "imhi_build": "imhi/build",
    "finetune": "imhi/finetune",
    "plugins": "imhi/plugins",
    "tasks": "imhi/tasks",
}
# Labels answers with the harness that lies first on the path: [[dataset, row, text], ...] comes in on
# standard input, the labels go out in its order.
READ = """
import json, sys
from imhi._core.context import Context
from imhi._core.plugin_manager import load_plugins
from imhi._core.records import Response
from imhi._core.sources import open_source

registry = load_plugins().registry
context = Context(registry, open_source("official:" + sys.argv[1], registry)[1], "test")
asked, labels = json.load(sys.stdin), {}
for name in dict.fromkeys(name for name, _, _ in asked):
    dataset = context.dataset(name)
    examples = list(context.examples(dataset.name, "test"))
    mine = [(place, *one) for place, one in enumerate(asked) if one[0] == name]
    read = context.labeler("hybrid")(
        dataset,
        [examples[row].aspect for _, _, row, _ in mine],
        [Response(str(place), dataset.name, "", text=text) for place, _, _, text in mine],
    )
    labels.update((int(one.id), one.label) for one in read)
print(json.dumps([labels[place] for place in range(len(asked))]))
"""


@dataclass(frozen=True)
class Look:
    """A commit, and the answers its ``hybrid`` is held to: a sample's, of the unseen models."""

    name: str
    commit: str
    sample: str


LOOKS = (
    Look("earlier", "9f6b346", "draw"),  # the last one with the labelers of version 0.1
    Look("first", "b1c1e61", "draw"),
    Look("fresh", "021daf2", "fresh"),
)


def lay(commit: str, folder: Path) -> None:
    """Lay the package of a commit in a folder, with its entry points.

    Raises:
        SystemExit: the history does not have the commit.
    """
    command = ["git", "-C", str(ROOT), "archive", commit, "pyproject.toml", *PLACES]
    done = subprocess.run(command, capture_output=True)
    if done.returncode:
        sys.exit(
            f"{ROOT}: found no commit {commit}, expected the repository with its whole history"
        )
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    for place, package in PLACES.items():
        (folder / place).rename(folder / package)
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    # Before the installed distribution of the same name on the path, which it hides.
    named = folder / "imhi_harness-0.dist-info"
    named.mkdir()
    (named / "METADATA").write_text("Metadata-Version: 2.1\nName: imhi-harness\nVersion: 0\n")
    lines = [f"{name} = {value}" for name, value in project["entry-points"]["imhi"].items()]
    (named / "entry_points.txt").write_text("\n".join(["[imhi]", *lines, ""]))


def labels_of(commit: str, asked: Sequence[HandLabel], given: argparse.Namespace) -> list[Any]:
    """Return what the ``hybrid`` of a commit reads in answers."""
    files = {
        (one.model, one.dataset): answers(given.outputs / one.model / f"{one.dataset}.csv")
        for one in asked
    }
    rows = [(one.dataset, one.row, files[one.model, one.dataset][one.row]) for one in asked]
    with tempfile.TemporaryDirectory() as temporary:
        lay(commit, Path(temporary))
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", READ, str(given.imhi)],
            input=json.dumps(rows),
            cwd=temporary,
            env={**os.environ, "PYTHONPATH": temporary},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    labels: list[Any] = json.loads(done.stdout.splitlines()[-1])
    return labels


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--outputs", type=Path, default=ROOT.parent / "shared" / "model_outputs")
    parser.add_argument("--imhi", type=Path, default=ROOT.parent / "shared" / "imhi")
    parser.add_argument("--json", type=Path, help="file to write what was measured to")
    given = parser.parse_args()
    given.outputs, given.imhi = given.outputs.resolve(), given.imhi.resolve()
    found = {}
    for look in LOOKS:
        asked = [one for one in hand_labels() if one.sample == look.sample and one.model in UNSEEN]
        labels = labels_of(look.commit, asked, given)
        found[look.name] = in_parts(list(zip(asked, labels, strict=True)))
        print(f"{look.name} ({look.commit}, {look.sample}): {shown(found[look.name])}", flush=True)
    if given.json:
        given.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
