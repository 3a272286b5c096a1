"""``hf:`` models, on tiny checkpoints with random weights that are built here."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.context import Context
from harness.errors import HarnessError
from harness.fingerprints import prompt_hash
from harness.models import ModelSpec, create_model, fingerprint, parse_model
from harness.records import Request, Response
from harness.registry import Registry
from harness.settings import Generation
from plugins.models import hf
from plugins.models.hf.prompting import longest_that_fits
from tasks import depression_detection, interpersonal_risk_factors_detection, stress_detection
from tests import tiny_models

pytest.importorskip("torch", reason="hf: needs the extra [hf]")
pytest.importorskip("transformers", reason="hf: needs the extra [hf]")

QUESTION = "Does the poster suffer from depression?"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("checkpoints")


@pytest.fixture(scope="module")
def causal(folder: Path) -> Path:
    return tiny_models.save_causal(folder / "causal")


@pytest.fixture(scope="module")
def chat(folder: Path) -> Path:
    return tiny_models.save_causal(folder / "chat", chat_template=tiny_models.CHAT_TEMPLATE)


@pytest.fixture(scope="module")
def t5(folder: Path) -> Path:
    return tiny_models.save_seq2seq(folder / "t5")


@pytest.fixture(scope="module")
def bart(folder: Path) -> Path:
    return tiny_models.save_seq2seq(folder / "bart", architecture="bart", window=512)


@pytest.fixture(scope="module")
def adapter(folder: Path, causal: Path) -> Path:
    return tiny_models.save_adapter(causal, folder / "lora")


@pytest.fixture(scope="module")
def classifier(folder: Path) -> Path:
    return tiny_models.save_classifier(folder / "classifier", ["No", "YES"], window=128)


@pytest.fixture(scope="module")
def known() -> Registry:
    registry = Registry()
    for thing in hf.imhi_models():
        registry.add(thing, "models.hf")
    for module in (depression_detection, stress_detection, interpersonal_risk_factors_detection):
        for task in module.imhi_tasks():
            registry.add(task, module.__name__)
    return registry


Ask = Callable[..., dict[str, Response]]


class Asker:
    """Makes the model a name stands for and asks it; keeps the context and the model."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.context: Context
        self.model: Any = None

    def open(self, name: str, seed: int = 0, **generation: Any) -> Any:
        settings = {"max_new_tokens": 32, **generation}
        source: Any = None  # models never look at the source
        self.context = Context(
            self.registry, source, "test", seed=seed, generation=Generation(**settings)
        )
        self.model = create_model(self.spec(name), self.context)
        return self.model

    def spec(self, name: str) -> ModelSpec:
        return parse_model(name, self.registry)

    def __call__(
        self, name: str, requests: Sequence[Request], seed: int = 0, **generation: Any
    ) -> dict[str, Response]:
        responses = list(self.open(name, seed, **generation).generate(requests))
        assert sorted(r.id for r in responses) == sorted(r.id for r in requests)
        return {response.id: response for response in responses}


@pytest.fixture
def ask(known: Registry) -> Asker:
    return Asker(known)


def requests(count: int = 12, system: str = "", posts: Sequence[str] = ()) -> list[Request]:
    chosen = posts or tiny_models.demo_posts()[:count]
    made = []
    for number, post in enumerate(chosen):
        prompt = f'Consider this post: "{post}" Question: {QUESTION}'
        made.append(
            Request(
                f"test-{number}",
                "DR",
                prompt,
                prompt_hash(system, prompt),
                post,
                QUESTION,
                system=system,
            )
        )
    return made


def texts(responses: dict[str, Response]) -> dict[str, str]:
    return {key: response.text for key, response in responses.items()}


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


# --- answers -------------------------------------------------------------------------------------


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
    model = ask.open(f"hf:{causal},batch_size=2")
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


# --- sampling ------------------------------------------------------------------------------------


