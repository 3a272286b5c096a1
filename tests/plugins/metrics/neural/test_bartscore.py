"""BARTScore is what a plain loop over pairs finds, whatever the batches; and what counts how."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imhi._core.answer_format import explanation_of
from imhi._core.context import Context
from imhi._core.run_store.cache import CacheFolder
from imhi.plugins.metrics.neural.bartscore.likelihood import Likelihood
from tests.plugins.metrics.columns import demo_context
from tests.plugins.metrics.neural.bartscore_columns import (
    Columns,
    arguments,
    columns,
    notes,
    real_columns,
    scored,
)
from tests.tiny_models import save_seq2seq
from tests.trained_bart import make_model, make_tokenizer

WINDOW = 512
ALL = ("bartscore", "bartscore_precision", "bartscore_f", "bartscore_faithfulness")


@pytest.fixture(scope="module")
def bart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "bart"
    return save_seq2seq(folder, architecture="bart", window=WINDOW)


@pytest.fixture(scope="module")
def rows(imhi: Path, model_outputs: Path) -> Columns:
    """200 real answers, with references and posts."""
    return real_columns(imhi, model_outputs, each=40)


@pytest.fixture(scope="module")
def bart_of_real_words(tmp_path_factory: pytest.TempPathFactory, rows: Columns) -> Path:
    """A BART whose tokenizer was trained on the texts, so that they are as long as for a real one;
    its weights are random, but big enough for scores that differ."""
    folder = tmp_path_factory.mktemp("models") / "bart"
    tokenizer = make_tokenizer([text for side in texts_of(rows) for text in side])
    make_model(tokenizer, init_std=0.4, max_position_embeddings=WINDOW).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def context() -> Context:
    return demo_context()


def one_at_a_time(folder: Path, pairs: Sequence[tuple[str, str]]) -> list[float]:
    """What BARTScore is by definition: minus the model's own loss, one pair at a time."""
    import torch
    from transformers import AutoTokenizer, BartForConditionalGeneration

    model = BartForConditionalGeneration.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    found = []
    for pair in pairs:
        source, target = (
            tokenizer(text, return_tensors="pt", truncation=True, max_length=WINDOW)["input_ids"]
            for text in pair
        )
        with torch.no_grad():
            found.append(-model(input_ids=source, labels=target).loss.item())
    return found


def texts_of(rows: Columns) -> tuple[list[str], list[str], list[str]]:
    examples, responses, _ = rows
    hypotheses = [explanation_of(response.text) for response in responses]
    return hypotheses, [e.explanation for e in examples], [e.post for e in examples]


@pytest.mark.slow
def test_200_real_pairs_score_as_in_a_plain_loop_in_all_directions_and_batches(
    bart_of_real_words: Path, rows: Columns
) -> None:
    bart = bart_of_real_words
    hypotheses, references, posts = texts_of(rows)
    expected = {
        "bartscore": one_at_a_time(bart, list(zip(hypotheses, references, strict=True))),
        "bartscore_precision": one_at_a_time(bart, list(zip(references, hypotheses, strict=True))),
        "bartscore_faithfulness": one_at_a_time(bart, list(zip(posts, hypotheses, strict=True))),
    }
    both = zip(expected["bartscore"], expected["bartscore_precision"], strict=True)
    expected["bartscore_f"] = [(recall + precision) / 2 for recall, precision in both]
    for budget, each in (({}, 1), ({"batch_tokens": 64}, 5), ({"batch_tokens": 100_000}, 5)):
        some: Any = tuple(column[::each] for column in rows)
        found = scored(bart, some, demo_context(), **budget)
        assert set(found) == set(ALL)
        for name, values in expected.items():
            assert found[name].per_example == pytest.approx(values[::each], abs=1e-4)
            assert found[name].value() == pytest.approx(np.mean(values[::each]), abs=1e-4)


def test_a_bias_of_the_logits_counts(bart: Path, tmp_path: Path, context: Context) -> None:
    import torch
    from transformers import AutoTokenizer, BartForConditionalGeneration

    model = BartForConditionalGeneration.from_pretrained(bart)
    model.final_logits_bias.copy_(torch.linspace(-3, 3, model.config.vocab_size))
    folder = tmp_path / "biased"
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(bart).save_pretrained(folder)
    found = scored(folder, columns(["A sad post."], ["A bad day."]), context)
    pair = ("A sad post.", "A bad day.")
    assert found["bartscore"].value() == pytest.approx(one_at_a_time(folder, [pair])[0], abs=1e-4)
    assert found["bartscore"].value() != pytest.approx(one_at_a_time(bart, [pair])[0], abs=1e-2)


@pytest.mark.slow
def test_the_order_of_rows_does_not_matter(bart_of_real_words: Path, rows: Columns) -> None:
    straight: Any = tuple(column[::4] for column in rows)
    turned: Any = tuple(column[::-1] for column in straight)
    straight, backwards = (
        scored(bart_of_real_words, each, demo_context()) for each in (straight, turned)
    )
    for name in ALL:
        assert straight[name].per_example.tolist() == backwards[name].per_example.tolist()[::-1]


