"""A real Chromium, driven through its debugging pipe: keys, files, screenshots. No network."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_KEYS = {"Tab": 9, "Escape": 27, "Backspace": 8, "ArrowRight": 39, "ArrowLeft": 37, "ArrowDown": 40}
_PATIENCE = 20.0  # seconds
# Chromium reads orders from 3 and writes to 4: both ends are put there, out of each other's way.
_START = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 20) for end in sys.argv[1:3]]
for place, end in enumerate(ends, start=3):
    os.dup2(end, place)
os.execv(sys.argv[3], sys.argv[3:])
"""


def chromium() -> str:
    """The browser's path; the test is skipped where there is none."""
    for name in _NAMES:
        if found := shutil.which(name):
            return found
    pytest.skip(f"no browser here: none of {', '.join(_NAMES)} is on the PATH")


class Page:
    """One tab. What goes wrong in it is kept in ``complaints``, what it asks for in ``asked``."""

    def __init__(self, write: int, read: int) -> None:
        self._write, self._read, self._held = write, read, b""
        self._number, self._session = 0, ""
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.dialogs: list[str] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Network", "Log", "DOM"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Give an order and wait for its answer."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        number = self._number
        while True:
            got = self._receive()
            if got.get("id") == number:
                assert "error" not in got, f"{method}: {got['error']}"
                return dict(got["result"])
            self._event(got)

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._held:
            ready, _, _ = select.select([self._read], [], [], _PATIENCE)
            assert ready, "the browser says nothing any more"
            data = os.read(self._read, 1 << 20)
            assert data, "the browser has gone"
            self._held += data
        line, _, self._held = self._held.partition(b"\0")
        return dict(json.loads(line))

    def _event(self, got: dict[str, Any]) -> None:
        name, given = got.get("method"), got.get("params", {})
        if name == "Runtime.exceptionThrown":
            self.complaints.append(str(given["exceptionDetails"].get("exception", given)))
        elif name == "Log.entryAdded" and given["entry"]["level"] in ("error", "warning"):
            self.complaints.append(given["entry"]["text"])
        elif name == "Network.requestWillBeSent":
            self.asked.append(given["request"]["url"])
        elif name == "Page.javascriptDialogOpening":
            self.dialogs.append(given["message"])
            self._number += 1
            answer = {"id": self._number, "method": "Page.handleJavaScriptDialog"}
            answer |= {"params": {"accept": True}, "sessionId": self._session}
            os.write(self._write, json.dumps(answer).encode() + b"\0")

    def open(self, path: Path, width: int = 1280, height: int = 900) -> None:
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self.send("Page.navigate", url=path.resolve().as_uri())
        self.wait(lambda: self.run("document.readyState") == "complete")

    def run(self, expression: str) -> Any:
        """The value of an expression in the page."""
        got = self.send(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in got, got["exceptionDetails"]
        return got["result"].get("value")

    def wait(self, done: Callable[[], Any]) -> Any:
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            if found := done():
                return found
            time.sleep(0.02)
        raise AssertionError("the browser took too long")

    def press(self, *keys: str) -> None:
        """Press keys, one after the other, as a person does."""
        for key in keys:
            code = _KEYS.get(key, ord(key[0].upper()) if len(key) == 1 else 0)
            given: dict[str, Any] = {"key": key, "windowsVirtualKeyCode": code}
            text = {"text": key} if len(key) == 1 else {}
            self.send("Input.dispatchKeyEvent", type="keyDown", **given, **text)
            self.send("Input.dispatchKeyEvent", type="keyUp", **given)

    def choose(self, selector: str, path: Path) -> None:
        """Choose a file in an input."""
        root = self.send("DOM.getDocument")["root"]["nodeId"]
        node = self.send("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.send("DOM.setFileInputFiles", files=[str(path)], nodeId=node)

    def download_to(self, folder: Path) -> None:
        self.send("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))

    def downloaded(self, path: Path) -> bytes:
        return bytes(self.wait(lambda: path.exists() and path.read_bytes()))

    def picture(self, path: Path, whole: bool = False) -> None:
        shot = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))

    def printed(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.send("Page.printToPDF")["data"]))


@contextmanager
def browser(folder: Path) -> Iterator[Page]:
    """Start Chromium with a profile in ``folder``; end it afterwards."""
    to_child, from_us = os.pipe()
    from_child, to_us = os.pipe()
    process = subprocess.Popen(
        [
            sys.executable, "-c", _START, str(to_child), str(to_us), chromium(),
            "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
            "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
            f"--user-data-dir={folder / 'profile'}",
        ],
        pass_fds=(to_child, to_us),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(to_child)
    os.close(to_us)
    try:
        yield Page(from_us, from_child)
    finally:
        process.terminate()
        process.wait(timeout=20)
        os.close(from_us)
        os.close(from_child)