def test_samples_repeat_with_the_seed_whatever_the_batch(causal: Path, ask: Asker) -> None:
    sampled = {"temperature": 1.5, "top_p": 0.9}
    first = texts(ask(f"hf:{causal}", requests(), seed=7, **sampled))
    again = texts(ask(f"hf:{causal},batch_size=1", requests()[::-1], seed=7, **sampled))
    assert first == again
    assert first != texts(ask(f"hf:{causal}", requests(), seed=8, **sampled))
    assert first != texts(ask(f"hf:{causal}", requests()))


def test_draws_follow_the_softmax_within_the_nucleus() -> None:
    import torch

    from plugins.models.hf.decoding import SeededSampling

    scores = torch.tensor([[2.0, 1.0, 0.0, -1.0]]).repeat(20_000, 1)
    draw = SeededSampling(temperature=2.0, top_p=0.85, seeds=range(20_000))
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


# --- prompts -------------------------------------------------------------------------------------


def decoded_prompts(asker: Asker, asked: Sequence[Request]) -> list[str]:
    generator = asker.model._worker
    encoded = [generator.prompter.fit(request, generator.limit) for request in asked]
    return [generator.loaded.tokenizer.decode(found.ids) for found in encoded]


def test_a_long_post_is_shortened_and_the_question_stays(causal: Path, ask: Asker) -> None:
    long = requests(posts=[" ".join(tiny_models.demo_posts()[:40]), "Short one."])
    answered = ask(f"hf:{causal},max_length=400", long)
    assert answered["test-0"].truncated and not answered["test-1"].truncated
    assert 340 < (answered["test-0"].prompt_tokens or 0) <= 400 - 32
    prompt = decoded_prompts(ask, long)[0]
    assert prompt.startswith('<s>Consider this post: "' + long[0].post[:200])
    assert prompt.endswith(f'" Question: {QUESTION}')
    assert "1 of 2 prompts were longer than the 368 tokens" in ask.context.notes[0]
    assert "post first" in ask.context.notes[0]


def test_a_prompt_full_of_examples_loses_its_beginning(causal: Path, ask: Asker) -> None:
    post = "I slept for a whole day again."
    shots = "\n".join(tiny_models.demo_posts()[:20])
    prompt = f'{shots}\nConsider this post: "{post}" Question: {QUESTION}'
    asked = [Request("a", "DR", prompt, "h", post, QUESTION)]
    assert ask(f"hf:{causal},max_length=300", asked)["a"].truncated
    kept = decoded_prompts(ask, asked)[0]
    assert kept.endswith(f'Consider this post: "{post}" Question: {QUESTION}')


def test_a_chat_template_survives_a_long_post(chat: Path, ask: Asker) -> None:
    long = requests(posts=[" ".join(tiny_models.demo_posts()[:40])], system="Be brief.")
    assert ask(f"hf:{chat},max_length=300", long)["test-0"].truncated
    prompt = decoded_prompts(ask, long)[0]
    assert prompt.startswith("<s>[system] Be brief.\n[user] Consider this post")
    assert prompt.endswith(f"Question: {QUESTION}\n[assistant]")


def test_a_prompt_that_cannot_fit_is_a_failed_request_not_the_end(chat: Path, ask: Asker) -> None:
    system = "Words without end. " * 60
    asked = [*requests(2), *requests(3, system=system)[2:]]
    answered = ask(f"hf:{chat},max_length=260", asked)
    assert "system prompt or chat template alone" in (answered["test-2"].error or "")
    assert answered["test-0"].error is None and answered["test-1"].error is None


def test_more_new_tokens_than_the_window_is_refused(causal: Path, ask: Asker) -> None:
    with pytest.raises(HarnessError, match=r"32 new tokens do not fit its window of 30 tokens"):
        ask.open(f"hf:{causal},max_length=30")


def test_an_encoder_decoder_has_its_whole_window_for_the_prompt(bart: Path, ask: Asker) -> None:
    long = requests(posts=[" ".join(tiny_models.demo_posts()[:40])])
    answered = ask(f"hf:{bart}", long, max_new_tokens=400)
    assert 480 < (answered["test-0"].prompt_tokens or 0) <= 512


