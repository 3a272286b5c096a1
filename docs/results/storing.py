"""What is kept of a part: scores, counts, seconds, energy, and the commit that made them. No post, no
answer."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imhi.runs import RunFolder

STORED = Path(__file__).resolve().parent / "stored"
LABELER = "hybrid"
_OF_A_SCORE = ("dataset", "metric", "value", "low", "high", "n", "unparsed")
_OF_A_PAIR = (
    *("metric", "dataset", "over", "a", "b", "difference", "low", "high", "p", "p_holm"),
    "posts",
)
_COUNTED = ("rows", "tokens", "answer_tokens", "truncated_rows", "trainable_parameters", "updates")


@dataclass(frozen=True)
class RunOf:
    """The run that a stored part was read from."""

    work: Path
    name: str

    @property
    def folder(self) -> Path:
        """Its folder. Raises SystemExit where the part was not made here."""
        part = stored(self.name)
        folder = self.work / part["run"] if part else None
        if folder is None or not folder.is_dir():
            raise SystemExit(
                f"{self.name}: found no run of it in {self.work}, expected one; delete "
                f"docs/results/stored/{self.name}.json, if it is there, and make {self.name} first"
            )
        return folder


def stored(name: str) -> dict[str, Any] | None:
    """Return what is stored of a part; None: nothing yet."""
    path = STORED / f"{name}.json"
    if not path.is_file():
        return None
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except ValueError:
        raise SystemExit(f"{path}: found no JSON, expected what a part stored; delete it") from None
    return found


def store_run(name: str, printed: str, work: Path) -> None:
    """Keep the scores of the run that ``imhi run --json`` printed."""
    result = json.loads(printed)
    folder = RunFolder(work / result["run"])
    manifest = folder.manifest()
    scores = folder.scores(LABELER)
    _store(
        name,
        {
            "run": result["run"],
            "prompt": manifest.prompt,
            "generation": manifest.generation,
            **_made_by(manifest.environment),
            "totals": manifest.totals,
            "labelling": scores["labelling"],
            # Those of single labels (f1[yes]) are many, and no table shows them.
            "scores": [
                _some(row, _OF_A_SCORE) for row in scores["scores"] if "[" not in row["metric"]
            ],
        },
    )


def store_training(name: str, folder: Path) -> None:
    """Keep what a trained folder says of its training."""
    manifest = json.loads((folder / "training.json").read_text())
    members = list(manifest["members"].values())
    energies = [member["energy"] for member in members if member["energy"]]
    _store(
        name,
        {
            "recipe": {
                **_some(manifest["recipe"], ("name", "method", "training")),
                # Where the checkout lies is nobody's business.
                "data": {k: v for k, v in manifest["recipe"]["data"].items() if k != "source"},
            },
            **_made_by(manifest["environment"]),
            "notes": manifest["notes"],
            # Of several models (classifiers, one for each dataset): all of them together.
            **{name: sum(member[name] for member in members) for name in (*_COUNTED, "seconds")},
            "energy": {
                unit: sum(energy[unit] for energy in energies) for unit in ("kwh", "grams_co2eq")
            }
            if energies
            else None,
            **(_some(members[0], ("final_loss", "history")) if len(members) == 1 else {}),
        },
    )


def store_comparison(name: str, printed: str) -> None:
    """Keep the paired tests that ``imhi compare --json`` printed."""
    found = json.loads(printed)
    _store(
        name, {"rows": found["rows"], "pairs": [_some(one, _OF_A_PAIR) for one in found["pairs"]]}
    )


def _made_by(environment: Mapping[str, Any]) -> dict[str, Any]:
    """Return the commit, and packages and machine; what is stored beside is no change of the code."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(STORED.parents[2]), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    changed = git("status", "--porcelain", "--", ":/", ":(exclude)docs/results/stored")
    commit = git("rev-parse", "HEAD") + ("+changes" if changed else "")
    return {"commit": commit, **_some(environment, ("python", "packages", "hardware"))}


def _some(row: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: row[name] for name in names if name in row}


def _store(name: str, part: dict[str, Any]) -> None:
    """Write a part, a row of a list on a line of its own."""
    STORED.mkdir(exist_ok=True)
    lines = []
    for key, value in part.items():
        if isinstance(value, list):
            rows = ",\n  ".join(json.dumps(row) for row in value)
            lines.append(f' "{key}": [\n  {rows}\n ]')
        else:
            lines.append(f' "{key}": {json.dumps(value, default=_plain)}')
    # Whole or not at all: what is there counts as made.
    writing = STORED / f".{name}.writing"
    writing.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    writing.replace(STORED / f"{name}.json")


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else vars(value)
