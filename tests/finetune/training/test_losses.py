"""What is minimised: the answer's tokens and no others, weighed as the recipe says, in whichever of the
ways it is computed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from imhi.finetune.rows.encoding import IGNORED
from imhi.finetune.training import answer_loss as of_answers
from imhi.finetune.training.answer_loss import answer_loss, summed_loss
from imhi.finetune.training.building import build
from imhi.finetune.training.causal import AnswerCollator
from imhi.finetune.training.classifier import balanced_weights
from tests.finetune.conftest import MakeJob, MakeRecipe

torch = pytest.importorskip("torch", reason="finetune needs the extra [finetune]")


@pytest.fixture(scope="module")
def model(causal_base: Path) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(causal_base).eval()


def rows() -> list[dict[str, Any]]:
    """Two rows of different length: 3 + 2 and 5 + 4 tokens."""
    return [
        {"input_ids": [1, 40, 41, 50, 2], "labels": [IGNORED] * 3 + [50, 2]},
        {
            "input_ids": [1, 60, 61, 62, 63, 70, 71, 72, 2],
            "labels": [IGNORED] * 5 + [70, 71, 72, 2],
        },
    ]


def by_hand(model: Any, chosen: list[dict[str, Any]]) -> list[float]:
    """The loss of each answer token, one row at a time, from transformers' own logits."""
    losses = []
    for row in chosen:
        logits = model(torch.tensor([row["input_ids"]])).logits[0].log_softmax(-1)
        for at, label in enumerate(row["labels"]):
            if label != IGNORED:
                losses.append(-logits[at - 1, label].item())
    return losses


def test_the_loss_is_the_mean_over_answer_tokens(model: Any) -> None:
    expected = by_hand(model, rows())
    batch = AnswerCollator(pad=0)(rows())
    loss = answer_loss(model, model.lm_head, dict(batch), None, None).item()
    assert loss == pytest.approx(sum(expected) / 6, abs=1e-5)


def test_the_sum_is_divided_by_the_tokens_of_all_accumulated_batches(model: Any) -> None:
    batch = AnswerCollator(pad=0)(rows())
    loss = answer_loss(model, model.lm_head, dict(batch), None, 60).item()
    assert loss == pytest.approx(sum(by_hand(model, rows())) / 60, abs=1e-5)


def test_weighed_tokens_count_so_many_times(model: Any) -> None:
    weights = [[1.0, 1.0, 1.0, 7.0, 1.0], [1.0] * 5 + [7.0, 1.0, 1.0, 1.0]]
    chosen = [{**row, "loss_weights": own} for row, own in zip(rows(), weights, strict=True)]
    batch = AnswerCollator(pad=0)(chosen)
    given = {name: value for name, value in batch.items() if name != "loss_weights"}
    found = answer_loss(model, model.lm_head, given, batch["loss_weights"], None).item()
    losses = by_hand(model, rows())
    expected = sum(loss * (7 if at in {0, 2} else 1) for at, loss in enumerate(losses)) / 6
    assert found == pytest.approx(expected, abs=1e-5)


def gradients(loss: Any, *of: Any) -> list[Any]:
    return [one.clone() for one in torch.autograd.grad(loss, of)]


@pytest.mark.parametrize("at_once", [7, 2**26], ids=["a token at a time", "all at once"])
def test_the_loss_without_logits_has_the_gradients_of_that_with_them(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_answers, "LOGITS_AT_ONCE", at_once)
    drawn = torch.Generator().manual_seed(0)
    states, weight, bias = (
        torch.randn(size, generator=drawn, requires_grad=True) for size in ((5, 4), (7, 4), (7,))
    )
    labels, each = torch.tensor([0, 6, 3, 3, 1]), torch.tensor([1.0, 0.0, 2.5, 1.0, 7.0])
    losses = torch.nn.functional.cross_entropy(states @ weight.T + bias, labels, reduction="none")
    expected = (losses * each).sum()
    found = summed_loss(states, weight, bias, labels, each)
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)
    for mine, theirs in zip(
        gradients(found * 3, states, weight, bias),
        gradients(expected * 3, states, weight, bias),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs)


def test_in_bfloat16_the_loss_is_that_of_bfloat16_logits(model: Any) -> None:
    batch = AnswerCollator(pad=0)(rows())
    with torch.autocast("cpu", torch.bfloat16):
        found = answer_loss(model, model.lm_head, dict(batch), None, None)
        logits = model(batch["input_ids"], batch["attention_mask"]).logits.float()
    asked = batch["labels"][:, 1:] != IGNORED
    expected = torch.nn.functional.cross_entropy(
        logits[:, :-1][asked], batch["labels"][:, 1:][asked]
    )
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx(expected.item(), abs=2e-3)


def test_a_head_that_is_trained_learns_through_the_loss(model: Any) -> None:
    """Of tied embeddings and of a head of its own, as transformers' own loss says."""
    batch = AnswerCollator(pad=0)(rows())
    weight = model.lm_head.weight
    (found,) = gradients(answer_loss(model, model.lm_head, dict(batch), None, None), weight)
    (expected,) = gradients(model(**batch).loss, weight)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-4)


def test_what_a_model_does_to_its_logits_counts(causal_base: Path) -> None:
    """Gemma 2 caps them after its head: the loss is that of capped logits."""
    from transformers import Gemma2Config, Gemma2ForCausalLM

    torch.manual_seed(0)
    size = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "head_dim": 8}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": 100}
    # A cap so low that it is felt.
    capped = Gemma2ForCausalLM(Gemma2Config(**size, **heads, final_logit_softcapping=0.01)).eval()
    batch = AnswerCollator(pad=0)(rows())
    loss = answer_loss(capped, capped.lm_head, dict(batch), None, None).item()
    assert loss == pytest.approx(sum(by_hand(capped, rows())) / 6, abs=1e-5)
    open_ended = Gemma2ForCausalLM(Gemma2Config(**size, **heads, final_logit_softcapping=None))
    open_ended.load_state_dict(capped.state_dict())
    without = answer_loss(open_ended.eval(), open_ended.lm_head, dict(batch), None, None).item()
    assert abs(without - loss) > 1e-3


