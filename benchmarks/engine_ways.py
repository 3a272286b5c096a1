"""The ways that ``engines.py`` sets side by side: each loads one model in a process of its own, then answers
the same prompts whenever it is told to, and says how long that took. Run by ``engines.py``.

    PYTHON benchmarks/engine_ways.py WAY TASK.json

A way is ``KIND[:ARGUMENT]``: ``one-by-one``, ``published``, ``hflm:BATCH``, ``raw-vllm``,
``llama.cpp:SLOTS``, ``imhi:MODEL``, ``earlier:MODEL`` (run by a Python that has d3fd539 installed). Times are
of answering alone: the tokenisation of prompts is in them, the loading of models is not.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Task:
    """What every way is given: ``rows`` are requests as run folders hold them."""

    model: str
    gguf: str
    rows: list[dict[str, Any]]
    new_tokens: int
    stop: list[str]
    dtype: str

    @property
    def prompts(self) -> list[str]:
        return [row["prompt"] for row in self.rows]


Answer = Callable[[], list[str]]
"""Answers all prompts, in their order."""


@dataclass(frozen=True)
class Way:
    """A model that is loaded: how it answers, and which engine that is."""

    answer: Answer
    engine: str


def transformers_loop(task: Task, batch: int) -> Way:
    """Batches in the order of the file, padded, each as long as its longest answer: the loop that was
    published with the benchmark; with batch 1 the answers that all others are held to."""
    import torch
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(task.model, padding_side="left")
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    model = transformers.AutoModelForCausalLM.from_pretrained(
        task.model, dtype=getattr(torch, task.dtype)
    ).eval()

    def answer() -> list[str]:
        texts: list[str] = []
        stop = {"stop_strings": task.stop, "tokenizer": tokenizer} if task.stop else {}
        for start in range(0, len(task.prompts), batch):
            encoded = tokenizer(
                task.prompts[start : start + batch], return_tensors="pt", padding=True
            )
            with torch.inference_mode():
                output = model.generate(
                    **encoded, max_new_tokens=task.new_tokens, do_sample=False, **stop
                )
            written = output[:, encoded["input_ids"].shape[1] :]
            texts += tokenizer.batch_decode(written, skip_special_tokens=True)
        return [cut(text, task.stop) for text in texts]

    return Way(answer, f"transformers {transformers.__version__}")


def hflm(task: Task, batch: int) -> Way:
    """lm-evaluation-harness's own backend."""
    import lm_eval
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    model = HFLM(pretrained=task.model, dtype=task.dtype, device="cpu", batch_size=batch)

    def answer() -> list[str]:
        asked = {"until": task.stop, "max_gen_toks": task.new_tokens, "do_sample": False}
        instances = [
            Instance("generate_until", {}, (prompt, dict(asked)), place)
            for place, prompt in enumerate(task.prompts)
        ]
        return list(model.generate_until(instances, disable_tqdm=True))

    return Way(answer, f"lm-eval {lm_eval.__version__}")


def raw_vllm(task: Task) -> Way:
    """vLLM's own offline interface, all prompts at once."""
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "2")
    import vllm

    model = vllm.LLM(task.model, dtype=task.dtype, max_model_len=2048, enforce_eager=True)
    sampling = vllm.SamplingParams(
        temperature=0, max_tokens=task.new_tokens, stop=task.stop or None
    )

    def answer() -> list[str]:
        model.reset_prefix_cache()
        return [
            one.outputs[0].text for one in model.generate(task.prompts, sampling, use_tqdm=False)
        ]

    return Way(answer, f"vllm {vllm.__version__}")