@pytest.mark.parametrize(("mode", "used"), [("auto", True), ("on", True), ("off", False)])
def test_the_chat_template_is_used_as_asked(mode: str, used: bool, chat: Path, ask: Asker) -> None:
    ask.open(f"hf:{chat}", chat_template=mode)
    prompt = decoded_prompts(ask, requests(1))[0]
    assert prompt.startswith("<s>[user] " if used else "<s>Consider")
    assert prompt.count("<s>") == 1
    assert (ask.model.describe()["chat_template"] != "not used") is used


def test_a_model_can_say_off_where_the_run_says_on(chat: Path, ask: Asker) -> None:
    ask.open(f"hf:{chat},chat_template=off", chat_template="on")
    assert decoded_prompts(ask, requests(1))[0].startswith("<s>Consider")


def test_without_a_template_the_system_prompt_comes_first(causal: Path, ask: Asker) -> None:
    ask.open(f"hf:{causal}")
    prompt = decoded_prompts(ask, requests(1, system="Be brief."))[0]
    assert prompt.startswith("<s>Be brief.\n\nConsider")


def test_insisting_on_a_template_that_is_not_there_is_refused(causal: Path, ask: Asker) -> None:
    with pytest.raises(HarnessError, match="found no chat template"):
        ask.open(f"hf:{causal}", chat_template="on")


