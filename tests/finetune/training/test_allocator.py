"""Memory of freed tensors is given back while a training goes on."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

pytest.importorskip("transformers")

# Two hundred tensors of a megabyte on glibc's heap, the last of which is held.
FREED = """
import types
import torch
from imhi.finetune.training.allocator import trim_callback

def resident():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))

callback = trim_callback()
mapped = torch.ones(30 << 18)  # a freed mapping of 30 MB: from now on tensors lie on the heap
del mapped
tensors = [torch.ones(1 << 18) for _ in range(200)]
last = tensors[-1]
del tensors
before = resident()
callback.on_step_end(types.SimpleNamespace(device=torch.device("cpu")), None, None)
print((before - resident()) // 1024)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")
def test_freed_memory_is_given_back_after_an_update() -> None:
    done = subprocess.run([sys.executable, "-c", FREED], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 150  # MB, of 199
