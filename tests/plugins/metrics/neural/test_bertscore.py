"""BERTScore is that of ``bert_score.score``; each text is encoded once, and nothing twice."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imhi._core.context import Context
from imhi._core.errors import HarnessError
from imhi._core.events import Event, ExamplesScored
from imhi._core.registry import Registry
from imhi._core.run_store.cache import CacheFolder
from imhi._core.sources import open_source
from imhi.plugins.metrics.neural.bertscore import METRIC
from imhi.plugins.metrics.neural.bertscore.metric import BertScore
from tests.plugins.metrics.neural.bertscore_encoders import (
    CANDIDATES,
    REFERENCES,
    SIZE,
    by_bert_score,
    make,
    minilm,
    real_pairs,
    save_bert,
    scored,
    wordpiece,
)

NAMES = ("bertscore", "bertscore_precision", "bertscore_recall")
CLOSE = 0.01  # 1e-4 on bert_score's scale of 0 to 1


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_bert(tmp_path_factory.mktemp("models") / "bert")


@pytest.fixture
def context(registry: Registry) -> Context:
    return Context(registry, open_source("demo", registry)[1], "test")


@pytest.fixture
def metric(bert: Path) -> Iterator[BertScore]:
    made = make(bert, layer=2)
    yield made
    made.close()


@pytest.mark.parametrize("idf", [False, True])
@pytest.mark.parametrize(("layer", "batch_tokens"), [(1, 16), (2, None), (3, 100_000)])
def test_it_equals_bert_score(
    bert: Path, context: Context, layer: int, idf: bool, batch_tokens: int | None
) -> None:
    metric = make(bert, layer=layer, idf=idf, batch_tokens=batch_tokens)
    found = scored(metric, context, REFERENCES, CANDIDATES)
    metric.close()
    expected = by_bert_score(bert, CANDIDATES, REFERENCES, layer, idf=idf)
    for name in NAMES:
        assert found[name].per_example == pytest.approx(expected[name], abs=CLOSE)
        assert found[name].value() == pytest.approx(expected[name].mean(), abs=CLOSE)


def encoders() -> dict[str, Any]:
    """Return a config for each way in which architectures hold their layers."""
    from transformers import (
        AlbertConfig,
        BartConfig,
        DebertaV2Config,
        DistilBertConfig,
        T5Config,
        XLMConfig,
    )

    bart = {"encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "decoder_layers": 1}
    heads = {"encoder_attention_heads": 4, "decoder_attention_heads": 4}
    return {
        "albert": AlbertConfig(embedding_size=16, intermediate_size=64, **SIZE),
        "bart": BartConfig(d_model=32, encoder_layers=3, **bart, **heads, forced_eos_token_id=None),
        "deberta": DebertaV2Config(intermediate_size=64, **SIZE),
        "distilbert": DistilBertConfig(dim=32, n_layers=3, n_heads=4, hidden_dim=64),
        "t5": T5Config(d_model=32, d_kv=8, d_ff=64, num_layers=3, num_heads=4),
        "xlm": XLMConfig(emb_dim=32, n_layers=3, n_heads=4),
    }


@pytest.mark.parametrize("name", ["albert", "bart", "deberta", "distilbert", "t5", "xlm"])
def test_it_equals_bert_score_for_every_architecture_that_it_cuts(
    tmp_path: Path, context: Context, name: str
) -> None:
    import torch
    from transformers import AutoModel

    folder = tmp_path / name
    tokenizer = wordpiece(folder)
    config = encoders()[name]
    config.vocab_size, config.pad_token_id = len(tokenizer), tokenizer.pad_token_id
    torch.manual_seed(0)
    AutoModel.from_config(config).save_pretrained(folder)
    metric = make(folder, layer=2)
    found = scored(metric, context, REFERENCES, CANDIDATES)
    metric.close()
    expected = by_bert_score(folder, CANDIDATES, REFERENCES, 2)
    for measure in NAMES:
        assert found[measure].per_example == pytest.approx(expected[measure], abs=CLOSE)


@pytest.mark.slow
def test_it_equals_bert_score_on_real_explanations(
    imhi: Path, model_outputs: Path, registry: Registry, context: Context
) -> None:
    model = minilm()
    references, candidates = real_pairs(
        imhi, model_outputs / "Mentallama-7B", registry, "DR", rows=40
    )
    assert len(references) == 40
    for rows, layer, idf, budget in (
        (40, 6, False, None),
        (20, 3, True, 2_048),
        (20, 1, True, 256),
    ):
        references, candidates = references[:rows], candidates[:rows]
        metric = make(model, layer=layer, idf=idf, batch_tokens=budget)
        found = scored(metric, context, references, candidates)
        assert metric.encoder is not None
        if budget is None:  # hardly anything is computed on padding
            assert metric.encoder.encoded / metric.encoder.computed >= 0.92
        metric.close()
        expected = by_bert_score(model, candidates, references, layer, idf=idf)
        for name in NAMES:
            assert found[name].per_example == pytest.approx(expected[name], abs=CLOSE)


def test_a_roberta_tokenizer_reads_a_text_as_if_a_space_stood_before_it(
    tmp_path: Path, context: Context
) -> None:
    """bert_score asks for that space; transformers 5 only heeds it in the tokenizer's own file."""
    import torch
    from tokenizers import ByteLevelBPETokenizer
    from transformers import RobertaConfig, RobertaModel, RobertaTokenizerFast

    from tests.tiny_models import demo_posts

    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    words = ByteLevelBPETokenizer()
    words.train_from_iterator(
        demo_posts(), vocab_size=600, special_tokens=special, show_progress=False
    )
    words.save_model(str(tmp_path))
    files = {"vocab": str(tmp_path / "vocab.json"), "merges": str(tmp_path / "merges.txt")}
    torch.manual_seed(0)
    config = RobertaConfig(vocab_size=600, max_position_embeddings=66, type_vocab_size=1, **SIZE)
    model = RobertaModel(config)
    for space in (False, True):
        folder = tmp_path / f"space-{space}"
        RobertaTokenizerFast(
            files["vocab"], files["merges"], add_prefix_space=space, model_max_length=64
        ).save_pretrained(folder)
        model.save_pretrained(folder)
    expected = by_bert_score(tmp_path / "space-True", CANDIDATES, REFERENCES, 2)
    for space in (False, True):
        metric = make(tmp_path / f"space-{space}", layer=2)
        found = scored(metric, context, REFERENCES, CANDIDATES)
        assert metric.encoder is not None and metric.encoder.prefix == " "
        metric.close()
        for name in NAMES:
            assert found[name].per_example == pytest.approx(expected[name], abs=CLOSE)


