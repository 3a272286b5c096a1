"""What an ``hf:`` model reads: chat templates, system prompts, posts that are too long."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from imhi._core.checkpoints.prompting import longest_that_fits
from imhi._core.checkpoints.template_variables import read_variables
from imhi._core.errors import HarnessError
from imhi._core.records import Request
from tests import tiny_models
from tests.plugins.models.hf.asking import QUESTION, Asker, decoded_prompts, requests, texts


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


THINKING = (
    "{% set effort = effort if effort is defined else 'high' %}"
    "{% if messages|length > 1 %}{% set first = messages[0].content %}{% endif %}"
    "{% set lines %}{{ first }}{% endset %}{% for each in lines %}{% endfor %}"
    "{% for message in messages %}{% generation %}"
    "[{{ message.role }}] {{ message.content }}\n{% endgeneration %}"
    "{% if loop.index > 7 %}{% break %}{% endif %}{% endfor %}"
    "{{ '[effort: ' ~ effort ~ '][assistant]' }}"
    "{% if enable_thinking is defined and enable_thinking is false %}[no thought]{% endif %}"
    "{% if tools %}{{ strftime_now('%Y') }}{{ raise_exception(eos_token) }}{% endif %}"
)


@pytest.fixture(scope="module")
def thinking(folder: Path) -> Path:
    return tiny_models.save_causal(folder / "thinking", chat_template=THINKING)


def test_a_chat_template_is_given_the_variables_that_were_set(thinking: Path, ask: Asker) -> None:
    ask.open(f"hf:{thinking}")
    assert decoded_prompts(ask, requests(1))[0].endswith("[effort: high][assistant]")
    assert "template_variables" not in ask.model.describe()
    ask.open(f"hf:{thinking},template.enable_thinking=false,template.effort=low")
    prompt = decoded_prompts(ask, requests(1))[0]
    assert prompt.endswith("[effort: low][assistant][no thought]")
    assert ask.model.describe()["template_variables"] == {"enable_thinking": False, "effort": "low"}
    arguments = ask.spec(f"hf:{thinking},template.effort=low").identity()["arguments"]
    assert arguments["template.effort"] == "low", "another value is another run"
    assert not any(name.startswith("template") for name in ask.spec(f"hf:{thinking}").identity())


@pytest.mark.parametrize("answer", ["likelihood", "choice"])
def test_variables_count_where_labels_are_chosen_too(
    answer: str, thinking: Path, ask: Asker
) -> None:
    model = ask.open(f"hf:{thinking},template.effort=none", answer=answer)
    (asked,) = requests(1)
    assert "[effort: none]" in model._worker.prompts.prompts.prompter.text(asked.prompt, "")
    assert model.describe()["template_variables"] == {"effort": "none"}


@pytest.mark.parametrize(
    "variable", ["enable_thinkin", "first", "messages", "tokenize", "tools", "eos_token"]
)
def test_a_variable_that_the_template_does_not_read_is_refused(
    variable: str, thinking: Path, ask: Asker
) -> None:
    """What the harness, the tokenizer or transformers gives a template is not to be set either, nor
    what it sets itself."""
    said = rf"template\.{variable} is set.*does not read it \(it reads: effort, enable_thinking\)"
    with pytest.raises(HarnessError, match=said):
        ask.open(f"hf:{thinking},template.{variable}=true")


@pytest.mark.parametrize(
    ("template", "variables"),
    [
        ("qwen3", ["enable_thinking"]),
        ("glm4moe", ["enable_thinking"]),
        ("gptoss", ["builtin_tools", "model_identity", "reasoning_effort"]),
        ("llama3", []),
    ],
)
def test_variables_of_published_templates_are_found(
    template: str, variables: list[str], thinking: Path
) -> None:
    """As TRL ships them; they set dozens of names of their own."""
    trl = pytest.importorskip("trl")
    from transformers import AutoTokenizer

    text = Path(trl.__file__).with_name("chat_templates") / f"{template}.jinja"
    tokenizer = AutoTokenizer.from_pretrained(thinking)
    assert read_variables(tokenizer, text.read_text(encoding="utf-8"), "a model") == variables


def test_variables_without_a_template_are_refused(
    thinking: Path, causal: Path, classifier: Path, ask: Asker
) -> None:
    for name in (f"{thinking},chat_template=off", causal):
        with pytest.raises(
            HarnessError, match=r"template\.effort is set, but no chat template is in"
        ):
            ask.open(f"hf:{name},template.effort=low")
    with pytest.raises(HarnessError, match="a classifier, which has no chat template"):
        ask.open(f"hf:{classifier},template.effort=low")


@pytest.mark.parametrize("room", range(8))
def test_bisection_finds_the_largest_that_fits(room: int) -> None:
    assert longest_that_fits(5, lambda size: size <= room) == min(room, 5)
    assert longest_that_fits(5, lambda size: False) is None


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ raise_exception('roles must alternate') }}", "TemplateError: roles must alternate"),
        ("{{ messages[0]['content'] + 1 }}", "TypeError: can only concatenate str"),
        ("{% if %}", "TemplateSyntaxError: Expected an expression"),
    ],
    ids=["raises", "breaks", "is-none"],
)
@pytest.mark.parametrize("system", ["", "Be brief."], ids=["plain", "system"])
def test_a_template_that_fails_is_named_in_one_line(
    template: str, said: str, system: str, causal: Path, tmp_path: Path, ask: Asker
) -> None:
    place = shutil.copytree(causal, tmp_path / "failing")
    (place / "chat_template.jinja").write_text(template, encoding="utf-8")
    with pytest.raises(HarnessError) as failed:
        ask(f"hf:{place}", requests(1, system=system))
    text = str(failed.value)
    assert f"the chat template of {place} cannot write a prompt ({said}" in text
    assert "\n" not in text and "--chat-template off" in text
