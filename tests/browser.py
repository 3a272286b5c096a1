"""Pages opened in a real Chromium: what they ask of the network, what they complain about, and
what axe-core finds.

The browser is Debian's (``chromium``); tests skip, with the reason, where none is installed.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

PHONE = (390, 844)
DESKTOP = (1280, 900)
_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Opened:
    """A page (playwright's), and what happened since it was opened."""

    page: Any
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @property
    def strangers(self) -> list[str]:
        """Requests that went to anything but files of this machine or the page itself."""
        return [url for url in self.requests if not url.startswith(("file:", "data:", "blob:"))]

    def violations(self) -> list[str]:
        """What axe-core finds wrong (WCAG 2 A and AA, best practices): rule and elements."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page).response["violations"]
        return [
            f"{rule['id']} ({rule['impact']}): "
            + "; ".join(" ".join(map(str, node["target"])) for node in rule["nodes"][:5])
            for rule in found
        ]


OpenPage = Callable[..., Any]


@contextmanager
def chromium() -> Iterator[OpenPage]:
    """Give a function ``(path, size=DESKTOP, dark=False, javascript=True) -> Opened``."""
    binary = shutil.which("chromium") or shutil.which("chromium-browser")
    if binary is None:
        pytest.skip("no browser: the command 'chromium' is not installed (apt install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=_FLAGS)

        def open_page(
            path: Path,
            size: tuple[int, int] = DESKTOP,
            dark: bool = False,
            javascript: bool = True,
        ) -> Opened:
            context = browser.new_context(
                viewport={"width": size[0], "height": size[1]},
                color_scheme="dark" if dark else "light",
                java_script_enabled=javascript,
                reduced_motion="reduce",
            )
            opened = Opened(context.new_page())
            opened.page.on("request", lambda request: opened.requests.append(request.url))
            opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
            opened.page.on(
                "console",
                lambda message: (
                    opened.complaints.append(message.text)
                    if message.type in {"error", "warning"}
                    else None
                ),
            )
            opened.page.goto(path.resolve().as_uri())
            return opened

        yield open_page
        browser.close()
