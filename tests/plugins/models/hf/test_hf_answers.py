"""What ``hf:`` models answer: the same in any batch, under any memory, with any seed again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from imhi._core.errors import HarnessError
from tests.plugins.models.hf.asking import QUESTION, Asker, requests, texts


def plain_answers(folder: Path, kind: str, prompts: Sequence[str], new_tokens: int) -> list[str]:
    """What transformers itself answers, one prompt at a time."""
    import transformers

    auto = {"causal": "AutoModelForCausalLM", "seq2seq": "AutoModelForSeq2SeqLM"}[kind]
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = getattr(transformers, auto).from_pretrained(folder)
    answers = []
    for prompt in prompts:
        inputs = tokenizer(prompt, return_tensors="pt")
        output = model.generate(**inputs, max_new_tokens=new_tokens, do_sample=False)[0]
        start = inputs["input_ids"].shape[1] if kind == "causal" else 1
        answers.append(tokenizer.decode(output[start:], skip_special_tokens=True))
    return answers


@pytest.mark.parametrize("kind", ["causal", "seq2seq"])
def test_greedy_answers_are_those_of_transformers_itself(
    kind: str, causal: Path, t5: Path, ask: Asker
) -> None:
    folder = causal if kind == "causal" else t5
    asked = requests(8)
    expected = plain_answers(folder, kind, [r.prompt for r in asked], 32)
    answers = texts(ask(f"hf:{folder}", asked))
    assert [answers[r.id] for r in asked] == expected


@pytest.mark.parametrize("name", ["causal", "t5", "bart"])
def test_an_answer_does_not_depend_on_its_batch(
    name: str, request: pytest.FixtureRequest, ask: Asker
) -> None:
    folder = request.getfixturevalue(name)
    one = ask(f"hf:{folder},batch_size=1", requests())
    for batches in ("batch_size=5", "batch_tokens=900", "batch_size=auto"):
        assert texts(ask(f"hf:{folder},{batches}", requests())) == texts(one)


def test_longest_prompts_are_answered_first(causal: Path, ask: Asker) -> None:
    # Of one token, so that no answer overtakes another.
    model = ask.open(f"hf:{causal},batch_size=2", max_new_tokens=1)
    lengths = [response.prompt_tokens for response in model.generate(requests())]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] > lengths[-1]


def test_a_response_says_why_it_ended_and_what_it_took(causal: Path, ask: Asker) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(causal)
    asked = requests(20)
    answered = ask(f"hf:{causal}", asked)
    assert {r.finish_reason for r in answered.values()} == {"stop", "length"}
    for asking in asked:
        response = answered[asking.id]
        assert response.prompt_tokens == len(tokenizer.encode(asking.prompt))
        assert response.completion_tokens is not None and response.latency is not None
        assert (response.completion_tokens == 32) or response.finish_reason == "stop"
        assert response.completion_tokens <= 32 and response.latency > 0
        assert response.prompt_hash == asking.prompt_hash and not response.truncated


def test_stop_strings_end_an_answer_and_are_not_part_of_it(causal: Path, ask: Asker) -> None:
    asked = requests()
    whole = ask(f"hf:{causal}", asked)
    longest = max(whole.values(), key=lambda r: len(r.text))
    stop = longest.text[10:14]
    stopped = ask(f"hf:{causal}", asked, stop=(stop,))
    for key, response in stopped.items():
        assert response.text == whole[key].text.split(stop)[0]
        if stop in whole[key].text:
            assert response.finish_reason == "stop"
            assert (response.completion_tokens or 0) <= (whole[key].completion_tokens or 0)
    cut = stopped[longest.id]
    assert (cut.completion_tokens or 0) < (longest.completion_tokens or 0)


def test_a_stop_string_in_the_prompt_does_not_stop(causal: Path, ask: Asker) -> None:
    asked = requests(4)
    assert texts(ask(f"hf:{causal}", asked, stop=(QUESTION,))) == texts(ask(f"hf:{causal}", asked))


def test_samples_repeat_with_the_seed_whatever_the_batch(causal: Path, ask: Asker) -> None:
    sampled = {"temperature": 1.5, "top_p": 0.9}
    first = texts(ask(f"hf:{causal}", requests(), seed=7, **sampled))
    again = texts(ask(f"hf:{causal},batch_size=1", requests()[::-1], seed=7, **sampled))
    assert first == again
    assert first != texts(ask(f"hf:{causal}", requests(), seed=8, **sampled))
    assert first != texts(ask(f"hf:{causal}", requests()))


def test_draws_follow_the_softmax_within_the_nucleus() -> None:
    import torch

    from imhi.plugins.models.hf.decoding import SeededSampling, stream

    scores = torch.tensor([[2.0, 1.0, 0.0, -1.0]]).repeat(20_000, 1)
    draw = SeededSampling(
        temperature=2.0, top_p=0.85, streams=[stream(seed) for seed in range(20_000)]
    )
    counts = torch.bincount(draw(scores, scores).argmax(dim=-1), minlength=4) / 20_000
    # softmax([1, .5, 0, -.5]) = .455 .276 .167 .102; three tokens are needed to reach 0.85.
    expected = torch.tensor([0.5064, 0.3072, 0.1863, 0.0])
    assert torch.allclose(counts, expected, atol=0.015)
    assert counts[3] == 0


def test_decoding_habits_of_the_checkpoint_do_not_count(
    causal: Path, tmp_path: Path, ask: Asker
) -> None:
    """Generation configs on the hub ask for sampling, beams and penalties: a benchmark decides."""
    folder = shutil.copytree(causal, tmp_path / "habits")
    config = json.loads((folder / "generation_config.json").read_text())
    config |= {"do_sample": True, "temperature": 0.6, "num_beams": 3, "repetition_penalty": 1.3}
    (folder / "generation_config.json").write_text(json.dumps(config))
    assert texts(ask(f"hf:{folder}", requests(4))) == texts(ask(f"hf:{causal}", requests(4)))
    ask.open(f"hf:{folder}")
    assert "num_beams=3" in ask.context.notes[0]
    assert ask.model.describe()["unused_generation_defaults"]["repetition_penalty"] == 1.3


def fail_above(
    asker: Asker, monkeypatch: pytest.MonkeyPatch, rows: int, error: Exception
) -> list[int]:
    """Let a loaded model run out of memory above ``rows`` per batch; return the sizes."""
    network = asker.model._loaded.model
    generate, sizes = network.generate, []

    def limited(input_ids: Any, **options: Any) -> Any:
        sizes.append(len(input_ids))
        if len(input_ids) > rows:
            raise error
        return generate(input_ids=input_ids, **options)

    monkeypatch.setattr(network, "generate", limited)
    return sizes


def out_of_memory_errors() -> list[Exception]:
    import torch

    return [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes"),
    ]


@pytest.mark.parametrize("which", range(3))
def test_running_out_of_memory_halves_the_batch_and_goes_on(
    which: int, causal: Path, ask: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = texts(ask(f"hf:{causal}", requests()))
    model = ask.open(f"hf:{causal},batch_size=8")
    sizes = fail_above(ask, monkeypatch, 3, out_of_memory_errors()[which])
    assert {r.id: r.text for r in model.generate(requests())} == expected
    assert sizes[:3] == [8, 4, 2]


def test_a_prompt_too_big_alone_fails_alone(
    causal: Path, ask: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = ask.open(f"hf:{causal}")
    fail_above(ask, monkeypatch, 0, MemoryError("no room"))
    responses = list(model.generate(requests(3)))
    assert [r.error for r in responses] == ["out of memory with this prompt alone: no room"] * 3


def test_other_errors_are_not_taken_for_lack_of_memory(
    causal: Path, ask: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = ask.open(f"hf:{causal}")
    fail_above(ask, monkeypatch, 0, RuntimeError("shapes do not match"))
    with pytest.raises(RuntimeError, match="shapes do not match"):
        list(model.generate(requests(3)))


def test_a_closed_model_frees_its_weights_and_keeps_its_description(
    causal: Path, ask: Asker
) -> None:
    import gc
    import weakref

    model = ask.open(f"hf:{causal}")
    weights = weakref.ref(model._loaded.model)
    before = dict(model.describe())
    model.close()
    gc.collect()
    assert weights() is None
    assert dict(model.describe()) == before
    with pytest.raises(HarnessError, match="was closed"):
        list(model.generate(requests(1)))


def test_an_adapter_changes_the_answers(causal: Path, adapter: Path, ask: Asker) -> None:
    plain = texts(ask(f"hf:{causal}", requests()))
    adapted = texts(ask(f"hf:{causal},peft={adapter}", requests()))
    assert plain != adapted
    described = ask.model.describe()
    assert described["adapter"] == str(adapter)
    assert adapted == texts(ask(f"hf:{causal},peft={adapter},batch_size=1", requests()))


def test_an_adapter_given_as_the_model_says_what_to_write(adapter: Path, ask: Asker) -> None:
    with pytest.raises(HarnessError, match=r"found a PEFT adapter.*write hf:BASE_MODEL,peft="):
        ask.open(f"hf:{adapter}")
