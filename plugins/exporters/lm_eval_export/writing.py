"""Writes the export: YAML definitions, the rows they ask, the code that scores, a page to read."""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from imhi import (
    BuildPrompt,
    Context,
    Example,
    HarnessError,
    PromptStyle,
    Registry,
    Request,
    RunSettings,
    resolve,
)
from imhi.io import disk_error
from imhi.plugins.exporters.lm_eval_export.scoring import LABELER, METRICS, ExportedRow

GROUP = "imhi"
_UTILS = Path(__file__).with_name("exported_utils.py")
_README = Path(__file__).with_name("readme.md.jinja")


@dataclass(frozen=True)
class Written:
    """What an export holds: examples per dataset, and the commands that run it."""

    rows: dict[str, int]
    commands: list[str]


def write_export(directory: Path, settings: RunSettings, registry: Registry) -> Written:
    """Write task definitions, group ``imhi``, for the examples and prompts of ``settings``.

    Raises:
        HarnessError: the source has not what is asked for, a dataset has no rows, or ``directory``
            holds something else.
    """
    style = registry.prompts.get(settings.prompt or "instruction")
    context = Context.of(settings, registry, style)
    names = context.select_datasets(settings)
    build: BuildPrompt = resolve(style.build)(context)
    _refuse_other_content(directory)
    try:
        _clear(directory)
        data = directory / "data"
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o700)
        data.mkdir(exist_ok=True)
        rows = {}
        for name in names:
            examples = islice(context.examples(name, settings.split), settings.limit)
            with _private(data / f"{name}.jsonl") as stream:
                count = 0
                for example, request in context.requests(examples, build):
                    row = _row(example, request, context)
                    stream.write(json.dumps(row, ensure_ascii=False) + "\n")
                    count += 1
            if not count:
                raise HarnessError(
                    f"source {settings.source}: {name}/{settings.split} has no rows, expected at "
                    "least one"
                )
            rows[name] = count
            _write(directory / f"{GROUP}_{name}.yaml", _task_yaml(name, settings, style, context))
        _write(directory / "utils.py", _UTILS.read_text(encoding="utf-8"))
        written = Written(rows, commands(directory, context))
        _write(directory / "README.md", _readme(settings, style, context, written))
        _write(directory / f"{GROUP}.yaml", _group_yaml(names))
    except OSError as error:
        raise disk_error(error, directory) from error
    return written


def _row(example: Example, request: Request, context: Context) -> ExportedRow:
    prompt = request.prompt
    if request.system and context.generation.chat_template == "off":
        # lm_eval would put a system instruction before the prompt without a line between.
        prompt = f"{request.system}\n\n{prompt}"
    return {
        "id": example.id,
        "dataset": example.dataset,
        "aspect": example.aspect,
        "prompt": prompt,
        "label": example.label,
    }


def generation_arguments(context: Context) -> dict[str, object]:
    """Return ``generation_kwargs``: the decoding that ``imhi run`` would use."""
    generation = context.generation
    sampled = generation.temperature > 0
    arguments: dict[str, object] = {
        # An empty list is needed: without one lm_eval stops at the first blank line.
        "until": list(generation.stop),
        "do_sample": sampled,
        "temperature": generation.temperature,
        "max_gen_toks": generation.max_new_tokens,
    }
    if sampled and generation.top_p < 1:
        arguments["top_p"] = generation.top_p
    return arguments


def _task_yaml(name: str, settings: RunSettings, style: PromptStyle, context: Context) -> str:
    import yaml

    fields = {
        "task": f"{GROUP}_{name}",
        "test_split": "test",
        "output_type": "generate_until",
        "doc_to_text": "prompt",
        "doc_to_target": "label",
        "generation_kwargs": generation_arguments(context),
        "metadata": {
            "version": 1.0,
            "imhi_dataset": name,
            "imhi_split": settings.split,
            "imhi_prompt": f"{style.name} {style.version}",
            "imhi_labeler": LABELER,
        },
    }
    # Written by hand, since YAML libraries do not know lm-eval's tag !function.
    functions = [
        "custom_dataset: !function utils.rows",
        "process_results: !function utils.process_results",
    ]
    metrics = ["metric_list:"]
    for metric in METRICS:
        better = "false" if metric == "unparsed" else "true"
        metrics += [
            f"  - metric: {metric}",
            f"    aggregation: !function utils.{metric}",
            f"    higher_is_better: {better}",
        ]
    text = yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=10_000)
    return text + "\n".join([*functions, *metrics]) + "\n"


def _group_yaml(names: list[str]) -> str:
    import yaml

    fields = {
        "group": GROUP,
        "task": [f"{GROUP}_{name}" for name in names],
        # As imhi run averages: each dataset counts the same.
        "aggregate_metric_list": [
            {"metric": metric, "aggregation": "mean", "weight_by_size": False} for metric in METRICS
        ],
        "metadata": {"version": 1.0},
    }
    return yaml.safe_dump(fields, sort_keys=False, allow_unicode=True)


def commands(directory: Path, context: Context) -> list[str]:
    """Return the command that runs the export, with and without a chat template as fits."""
    base = [
        "lm_eval", "--include_path", str(directory), "--tasks", GROUP, "--model", "hf",
        "--model_args", "pretrained=FOLDER_OR_ID",
    ]  # fmt: skip
    generation = context.generation
    if generation.chat_template == "off":
        return [shlex.join(base)]
    chat = [*base, "--apply_chat_template"]
    if generation.system:
        chat += ["--system_instruction", generation.system]
    if generation.chat_template == "on":
        return [shlex.join(chat)]
    return [
        f"{shlex.join(chat)}   # a model with a chat template",
        f"{shlex.join(base)}   # a model without",
    ]


def _readme(settings: RunSettings, style: PromptStyle, context: Context, written: Written) -> str:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    return environment.from_string(_README.read_text(encoding="utf-8")).render(
        settings=settings,
        style=style,
        generation=context.generation,
        synthetic=bool(context.source.describe().get("synthetic")),
        written=written,
        group=GROUP,
        labeler=LABELER,
    )


def _refuse_other_content(directory: Path) -> None:
    if directory.exists() and not directory.is_dir():
        raise HarnessError(f"{directory}: found a file, expected a folder to write to")
    if not directory.is_dir():
        return
    ours = {"utils.py", "README.md", "data", "__pycache__", f"{GROUP}.yaml"}
    for path in sorted(directory.iterdir()):
        if path.name not in ours and not path.match(f"{GROUP}_*.yaml"):
            raise HarnessError(
                f"{directory}: found a folder with other files ({path.name}), expected an empty "
                "one, a new one or an earlier export; give another DIR"
            )


def _clear(directory: Path) -> None:
    """Remove an earlier export, and nothing else."""
    definitions = [directory / f"{GROUP}.yaml", *directory.glob(f"{GROUP}_*.yaml")]
    for path in [*definitions, *(directory / "data").glob("*.jsonl")]:
        path.unlink(missing_ok=True)


def _private(path: Path) -> Any:
    """Open a new file that only its owner can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    return os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogatepass", newline="\n")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
