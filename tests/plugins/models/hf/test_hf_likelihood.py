"""``--answer likelihood``: what ``hf:`` models hold most likely is what lm-eval's own models do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from imhi._core.errors import HarnessError
from imhi._core.label_choice import seam, softmax
from imhi._core.records import Request, Response
from imhi.plugins.thoughts import imhi_thought_formats
from tests.plugins.models.hf.asking import Asker, requests
from tests.tiny_models import CHAT_TEMPLATE, demo_posts, save_causal

SENTENCES = {
    "yes": "Yes, the poster suffers from depression.",
    "no": "No, the poster does not suffer from depression.",
}
CAUSES = {
    "school": "school",
    "work": "work",
    "family issues": "family issues",
    "everyday decision making": "everyday decision making",
    "other": "other causes",
}


def choosing(choices: dict[str, str], count: int = 6, ending: str = "") -> list[Request]:
    made = []
    for one in requests(count):
        prompt = one.prompt + ending
        made.append(Request.of(one.id, "DR", prompt, one.post, one.question, choices=choices))
    return made


def by_lm_eval(
    folder: Path, asked: Sequence[Request], chat: bool = False, backend: str = "causal"
) -> dict[str, dict[str, float]]:
    """Each label's log-likelihood by lm-eval's HFLM, asked one prompt and label at a time."""
    pytest.importorskip("lm_eval", reason="needs the extra [lm-eval]")
    import lm_eval.models  # noqa: F401
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    lm = HFLM(str(folder), device="cpu", dtype="float32", batch_size=1, backend=backend)
    found: dict[str, dict[str, float]] = {}
    for request in asked:
        context = request.prompt
        if chat:
            context = lm.apply_chat_template([{"role": "user", "content": request.prompt}])
        for label, wording in request.choices.items():
            pair: Any = seam(context, wording, chat=chat, encoder_decoder=backend == "seq2seq")
            instance = Instance("loglikelihood", {}, pair, 0)
            [(value, _)] = lm.loglikelihood([instance], disable_tqdm=True)
            found.setdefault(request.id, {})[label] = value
    return found


def agree(responses: dict[str, Response], expected: dict[str, dict[str, float]]) -> None:
    assert responses.keys() == expected.keys()
    for id, likelihoods in expected.items():
        response = responses[id]
        assert response.log_likelihoods == pytest.approx(likelihoods, rel=1e-5, abs=1e-3)
        assert response.label == max(likelihoods, key=lambda label: likelihoods[label])


@pytest.mark.parametrize("choices", [SENTENCES, CAUSES], ids=["sentences", "causes"])
@pytest.mark.parametrize("ending", ["", "\nAnswer:", " The cause is "])
def test_likelihoods_are_those_of_lm_eval(
    ask: Asker, causal: Path, choices: dict[str, str], ending: str
) -> None:
    asked = choosing(choices, ending=ending)
    agree(ask(f"hf:{causal}", asked, answer="likelihood"), by_lm_eval(causal, asked))


def test_behind_a_chat_template_a_label_begins_the_answer(ask: Asker, chat: Path) -> None:
    asked = choosing(SENTENCES)
    agree(ask(f"hf:{chat}", asked, answer="likelihood"), by_lm_eval(chat, asked, chat=True))


@pytest.mark.parametrize("kind", ["t5", "bart"])
def test_encoder_decoders_score_labels_as_texts_of_their_own(
    ask: Asker, kind: str, request: pytest.FixtureRequest
) -> None:
    folder: Path = request.getfixturevalue(kind)
    asked = choosing(CAUSES)
    expected = by_lm_eval(folder, asked, backend="seq2seq")
    # One by one: in float32 this T5 of random weights is 0.1 nats from itself in float64, and what is
    # beside a row in its batch is enough to move it.
    agree(ask(f"hf:{folder},batch_size=1", asked, answer="likelihood"), expected)


def test_adapters_count(ask: Asker, causal: Path, adapter: Path) -> None:
    asked = choosing(SENTENCES)
    plain = ask(f"hf:{causal}", asked, answer="likelihood")
    adapted = ask(f"hf:{causal},peft={adapter}", asked, answer="likelihood")
    assert all(adapted[id].log_likelihoods != plain[id].log_likelihoods for id in plain)


def test_a_model_that_cannot_share_a_prompt_scores_the_same(ask: Asker, causal: Path) -> None:
    asked = choosing(CAUSES)
    asked.append(Request.of("other", "dreaddit", "Is this stress?", "", "", choices=SENTENCES))
    shared = ask(f"hf:{causal}", asked, answer="likelihood")
    assert ask.model.describe()["prompts_read"] == "once"
    model = ask.open(f"hf:{causal}", answer="likelihood")
    model._worker.shares_prompts = False
    whole = {response.id: response for response in model.generate(asked)}
    for id, response in shared.items():
        assert whole[id].log_likelihoods == pytest.approx(
            response.log_likelihoods, rel=1e-5, abs=2e-4
        )


def test_batches_do_not_matter(ask: Asker, causal: Path) -> None:
    asked = choosing(CAUSES, 12)
    together = ask(f"hf:{causal}", asked, answer="likelihood")
    alone = ask(f"hf:{causal},batch_size=1", asked, answer="likelihood")
    for id, response in together.items():
        assert alone[id].log_likelihoods == pytest.approx(
            response.log_likelihoods, rel=1e-5, abs=2e-4
        )


def test_a_response_has_label_wording_and_both_likelihoods(ask: Asker, causal: Path) -> None:
    by_sum = ask(f"hf:{causal}", choosing(CAUSES), answer="likelihood")
    by_length = ask(f"hf:{causal}", choosing(CAUSES), answer="likelihood:normalised")
    for id, response in by_sum.items():
        raw, normalised = response.log_likelihoods, response.normalised
        assert raw is not None and normalised is not None and response.label is not None
        assert response.text == CAUSES[response.label]
        assert response.completion_tokens == 0 and (response.prompt_tokens or 0) > 10
        for label, value in raw.items():
            assert normalised[label] == pytest.approx(value / len(CAUSES[label]))
        assert response.probabilities == pytest.approx(softmax(raw))
        assert sum((response.probabilities or {}).values()) == pytest.approx(1)
        other = by_length[id]
        assert other.log_likelihoods == raw, "what is kept is the same: either can be read later"
        assert other.label == max(normalised, key=lambda label: normalised[label])
    assert any(by_sum[id].label != by_length[id].label for id in by_sum)


def test_a_post_that_does_not_fit_beside_the_labels_loses_its_end(ask: Asker, causal: Path) -> None:
    post = " ".join(demo_posts())
    prompt = f'Consider this post: "{post}" Question: Is it sad?'
    long = Request.of("long", "DR", prompt, post, "Is it sad?", choices=SENTENCES)
    [response] = ask(f"hf:{causal},max_length=128", [long], answer="likelihood").values()
    assert response.truncated and response.label in SENTENCES
    assert 80 < (response.prompt_tokens or 0) <= 128 - 8
    assert any("did not fit the window of 128 tokens" in note for note in ask.context.notes)
    [response] = ask.open(f"hf:{causal},max_length=8", answer="likelihood").generate([long])
    assert "leave no room for a prompt" in str(response.error)


def test_choices_are_written_token_by_token_and_are_always_a_label(
    ask: Asker, causal: Path, t5: Path, bart: Path
) -> None:
    for folder in (causal, t5, bart):
        for settings in ({}, {"temperature": 1.5, "seed": 3}):
            asked = choosing(CAUSES, 12)
            responses = ask(f"hf:{folder}", asked, answer="choice", **settings)
            for response in responses.values():
                assert response.label is not None and response.error is None
                assert response.text == CAUSES[response.label]
                assert response.probabilities is None


def test_a_label_that_begins_another_can_be_chosen_and_so_can_the_longer_one(
    ask: Asker, causal: Path
) -> None:
    choices = {"short": "work", "long": "work stress"}
    chosen = {
        response.label
        for seed in range(4)
        for response in ask(
            f"hf:{causal}", choosing(choices, 12), seed=seed, answer="choice", temperature=3.0
        ).values()
    }
    assert chosen == {"short", "long"}


def test_a_template_that_opens_a_thought_is_noted(ask: Asker, folder: Path) -> None:
    template = CHAT_TEMPLATE.replace("[assistant]", "[assistant]<think>")
    thinking = save_causal(folder / "thinking", chat_template=template)
    if not ask.registry.thought_formats.things:
        for known in imhi_thought_formats():
            ask.registry.add(known, "thoughts")
    for answer in ("likelihood", "choice"):
        ask(f"hf:{thinking}", choosing(SENTENCES), answer=answer)
        assert any("open a thought" in note for note in ask.context.notes)
        ask(f"hf:{thinking}", choosing(SENTENCES), answer=answer, chat_template="off")
        assert not any("open a thought" in note for note in ask.context.notes)


def test_classifiers_have_labels_of_their_own(ask: Asker, classifier: Path) -> None:
    with pytest.raises(HarnessError, match="leave --answer out"):
        ask.open(f"hf:{classifier}", answer="likelihood")