def test_padding_has_neither_attention_nor_loss() -> None:
    batch = AnswerCollator(pad=9)(rows())
    assert batch["input_ids"][0].tolist() == [1, 40, 41, 50, 2, 9, 9, 9, 9]
    assert batch["attention_mask"][0].tolist() == [1] * 5 + [0] * 4
    assert batch["labels"][0].tolist() == [IGNORED] * 3 + [50, 2] + [IGNORED] * 4


@pytest.mark.slow
def test_the_trainers_own_batches_have_labels_on_answers_only(
    recipe_of: MakeRecipe, job_of: MakeJob
) -> None:
    built = build(job_of(recipe_of("causal")))
    seen = 0
    for batch in built.trainer.get_train_dataloader():
        for ids, labels in zip(batch["input_ids"], batch["labels"], strict=True):
            answer = built.tokenizer.decode(labels[labels != IGNORED])
            prompt = built.tokenizer.decode(ids[: int((labels != IGNORED).nonzero()[0])])
            assert answer.startswith((" Yes, the poster", " No, the poster")), answer
            assert answer.endswith("</s>") and "Reasoning:" in answer
            assert prompt.startswith("<s>Consider this post:") and prompt.endswith("?")
            seen += 1
    assert seen == built.record.rows


@pytest.mark.slow
def test_packed_rows_do_not_see_each_other(
    recipe_of: MakeRecipe, job_of: MakeJob, causal_base: Path
) -> None:
    def losses(packing: bool) -> tuple[float, int]:
        training = {"packing": packing, "device_batch_size": 2, "batch_size": 2}
        built = build(
            job_of(recipe_of("causal", base={"model": str(causal_base)}, training=training))
        )
        built.trainer.model.eval()
        total, tokens = 0.0, 0
        for batch in built.trainer.get_train_dataloader():
            count = int((batch["labels"] != IGNORED).sum())
            with torch.no_grad():
                total += count * built.trainer.compute_loss(built.trainer.model, dict(batch)).item()
            tokens += count
        return total / tokens, tokens

    packed, apart = losses(True), losses(False)
    assert packed[1] == apart[1]
    assert packed[0] == pytest.approx(apart[0], abs=1e-4)


def test_balanced_weights_are_those_of_scikit_learn() -> None:
    import numpy as np
    from sklearn.utils.class_weight import compute_class_weight

    gold = ["yes"] * 9 + ["no"] * 3
    expected = compute_class_weight("balanced", classes=np.array(["no", "yes"]), y=gold)
    assert balanced_weights(gold, ["no", "yes"]) == pytest.approx(expected.tolist())
    assert balanced_weights(gold, ["no", "maybe", "yes"])[1] == 0.0


@pytest.mark.slow
def test_class_weights_change_the_loss_by_what_they_say(
    recipe_of: MakeRecipe, job_of: MakeJob
) -> None:
    recipe = recipe_of(
        "classifier", data={"datasets": ["DR"]}, training={"class_weights": "balanced"}
    )
    job = job_of(recipe)
    trainer = build(job).trainer
    trainer.model.eval()
    batch = next(iter(trainer.get_eval_dataloader(trainer.train_dataset)))
    weights = balanced_weights([row.label for row in job.train], job.labels)
    labels = batch["labels"]
    with torch.no_grad():
        logits = trainer.model(**{k: v for k, v in batch.items() if k != "labels"}).logits
        found = trainer.compute_loss(trainer.model, dict(batch)).item()
    each = -logits.log_softmax(-1).gather(1, labels[:, None])[:, 0]
    expected = sum(w * loss for w, loss in zip([weights[i] for i in labels], each, strict=True))
    assert found == pytest.approx(float(expected) / len(labels), abs=1e-5)


@pytest.mark.slow
def test_an_encoder_decoder_weighs_label_tokens_too(recipe_of: MakeRecipe, job_of: MakeJob) -> None:
    recipe = recipe_of("seq2seq", data={"style": "completion"}, training={"label_weight": 9.0})
    trainer = build(job_of(recipe)).trainer
    batch = next(iter(trainer.get_train_dataloader()))
    labels, weights = batch["labels"], batch["loss_weights"]
    trainer.model.train()
    given = {k: v for k, v in batch.items() if k not in {"labels", "loss_weights"}}
    logits = trainer.model(**given).logits.log_softmax(-1)
    each = -logits.gather(2, labels.clamp(min=0)[..., None])[..., 0] * (labels != IGNORED)
    expected = (each * weights).sum() / (labels != IGNORED).sum()
    assert trainer.compute_loss(trainer.model, dict(batch)).item() == pytest.approx(
        expected.item(), abs=1e-5
    )
    # What validation rows lose is not weighed.
    trainer.model.eval()
    plain = (each.sum() / (labels != IGNORED).sum()).item()
    assert trainer.compute_loss(trainer.model, dict(batch)).item() == pytest.approx(plain, abs=1e-5)


@pytest.mark.parametrize(("updates", "warmup"), [(1, 0), (2, 1), (100, 3)])
def test_a_warm_up_leaves_an_update_that_learns(
    recipe_of: MakeRecipe, job_of: MakeJob, updates: int, warmup: int
) -> None:
    training = {"max_steps": updates, "warmup": 0.03}
    trainer = build(job_of(recipe_of("causal", training=training))).trainer
    assert trainer.args.warmup_steps == warmup
