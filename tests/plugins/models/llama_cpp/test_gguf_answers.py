"""``gguf:`` at work, with llama.cpp itself: the answers of ``hf:`` from the same weights, slots, sampling,
chat templates, labels, and what goes wrong.

The files are tiny models with random weights. One with a real model is tried where tests/real_servers.py
finds it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from imhi import HarnessError, Response
from tests import tiny_models
from tests.plugins.models.hf.asking import Asker, requests
from tests.real_servers import NotHere, real_gguf
from tests.tiny_gguf import save_gguf

pytest.importorskip("xllamacpp", reason="gguf: needs the extra [gguf]")

COUNT = 12
# More threads than cores that are free wait for each other in loops.
CALM = "threads=1"


def texts(answers: dict[str, Response]) -> dict[str, str]:
    assert [one.error for one in answers.values() if one.error] == []
    return {id: one.text for id, one in answers.items()}


def equal(some: dict[str, Response], others: dict[str, Response]) -> int:
    one, other = texts(some), texts(others)
    return sum(one[id] == other[id] for id in one)


@pytest.fixture
def alone(ask: Asker, bare: Path) -> dict[str, Response]:
    return ask(f"gguf:{bare},{CALM},slots=1", requests(COUNT))


def test_answers_are_those_of_the_checkpoint(
    ask: Asker, bare: Path, checkpoint: Path, alone: dict[str, Response]
) -> None:
    """Float32 on both sides: sums of another order may tip a close call, no more."""
    expected = ask(f"hf:{checkpoint}", requests(COUNT))
    assert equal(alone, expected) >= COUNT - 2
    for id, one in alone.items():
        assert one.prompt_tokens == expected[id].prompt_tokens  # one BOS, as there
        if one.text == expected[id].text:
            assert one.finish_reason == expected[id].finish_reason
    assert {one.finish_reason for one in alone.values()} == {"stop", "length"}


def test_one_slot_repeats_its_answers(ask: Asker, bare: Path, alone: dict[str, Response]) -> None:
    again = ask(f"gguf:{bare},{CALM},slots=1", requests(COUNT)[::-1])
    assert texts(again) == texts(alone)
    assert ask.context.notes == []
    assert ask.model.describe()["concurrency"] == 1


def test_several_slots_answer_everything_and_say_what_that_means(
    ask: Asker, bare: Path, alone: dict[str, Response]
) -> None:
    together = ask(f"gguf:{bare},{CALM}", requests(COUNT))
    assert equal(together, alone) >= COUNT - 3
    assert ask.model.describe()["concurrency"] == COUNT
    assert [note for note in ask.context.notes if ",slots=1 repeats them" in note]


def test_the_habits_of_a_file_are_not_its_answers(
    ask: Asker, checkpoint: Path, tmp_path: Path, alone: dict[str, Response]
) -> None:
    """A GGUF file can hold sampling settings, which llama.cpp starts every request from."""
    settings = {
        "penalty_repeat": 1.9, "penalty_last_n": 64, "mirostat": 2, "temp": 1.5, "top_k": 3,
    }  # fmt: skip
    habits = {f"general.sampling.{name}": value for name, value in settings.items()}
    file = save_gguf(checkpoint, tmp_path / "habits.gguf", metadata=habits)
    assert texts(ask(f"gguf:{file},{CALM},slots=1", requests(COUNT))) == texts(alone)


def test_draws_have_the_seed_of_their_request(
    ask: Asker, bare: Path, alone: dict[str, Response]
) -> None:
    name, drawn = f"gguf:{bare},{CALM},slots=1", {"temperature": 1.0, "top_p": 0.95}
    first = ask(name, requests(COUNT), **drawn)
    assert texts(ask(name, requests(COUNT)[::-1], **drawn)) == texts(first)
    assert equal(ask(name, requests(COUNT), seed=1, **drawn), first) < COUNT / 2
    assert equal(first, alone) < COUNT / 2
    # Next to nothing is left to draw from.
    assert texts(ask(name, requests(COUNT), temperature=1.0, top_p=1e-6)) == texts(alone)


def test_the_template_of_the_file_is_used(
    ask: Asker, chat: Path, bare: Path, alone: dict[str, Response]
) -> None:
    """As transformers writes it from the same file, whose weights it unpacks."""
    asked = requests(COUNT, system="Be brief.")
    expected = ask(f"hf:{chat.parent},gguf_file={chat.name}", asked)
    assert "weights were unpacked to float32" in ask.context.notes[0]
    template = ask.model.describe()["chat_template"]
    found = ask(f"gguf:{chat},{CALM}", asked)
    assert ask.model.describe()["chat_template"] == template != "not used"
    assert equal(found, expected) >= COUNT - 3
    lengths = {id: one.prompt_tokens for id, one in found.items()}
    assert lengths == {id: one.prompt_tokens for id, one in expected.items()}
    off = ask(f"gguf:{chat},{CALM},slots=1,chat_template=off", requests(COUNT))
    assert texts(off) == texts(alone)
    with pytest.raises(HarnessError, match="found no chat template"):
        ask.open(f"gguf:{bare},{CALM}", chat_template="on")


def test_answers_end_at_stop_texts(ask: Asker, bare: Path, alone: dict[str, Response]) -> None:
    letter = "e"
    stopped = ask(f"gguf:{bare},{CALM},slots=1", requests(COUNT), stop=(letter,))
    for id, one in stopped.items():
        assert one.text == alone[id].text.split(letter)[0]
        if letter in alone[id].text:
            assert one.finish_reason == "stop"


def test_long_prompts_lose_the_end_of_their_post(ask: Asker, bare: Path) -> None:
    long = [" ".join(tiny_models.demo_posts()[:60])]
    (answer,) = ask(f"gguf:{bare},{CALM},max_length=256", requests(posts=long)).values()
    assert answer.error is None
    assert answer.truncated
    assert answer.prompt_tokens is not None
    assert 200 < answer.prompt_tokens <= 256 - 32
    assert any("were shortened, the post first" in note for note in ask.context.notes)


def test_a_choice_is_the_wording_of_a_label(ask: Asker, bare: Path, chat: Path) -> None:
    choices = {"yes": "Yes, the poster does", "no": "No", "unsure": 'Not "sure"'}
    asked = [replace(one, choices=choices) for one in requests(COUNT)]
    for file in (bare, chat):
        answers = ask(f"gguf:{file},{CALM}", asked, answer="choice", max_new_tokens=64)
        assert [one.error for one in answers.values() if one.error] == []
        assert {one.label for one in answers.values()} <= set(choices)
        assert all(one.text == choices[str(one.label)] for one in answers.values())
        assert len({one.label for one in answers.values()}) > 1


def test_a_model_can_be_asked_again_and_larger(ask: Asker, bare: Path) -> None:
    model = ask.open(f"gguf:{bare},{CALM}")
    (first,) = model.generate(requests(1))
    assert len(list(model.generate(requests(COUNT)))) == COUNT
    (again,) = model.generate(requests(1))
    assert again.text == first.text
    model.close()
    assert model.describe()["concurrency"] == COUNT
    with pytest.raises(HarnessError, match="the model was closed"):
        list(model.generate(requests(1)))


def test_what_nobody_waits_for_is_given_up(ask: Asker, bare: Path) -> None:
    model = ask.open(f"gguf:{bare},{CALM},slots=2", max_new_tokens=700)
    answers = model.generate(requests(COUNT))
    next(answers)
    answers.close()
    assert not [one for one in threading.enumerate() if "work" in one.name]
    model.close()


@pytest.mark.parametrize(
    ("kept", "architecture", "says"),
    [(0.6, "llama", "is cut off or damaged .*copy or download it again"),
     (1.0, "gladiolus", "does not know its architecture 'gladiolus'; install a newer")],
)  # fmt: skip
def test_files_that_llama_cpp_refuses(
    ask: Asker, checkpoint: Path, tmp_path: Path, kept: float, architecture: str, says: str,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    file = save_gguf(checkpoint, tmp_path / "x.gguf", architecture=architecture)
    content = file.read_bytes()
    file.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(HarnessError, match=says):
        ask.open(f"gguf:{file}")
    assert capfd.readouterr().err == ""


def test_nothing_of_its_log_is_seen(
    ask: Asker, bare: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    ask(f"gguf:{bare},{CALM}", requests(2))
    ask.model.close()
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_a_real_model(ask: Asker) -> None:
    """Its words are words, and one slot repeats them."""
    try:
        file = real_gguf()
    except NotHere as reason:
        pytest.skip(str(reason))

    def answered(name: str) -> Iterable[str]:
        return texts(ask(name, requests(8), max_new_tokens=16)).values()

    first = list(answered(f"gguf:{file},slots=1"))
    assert first == list(answered(f"gguf:{file},slots=1"))
    assert all(any(letter.isalpha() for letter in text) for text in first)
    assert ask.model.describe()["quantisation"]