def test_rescaling_is_that_of_bert_score(bert: Path, context: Context, tmp_path: Path) -> None:
    baseline = tmp_path / "own.tsv"
    baseline.write_text("LAYER,P,R,F\n0,.1,.1,.1\n1,.2,.3,.25\n2,.3,.4,.35\n3,.5,.5,.5\n")
    metric = make(bert, layer=2, rescale=True, baseline=str(baseline))
    found = scored(metric, context, [*REFERENCES, "A text."], [*CANDIDATES, ""])
    metric.close()
    expected = by_bert_score(
        bert,
        CANDIDATES,
        REFERENCES,
        2,
        rescale_with_baseline=True,
        lang="en",
        baseline_path=str(baseline),
    )
    for name in NAMES:
        assert found[name].per_example[:-1] == pytest.approx(expected[name], abs=2 * CLOSE)
    # An empty text has raw scores of 0, rescaled like all others.
    assert found["bertscore"].per_example[-1] == pytest.approx(100 * (0 - 0.35) / (1 - 0.35))
    assert found["bertscore"].details["signature"].endswith("-custom-rescaled")


def test_model_and_layer_are_bert_score_s_own(context: Context, tmp_path: Path) -> None:
    from bert_score.utils import lang2model, model2layers

    assert METRIC.arguments[0].default == lang2model["en"]
    folder = save_bert(tmp_path / "distilbert-base-uncased")
    said = r"bert-score's layer for distilbert-base-uncased is 5, but the model has 3 layers"
    with pytest.raises(HarnessError, match=said):
        make(folder)
    folder = save_bert(tmp_path / "google-t5" / "byt5-small")
    metric = make(folder)
    scored(metric, context, REFERENCES, CANDIDATES)
    metric.close()
    assert metric.layer == model2layers["google/byt5-small"] == 1
    assert any("layer 1 was chosen by the folder's name" in note for note in context.notes)