def llama_cpp_server(task: Task, slots: int) -> Way:
    """llama.cpp's own server, as many requests in flight as it has slots."""
    import urllib.request
    from concurrent.futures import ThreadPoolExecutor
    from importlib.metadata import version

    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = task.gguf
    params.n_parallel = slots
    params.n_ctx = 2048 * slots
    server = xllamacpp.Server(params)

    def one(prompt: str) -> str:
        body = {
            "prompt": prompt, "n_predict": task.new_tokens, "temperature": 0, "stop": task.stop,
            "cache_prompt": False, "repeat_penalty": 1.0, "ignore_eos": False,
        }  # fmt: skip
        request = urllib.request.Request(
            f"{server.listening_address}/completion",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=600) as answer:
            return str(json.loads(answer.read())["content"])

    def answer() -> list[str]:
        with ThreadPoolExecutor(slots) as pool:
            return list(pool.map(one, task.prompts))

    return Way(answer, f"xllamacpp {version('xllamacpp')}")


def imhi_model(task: Task, name: str) -> Way:
    """A model of this harness, as a run asks it."""
    sys.path[:0] = [str(ROOT)]
    from imhi import Request, RunSettings, load_plugins
    from imhi._core.context import Context
    from imhi._core.models import ModelSpec

    registry = load_plugins().registry
    settings = RunSettings(
        source="demo", max_new_tokens=task.new_tokens, stop=tuple(task.stop), chat_template="off"
    )
    context = Context.of(settings, registry, registry.prompts.get("instruction"))
    model = ModelSpec.parse(name, registry).create(context)
    requests = [Request(**row) for row in task.rows]
    engine = model.describe()["engine"]

    def answer() -> list[str]:
        if engine["name"] == "vllm":  # or a round would find the prompts of the one before read
            model._engine.core.reset_prefix_cache()
        return in_order(task, model.generate(requests))

    return Way(answer, f"imhi at {engine['name']} {engine['version']}")


def earlier_model(task: Task, name: str) -> Way:
    """A model of the harness as it was at d3fd539."""
    from harness.context import Context, open_source
    from harness.models import create_model, parse_model
    from harness.plugin_manager import load_plugins
    from harness.records import Request
    from harness.settings import Generation

    registry = load_plugins().registry
    generation = Generation(
        max_new_tokens=task.new_tokens, stop=tuple(task.stop), chat_template="off"
    )
    context = Context(registry, open_source("demo", registry)[1], "test", generation=generation)
    known = Request.__dataclass_fields__
    rows = [{name: value for name, value in row.items() if name in known} for row in task.rows]
    requests = [Request(**row) for row in rows]
    model = create_model(parse_model(name, registry), context)
    return Way(lambda: in_order(task, model.generate(requests)), "imhi at d3fd539")


def in_order(task: Task, responses: Any) -> list[str]:
    found = {(one.dataset, one.id): one.error or one.text for one in responses}
    return [found[row["dataset"], row["id"]] for row in task.rows]


def cut(text: str, stop: Sequence[str]) -> str:
    for string in stop:
        text = text.split(string)[0]
    return text


def load(way: str, task: Task) -> Way:
    """Load what a way names."""
    kind, _, argument = way.partition(":")
    if kind == "one-by-one":
        return transformers_loop(task, 1)
    if kind == "published":
        return transformers_loop(task, 8)
    if kind == "hflm":
        return hflm(task, int(argument))
    if kind == "raw-vllm":
        return raw_vllm(task)
    if kind == "llama.cpp":
        return llama_cpp_server(task, int(argument))
    return {"imhi": imhi_model, "earlier": earlier_model}[kind](task, argument)


def main(way: str, path: str) -> None:
    # What libraries print must not stand between the lines that are read.
    told = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    task = Task(**json.loads(Path(path).read_text(encoding="utf-8")))
    loaded = load(way, task)
    print(json.dumps({"engine": loaded.engine}), file=told, flush=True)
    for _ in sys.stdin:  # a line is the word to go
        started = time.perf_counter()
        answers = loaded.answer()
        seconds = time.perf_counter() - started
        print(json.dumps({"seconds": seconds, "answers": answers}), file=told, flush=True)
    # Engines with threads of their own do not always end with the process.
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
