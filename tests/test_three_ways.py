"""One model asked in three ways gives one answer: ``hf:``, ``lm-eval:hf`` and ``openai:`` against a
real ``transformers serve`` process; and ``lm_eval`` itself, on ``imhi export lm-eval``, agrees.

Posts are the official ones where a checkout is there, else the demo's. Decoding is greedy, weights
are float32. The causal model has learnt a few answers, some of them wrong, so that there is
something to score.

An encoder-decoder is asked in two ways only: ``transformers serve`` (5.23) answers with it, but
takes the prompt's length off the front of the answer, as if the model had repeated its prompt.
"""

from __future__ import annotations

import dataclasses
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from imhi._core.context import Context
from imhi._core.declarations import resolve
from imhi._core.models import ModelSpec
from imhi._core.plugin_manager import PluginManager
from imhi._core.records import Example, Request
from imhi._core.settings import RunSettings
from imhi._core.stages.pipeline import run
from tests.conftest import ImhiCommand
from tests.lm_eval_command import LM_EVAL
from tests.tiny_models import CHAT_TEMPLATE, save_adapter, save_causal, save_seq2seq

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

DATASETS = ("DR", "SAD", "MultiWD")
LIMIT = 6
NEW_TOKENS = 28

Answers = Mapping[tuple[str, str], str]


@pytest.fixture
def source(request: pytest.FixtureRequest) -> str:
    """The official posts, or the demo's where there is no checkout."""
    try:
        return f"official:{request.getfixturevalue('imhi')}"
    except pytest.skip.Exception:
        return "demo"


def settings(source: str, **more: Any) -> RunSettings:
    chosen = {"dataset": DATASETS, "limit": LIMIT, "max_new_tokens": NEW_TOKENS, **more}
    return RunSettings(source=source, **chosen)


def asked(chosen: RunSettings, manager: PluginManager) -> list[tuple[Example, Request]]:
    style = manager.registry.prompts.get("instruction")
    context = Context.of(chosen, manager.registry, style)
    build = resolve(style.build)(context)
    pairs = []
    for dataset in DATASETS:
        examples = list(context.examples(dataset, "test"))[:LIMIT]
        pairs += context.requests(iter(examples), build)
    return pairs


def answers(name: str, source: str, manager: PluginManager) -> Answers:
    """Ask a model as a run does, one dataset after the other."""
    chosen = settings(source)
    pairs = asked(chosen, manager)
    spec = ModelSpec.parse(name, manager.registry)
    context = Context.of(chosen, manager.registry, manager.registry.prompts.get("instruction"))
    model = spec.create(context)
    found = {}
    try:
        for dataset in DATASETS:
            requests = [request for _, request in pairs if request.dataset == dataset]
            for response in model.generate(requests):
                assert response.error is None
                assert not response.truncated
                found[response.dataset, response.id] = response.text
    finally:
        model.close()
    assert len(found) == len(DATASETS) * LIMIT
    return found


# --- models and server ---------------------------------------------------------------------------


