"""Which GPUs each worker gets; no GPU is needed to say."""

from __future__ import annotations

from pathlib import Path

import pytest

from imhi import HarnessError, ModelSpec, Registry
from imhi._core.spreading.gpus import copies, share_out, visible_gpus


def test_what_is_visible_is_what_cuda_would_see(tmp_path: Path) -> None:
    for name in ("nvidia2", "nvidia3", "nvidiactl", "nvidia-uvm"):
        (tmp_path / name).touch()
    devices = str(tmp_path)
    assert visible_gpus({}, devices) == ["0", "1"]
    assert visible_gpus({}, str(tmp_path / "none")) == []
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": "3, GPU-8a"}, devices) == ["3", "GPU-8a"]
    for none in ("", "-1", "-1,0"):
        assert visible_gpus({"CUDA_VISIBLE_DEVICES": none}, devices) == []


def test_each_worker_has_gpus_of_its_own() -> None:
    eight = [str(number) for number in range(8)]
    assert share_out("processes", eight, 4, 2) == [["0", "1"], ["2", "3"], ["4", "5"], ["6", "7"]]
    assert share_out("processes", eight, 2, 1) == [eight[:4], eight[4:]]  # for device=spread
    assert share_out("processes", eight[:2], 3, 1) == [["0"], ["1"], ["0"]]
    assert share_out("processes", [], 2, 4) == [[], []]
    assert share_out("processes", eight, 2, 0) == [[], []]


def test_workers_that_need_several_do_not_share() -> None:
    with pytest.raises(HarnessError, match=r"3 workers of 4 GPUs each, found 8 .* processes:2"):
        share_out("processes", [str(number) for number in range(8)], 3, 4)


def test_there_are_as_many_copies_as_gpus_have_room_for() -> None:
    assert [copies(8, need) for need in (1, 2, 3, 8)] == [8, 4, 2, 1]
    assert copies(8, 0) is None and copies(0, 2) is None
    with pytest.raises(HarnessError, match="takes 4 GPUs, found 2"):
        copies(2, 4)


def test_ray_is_asked_for_what_a_model_needs() -> None:
    from imhi.plugins.executors.ray import gpu_share

    assert gpu_share(8, 4, 2) == 2.0
    assert gpu_share(2, 4, 1) == 0.5
    assert gpu_share(0, 4, 2) == gpu_share(8, 4, 0) == 0.0
    with pytest.raises(HarnessError, match=r"ray:5: .* found 8 GPUs; use --executor ray:4"):
        gpu_share(8, 5, 2)


def test_families_say_what_they_take(registry: Registry) -> None:
    from imhi._core.stages.answering import gpus_of

    wanted = {
        "baseline:majority": 0,
        "openai:m": 0,
        "hf:m": 1,
        "hf:m,device=cpu": 0,
        "lm-eval:vllm,pretrained=m,tensor_parallel_size=2": 2,
    }
    assert {name: gpus_of(ModelSpec.parse(name, registry)) for name in wanted} == wanted
