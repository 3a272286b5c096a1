"""What is said about a missing package works where the harness came from, and names no index."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from imhi._core import installing
from imhi._core.installing import how_to_install

COMMIT = "6149461" + "0" * 33


def installed_from(place: Path, record: dict[str, Any] | None) -> None:
    """Lay an installation's metadata, with pip's record of where it came from (PEP 610)."""
    metadata = place / "imhi_harness-0.1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: imhi-harness\nVersion: 0.1.0\n"
    )
    if record is not None:
        (metadata / "direct_url.json").write_text(json.dumps(record))


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (
            {"url": "file:///home/me/my%20imhi", "dir_info": {"editable": True}},
            ["-e", "/home/me/my imhi[hf]"],
        ),
        ({"url": "file:///home/me/imhi", "dir_info": {}}, ["/home/me/imhi[hf]"]),
        (
            {"url": "file:///w/imhi_harness-0.1.0-py3-none-any.whl", "archive_info": {}},
            ["/w/imhi_harness-0.1.0-py3-none-any.whl[hf]"],
        ),
        (
            {
                "url": "https://example.org/imhi.git",
                "vcs_info": {"vcs": "git", "commit_id": COMMIT, "requested_revision": "main"},
            },
            [f"imhi-harness[hf] @ git+https://example.org/imhi.git@{COMMIT}"],
        ),
        (
            {"url": "https://example.org/imhi_harness-0.1.0-py3-none-any.whl", "archive_info": {}},
            ["imhi-harness[hf] @ https://example.org/imhi_harness-0.1.0-py3-none-any.whl"],
        ),
    ],
    ids=["editable", "folder", "wheel", "git", "address"],
)
def test_an_extra_is_installed_from_where_the_harness_came_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record: dict[str, Any], words: list[str]
) -> None:
    installed_from(tmp_path, record)
    monkeypatch.syspath_prepend(tmp_path)
    assert shlex.split(how_to_install("hf")) == ["pip", "install", *words]


def test_a_checkout_on_the_path_does_not_hide_what_pip_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed_from(tmp_path / "wheel", {"url": "file:///w/imhi", "dir_info": {}})
    installed_from(tmp_path / "checkout", None)
    monkeypatch.syspath_prepend(tmp_path / "wheel")
    monkeypatch.syspath_prepend(tmp_path / "checkout")
    assert how_to_install("ray") == "pip install '/w/imhi[ray]'"


def test_where_nothing_was_recorded_no_name_is_looked_for_on_an_index(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(installing, "_record", lambda: None)
    assert "pip install" not in how_to_install("hf") and "[hf]" in how_to_install("hf")


def test_no_message_and_no_guide_installs_by_the_distributions_name() -> None:
    """Nobody has registered it: whoever does would run code on the reader's machine."""
    root = Path(__file__).resolve().parents[2]
    texts = [root / "README.md", root / "CONTRIBUTING.md", *sorted((root / "docs").rglob("*.md"))]
    for folder in ("harness", "plugins", "tasks", "imhi_build", "finetune", "examples"):
        texts += [
            path
            for path in sorted((root / folder).rglob("*"))
            if path.suffix in {".py", ".md", ".jinja", ".yaml", ".sh", ".html"}
        ]
    name = "imhi-" + "harness"
    found = [
        f"{path.relative_to(root)}:{number}: {line.strip()}"
        for path in texts
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if f"install {name}" in line or f"{name}==" in line or f"install '{name}[" in line
    ]
    assert found == []
