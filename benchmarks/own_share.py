"""The harness's own share: all stages on the official test rows with a model that takes no time, beside
lm_eval with its dummy model on our export of the same rows; seconds and peak memory.

Run from the project's root, with the official checkout beside the project; Hub look-ups are off. The
two take turns, and medians are compared; ``--base FOLDER`` puts a checkout of an earlier commit
beside them::

    python benchmarks/own_share.py [--official ../shared/imhi] [--base ../base] [--times 3]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from beside import Installed, Measured, measured

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--official", type=Path, default=ROOT.parent / "shared" / "imhi")
    parser.add_argument("--model", default="baseline:majority")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--base", type=Path, help="a checkout of an earlier commit")
    given = parser.parse_args()
    source = f"official:{given.official.resolve()}"
    with tempfile.TemporaryDirectory(prefix="imhi-own-share-") as made:
        place = Path(made)
        versions = {"ours": Installed.ours()}
        if given.base:
            versions["base"] = Installed.checkout(given.base.resolve(), place / "base-installed")
        export = place / "export"
        versions["ours"].measure(["export", "lm-eval", str(export), "--source", source])
        words = [sys.executable, "-P", "-m", "lm_eval", "--model", "dummy", "--tasks", "imhi"]
        words += ["--include_path", str(export), "--output_path", str(place / "out")]
        rounds: dict[str, list[Measured]] = {"lm_eval": [], **{name: [] for name in versions}}
        for number in range(given.times):
            for name, one in versions.items():
                out = place / f"{name}-{number}"
                asked = ["run", "--source", source, "--model", given.model, "--out", str(out)]
                rounds[name].append(one.measure(asked))
            rounds["lm_eval"].append(measured(words))
    middle = {name: Measured.middle(several) for name, several in rounds.items()}
    result: dict[str, Any] = {name: one.rounded() for name, one in middle.items()}
    beside = middle["lm_eval"]
    result["shares"] = {
        name: {
            kind: round(getattr(middle[name], kind) / getattr(beside, kind), 3)
            for kind in ("wall", "cpu", "memory")
        }
        for name in versions
    }
    json.dump(result, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