def teach(folder: Path, lessons: Sequence[tuple[str, str]], steps: int = 36) -> None:
    """Train a chat model on prompts and answers until it knows most of them."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    rows = []
    for prompt, answer in lessons:
        text = tokenizer.apply_chat_template(
            [{"role": "user", "content": prompt}], tokenize=False, add_generation_prompt=True
        )
        question = tokenizer(text, add_special_tokens=False).input_ids
        reply = tokenizer(f" {answer}</s>", add_special_tokens=False).input_ids
        rows.append((question, reply))
    rows.sort(key=lambda row: len(row[0]))  # neighbours are of like length: little is padding
    for step in range(steps):
        start = step * 3 % len(rows)
        batch = rows[start : start + 3]
        width = max(len(question) + len(reply) for question, reply in batch)
        ids = torch.zeros(len(batch), width, dtype=torch.long)
        labels = torch.full_like(ids, -100)
        mask = torch.zeros_like(ids)
        for i, (question, reply) in enumerate(batch):
            end = len(question) + len(reply)
            ids[i, :end] = torch.tensor(question + reply)
            labels[i, len(question) : end] = torch.tensor(reply)
            mask[i, :end] = 1
        loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    model.eval().save_pretrained(folder)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {}


@pytest.fixture
def causal(
    source: str,
    manager: PluginManager,
    folders: dict[str, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A chat model that has learnt an answer to every post asked, a third of them wrong."""
    if "causal" not in folders:
        folder = save_causal(tmp_path_factory.mktemp("causal"), chat_template=CHAT_TEMPLATE)
        lessons = []
        for index, (example, request) in enumerate(asked(settings(source), manager)):
            dataset = manager.registry.datasets.get(example.dataset)
            names = dataset.label_names
            shift = 1 if index % 3 == 0 else 0
            name = names[(names.index(example.label) + shift) % len(names)]
            lessons.append((request.prompt, dataset.label(name).sentence))
        teach(folder, lessons)
        folders["causal"] = folder
    return folders["causal"]


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def served(causal: Path, tmp_path: Path) -> Iterator[str]:
    """``transformers serve`` with the model's folder as its only model; gives the base URL."""
    # Imported here and not needed otherwise: the extra transformers[serving].
    pytest.importorskip("uvicorn")
    pytest.importorskip("fastapi")
    port = _free_port()
    command = [
        str(Path(sys.executable).with_name("transformers")), "serve", str(causal),
        "--host", "127.0.0.1", "--port", str(port), "--device", "cpu", "--dtype", "float32",
    ]  # fmt: skip
    log = (tmp_path / "serve.log").open("w")
    process = subprocess.Popen(command, env=offline(tmp_path), stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 120
        while not _healthy(port):
            if process.poll() is not None or time.monotonic() > deadline:
                log.flush()
                pytest.fail("transformers serve: " + (tmp_path / "serve.log").read_text()[-2000:])
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(20)
        log.close()


def _healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def offline(home: Path) -> dict[str, str]:
    """An environment without the hub, whose caches are in the test's own folder."""
    (home / "hub").mkdir(exist_ok=True)
    return {
        **os.environ,
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "HF_HOME": str(home),
        "HF_HUB_CACHE": str(home / "hub"),
        "TOKENIZERS_PARALLELISM": "false",
    }


# --- three ways ----------------------------------------------------------------------------------


def test_a_causal_model_gives_the_same_greedy_answers_in_three_ways(
    causal: Path, served: str, source: str, manager: PluginManager
) -> None:
    direct = answers(f"hf:{causal}", source, manager)
    through_lm_eval = answers(f"lm-eval:hf,pretrained={causal}", source, manager)
    through_server = answers(f"openai:{causal},base_url={served}", source, manager)
    assert through_lm_eval == direct
    assert through_server == direct
    assert len(set(direct.values())) >= 6


def test_a_server_asked_through_lm_eval_agrees_too(
    causal: Path, served: str, source: str, manager: PluginManager
) -> None:
    direct = answers(f"hf:{causal}", source, manager)
    name = f"lm-eval:local-chat-completions,model={causal},base_url={served}/chat/completions"
    assert answers(name, source, manager) == direct


def test_an_adapter_gives_the_same_greedy_answers_in_two_ways(
    causal: Path, source: str, manager: PluginManager, tmp_path: Path
) -> None:
    adapter = save_adapter(causal, tmp_path / "adapter")
    direct = answers(f"hf:{causal},peft={adapter}", source, manager)
    assert answers(f"lm-eval:hf,pretrained={causal},peft={adapter}", source, manager) == direct
    assert direct != answers(f"hf:{causal}", source, manager)


@pytest.mark.parametrize("architecture", ["t5", "bart"])
def test_an_encoder_decoder_gives_the_same_greedy_answers_in_two_ways(
    architecture: Any, source: str, manager: PluginManager, tmp_path: Path
) -> None:
    folder = save_seq2seq(tmp_path, architecture=architecture, window=2048)
    direct = answers(f"hf:{folder}", source, manager)
    name = f"lm-eval:hf,pretrained={folder},backend=seq2seq,max_length=2048"
    assert answers(name, source, manager) == direct
    assert len(set(direct.values())) >= 6


# --- lm_eval on the export -----------------------------------------------------------------------


def lm_eval_run(
    export: Path, home: Path, folder: Path, *more: str
) -> tuple[Answers, dict[str, Any]]:
    """Run lm_eval as a user would; return its answers and its results by task."""
    command = [
        *LM_EVAL, "--include_path", str(export), "--tasks", "imhi",
        "--model", "hf", "--model_args", f"pretrained={folder}", "--device", "cpu",
        "--log_samples", "--output_path", str(home / "out"), *more,
    ]  # fmt: skip
    done = subprocess.run(command, env=offline(home), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    found = {}
    for file in (home / "out").rglob("samples_imhi_*.jsonl"):
        for line in file.read_text(encoding="utf-8").splitlines():
            sample = json.loads(line)
            found[sample["doc"]["dataset"], sample["doc"]["id"]] = sample["resps"][0][0]
    (results,) = (home / "out").rglob("results_*.json")
    return found, json.loads(results.read_text(encoding="utf-8"))["results"]


def imhi_run(
    model: str, source: str, manager: PluginManager, out: Path
) -> tuple[Answers, dict[tuple[str, str], float], dict[str, float]]:
    """Return answers, scores by dataset and metric, and means over datasets."""
    chosen = settings(source, labeler="strict", out=out, resamples=100)
    (scores,) = run(dataclasses.replace(chosen, model=(model,)), manager)
    found = {}
    for dataset in DATASETS:
        file = Path(scores.run) / "responses" / f"{dataset}.jsonl"
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            found[dataset, row["id"]] = row.get("text", "")
    values = {(row["dataset"], row["metric"]): row["value"] for row in scores.scores}
    means = {row["metric"]: row["value"] for row in scores.averages if row["over"] == "datasets"}
    return found, values, means


def export(run_imhi: ImhiCommand, source: str, directory: Path) -> None:
    done = run_imhi(
        "export", "lm-eval", str(directory), "--source", source, "--limit", str(LIMIT),
        "--max-new-tokens", str(NEW_TOKENS), *(f"--dataset={name}" for name in DATASETS),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_lm_eval_on_the_export_gives_the_answers_and_scores_of_imhi_run(
    causal: Path, source: str, manager: PluginManager, tmp_path: Path, run_imhi: ImhiCommand
) -> None:
    export(run_imhi, source, tmp_path / "export")
    theirs, results = lm_eval_run(tmp_path / "export", tmp_path, causal, "--apply_chat_template")
    ours, scores, means = imhi_run(f"hf:{causal}", source, manager, tmp_path / "runs")
    assert theirs == ours
    for dataset in DATASETS:
        for metric in ("weighted_f1", "accuracy", "unparsed"):
            theirs_here = results[f"imhi_{dataset}"][f"{metric},none"]
            assert theirs_here == pytest.approx(scores[dataset, metric], abs=1e-4)
    assert results["imhi"]["weighted_f1,none"] == pytest.approx(means["weighted_f1"], abs=1e-4)
    # Some answers are right and some wrong: equality says something.
    assert 20 < means["weighted_f1"] < 95


def test_lm_eval_on_the_export_agrees_for_an_encoder_decoder_as_its_page_says(
    source: str, manager: PluginManager, tmp_path: Path, run_imhi: ImhiCommand
) -> None:
    folder = save_seq2seq(tmp_path / "model", architecture="bart", window=2048)
    export(run_imhi, source, tmp_path / "export")
    page = (tmp_path / "export" / "README.md").read_text(encoding="utf-8")
    extra = ("--gen_kwargs", f"max_length={NEW_TOKENS + 1}", "--batch_size", "1")
    assert all(" ".join(extra[i : i + 2]) in page for i in (0, 2))
    theirs, _ = lm_eval_run(tmp_path / "export", tmp_path, folder, *extra)
    ours, _, _ = imhi_run(f"hf:{folder}", source, manager, tmp_path / "runs")
    assert theirs == ours
