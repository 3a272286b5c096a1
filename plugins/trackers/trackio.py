"""Trackio, into a folder of this machine: nothing is served, opened or sent. ``trackio show`` shows it."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from imhi import HarnessError, how_to_install
from imhi.plugins.trackers.facts import Parameters, Values
from imhi.plugins.trackers.telling import Known, Telling

# With one of these set, trackio.init() sends what it is given elsewhere.
_ELSEWHERE = ("TRACKIO_SPACE_ID", "TRACKIO_SERVER_URL")


def observer(folder: str, project: str) -> Telling:
    """Return an observer that writes into a folder.

    Raises:
        HarnessError: Trackio is not installed, is set to send, or holds another folder already.
    """
    if importlib.util.find_spec("trackio") is None:
        raise HarnessError(
            "--observer trackio: found no package trackio, expected it: "
            f"{how_to_install('trackio')}"
        )
    for name in _ELSEWHERE:
        if os.environ.get(name):
            raise HarnessError(
                f"--observer trackio:{folder}: found {name} in the environment, which sends what is "
                "tracked there, expected none: unset it ('trackio sync' sends a project later)"
            )
    place = Path(folder).expanduser().resolve()
    os.environ["TRACKIO_DIR"] = str(place)  # read when trackio is imported
    with _quiet():
        from trackio import utils
    if Path(utils.TRACKIO_DIR).resolve() != place:
        raise HarnessError(
            f"--observer trackio:{folder}: this process tracks into {utils.TRACKIO_DIR} already, expected "
            "one folder for each process"
        )
    return Telling(_Trackio(project))


class _Trackio:
    """Trackio has one run open for each process, and ends it where another begins: runs take turns."""

    def __init__(self, project: str) -> None:
        self._project = project
        self._begun: dict[str, tuple[str, Parameters]] = {}
        self._ended: dict[str, str] = {}
        self._current = ""
        self._run: Any = None

    def begin(self, key: str, name: str, kind: str, parameters: Parameters) -> Known:
        told = {"imhi_kind": kind, "imhi_key": key, **parameters}
        self._begun[key] = f"{name} {key[:6]}", told
        known = self._known(key)
        self._opened(key)
        return known

    def measure(self, key: str, values: Values, step: int) -> None:
        with _quiet():
            self._opened(key).log(values, step=step)

    def end(self, key: str, finished: bool) -> None:
        status = "finished" if finished else "failed"
        if self._ended.get(key) != status:
            self._opened(key).log({"status": status})
            self._ended[key] = status
        self._leave()

    def _leave(self) -> None:
        """Wait until what was logged of the current run is written."""
        if self._run is not None:
            with _quiet():
                self._run.finish()
        self._current, self._run = "", None

    def _opened(self, key: str) -> Any:
        import trackio

        if self._current != key:
            self._leave()
            name, told = self._begun[key]
            with _quiet(), _no_hub():
                self._run = trackio.init(
                    project=self._project,
                    name=name,
                    config=dict(told),
                    resume="allow",
                    embed=False,
                    auto_log_gpu=False,
                    auto_log_cpu=False,
                )
                # Else it is ended a second time when the process exits, and says so on standard output.
                trackio.context_vars.current_run.set(None)
            self._current = key
        return self._run

    def _known(self, key: str) -> Known:
        from trackio.sqlite_storage import SQLiteStorage

        if not SQLiteStorage.get_project_db_path(self._project).exists():
            return Known()
        values: dict[str, float] = {}
        steps = [-1]
        for row in SQLiteStorage.get_logs(self._project, self._begun[key][0]):
            self._ended[key] = str(row.get("status", self._ended.get(key, "")))
            numbers = {k: v for k, v in row.items() if isinstance(v, (int, float)) and k != "step"}
            values |= numbers
            if not numbers.keys().isdisjoint(("progress/answered", "loss", "eval_loss")):
                steps.append(int(row["step"]))
        return Known(values, max(steps))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what Trackio prints off standard output, which belongs to results.

    Raises:
        RuntimeError: Trackio could not do what it was asked. It warns of that and raises nothing.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    told = [str(one.message) for one in caught if "trackio" in str(one.message).lower()]
    if told:
        raise RuntimeError(told[0])


@contextlib.contextmanager
def _no_hub() -> Iterator[None]:
    """Keep trackio.init() from asking huggingface.co whose token lies here, as it does for a project in
    a folder as well."""
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before
