"""Rows leave a batch as they end, others join, and what prompts share is read once; no answer changes."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from imhi._core.records import Request
from imhi.plugins.models.hf.shared_prefix import Sharing, sharings
from tests.plugins.models.hf.asking import Asker, requests, texts
from tests.plugins.models.hf.test_hf_answers import plain_answers

NEW_TOKENS = 32
INSTRUCTION = "Read the post as a careful person would, and say what you think of it. " * 4


@dataclass
class Work:
    """What a model computed: the shape (rows, tokens) of each pass. Prompts here are longer than a
    token, so passes of one token are steps."""

    passes: list[tuple[int, int]] = field(default_factory=list)

    @property
    def steps(self) -> list[int]:
        return [rows for rows, tokens in self.passes if tokens == 1]

    @property
    def prompt_tokens(self) -> int:
        return sum(rows * tokens for rows, tokens in self.passes if tokens > 1)


def watched(asker: Asker) -> Work:
    """Watch the model that is open."""
    work = Work()

    def before(module: Any, positional: Any, named: dict[str, Any]) -> None:
        work.passes.append(tuple(named["input_ids"].shape))

    asker.model._loaded.model.register_forward_pre_hook(before, with_kwargs=True)
    return work


def whole_batches(asker: Asker) -> None:
    """Let the model that is open decode each batch until its last row has ended."""
    asker.model._worker.stretches.reader.able = False


def answers(asker: Asker, asked: Sequence[Request]) -> dict[str, str]:
    responses = list(asker.model.generate(asked))
    assert sorted(one.id for one in responses) == sorted(one.id for one in asked)
    return {one.id: one.text for one in responses}


@pytest.mark.parametrize("name", ["causal", "sliding"])
def test_rows_leave_as_they_end_and_answer_what_transformers_does_one_by_one(
    name: str, request: pytest.FixtureRequest, ask: Asker
) -> None:
    folder, asked = request.getfixturevalue(name), requests()
    expected = plain_answers(folder, "causal", [one.prompt for one in asked], NEW_TOKENS)
    model = ask.open(f"hf:{folder}", max_new_tokens=NEW_TOKENS)
    work = watched(ask)
    found = list(model.generate(asked))
    assert {one.id: one.text for one in found} == {
        one.id: text for one, text in zip(asked, expected, strict=True)
    }
    needed = sum(one.completion_tokens or 0 for one in found)
    longest = max(one.completion_tokens or 0 for one in found)
    assert work.steps[0] == len(asked) and len(work.steps) == longest
    assert work.steps == sorted(work.steps, reverse=True)
    # Of the steps that whole batches take in vain, less than half are left.
    assert sum(work.steps) - needed < (longest * len(asked) - needed) / 2
    assert ask.model.describe()["decoding"] == "rows leave as they end"


@pytest.mark.parametrize("name", ["causal", "sliding"])
def test_rows_that_wait_join_those_at_work(
    name: str, request: pytest.FixtureRequest, ask: Asker
) -> None:
    folder, asked = request.getfixturevalue(name), requests(20)
    alone = ask(f"hf:{folder},batch_size=1", asked, max_new_tokens=NEW_TOKENS)
    ask.open(f"hf:{folder},batch_size=4", max_new_tokens=NEW_TOKENS)
    work = watched(ask)
    assert answers(ask, asked) == texts(alone)
    assert max(work.steps) == 4
    lengths = [alone[one.id].completion_tokens or 0 for one in sorted_by_prompt(asked, alone)]
    batches = [lengths[start : start + 4] for start in range(0, len(lengths), 4)]
    assert len(work.steps) < sum(max(batch) for batch in batches)
    # Somebody joined while others were in the middle of their answers.
    assert min(work.steps[: len(work.steps) // 2]) >= 3


def sorted_by_prompt(asked: Sequence[Request], responses: Any) -> list[Request]:
    return sorted(asked, key=lambda one: -responses[one.id].prompt_tokens)


@pytest.mark.parametrize("name", ["causal", "sliding"])
def test_what_prompts_share_is_read_once(
    name: str, request: pytest.FixtureRequest, ask: Asker
) -> None:
    """Of the sliding model, what is shared is longer than its window of 16."""
    folder, asked = request.getfixturevalue(name), requests(8, system=INSTRUCTION)
    alone = {}
    for one in asked:
        alone |= texts(ask(f"hf:{folder}", [one], max_new_tokens=NEW_TOKENS))
    ask.open(f"hf:{folder}", max_new_tokens=NEW_TOKENS)
    work = watched(ask)
    responses = {one.id: one for one in ask.model.generate(asked)}
    assert texts(responses) == alone
    given = sum(one.prompt_tokens or 0 for one in responses.values())
    shared = ask.model.describe()["shared_prefix_tokens"]
    assert shared > 60 * len(asked)
    prefix = work.passes[0]
    assert prefix[0] == 1 and shared <= prefix[1] * len(asked)
    # All but the last token of each prompt, and some padding; not more than once.
    assert work.prompt_tokens < prefix[1] + 1.1 * (given - len(asked) - shared)


def test_samples_are_those_of_whole_batches(causal: Path, ask: Asker) -> None:
    sampled = {"temperature": 1.3, "top_p": 0.9, "seed": 5, "max_new_tokens": NEW_TOKENS}
    ask.open(f"hf:{causal}", **sampled)
    whole_batches(ask)
    expected = answers(ask, requests(16))
    assert ask.model.describe()["decoding"] == "whole batches"
    ask.open(f"hf:{causal},batch_size=6", **sampled)
    work = watched(ask)
    assert answers(ask, requests(16)) == expected
    assert len(set(work.steps)) > 2


def test_running_out_of_memory_between_two_tokens_loses_nothing(
    causal: Path, ask: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampled = {"temperature": 1.5, "top_p": 0.9, "seed": 7, "max_new_tokens": NEW_TOKENS}
    expected = texts(ask(f"hf:{causal},batch_size=1", requests(), **sampled))
    ask.open(f"hf:{causal},batch_size=12", **sampled)
    work, network = watched(ask), ask.model._loaded.model
    forward, failures = network.forward, []

    def limited(*given: Any, **named: Any) -> Any:
        rows, tokens = named["input_ids"].shape
        if tokens == 1 and rows > 5 and len(work.steps) > 3:
            failures.append(rows)
            raise MemoryError("no room")
        return forward(*given, **named)

    # generate looks at what a model takes.
    limited.__signature__ = inspect.signature(forward)  # type: ignore[attr-defined]
    monkeypatch.setattr(network, "forward", limited)
    assert answers(ask, requests()) == expected
    assert failures and failures[0] > 5


def test_a_model_that_keeps_states_decodes_whole_batches(states: Path, ask: Asker) -> None:
    asked = requests(6)
    expected = plain_answers(states, "causal", [one.prompt for one in asked], NEW_TOKENS)
    found = texts(ask(f"hf:{states},batch_size=1", asked, max_new_tokens=NEW_TOKENS))
    assert [found[one.id] for one in asked] == expected
    assert ask.model.describe()["decoding"] == "whole batches"


def test_a_stop_string_is_found_at_the_token_that_completes_it(causal: Path) -> None:
    """As decoding after every token finds it, but few are decoded."""
    import random

    import torch
    from transformers import AutoTokenizer

    from imhi.plugins.models.hf.decoding import Ending, StopStrings

    tokenizer = AutoTokenizer.from_pretrained(causal)
    draw = random.Random(3)
    found = 0
    for strings in (["e t"], ["\n", "é"], ["ing", "."], [" "], ["not there"]):
        for _ in range(8):
            drawn = [draw.randrange(3, len(tokenizer)) for _ in range(30)]
            spread = tokenizer.encode(" the test, é\n sing", add_special_tokens=False)
            answer = [*drawn[:20], *spread, *drawn[20:]]
            expected = next(
                (
                    length
                    for length in range(1, len(answer) + 1)
                    if any(one in tokenizer.decode(answer[:length]) for one in strings)
                ),
                None,
            )
            ending = Ending(frozenset({2}), StopStrings(tokenizer, strings), [0])
            for length in range(1, len(answer) + 1):
                ending(torch.tensor([[5, 5, *answer[:length]]]), None)
            assert ending.ended == [expected]
            found += expected is not None
    assert found > 20
    stop = StopStrings(tokenizer, ["\n\n"])
    assert sum(stop.may_end(token) for token in range(3, len(tokenizer))) < len(tokenizer) / 2


def test_prompts_are_divided_so_that_most_is_saved() -> None:
    first, second = list(range(100, 160)), list(range(200, 300))
    prompts = [
        [*first, 1, 2, 3],
        [*second, 1, 1, 1],
        [*first, 1, 5, 6],
        [7, 8, 9],
        [*second, 2, 1, 1],
        [*second, 2, 2],
    ]
    assert sharings(prompts, shortest=20) == [
        Sharing((1, 4, 5), 100),
        Sharing((0, 2), 61),
        Sharing((3,), 0),
    ]


def test_a_longer_beginning_of_fewer_is_taken_where_it_saves_more() -> None:
    begun = list(range(100, 130))
    more = [[*begun, *range(place, place + 90)] for place in (1000, 2000)]
    prompts = [[*more[place % 2], place, place, place] for place in range(6)]
    assert sharings(prompts, shortest=20) == [Sharing((0, 2, 4), 120), Sharing((1, 3, 5), 120)]
    # Alone each shares the 30 only.
    assert sharings(prompts[:2], shortest=20) == [Sharing((0, 1), 30)]


def test_the_last_tokens_of_a_prompt_are_not_shared() -> None:
    same = list(range(50))
    assert sharings([same, same], shortest=20) == [Sharing((0, 1), 48)]
    assert sharings([same[:21], same[:21]], shortest=20) == [Sharing((0, 1), 0)]
