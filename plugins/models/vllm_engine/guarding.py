"""No engine outlives the run: its processes end also where this one is killed outright."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

# vLLM's engine core does not notice when its parent is killed. It reads nothing but this pipe, which
# the system closes with the process that holds its other end.
_GUARD = """import os, signal, sys
if sys.stdin.buffer.read() == b"":
    for pid, begun in zip(sys.argv[1::2], sys.argv[2::2]):
        try:
            with open(f"/proc/{pid}/stat") as stat:
                if stat.read().rpartition(")")[2].split()[19] == begun:
                    os.kill(int(pid), signal.SIGKILL)
        except OSError:
            pass
"""


class Guard:
    """Watches the processes that were started since it was made. Where there is no /proc, it does
    nothing."""

    def __init__(self) -> None:
        self._before = set(_children())
        self._process: subprocess.Popen[bytes] | None = None

    def watch(self) -> None:
        """Begin to watch."""
        started = [pid for pid in _children() if pid not in self._before]
        told = [text for pid in started for text in (str(pid), _begun(pid)) if text]
        if not told:
            return
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _GUARD, *told],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def close(self) -> None:
        """Stop watching; nothing is killed."""
        if self._process is not None and self._process.stdin is not None:
            try:
                self._process.stdin.write(b"closed")
                self._process.stdin.close()
            except OSError:
                pass
            self._process.wait()
            self._process = None


def _children() -> list[int]:
    """Return the processes below this one."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found = []
    rest = list(parents.get(os.getpid(), []))
    while rest:
        pid = rest.pop()
        found.append(pid)
        rest += parents.get(pid, [])
    return found


def _begun(pid: int) -> str:
    """Return when a process began, in ticks since the machine did: a number may be given again."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""
