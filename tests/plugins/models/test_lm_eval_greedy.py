"""``lm-eval:`` models decode as the run says: what prompts begin with, and whose habits count."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from imhi._core.context import Context
from imhi._core.models import ModelSpec
from imhi._core.plugin_manager import load_plugins
from imhi._core.records import Request, Response
from imhi._core.settings import Generation
from imhi.plugins.models.lm_eval_backend.compat_refusals import sentence
from tests.checkpoint_variants import variant
from tests.faulty_server import FaultyServer, answer
from tests.tiny_models import CHAT_TEMPLATE, demo_posts, make_tokenizer, save_causal

pytestmark = pytest.mark.filterwarnings("ignore")

BOS = 1  # of the tiny tokenizers
CHANGING: list[dict[str, Any]] = [{"repetition_penalty": 1.8}, {"min_length": 400}]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_causal(tmp_path_factory.mktemp("greedy") / "plain")


def ask(
    name: str, count: int = 1, prompts: tuple[str, ...] = (), **generation: Any
) -> tuple[list[Response], list[str]]:
    """Return the responses to the first demo posts, in their order, and the notes."""
    registry = load_plugins().registry
    settings = Generation(**{"max_new_tokens": 16, **generation})
    context = Context(registry, None, "test", generation=settings)  # type: ignore[arg-type]
    asked = [
        Request(str(i), "DR", prompt, f"hash{i}", prompt, "?")
        for i, prompt in enumerate(prompts or demo_posts()[:count])
    ]
    model = ModelSpec.parse(name, registry).create(context)
    found = {response.id: response for response in model.generate(asked)}
    model.close()
    return [found[request.id] for request in asked], context.notes


def completions(server: FaultyServer, folder: Path, more: str = "") -> str:
    return (
        f"lm-eval:local-completions,model=m,tokenizer={folder},max_retries=1,"
        f"base_url={server.url}/completions{more}"
    )


def sent(server: FaultyServer) -> list[list[int]]:
    """Return the token ids of the prompts a server was sent."""
    return [asked.body["prompt"][0] for asked in server.asked]


def test_ids_sent_to_a_completions_server_are_those_of_the_tokenizer(plain: Path) -> None:
    with FaultyServer([answer("Yes.")]) as server:
        ((response,), notes) = ask(completions(server, plain), prompts=("I feel sad.",))
    ids = make_tokenizer("causal", 2048)("I feel sad.").input_ids
    assert ids[0] == BOS
    assert sent(server) == [ids]
    assert response.prompt_tokens is not None
    assert any("sent with <s> before them" in note for note in notes)


def test_who_says_add_bos_token_is_heeded(plain: Path) -> None:
    with FaultyServer([answer("Yes.")]) as server:
        _, notes = ask(completions(server, plain, ",add_bos_token=False"))
    assert BOS not in sent(server)[0]
    assert notes == []


def test_a_chat_template_that_writes_bos_gets_no_second_one(tmp_path: Path) -> None:
    folder = save_causal(tmp_path / "chatty", chat_template=CHAT_TEMPLATE)
    with FaultyServer([answer("Yes.")]) as server:
        ask(completions(server, folder), chat_template="on")
    (ids,) = sent(server)
    assert ids.count(BOS) == 1 and ids[0] == BOS


def test_a_tokenizer_that_puts_nothing_first_leaves_prompts_as_they_are(tmp_path: Path) -> None:
    folder = save_causal(tmp_path / "bare")
    tokenizer = make_tokenizer("causal", 2048)
    tokenizer.backend_tokenizer.post_processor = None
    tokenizer.save_pretrained(folder)
    with FaultyServer([answer("Yes.")]) as server:
        _, notes = ask(completions(server, folder))
    assert BOS not in sent(server)[0]
    assert notes == []


def test_a_prompt_sent_as_text_is_left_to_the_servers_tokenizer(plain: Path) -> None:
    with FaultyServer([answer("Yes.")]) as server:
        ask(completions(server, plain, ",tokenized_requests=False"), prompts=("I feel sad.",))
    assert server.asked[0].body["prompt"] == "I feel sad."


@pytest.mark.parametrize("habits", CHANGING)
def test_what_a_checkpoint_does_of_its_own_accord_is_not_done_and_noted(
    plain: Path, tmp_path: Path, habits: dict[str, Any]
) -> None:
    habitual = variant(plain, tmp_path / "habits", habits=habits)
    expected, no_notes = ask(f"lm-eval:hf,pretrained={plain}", 6)
    answers, notes = ask(f"lm-eval:hf,pretrained={habitual}", 6)
    assert [one.text for one in answers] == [one.text for one in expected]
    ((name, value),) = habits.items()
    assert no_notes == []
    assert any(f"{name}={value}" in note and "are not used" in note for note in notes)


def test_the_habits_of_that_checkpoint_would_change_the_answers(plain: Path) -> None:
    """Were it otherwise, the test above could not fail."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(plain)
    model: Any = AutoModelForCausalLM.from_pretrained(plain)
    for habit in CHANGING:
        changed = 0
        for post in demo_posts()[:6]:
            ids = tokenizer(post, return_tensors="pt")["input_ids"]
            free = model.generate(ids, do_sample=False, max_new_tokens=16)
            held = model.generate(ids, do_sample=False, max_new_tokens=16, **habit)
            changed += free.tolist() != held.tolist()
        assert changed, habit


@pytest.mark.parametrize(
    "argument", ["think_end_token=</think>", "add_bos_token=True", "prefix_token_id=1"]
)
def test_an_argument_whose_name_ends_like_a_keys_is_taken(plain: Path, argument: str) -> None:
    (response,), _ = ask(f"lm-eval:hf,pretrained={plain},{argument}")
    assert response.error is None


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"error": {"message": "prompt  too long", "code": 400}}', "prompt too long"),
        (b'{"error": "no such model"}', "no such model"),
        (b'{"detail": "prompt must be a string."}', "prompt must be a string."),
        (b'{"detail": [{"msg": "x"}]}', '{"detail": [{"msg": "x"}]}'),
        (b"<html>Bad\ngateway</html>", "<html>Bad gateway</html>"),
        (b"\xff" * 300, "\ufffd" * 197 + "..."),
        (None, ""),
    ],
)
def test_a_refusal_is_told_by_its_sentence(body: bytes | None, told: str) -> None:
    assert sentence(body) == told
