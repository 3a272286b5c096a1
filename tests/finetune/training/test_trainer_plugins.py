"""A plugin adds a kind of training: a recipe chooses it by name, and the harness does the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Imhi
from tests.finetune.training.test_trainings import manifest

pytest.importorskip("accelerate", reason="finetune needs the extra [finetune]")

# Learns prompts and answers alike; it needs nothing but the public interface and transformers.
PLUGIN = """
from imhi import Trainer, hookimpl
from imhi.checkpoints import Prompter

def encoder(job, tokenizer):
    prompter = Prompter(tokenizer, "off", job.title)

    def encode(examples, counts):
        for row in job.text_rows(examples):
            answer = tokenizer.encode(row.answer, add_special_tokens=False)
            prompt = prompter.fit(row.request, job.recipe.data.window - len(answer) - 1)
            ids = [*prompt.ids, *answer, tokenizer.eos_token_id]
            counts.add(len(ids), len(ids), prompt.truncated)
            yield {"input_ids": ids, "labels": ids, "length": len(ids)}

    return encode

def trainer(job, model, tokenizer, train, validation):
    import transformers

    pad = transformers.DataCollatorForSeq2Seq(tokenizer)
    return transformers.Trainer(
        model=model,
        args=job.training_arguments(transformers.TrainingArguments, len(train)),
        train_dataset=train,
        eval_dataset=validation,
        processing_class=tokenizer,
        data_collator=lambda rows: pad([{k: r[k] for k in ("input_ids", "labels")} for r in rows]),
    )

@hookimpl
def imhi_trainers():
    yield Trainer("all-tokens", "Prompts are learnt too", encoder, trainer)
"""
RECIPE = """
name: mine
summary: trained by a plugin
kind: all-tokens
base:
  scratch: {type: llama, hidden_size: 32, intermediate_size: 64, layers: 1, heads: 2, vocabulary: 600}
data: {datasets: [DR], window: 400}
training: {epochs: 1, learning_rate: 1e-3, batch_size: 8, log_every: 1}
validation: {examples: 4, max_new_tokens: 8}
evaluation: {max_new_tokens: 8, labeler: strict}
"""


@pytest.fixture
def recipe(tmp_path: Path) -> str:
    (tmp_path / "trainer.py").write_text(PLUGIN, encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(RECIPE, encoding="utf-8")
    return "mine.yaml"


@pytest.mark.slow
def test_a_recipe_is_trained_by_a_plugins_trainer_measured_and_scored(
    recipe: str, imhi_here: Imhi, tmp_path: Path
) -> None:
    said = imhi_here("--plugin", "trainer.py", "finetune", recipe)
    assert said.code == 0, said.err
    folder = tmp_path / "trained" / "mine"
    written = manifest(folder)
    assert (written["status"], written["recipe"]["kind"]) == ("scored", "all-tokens")
    (model,) = written["members"].values()
    assert model["answer_tokens"] == model["tokens"] > 0
    assert (folder / "model" / "model.safetensors").is_file()
    # The harness measures it by answers and chooses checkpoints, as for its own trainers.
    assert any("eval_weighted_f1" in row for row in model["history"])
    # What was trained needs its trainer no more.
    card = imhi_here("finetune", "card", "mine")
    assert card.code == 0, card.err
    assert "AutoModelForCausalLM" in (folder / "README.md").read_text(encoding="utf-8")
    asked = imhi_here("run", "--model", "trained:mine", "-d", "DR", "--max-new-tokens", "8")
    assert asked.code == 0, asked.err


@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_a_kind_that_nobody_adds_is_refused_before_anything_is_written(
    more: list[str], recipe: str, imhi_here: Imhi, tmp_path: Path
) -> None:
    refused = imhi_here("finetune", recipe, *more)
    assert refused.code == 2
    assert "unknown kind of training 'all-tokens'" in refused.complaint
    assert "causal, classifier, seq2seq" in refused.complaint
    assert not (tmp_path / "trained").exists()


def test_a_plugins_kind_is_planned_like_any_other(recipe: str, imhi_here: Imhi) -> None:
    said = imhi_here("--plugin", "trainer.py", "finetune", recipe, "--dry-run", "--json")
    assert said.code == 0, said.err
    (model,) = said.json["models"]
    assert model["model"] == "model" and model["updates"] > 0