def test_the_reference_itself_is_best_and_no_answer_worst(
    metric: BertScore, context: Context
) -> None:
    copied = scored(metric, context, REFERENCES, [f"Yes. Reasoning: {r}" for r in REFERENCES])
    real = scored(metric, context, REFERENCES, CANDIDATES)
    empty = scored(
        metric, context, REFERENCES, ["", " ", "Yes. Reasoning:", "\n", ""][:2] * 2 + [""]
    )
    for name in NAMES:
        assert copied[name].per_example == pytest.approx(100, abs=1e-3)
        assert (real[name].per_example < 99).all() and (real[name].per_example > 0).all()
        assert (empty[name].per_example == 0).all()


@pytest.mark.parametrize("idf", [False, True])
def test_the_order_of_rows_does_not_matter(bert: Path, registry: Registry, idf: bool) -> None:
    columns = []
    for step in (1, -1):
        metric = make(bert, layer=2, idf=idf)
        context = Context(registry, open_source("demo", registry)[1], "test")
        found = scored(metric, context, REFERENCES[::step], CANDIDATES[::step])
        columns.append(found["bertscore"].per_example[::step])
        metric.close()
    assert (columns[0] == columns[1]).all()


def test_f1_is_the_headline_and_rows_without_reference_do_not_count(
    metric: BertScore, context: Context
) -> None:
    found = scored(metric, context, [*REFERENCES, " "], [*CANDIDATES, "an answer to nothing"])
    alone = scored(metric, context, REFERENCES, CANDIDATES)
    assert [name for name in found if found[name].headline] == ["bertscore"]
    for name in NAMES:
        assert found[name].statistics.shape[0] == len(REFERENCES) + 1
        assert np.isnan(found[name].per_example[-1])
        assert found[name].value() == alone[name].value()


def test_the_signature_is_bert_score_s_without_the_folder_s_path(
    metric: BertScore, context: Context, bert: Path
) -> None:
    from bert_score.utils import get_hash

    details = scored(metric, context, REFERENCES, CANDIDATES)["bertscore"].details
    assert details["signature"] == get_hash("bert", 2, False, False, False, False)
    assert str(bert) not in str(details)


def test_each_distinct_text_is_encoded_once(bert: Path, context: Context) -> None:
    metric = make(bert, layer=2)
    references = [REFERENCES[0], REFERENCES[0], REFERENCES[1], REFERENCES[1]]
    scored(
        metric, context, references, [CANDIDATES[0], CANDIDATES[1], CANDIDATES[0], REFERENCES[1]]
    )
    assert metric.encoder is not None
    distinct = metric.encoder.read([*REFERENCES[:2], *CANDIDATES[:2]])
    assert metric.encoder.encoded == sum(len(text.ids) for text in distinct)
    metric.close()


def tokens(metric: BertScore, texts: list[str]) -> int:
    assert metric.encoder is not None
    return sum(len(text.ids) for text in metric.encoder.read(texts))


def test_later_models_find_the_references_encoded(
    metric: BertScore, context: Context, registry: Registry
) -> None:
    scored(metric, context, REFERENCES, CANDIDATES)
    assert metric.encoder is not None
    before = metric.encoder.encoded
    later = Context(registry, context.source, "test")  # another run: nothing kept yet
    others = [text.upper() + " indeed" for text in CANDIDATES]
    scored(metric, later, REFERENCES, others)
    assert metric.encoder.encoded - before == tokens(metric, others)


def test_references_kept_in_a_folder_serve_later_commands_with_the_same_scores(
    bert: Path, registry: Registry, tmp_path: Path
) -> None:
    values = []
    for command in range(2):
        metric = make(bert, layer=2, references=str(tmp_path / "kept"))
        context = Context(registry, open_source("demo", registry)[1], "test")
        values.append(scored(metric, context, REFERENCES, CANDIDATES)["bertscore"].per_example)
        both = CANDIDATES + (REFERENCES if command == 0 else [])
        assert metric.encoder is not None and metric.encoder.encoded == tokens(metric, both)
        metric.close()
    assert (values[0] == values[1]).all()


