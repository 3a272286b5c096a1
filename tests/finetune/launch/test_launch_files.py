"""The files for `accelerate launch`: accelerate itself reads them, and hands each process the strategy
of the file's name."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from imhi.finetune.commands.launch import command as shown_command, launch_files
from imhi.finetune.recipe.schema import Hardware

pytest.importorskip("accelerate")

FILES = launch_files()
DEEPSPEED = ("deepspeed-zero2", "deepspeed-zero3")
SCRIPT = Path(sys.executable).with_name("imhi")  # what `command -v imhi` says


def command(strategy: str) -> list[str]:
    """The command that the head of the file shows, without `accelerate launch`."""
    head = FILES[strategy].read_text(encoding="utf-8").splitlines()
    [line] = [line for line in head if line.startswith("#   accelerate launch ")]
    assert line.removeprefix("#   ") == shown_command(strategy)
    return shlex.split(line.removeprefix("#   accelerate launch "))


def launched(strategy: str, *more: str) -> Any:
    """What accelerate makes of that command and of the file; ``more`` options come first."""
    from accelerate.commands.launch import _validate_launch_command, launch_command_parser

    said = {
        f"$(imhi finetune launch {strategy})": str(FILES[strategy]),
        "$(command -v imhi)": str(SCRIPT),
    }
    words = [said.get(word, word) for word in command(strategy)]
    args, _, _ = _validate_launch_command(launch_command_parser().parse_args([*more, *words]))
    return args


def environment(strategy: str) -> dict[str, str]:
    """What a process finds in its environment."""
    from accelerate.utils.launch import prepare_deepspeed_cmd_env, prepare_multi_gpu_env

    args = launched(strategy)
    if strategy not in DEEPSPEED:
        return dict(prepare_multi_gpu_env(args))
    args.deepspeed_fields_from_accelerate_config = ""  # what accelerate adds after its check
    return dict(prepare_deepspeed_cmd_env(args)[1])


def test_every_strategy_of_several_gpus_has_a_file() -> None:
    strategies = get_args(Hardware.model_fields["strategy"].annotation)
    assert set(FILES) == set(strategies) - {"single"}


def test_the_command_names_the_file_wherever_the_harness_is_installed(
    imhi_here, tmp_path: Path
) -> None:
    said = imhi_here("finetune", "launch", "fsdp")
    assert said.code == 0 and said.out == f"{FILES['fsdp']}\n"
    listed = json.loads(imhi_here("finetune", "launch", "--json").out)
    assert listed == {name: str(file) for name, file in FILES.items()}
    shown = imhi_here("finetune", "launch")
    assert all(name in shown.out for name in FILES)
    assert "did you mean 'fsdp'" in imhi_here("finetune", "launch", "fsdp2").complaint


@pytest.mark.slow
def test_what_lies_in_the_working_directory_is_not_imported(tmp_path: Path) -> None:
    """accelerate starts the installed command by its path; as a module it would be theirs."""
    if not SCRIPT.exists():
        pytest.skip(f"the command is not installed beside {sys.executable}")
    for name in ("imhi.py", "tasks.py", "torch.py"):
        (tmp_path / name).write_text("raise ImportError('not meant for imhi')\n")
    accelerate = [Path(sys.executable).with_name("accelerate"), "launch", "--cpu"]
    plain = ["--num_processes", "1", "--num_machines", "1", "--mixed_precision", "no"]

    def started(*program: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*accelerate, *plain, "--dynamo_backend", "no", *program, "finetune", "recipes"],
            cwd=tmp_path, capture_output=True, text=True, timeout=300,
        )  # fmt: skip

    done = started(SCRIPT)
    assert done.returncode == 0 and "tiny-causal" in done.stdout, done.stderr
    assert "not meant for imhi" in started("-m", "imhi").stderr


@pytest.mark.parametrize(
    ("strategy", "kind"),
    [
        ("ddp", "MULTI_GPU"),
        ("fsdp", "FSDP"),
        ("deepspeed-zero2", "DEEPSPEED"),
        ("deepspeed-zero3", "DEEPSPEED"),
    ],
)
def test_accelerate_reads_the_file_and_finds_the_strategy_of_its_name(
    strategy: str, kind: str
) -> None:
    from accelerate.commands.config.config_args import load_config_from_file

    config = load_config_from_file(str(FILES[strategy]))
    assert config.distributed_type.value == kind
    assert config.mixed_precision == "bf16"
    assert config.deepspeed_config.get("zero_stage") == (
        int(strategy[-1]) if strategy in DEEPSPEED else None
    )


@pytest.mark.parametrize("strategy", FILES)
def test_the_command_in_its_head_starts_the_harness(strategy: str) -> None:
    args = launched(strategy)
    assert not args.module and args.training_script == str(SCRIPT)
    assert args.training_script_args == ["finetune", "RECIPE"]
    assert args.num_processes == 8


@pytest.mark.parametrize("strategy", FILES)
def test_what_the_command_line_says_comes_first(strategy: str) -> None:
    from accelerate.commands.launch import _validate_launch_command, launch_command_parser

    words = ["--config_file", str(FILES[strategy]), "--num_processes", "4", "script.py"]
    args, _, _ = _validate_launch_command(launch_command_parser().parse_args(words))
    assert args.num_processes == 4
    assert launched(strategy, "--mixed_precision", "no").mixed_precision == "no"


@pytest.mark.parametrize("strategy", FILES)
def test_every_key_is_an_option_accelerate_knows(strategy: str) -> None:
    from accelerate.commands.launch import launch_command_parser

    known = vars(launch_command_parser().parse_args(["script.py"]))
    keys = yaml.safe_load(FILES[strategy].read_text(encoding="utf-8"))
    nested = [name for part in keys.values() if isinstance(part, dict) for name in part]
    assert [name for name in nested if name not in known] == []


def test_fsdp_shards_everything_by_layers_and_saves_whole_weights(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from accelerate.utils import FullyShardedDataParallelPlugin

    for name, value in environment("fsdp").items():
        if name.startswith(("FSDP_", "ACCELERATE_")):
            monkeypatch.setenv(name, value)
    plugin = FullyShardedDataParallelPlugin()
    assert plugin.fsdp_version == 2
    assert plugin.reshard_after_forward is True
    assert plugin.auto_wrap_policy.__name__ == "transformer_auto_wrap_policy"
    assert plugin.transformer_cls_names_to_wrap is None  # the model says it itself
    assert plugin.state_dict_type.name == "FULL_STATE_DICT"
    assert plugin.cpu_ram_efficient_loading is True
    assert plugin.activation_checkpointing is False


@pytest.mark.slow
@pytest.mark.parametrize("strategy", DEEPSPEED)
def test_deepspeed_gets_its_stage_and_the_rest_from_the_trainer(
    strategy: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from accelerate.utils import DeepSpeedPlugin
    from accelerate.utils.deepspeed import HfDeepSpeedConfig
    from transformers import TrainingArguments
    from transformers.integrations.deepspeed import HfTrainerDeepSpeedConfig

    class Filled(HfTrainerDeepSpeedConfig, HfDeepSpeedConfig):  # type: ignore[misc]
        """What the Trainer uses, save that DeepSpeed itself need not be installed."""

        def __init__(self, config: dict[str, Any]) -> None:
            HfDeepSpeedConfig.__init__(self, config)
            self.mismatches: list[str] = []

    arguments = TrainingArguments(
        output_dir=str(tmp_path),
        per_device_train_batch_size=3,
        gradient_accumulation_steps=5,
        max_grad_norm=0.7,
        use_cpu=True,
        report_to="none",
    )
    for name, value in environment(strategy).items():
        if name.startswith("ACCELERATE_"):
            monkeypatch.setenv(name, value)
    plugin = DeepSpeedPlugin()
    assert plugin.zero_stage == int(strategy[-1])
    assert plugin.zero3_init_flag is (strategy == "deepspeed-zero3")
    filled = Filled(plugin.deepspeed_config)
    filled.trainer_config_process(arguments)
    assert filled.mismatches == []
    assert filled.config["gradient_accumulation_steps"] == 5
    assert filled.config["train_micro_batch_size_per_gpu"] == 3
    assert filled.config["gradient_clipping"] == 0.7
    saved = filled.config["zero_optimization"]["stage3_gather_16bit_weights_on_model_save"]
    assert saved is (strategy == "deepspeed-zero3")


@pytest.mark.parametrize("strategy", FILES)
def test_processes_compute_in_bfloat16(strategy: str) -> None:
    assert environment(strategy)["ACCELERATE_MIXED_PRECISION"] == "bf16"