def test_an_empty_explanation_scores_as_if_all_tokens_were_alike_and_is_said(
    bart: Path, context: Context
) -> None:
    found = scored(bart, columns(["", " \n", "A sad post."], ["Reason."] * 3), context)
    floor = -math.log(found_vocabulary(bart))
    for name in ALL:
        assert found[name].per_example[:2] == pytest.approx([floor, floor])
        assert found[name].details["empty"] == 2
    assert any("missing or empty explanations" in n and n.endswith(": 2") for n in notes(context))


def found_vocabulary(folder: Path) -> int:
    from transformers import BartConfig

    return int(BartConfig.from_pretrained(folder).vocab_size)


def test_without_reference_only_faithfulness_counts(bart: Path, context: Context) -> None:
    found = scored(bart, columns(["A sad post.", "Joy."], [" ", "A happy post."]), context)
    assert math.isnan(found["bartscore"].per_example[0])
    assert math.isnan(found["bartscore_f"].per_example[0])
    assert found["bartscore"].details["not_counted"] == 1
    assert not np.isnan(found["bartscore_faithfulness"].per_example).any()


def test_without_any_reference_there_is_no_value(bart: Path, context: Context) -> None:
    found = scored(bart, columns(["A sad post."], [""]), context)
    assert math.isnan(found["bartscore"].value())
    assert math.isfinite(found["bartscore_faithfulness"].value())


def test_directions_are_chosen(bart: Path, context: Context) -> None:
    rows = columns(["A sad post."], ["A bad day."])
    found = scored(bart, rows, context, directions="reference->hypothesis;hypothesis->reference")
    assert list(found) == ["bartscore", "bartscore_precision", "bartscore_f"]
    assert list(scored(bart, rows, context, directions="post->hypothesis")) == [
        "bartscore_faithfulness"
    ]


def test_the_whole_answer_is_scored_against_the_whole_reference_answer(
    bart: Path, context: Context
) -> None:
    answer = "Yes, the poster suffers from depression. Reasoning: low mood."
    rows = columns([answer], ["hopeless."])
    whole = scored(bart, rows, context, part="answer")["bartscore"].value()
    gold = "Yes, the poster suffers from depression. Reasoning: hopeless."
    assert whole == pytest.approx(one_at_a_time(bart, [(answer, gold)])[0], abs=1e-4)
    alone = scored(bart, rows, context)["bartscore"].value()
    assert alone == pytest.approx(one_at_a_time(bart, [("low mood.", "hopeless.")])[0], abs=1e-4)


def test_longer_texts_are_cut_at_the_end_counted_and_said(bart: Path, context: Context) -> None:
    long = "word after word " * 400
    found = scored(bart, columns(["A sad post.", long], ["A bad day.", long]), context)
    expected = one_at_a_time(bart, [(long.strip(), long)])
    assert found["bartscore"].per_example[1] == pytest.approx(expected[0], abs=1e-4)
    assert found["bartscore"].details["cut_hypothesis"] == 1
    assert found["bartscore"].details["cut_reference"] == 1
    assert found["bartscore_faithfulness"].details["cut_post"] == 0
    assert any(f"longer than {WINDOW} tokens" in note for note in notes(context))


def test_max_length_is_bounded_by_the_model(bart: Path, context: Context) -> None:
    rows = columns(["A sad post."], ["A bad day."])
    details = scored(bart, rows, context, max_length=100_000)["bartscore"].details
    assert details["identity"]["max_length"] == WINDOW


class CountedForwards:
    """How many batches went through a model."""

    def __init__(self, model: Any) -> None:
        self.encoder = self.decoder = 0
        model.get_encoder().register_forward_hook(self._encoder)
        model.get_decoder().register_forward_hook(self._decoder)

    def _encoder(self, *_: Any) -> None:
        self.encoder += 1

    def _decoder(self, *_: Any) -> None:
        self.decoder += 1


def opened(folder: Path, **given: Any) -> Likelihood:
    from transformers import AutoTokenizer, BartForConditionalGeneration

    model = BartForConditionalGeneration.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    return Likelihood(model, tokenizer, "cpu", WINDOW, **given)


def test_a_shared_source_is_encoded_once(bart: Path) -> None:
    likelihood = opened(bart)
    posts = ["a post that six questions are asked about", "another post, asked about six times"]
    pairs = [(post, f"explanation number {n}") for post in posts for n in range(6)]
    found = dict(likelihood.score(pairs))
    lengths = [len(likelihood.tokenizer(post)["input_ids"]) for post in posts]
    assert likelihood.tokens.encoded_real == sum(lengths)
    values = [found[index].value for index in range(len(pairs))]
    assert values == pytest.approx(one_at_a_time(bart, pairs), abs=1e-4)


