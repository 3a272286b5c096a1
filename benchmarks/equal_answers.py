"""One meaning of greedy: whether every way of asking one model gives the answers of ``hf:`` in process.

    python benchmarks/equal_answers.py --model FOLDER [--gguf FILE] [--vllm-python PYTHON]
        [--llamacpp-python PYTHON] [--source official:PATH] [--rows 32] [--new-tokens 32]
        [--json FILE]

Starts the real servers that are installed (vLLM, llama.cpp, ``transformers serve``) and asks the same
posts, greedily, through ``hf:``, ``lm-eval:hf``, ``openai:`` (chat and completions) and
``lm-eval:local-completions``; once with the checkpoint as it is, once with habits in its
generation_config.json (a repetition penalty, top_k, ...) that a greedy answer must not heed. Says how
many texts are equal and where the others part, then what each server does with stop texts, schemas and
prompts beyond its window. What is not installed is left out, with the reason. Texts of chat are compared
under one chat template, given to all.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from benchmarks import server_behaviour  # noqa: E402
from imhi import HarnessError, PluginManager, Request, RunSettings, load_plugins, resolve  # noqa: E402
from imhi._core.context import Context  # noqa: E402
from imhi._core.models import ModelSpec  # noqa: E402
from tests.checkpoint_variants import HABITS, variant  # noqa: E402
from tests.real_servers import NotHere, Served, llama_cpp, transformers_serve, vllm  # noqa: E402
from tests.tiny_models import CHAT_TEMPLATE  # noqa: E402

ENGINES = ("vllm", "llamacpp", "transformers-serve")
Answers = list[str | None]
"""A text for each request; None where there is only an error."""


@dataclass(frozen=True)
class Asking:
    """What is the same for all ways."""

    manager: PluginManager
    source: str
    rows: int
    new_tokens: int

    def requests(self, template: str) -> tuple[Context, list[Request]]:
        """Return the context of a run, and the requests, in the order of the datasets."""
        settings = RunSettings(
            source=self.source,
            max_new_tokens=self.new_tokens,
            chat_template=template,  # type: ignore[arg-type]
        )
        registry = self.manager.registry
        style = registry.prompts.get("instruction")
        context = Context.of(settings, registry, style)
        build = resolve(style.build)(context)
        found: list[Request] = []
        for dataset in context.select_datasets(settings):
            left = self.rows - len(found)
            examples = islice(context.examples(dataset, "test"), left)
            found += [request for _, request in context.requests(examples, build)]
        return context, found

    def ask(self, name: str, template: str) -> tuple[Answers, list[str]]:
        """Return the answers of a model, and what it noted: its errors too."""
        context, requests = self.requests(template)
        try:
            model = ModelSpec.parse(name, self.manager.registry).create(context)
            responses = {(r.dataset, r.id): r for r in model.generate(requests)}
            model.close()
        except HarnessError as error:
            return [None] * len(requests), [str(error)]
        answers = [responses[request.dataset, request.id] for request in requests]
        errors = list(dict.fromkeys(one.error for one in answers if one.error))
        return [None if one.error else one.text for one in answers], context.notes + errors[:1]

    def ask_plainly(self, served: Served, api: str, template: str) -> Answers:
        """Return the answers to plain requests that hold the neutral values of ``engines.yaml``."""
        neutral = server_behaviour.neutral(served.engine, api)
        answers: Answers = []
        for request in self.requests(template)[1]:
            asked = server_behaviour.body(api, request.prompt, self.new_tokens, neutral)
            status, answer = served.post(server_behaviour.APIS[api], asked)
            answers.append(server_behaviour.text_of(answer) if status == 200 else None)
        return answers


class Table:
    """Prints a line per way, as it is measured, and keeps it as a row."""

    def __init__(self, asking: Asking, references: dict[str, Answers]) -> None:
        self.asking = asking
        self.references = references
        self.notes: dict[str, None] = {}
        self.rows: list[dict[str, Any]] = []
        print(f"{'way':48} {'prompts':8} {'habits':7} {'equal':>8}  first difference", flush=True)

    def measure(self, way: str, name: str, template: str, habits: bool) -> None:
        """Ask one way and compare its answers with those of ``hf:``."""
        started = time.perf_counter()
        answers, notes = self.asking.ask(name, template)
        self.notes |= dict.fromkeys(f"{way}: {note}" for note in notes)
        self.show(way, answers, template, habits, time.perf_counter() - started)

    def measure_plain_requests(self, served: Served, api: str, habits: bool) -> None:
        """Ask as ``engines.yaml`` says, by nothing but HTTP, one by one."""
        template = "on" if api == "chat" else "off"
        started = time.perf_counter()
        answers = self.asking.ask_plainly(served, api, template)
        seconds = time.perf_counter() - started
        self.show(f"engines.yaml, {api} at {served.engine}", answers, template, habits, seconds)

    def show(self, way: str, answers: Answers, template: str, habits: bool, seconds: float) -> None:
        """Print how the answers compare with those of ``hf:``."""
        expected = self.references[template]
        equal = sum(one == other for one, other in zip(answers, expected, strict=True))
        parts = sorted(
            position(one, other)
            for one, other in zip(answers, expected, strict=True)
            if one is not None and other is not None and one != other
        )
        failed = answers.count(None)
        row = {"way": way, "chat": template == "on", "habits": habits, "equal": equal}
        self.rows.append({**row, "of": len(expected), "failed": failed})
        where = f"character {parts[0]}, median {statistics.median(parts):.0f}" if parts else "-"
        print(
            f"{way:48} {'chat' if template == 'on' else 'bare':8} {'yes' if habits else 'no':7} "
            f"{equal:>3} of {len(expected):<3}  {where}{f', {failed} failed' if failed else ''} "
            f"({seconds:.0f} s)",
            flush=True,
        )


def position(one: str, other: str) -> int:
    """Return the first character in which two texts differ."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def ways_of(served: Served, folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (way, model name, chat template) for each way to ask a server."""
    at = f"base_url={served.base_url}"
    # Answers of llama.cpp depend on what else is in flight.
    calm = ",concurrency=1" if served.engine == "llamacpp" else ""
    yield (
        f"openai: completions at {served.engine}",
        f"openai:{served.model},{at},api=completions,timeout=600{calm}",
        "off",
    )
    # The only server that takes no token ids.
    as_text = ",tokenized_requests=False" if served.engine == "transformers-serve" else ""
    yield (
        f"lm-eval:local-completions at {served.engine}",
        f"lm-eval:local-completions,model={served.model},tokenizer={folder},timeout=600,"
        f"base_url={served.base_url}/completions{as_text},num_concurrent={1 if calm else 8}",
        "off",
    )
    yield (
        f"openai: chat at {served.engine}",
        f"openai:{served.model},{at},timeout=600{calm}",
        "on",
    )


