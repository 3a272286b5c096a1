"""How close ``openai:`` comes to the ideal rate of a server, and what a whole command takes.

``imhi run`` is given made-up rows in the official format and a server on loopback
(``loopback_server.py``); command and server are processes of their own. Three cases::

    latency   64 in flight, 200 ms each
    faults    the same, and 5% each of 429 and 500
    instant   as many rows as --instant says, answered at once: what a request costs

Ideal is ``attempts / in flight * latency`` seconds, where attempts are the answers and the errors that
the server gave: nobody can ask less. Seconds are those from the first request to the last answer, as the
server sees them, so that commands of any age are measured alike; peaks are the command's resident
memory (Linux), when the last answer was given and at its end, which labels and scores. ``--base FOLDER``
runs an earlier checkout in turn, with the dependencies of this Python. From the project's root::

    python benchmarks/openai_throughput.py [--base FOLDER] [--json]
    python benchmarks/openai_throughput.py --case instant --instant 50000 --rounds 1
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from loopback_server import loopback_server

ROOT = Path(__file__).resolve().parent.parent
IN_FLIGHT, LATENCY = 64, 0.2
SERVERS = {
    "latency": ["--latency", str(LATENCY)],
    "faults": ["--latency", str(LATENCY), "--fault", "429=0.05", "--fault", "500=0.05"],
    "instant": [],
}
WORDS = [
    "day",
    "night",
    "work",
    "school",
    "home",
    "friend",
    "sleep",
    "tired",
    "talk",
    "feel",
    "think",
]
LABELS = ["Yes, the poster suffers from stress.", "No, the poster does not suffer from stress."]


def write_rows(folder: Path, count: int) -> None:
    """Write so many rows of Dreaddit's form as an official checkout."""
    path = folder / "test_data" / "test_instruction" / "dreaddit.csv"
    path.parent.mkdir(parents=True)
    draw = random.Random(0)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["query", "gpt-3.5-turbo"])
        for number in range(count):
            post = " ".join(draw.choices(WORDS, k=150))
            said = draw.choice(
                [
                    "Yes, the poster suffers from stress.",
                    "No, the poster does not suffer from stress.",
                ]
            )
            query = f'Consider this post: "{post} {number}" Question: Does the poster suffer from stress?'
            writer.writerow([query, f"{said} Reasoning: {' '.join(draw.choices(WORDS, k=40))}"])


def command_of(checkout: Path, scratch: Path) -> tuple[str, str]:
    """Return what to put on Python's path for a checkout, and the module of its command: its entry
    points stand in for those of what is installed, and folders that an ``imhi`` is made of are linked."""
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    scratch.mkdir()
    info = scratch / "imhi_harness-0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: imhi-harness\nVersion: 0\n")
    groups = project["entry-points"].items()
    lines = [
        line
        for group, entries in groups
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in entries.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    module = project["scripts"]["imhi"].partition(":")[0]
    path = [str(scratch), str(checkout)]
    if module.startswith("imhi."):
        package = scratch / "imhi"
        package.mkdir()
        for part in (checkout / "harness").iterdir():
            (package / part.name).symlink_to(part)
        for name in ("plugins", "tasks", "finetune"):
            (package / name).symlink_to(checkout / name)
        (package / "build").symlink_to(checkout / "imhi_build")
        path = path[:1]
    return os.pathsep.join(path), module


def memory(process: int) -> float:
    """Return the most resident memory a process has had, in MiB; 0 where the system does not say."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return max(
        (int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), default=0
    )


def look_up(url: str, what: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{url}/{what}") as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def one_round(
    command: tuple[str, str], url: str, rows: Path, count: int, latency: float
) -> dict[str, float]:
    """Run one command; return what was measured of it."""
    path, module = command
    look_up(url, "reset")
    with tempfile.TemporaryDirectory() as out:
        start = f"import sys; from {module} import main; sys.argv[0] = 'imhi'; main()"
        model = f"openai:m,base_url={url},concurrency={IN_FLIGHT}"
        arguments = [
            "run",
            "-m",
            model,
            "-s",
            f"official:{rows}",
            "--metric",
            "accuracy",
            "-o",
            out,
        ]
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-c", start, *arguments],
            env=os.environ | {"PYTHONPATH": path},
            cwd=out,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        asking = peak = 0.0
        while process.poll() is None:
            time.sleep(0.1)
            peak = max(peak, memory(process.pid))
            if not asking and look_up(url, "recorded")["answered"] >= count:
                asking = peak
        seconds = time.monotonic() - began
        assert process.stderr is not None
        told = process.stderr.read()
    seen = look_up(url, "recorded")
    if process.returncode or seen["answered"] != count:
        raise RuntimeError(f"exit code {process.returncode}, {seen}: {told[-2000:]}")
    attempts = seen["answered"] + seen["failed"]
    return {
        "asking_seconds": seen["seconds"],
        "requests_per_second": count / seen["seconds"],
        "share_of_ideal": attempts / IN_FLIGHT * latency / seen["seconds"],
        "command_seconds": seconds,
        "asking_peak_mib": asking,
        "peak_mib": peak,
    }


def measured(
    case: str, count: int, rounds: int, commands: Mapping[str, tuple[str, str]], scratch: Path
) -> dict[str, Any]:
    """Return the medians of a case, by who asked; rounds of different checkouts take turns."""
    rows = scratch / f"rows-{case}"
    write_rows(rows, count)
    found: dict[str, list[dict[str, float]]] = {who: [] for who in commands}
    latency = 0.0 if case == "instant" else LATENCY
    with loopback_server(*SERVERS[case]) as url:
        for _ in range(rounds):
            for who, command in commands.items():
                found[who].append(one_round(command, url, rows, count, latency))
    medians = {
        who: {name: round(statistics.median(one[name] for one in all), 3) for name in all[0]}
        for who, all in found.items()
    }
    result: dict[str, Any] = {"case": case, "requests": count, "rounds": rounds, **medians}
    if "base" in medians:
        ours, base = medians["ours"], medians["base"]
        result["times_as_fast"] = round(base["asking_seconds"] / ours["asking_seconds"], 3)
    return result


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", choices=list(SERVERS), action="append", help="repeatable")
    parser.add_argument("--requests", type=int, default=1280, help="of latency and faults")
    parser.add_argument("--instant", type=int, default=5000, help="requests of instant")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--base", type=Path, metavar="FOLDER", help="an earlier checkout")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    checkouts = {"base": options.base, "ours": ROOT} if options.base else {"ours": ROOT}
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        commands = {
            who: command_of(checkout.resolve(), scratch / who)
            for who, checkout in checkouts.items()
        }
        results = [
            measured(
                case,
                options.instant if case == "instant" else options.requests,
                options.rounds,
                commands,
                scratch,
            )
            for case in options.case or SERVERS
        ]
    if options.json:
        print(json.dumps(results, indent=1))
        return
    for result in results:
        print(f"{result['case']}: {result['requests']} requests, median of {result['rounds']}")
        for who in commands:
            one = result[who]
            ideal = "" if result["case"] == "instant" else f"{one['share_of_ideal']:7.1%} of ideal"
            print(
                f"  {who:<5} {one['asking_seconds']:8.2f} s {one['requests_per_second']:8.1f}/s {ideal} "
                f"{one['asking_peak_mib']:6.1f} MiB asking, {one['peak_mib']:6.1f} MiB at most, "
                f"command {one['command_seconds']:.1f} s"
            )
        if "times_as_fast" in result:
            print(f"  {result['times_as_fast']:.2f} times as fast as base")


if __name__ == "__main__":
    main()