def test_a_template_without_a_system_role_gets_it_in_the_prompt(folder: Path, ask: Asker) -> None:
    template = (
        "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    )
    strict = tiny_models.save_causal(
        folder / "no-system", chat_template=template + tiny_models.CHAT_TEMPLATE
    )
    ask(f"hf:{strict}", requests(2, system="Be brief."))
    prompt = decoded_prompts(ask, requests(1, system="Be brief."))[0]
    assert prompt.startswith("<s>[user] Be brief.\n\nConsider")
    assert "takes no system prompt" in ask.context.notes[0]


def test_a_tokenizer_without_padding_is_fine(folder: Path, causal: Path, ask: Asker) -> None:
    unpadded = tiny_models.save_causal(folder / "unpadded", pad=False)
    assert texts(ask(f"hf:{unpadded},batch_size=4", requests())) == texts(
        ask(f"hf:{causal}", requests())
    )


@pytest.mark.parametrize("room", range(8))
def test_bisection_finds_the_largest_that_fits(room: int) -> None:
    assert longest_that_fits(5, lambda size: size <= room) == min(room, 5)
    assert longest_that_fits(5, lambda size: False) is None


# --- memory --------------------------------------------------------------------------------------


def fail_above(
    asker: Asker, monkeypatch: pytest.MonkeyPatch, rows: int, error: Exception
) -> list[int]:
    """Let the loaded model run out of memory for batches of more than ``rows``; return the sizes."""
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


# --- adapters ------------------------------------------------------------------------------------


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


# --- classifiers ---------------------------------------------------------------------------------


def test_a_classifier_returns_label_and_probabilities(classifier: Path, ask: Asker) -> None:
    answered = ask(f"hf:{classifier}", requests())
    for response in answered.values():
        assert response.text == "" and response.probabilities is not None
        assert set(response.probabilities) == {"yes", "no"}
        assert sum(response.probabilities.values()) == pytest.approx(1)
        label = response.label or ""
        assert response.probabilities[label] == max(response.probabilities.values())
    assert {r.label for r in answered.values()} == {"yes", "no"}


def test_probabilities_do_not_depend_on_the_batch(classifier: Path, ask: Asker) -> None:
    together = ask(f"hf:{classifier}", requests(20))
    for key, response in ask(f"hf:{classifier},batch_size=1", requests(20)).items():
        assert together[key].label == response.label
        assert together[key].probabilities == pytest.approx(response.probabilities, abs=1e-5)


def test_a_post_beyond_a_classifiers_window_is_marked(classifier: Path, ask: Asker) -> None:
    answered = ask(
        f"hf:{classifier}", requests(posts=[" ".join(tiny_models.demo_posts()[:9]), "Short."])
    )
    assert answered["test-0"].truncated and answered["test-0"].prompt_tokens == 128
    assert not answered["test-1"].truncated
    assert "1 of 2 posts were longer than its window of 128 tokens" in ask.context.notes[0]


def test_where_a_dataset_asks_several_questions_the_question_counts(
    classifier: Path, ask: Asker
) -> None:
    post = tiny_models.demo_posts()[0]
    questions = ask.registry.datasets.get("IRF").questions
    asked = [
        Request(question.aspect, "IRF", "", "h", post, question.text, question.aspect)
        for question in questions
    ]
    first, second = ask(f"hf:{classifier}", asked).values()
    assert first.probabilities != second.probabilities


def test_labels_says_what_outputs_mean(folder: Path, classifier: Path, ask: Asker) -> None:
    unnamed = tiny_models.save_classifier(folder / "unnamed", ["LABEL_0", "LABEL_1"], window=128)
    with pytest.raises(
        HarnessError, match="labels are LABEL_0, LABEL_1, those of dataset DR are yes, no"
    ):
        ask(f"hf:{unnamed}", requests(1))
    named = ask(f"hf:{unnamed},labels=0:no;1:yes", requests(4))
    swapped = ask(f"hf:{unnamed},labels=0:yes;1:no", requests(4))
    for key, response in ask(f"hf:{classifier}", requests(4)).items():
        assert named[key].probabilities == pytest.approx(response.probabilities)
        assert swapped[key].label != response.label


def test_labels_must_name_every_output(classifier: Path, ask: Asker) -> None:
    with pytest.raises(HarnessError, match="expected each of 0 to 1 once"):
        ask.open(f"hf:{classifier},labels=0:no;2:yes")
    with pytest.raises(HarnessError, match="expected INDEX:LABEL"):
        ask.open(f"hf:{classifier},labels=no yes")


# --- which model it is ---------------------------------------------------------------------------


def test_the_fingerprint_follows_the_contents_not_the_leftovers(
    causal: Path, adapter: Path, tmp_path: Path, ask: Asker
) -> None:
    copy = shutil.copytree(causal, tmp_path / "copy")

    def of(name: str) -> dict[str, Any]:
        found = fingerprint(ask.spec(name), Context(ask.registry, None, "test"))  # type: ignore[arg-type]
        return {key: found.get(key) for key in ("model", "adapter")}

    original = of(f"hf:{causal}")
    assert of(f"hf:{copy}") == original
    (copy / "training_args.bin").write_bytes(b"anything")
    (copy / "README.md").write_text("anything")
    assert of(f"hf:{copy}") == original
    weights = copy / "model.safetensors"
    changed = bytearray(weights.read_bytes())
    changed[-1] ^= 1
    weights.write_bytes(changed)
    assert of(f"hf:{copy}") != original
    assert of(f"hf:{causal},peft={adapter}")["model"] == original["model"]
    assert of(f"hf:{causal},peft={adapter}")["adapter"] is not None


def test_the_description_reproduces_the_model(causal: Path, ask: Asker) -> None:
    described = ask.open(f"hf:{causal},batch_size=3").describe()
    assert json.loads(json.dumps(described)) == described
    assert described["revision"].startswith("sha256:")
    assert described["kind"] == "causal" and described["parameters"] == 171_840
    assert described["dtype"] == "float32" and described["device"] == "cpu"
    assert described["window"] == 2048 and described["batch_size"] == 3


def test_batch_settings_do_not_change_the_identity(causal: Path, ask: Asker) -> None:
    small, big = (ask.spec(f"hf:{causal},batch_size={size}") for size in (1, 64))
    assert small.identity() == big.identity()


def test_half_precision_is_loaded_when_asked_for(causal: Path, ask: Asker) -> None:
    assert ask.open(f"hf:{causal},dtype=bfloat16").describe()["dtype"] == "bfloat16"


def test_a_half_precision_checkpoint_runs_in_float32_on_a_cpu(folder: Path, ask: Asker) -> None:
    half = tiny_models.save_causal(folder / "half", dtype="bfloat16")
    assert ask.open(f"hf:{half},device=cpu").describe()["dtype"] == "float32"


def test_the_estimate_counts_with_the_local_tokenizer(
    causal: Path, classifier: Path, ask: Asker
) -> None:
    from plugins.models.hf.estimating import estimate

    context = Context(ask.registry, None, "test", generation=Generation(32))  # type: ignore[arg-type]
    asked = requests()
    answered = ask(f"hf:{causal}", asked)
    counted = estimate(ask.spec(f"hf:{causal}"), [r.prompt for r in asked], context)
    assert counted.prompt_tokens == sum(r.prompt_tokens or 0 for r in answered.values())
    assert counted.completion_tokens == 32 * len(asked) and counted.cost is None
    assert estimate(ask.spec(f"hf:{classifier}"), ["a"], context).completion_tokens == 0
    guessed = estimate(ask.spec("hf:owner/not-here"), ["x" * 40], context)
    assert guessed.prompt_tokens == 10 and "guessed" in guessed.note


# --- what can be wrong ---------------------------------------------------------------------------


def one_line(error: pytest.ExceptionInfo[HarnessError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


def test_a_missing_folder_is_named(tmp_path: Path, ask: Asker) -> None:
    with pytest.raises(HarnessError) as error:
        ask.open(f"hf:{tmp_path}/nowhere")
    assert f"{tmp_path}/nowhere: there is no such folder" in one_line(error)


def test_a_folder_that_is_no_model_says_what_is_in_it(tmp_path: Path, ask: Asker) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(HarnessError) as error:
        ask.open(f"hf:{tmp_path}")
    assert "there is no config.json in it (found: notes.txt)" in one_line(error)


def test_pickle_weights_are_refused_and_the_way_round_is_told(
    causal: Path, tmp_path: Path, ask: Asker
) -> None:
    import torch
    from safetensors.torch import load_file

    folder = shutil.copytree(causal, tmp_path / "pickle")
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(HarnessError) as error:
        ask.open(f"hf:{folder}")
    assert "pickle form only (pytorch_model.bin)" in one_line(error)
    assert "',safetensors=false'" in str(error.value)
    trusted = ask(f"hf:{folder},safetensors=false", requests(3))
    assert texts(trusted) == texts(ask(f"hf:{causal}", requests(3)))


def test_a_folder_without_a_tokenizer_is_refused(causal: Path, tmp_path: Path, ask: Asker) -> None:
    folder = shutil.copytree(causal, tmp_path / "mute")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()
    with pytest.raises(HarnessError) as error:
        ask.open(f"hf:{folder}")
    assert "tokenizer" in one_line(error) and "base model" in str(error.value)


def test_weights_that_would_be_random_are_refused(causal: Path, tmp_path: Path, ask: Asker) -> None:
    """transformers fills in missing weights at random, with a warning nobody sees."""
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(causal, tmp_path / "headless")
    weights = load_file(folder / "model.safetensors")
    del weights["lm_head.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(HarnessError) as error:
        ask.open(f"hf:{folder}")
    assert "1 weights are not in the checkpoint (lm_head.weight" in one_line(error)


def test_torn_weights_are_refused_in_one_line(causal: Path, tmp_path: Path, ask: Asker) -> None:
    folder = shutil.copytree(causal, tmp_path / "torn")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(HarnessError) as error:
        ask.open(f"hf:{folder}")
    assert "the model cannot be loaded" in one_line(error)


def test_a_tokenizer_of_another_model_is_refused(causal: Path, tmp_path: Path, ask: Asker) -> None:
    from tokenizers import Tokenizer

    folder = shutil.copytree(causal, tmp_path / "mixed")
    core = json.loads(Tokenizer.from_file(str(folder / "tokenizer.json")).to_str())
    core["model"]["vocab"] = {
        token: number if number < 3 else number + 5000
        for token, number in core["model"]["vocab"].items()
    }
    (folder / "tokenizer.json").write_text(json.dumps(core))
    with pytest.raises(HarnessError) as error:
        ask.open(f"hf:{folder}")
    assert "do not belong together" in one_line(error)


def test_an_encoder_is_refused_by_its_kind(causal: Path, tmp_path: Path, ask: Asker) -> None:
    folder = shutil.copytree(causal, tmp_path / "encoder")
    config = json.loads((folder / "config.json").read_text())
    config |= {"architectures": ["BertForMaskedLM"], "model_type": "bert"}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(HarnessError) as error:
        ask.open(f"hf:{folder}")
    assert "found a BertForMaskedLM, expected a causal model" in one_line(error)


def test_code_in_a_checkpoint_is_not_run_unless_asked(
    causal: Path, tmp_path: Path, ask: Asker
) -> None:
    folder = shutil.copytree(causal, tmp_path / "coded")
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.OwnConfig"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    with pytest.raises(HarnessError) as error:
        ask.open(f"hf:{folder}")
    assert "',trust_remote_code=true'" in one_line(error)
    assert not (tmp_path / "ran").exists()


def test_a_hub_id_that_cannot_be_reached_says_so(
    tmp_path: Path, ask: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    # A port on which nothing listens: the refusal is real and needs no network.
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    for use in (ask.open, lambda name: fingerprint(ask.spec(name), ask.context)):
        with pytest.raises(HarnessError) as error:
            use("hf:owner/never-downloaded")
        assert "not in the download cache" in one_line(error)
        assert "hf download owner/never-downloaded" in str(error.value)
        ask.context = Context(ask.registry, None, "test")  # type: ignore[arg-type]


def test_a_downloaded_model_is_known_by_its_commit_offline(
    tmp_path: Path, ask: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    commit = "0123456789abcdef0123456789abcdef01234567"
    references = tmp_path / "models--owner--cached" / "refs"
    references.mkdir(parents=True)
    (references / "main").write_text(commit)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    found = fingerprint(ask.spec("hf:owner/cached"), Context(ask.registry, None, "test"))  # type: ignore[arg-type]
    assert found["model"] == f"commit:{commit}"


def test_a_revision_of_a_folder_is_refused(causal: Path, ask: Asker) -> None:
    with pytest.raises(HarnessError, match="a folder has no revisions"):
        ask.open(f"hf:{causal},revision=main")


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("dtype=int3", "expected auto or float32 or bfloat16 or float16"),
        ("device=tpu", "expected auto, cpu, cuda"),
        ("batch_size=0", "expected auto or a whole number above 0"),
        ("chat_template=maybe", "expected auto or on or off"),
        ("batchsize=3", "did you mean 'batch_size'"),
    ],
)
def test_bad_arguments_say_what_was_expected(argument: str, expected: str, ask: Asker) -> None:
    with pytest.raises(HarnessError, match=expected):
        ask.spec(f"hf:x,{argument}")


def test_a_device_that_is_not_there_is_refused(causal: Path, ask: Asker) -> None:
    with pytest.raises(HarnessError, match="device=cuda:97: this machine has"):
        ask.open(f"hf:{causal},device=cuda:97")


# --- declarations --------------------------------------------------------------------------------


def test_presets_name_public_models_and_can_be_added_to(ask: Asker) -> None:
    spec = ask.spec("mentallama-33b-lora,dtype=float16")
    assert spec.target == "lmsys/vicuna-33b-v1.3"
    assert spec.arguments["peft"] == "klyang/MentaLLaMA-33B-lora"
    assert spec.arguments["dtype"] == "float16" and spec.arguments["chat_template"] == "off"
    assert ask.spec("mentallama-chat-7b,chat_template=on").arguments["chat_template"] == "on"
    assert ask.spec("mentalbart").prompt == "completion" == ask.spec("MentalT5").prompt
    names = {"mentallama-chat-7b", "mentallama-chat-13b", "mentallama-33b-lora"}
    assert names < set(ask.registry.presets.things)


def test_declaring_and_fingerprinting_import_no_torch(causal: Path) -> None:
    code = (
        "import sys; from plugins.models import hf; list(hf.imhi_models())\n"
        "heavy = {'torch', 'transformers', 'huggingface_hub', 'numpy'} & set(sys.modules)\n"
        "from plugins.models.hf.checkpoints import find_checkpoint\n"
        f"find_checkpoint({str(causal)!r}, None).identity()\n"
        "print(sorted(heavy), 'torch' in sys.modules)"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[0] == "[] False"