def starters(
    options: argparse.Namespace,
) -> dict[str, Callable[[Path], AbstractContextManager[Served]]]:
    """Return how each engine is started with a checkpoint's folder."""
    gguf: Path | None = options.gguf

    def started_llama_cpp(folder: Path) -> AbstractContextManager[Served]:
        if gguf is None:
            raise NotHere("llama.cpp reads GGUF files: give --gguf FILE")
        return llama_cpp(gguf, chat_template=CHAT_TEMPLATE)

    every: dict[str, Callable[[Path], AbstractContextManager[Served]]] = {
        "vllm": vllm,
        "llamacpp": started_llama_cpp,
        "transformers-serve": transformers_serve,
    }
    return {name: every[name] for name in options.engine or ENGINES}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="folder of a causal checkpoint")
    parser.add_argument("--gguf", type=Path, help="the same model for llama.cpp")
    parser.add_argument("--vllm-python", help="a Python that has vllm")
    parser.add_argument("--llamacpp-python", help="a Python that has xllamacpp")
    parser.add_argument("--source", default="demo")
    parser.add_argument("--rows", type=int, default=32)
    parser.add_argument("--new-tokens", type=int, default=32)
    parser.add_argument("--engine", action="append", choices=ENGINES, help="default: all")
    parser.add_argument("--no-habits", action="store_true", help="the checkpoint as it is only")
    parser.add_argument("--json", type=Path, help="write the counts here")
    options = parser.parse_args(arguments)
    for variable, value in (
        ("IMHI_VLLM_PYTHON", options.vllm_python),
        ("IMHI_LLAMACPP_PYTHON", options.llamacpp_python),
    ):
        if value:
            os.environ[variable] = value
    asking = Asking(load_plugins(), options.source, options.rows, options.new_tokens)
    behaviours: list[tuple[str, str, dict[str, str]]] = []
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        plain = variant(options.model, place / "plain", chat_template=CHAT_TEMPLATE)
        habitual = variant(
            options.model, place / "habits", chat_template=CHAT_TEMPLATE, habits=HABITS
        )
        references = {
            template: asking.ask(f"hf:{plain}", template)[0] for template in ("off", "on")
        }
        table = Table(asking, references)
        for habits, folder in ((False, plain), (True, habitual)):
            if habits and options.no_habits:
                continue
            for template in ("off", "on"):
                if habits:
                    table.measure("hf:", f"hf:{folder}", template, habits)
                table.measure("lm-eval:hf", f"lm-eval:hf,pretrained={folder}", template, habits)
            for engine, start in starters(options).items():
                if habits and engine == "llamacpp":
                    continue  # a GGUF file has no generation_config.json
                try:
                    with start(folder) as served:
                        for way, name, template in ways_of(served, folder):
                            table.measure(way, name, template, habits)
                        for api in server_behaviour.APIS:
                            table.measure_plain_requests(served, api, habits)
                        if not habits:
                            behaviours += [
                                (engine, api, server_behaviour.measured(served, api))
                                for api in server_behaviour.APIS
                            ]
                except NotHere as reason:
                    print(f"{engine}: left out: {reason}", flush=True)
    print()
    for engine, api, seen in behaviours:
        told = ", ".join(f"{what} {how}" for what, how in seen.items())
        print(f"{engine} {api}: {told}")
    print(*("", *table.notes), sep="\n")
    if options.json:
        options.json.write_text(json.dumps(table.rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