def test_equal_pairs_are_scored_once(bart: Path, context: Context) -> None:
    from imhi.plugins.metrics.neural.bartscore import create

    metric = create(arguments(bart, directions="hypothesis->reference"))
    metric(*columns(["A sad post."] * 50, ["A bad day."] * 50), context)
    tokens = len(metric._likelihood.tokenizer("A bad day.")["input_ids"])
    assert metric._likelihood.tokens.target_real == tokens


@pytest.mark.slow
def test_little_is_computed_for_padding(bart_of_real_words: Path, rows: Columns) -> None:
    likelihood = opened(bart_of_real_words)
    hypotheses, references, _ = texts_of(rows)
    list(likelihood.score(list(zip(hypotheses, references, strict=True))))
    tokens = likelihood.tokens
    assert tokens.encoded_real / tokens.encoded > 0.92
    assert tokens.attended_real / tokens.attended > 0.92
    assert tokens.target_real / tokens.target > 0.92


def test_out_of_memory_halves_the_batches_and_goes_on(bart: Path) -> None:
    pairs = [(f"source text {n} " * (1 + n % 5), f"target {n} " * (1 + n % 7)) for n in range(40)]
    likelihood = opened(bart, batch_tokens=10_000)
    sizes = []

    def too_much(module: Any, positional: Any, named: dict[str, Any]) -> None:
        sizes.append(len(named["input_ids"]))
        if len(named["input_ids"]) > 8:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    for part in (likelihood.model.get_encoder(), likelihood.model.get_decoder()):
        part.register_forward_pre_hook(too_much, with_kwargs=True)
    found = dict(likelihood.score(pairs))
    assert max(sizes) > 8
    values = [found[index].value for index in range(len(pairs))]
    assert values == pytest.approx(one_at_a_time(bart, pairs), abs=1e-4)


def test_what_was_computed_is_kept_in_the_run_folder(
    bart: Path, context: Context, tmp_path: Path
) -> None:
    """The second metric never loads its model: its weights are gone by then."""
    import shutil

    from imhi.plugins.metrics.neural.bartscore import create

    rows = columns(["A sad post.", "Joy."], ["A bad day.", "A happy post."])
    context.cache = CacheFolder(tmp_path / "measured")
    copy = tmp_path / "bart"
    shutil.copytree(bart, copy)
    metric = create(arguments(copy))
    again = create(arguments(copy))
    first = {m.name: m.per_example.tolist() for m in metric(*rows, context)}
    shutil.rmtree(copy)
    context.cache.close()
    assert {m.name: m.per_example.tolist() for m in again(*rows, context)} == first
    assert again._likelihood is None


def test_a_killed_scoring_goes_on_with_the_pairs_that_are_missing(
    bart: Path, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    from imhi.plugins.metrics.neural.bartscore import create

    rows = columns([f"Answer {n}." for n in range(20)], [f"Reference {n}." for n in range(20)])
    whole = scored(bart, rows, demo_context(), directions="hypothesis->reference")
    given = arguments(bart, directions="hypothesis->reference", batch_tokens=64)
    metric = create(given)
    score = Likelihood.score

    def killed(self: Likelihood, pairs: Any) -> Any:
        for count, found in enumerate(score(self, pairs)):
            if count == 8:
                raise KeyboardInterrupt
            yield found

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Likelihood, "score", killed)
        metric(*rows, context)
    asked: list[int] = []

    def counted(self: Likelihood, pairs: Any) -> Any:
        asked.append(len(pairs))
        return score(self, pairs)

    monkeypatch.setattr(Likelihood, "score", counted)
    found = {m.name: m for m in create(given)(*rows, context)}
    assert asked == [12]
    assert found["bartscore"].per_example == pytest.approx(whole["bartscore"].per_example, abs=1e-5)


def test_progress_is_told_up_to_the_last_row(bart: Path, context: Context) -> None:
    told: list[Any] = []
    context.notify = told.append
    scored(bart, columns([f"Answer {n}." for n in range(9)], ["Reference."] * 9), context)
    assert [event.metric for event in told] == ["bartscore"] * len(told)
    assert told[-1].done == told[-1].total == 9


def test_the_published_example_comes_out(context: Context) -> None:
    """neulab/BARTScore's README: -2.336 with the ParaBank2 state, -2.511 without."""
    model = os.environ.get("IMHI_BARTSCORE_MODEL")
    if not model:
        pytest.skip(
            "IMHI_BARTSCORE_MODEL is not set: needs facebook/bart-large-cnn (id or folder), and "
            "bart.pth of ParaBank2 in IMHI_BARTSCORE_STATE for the second value"
        )
    rows = columns(["This is interesting."], ["This is fun."])
    chosen = {"directions": "hypothesis->reference"}
    assert scored(model, rows, context, **chosen)["bartscore"].value() == pytest.approx(
        -2.5107, abs=1e-3
    )
    state = os.environ.get("IMHI_BARTSCORE_STATE")
    if not state:
        pytest.skip("IMHI_BARTSCORE_STATE is not set: needs bart.pth of ParaBank2")
    found = scored(model, rows, context, state=state, **chosen)
    assert found["bartscore"].value() == pytest.approx(-2.3362, abs=1e-3)