def test_another_layer_does_not_use_the_embeddings_of_this_one(
    bert: Path, registry: Registry, tmp_path: Path
) -> None:
    values = []
    for layer in (1, 3):
        metric = make(bert, layer=layer, references=str(tmp_path))
        context = Context(registry, open_source("demo", registry)[1], "test")
        values.append(scored(metric, context, REFERENCES, CANDIDATES)["bertscore"].value())
        metric.close()
    assert values[0] != pytest.approx(values[1], abs=1)


def test_a_torn_store_is_read_as_far_as_it_is_whole(
    bert: Path, registry: Registry, tmp_path: Path
) -> None:
    values = []
    for _ in range(2):
        metric = make(bert, layer=2, references=str(tmp_path))
        context = Context(registry, open_source("demo", registry)[1], "test")
        values.append(scored(metric, context, REFERENCES, CANDIDATES)["bertscore"].per_example)
        metric.close()
        for data in tmp_path.rglob("*.f16"):
            data.write_bytes(data.read_bytes()[: data.stat().st_size // 2])
        for index in tmp_path.rglob("*.jsonl"):
            index.write_bytes(index.read_bytes()[:-5])
    assert values[1] == pytest.approx(values[0], abs=CLOSE)


def test_without_a_folder_the_embeddings_go_when_the_metric_is_closed(
    metric: BertScore, context: Context
) -> None:
    scored(metric, context, REFERENCES, CANDIDATES)
    _, store = metric.ready()
    assert store.bytes() > 0 and store.folder.is_dir()
    metric.close()
    assert not store.folder.exists()


def test_what_was_scored_before_is_not_computed_again(
    bert: Path, registry: Registry, tmp_path: Path
) -> None:
    found = []
    for _ in range(2):
        metric = make(bert, layer=2)
        context = Context(registry, open_source("demo", registry)[1], "test")
        context.cache = CacheFolder(tmp_path / "measured")
        found.append(scored(metric, context, REFERENCES, CANDIDATES))
        loaded = metric.encoder is not None
        context.cache.close()
        metric.close()
    assert not loaded, "the second command needed the model"
    for name in NAMES:
        assert (found[0][name].per_example == found[1][name].per_example).all()


def test_a_killed_scoring_goes_on_where_it_was(
    bert: Path, registry: Registry, tmp_path: Path
) -> None:
    class Killed(BaseException):
        pass

    def kill(event: Event) -> None:
        if isinstance(event, ExamplesScored) and event.done >= len(REFERENCES) - 1:
            raise Killed

    def begin() -> Context:
        made = Context(registry, open_source("demo", registry)[1], "test")
        made.cache = CacheFolder(tmp_path / "measured")
        return made

    metric = make(bert, layer=2)
    with pytest.raises(Killed):
        scored(metric, dataclasses.replace(begin(), notify=kill), REFERENCES, CANDIDATES)
    metric.close()
    again = make(bert, layer=2)
    found = scored(again, begin(), REFERENCES, CANDIDATES)
    assert again.encoder is not None
    assert 0 < again.encoder.encoded < tokens(again, REFERENCES + CANDIDATES) / 2
    again.close()
    expected = by_bert_score(bert, CANDIDATES, REFERENCES, 2)
    assert found["bertscore"].per_example == pytest.approx(expected["bertscore"], abs=CLOSE)


def test_progress_counts_rows_up_to_their_number(bert: Path, registry: Registry) -> None:
    seen: list[Event] = []
    context = Context(registry, open_source("demo", registry)[1], "test", notify=seen.append)
    metric = make(bert, layer=2)
    rows = [*REFERENCES, REFERENCES[0]], [*CANDIDATES, CANDIDATES[0]]
    scored(metric, context, *rows)
    metric.close()
    done = [event.done for event in seen if isinstance(event, ExamplesScored)]
    assert done == sorted(done) and done[-1] == 6


def test_importing_the_plugin_is_cheap() -> None:
    code = (
        "import sys, imhi.plugins.metrics.neural.bertscore\n"
        "print([name for name in ('torch', 'transformers', 'bert_score', 'numpy') "
        "if name in sys.modules])"
    )
    root = Path(__file__).resolve().parents[4]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root)
    assert done.stdout.strip() == "[]"
