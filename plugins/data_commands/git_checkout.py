"""Getting one commit from a git address with the ``git`` program.

File contents are fetched for that commit only (a partial clone); a repository left by an earlier,
interrupted call is used again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from imhi import HarnessError

# Checksums are of the bytes in the repository: no line endings changed, no hooks, no helpers.
_SETTINGS = (
    "-c", "core.autocrlf=false",
    "-c", "core.hooksPath=/dev/null",
    "-c", "advice.detachedHead=false",
    "-c", "protocol.ext.allow=never",
)  # fmt: skip


def is_installed() -> bool:
    """Say whether there is a program ``git``."""
    return shutil.which("git") is not None


def is_repository(folder: Path) -> bool:
    """Say whether a folder is a git checkout or a bare repository."""
    return (folder / ".git").exists() or (
        (folder / "HEAD").is_file() and (folder / "objects").is_dir()
    )


def check_out(
    address: str,
    commit: str,
    strict: bool,
    folder: Path,
    tell: Callable[[str], None],
    shown: str,
) -> tuple[Path, str]:
    """Check ``commit`` out into ``folder``; return the folder and the full commit.

    Where the repository has no such commit, its HEAD is taken unless ``strict``. ``shown`` is the
    address as messages may show it.

    Raises:
        HarnessError: git is not installed, the address cannot be reached, or has no such commit.
    """
    if not is_installed():
        raise HarnessError(
            f"--from {shown}: needs the program 'git', which is not installed: install it, or "
            "give an archive (.tar.gz or .zip) with --from"
        )
    for what, text in (("--from", shown), ("--commit", commit)):
        if text.startswith("-"):
            raise HarnessError(f"{what} {text}: found an option, expected a name")
    if not _has(folder, commit):
        # Nothing there, or an interrupted clone: git cannot go on with one.
        shutil.rmtree(folder, ignore_errors=True)
        tell(f"cloning {shown}")
        clone = ("clone", "--quiet", "--filter=blob:none", "--no-checkout", "--no-tags")
        cloned = _git(None, *clone, "--", address, str(folder))
        if cloned.returncode != 0:
            raise HarnessError(
                f"--from {shown}: git could not clone it: "
                f"{_reason(cloned).replace(address, shown)}; check the address "
                "and the network, or give an archive of the repository with --from"
            )
    if not _has(folder, commit):
        if strict:
            raise HarnessError(
                f"--from {shown}: found no commit '{commit}' in it; name one it has with --commit"
            )
        commit = "HEAD"
    tell(f"checking out {commit}")
    done = _git(folder, "checkout", "--quiet", "--force", "--detach", commit)
    if done.returncode != 0:
        raise HarnessError(
            f"--from {shown}: git could not get the files of {commit}: "
            f"{_reason(done).replace(address, shown)}; run the same command again to go on"
        )
    return folder, _git(folder, "rev-parse", "HEAD").stdout.strip()


def _has(folder: Path, commit: str) -> bool:
    asked = _git(folder, "rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}")
    return asked.returncode == 0


def _git(folder: Path | None, *arguments: str) -> subprocess.CompletedProcess[str]:
    where = ("-C", str(folder)) if folder is not None else ()
    if folder is not None and not (folder / ".git").exists():
        # Without this, git would answer for a repository further up.
        return subprocess.CompletedProcess(arguments, 128, "", "no repository")
    # Variables such as GIT_DIR (set inside a hook) would turn git to another repository.
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return subprocess.run(
        ["git", *_SETTINGS, *where, *arguments],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        # Never wait for a password that nobody types.
        env={**kept, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
    )


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    wanted = [line for line in lines if line.startswith(("fatal:", "error:"))]
    return " ".join((wanted or lines or ["no reason given"])[:2])
