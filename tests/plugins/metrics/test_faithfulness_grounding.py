"""Grounding, quotations and people's evidence on posts made up for it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from imhi._core.context import Context
from imhi._core.errors import HarnessError
from imhi._core.records import Example, Response
from imhi._core.statistics import Measure
from imhi.plugins.metrics.faithfulness.evidence import read_evidence
from imhi.plugins.metrics.faithfulness.grounding import by_chance, create, grounded, weights
from imhi.plugins.metrics.faithfulness.quotes import quoted_spans, stands_in
from imhi.plugins.metrics.faithfulness.words import content, stem, words
from tests.plugins.metrics.columns import demo_context

POST = "My sister sold the boat. I can\u2019t stop crying, I feel so alone in this big house."
NONE: frozenset[str] = frozenset()


@pytest.fixture(scope="module")
def context() -> Context:
    return demo_context()


def measured(
    posts: list[str],
    explanations: list[str],
    context: Context,
    dataset: str = "DR",
    aspect: str = "",
    evidence: str | None = None,
) -> dict[str, Measure]:
    examples = [
        Example(str(i), dataset, "test", post, "", "yes", aspect=aspect)
        for i, post in enumerate(posts)
    ]
    responses = [
        Response(str(i), dataset, "", text=f"Yes. Reasoning: {text}" if text else "")
        for i, text in enumerate(explanations)
    ]
    found = create({"evidence": evidence})(examples, responses, [], context)
    return {measure.name: measure for measure in found}


def test_content_is_what_only_some_texts_say() -> None:
    said = content("The poster's post shows that they are crying, and mentions 12 lost boats. 1.")
    assert said == {"cri", "12", "lost", "boat"}


def test_wrongly_decoded_and_curly_apostrophes_are_one() -> None:
    assert words("I don‚Äôt") == words("I don\u2019t") == words("i DON'T!") == ["i", "don't"]


def test_a_rare_word_weighs_more_than_boilerplate() -> None:
    weight = weights(
        [frozenset({"distress", "boat"}), frozenset({"distress"}), frozenset({"distress"}), NONE]
    )
    assert weight == pytest.approx({"distress": math.log(4 / 3), "boat": math.log(4)})


def test_grounded_is_the_weighted_share_that_the_post_has() -> None:
    weight = {"boat": 3.0, "garden": 1.0}
    assert grounded(frozenset({"boat", "garden"}), content(POST), weight) == 75
    assert grounded(frozenset(), content(POST), weight) == 0


def test_naming_what_the_post_says_is_better_than_boilerplate(context: Context) -> None:
    posts = [POST, "We won the cup and the whole street sang.", "Nothing but rain on the tents."]
    boilerplate = "The poster expresses a profound sense of hopelessness and despair."
    named = [f"{boilerplate} They mention {what}." for what in ("the boat", "the cup", "the tents")]
    vague = measured(posts, [boilerplate] * 3, context)["grounding"]
    exact = measured(posts, named, context)["grounding"]
    elsewhere = measured(posts, [*named[1:], named[0]], context)["grounding"]
    assert vague.value() == elsewhere.value() == 0
    assert exact.value() > 40


def test_the_words_of_question_and_labels_do_not_count(context: Context) -> None:
    measure = measured(
        ["I have depression and a boat."], ["The poster suffers from depression."], context
    )["grounding"]
    assert measure.value() == 0
    assert measure.details["without_content"] == 1


def test_a_post_quoted_whole_is_grounded_fully(context: Context) -> None:
    assert measured([POST], [POST], context)["grounding"].value() == 100


def test_chance_is_the_mean_over_the_other_posts() -> None:
    posts = [frozenset(text.split()) for text in ("boat rain", "boat", "rain sun", "boat")]
    texts = [frozenset({"boat", "sun"})] * 4
    weight = {"boat": 1.0, "sun": 3.0}
    distinct = sorted(set(posts), key=sorted)
    for text, post, expected in zip(texts, posts, by_chance(texts, posts, weight), strict=True):
        others = [other for other in distinct if other != post]
        assert expected == pytest.approx(
            sum(grounded(text, other, weight) for other in others) / len(others)
        )
    assert by_chance(texts[:1], posts[:1], weight) == [None]


# --- quotations ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quotation", "there"),
    [
        ('"sold the boat"', True),
        ("\u201cSold the boat.\u201d", True),
        ('"can\'t stop crying"', True),
        ('"I can‚Äôt stop crying"', True),
        ('"in this big, empty house"', False),
        ('"I feel so very alone in this big house"', False),  # only five of its nine in a row
        ('"feel so alone in this huge house"', False),
        ('"be feeling so alone in this big house"', True),  # seven of eight, by stem
        ('"sank the boat"', False),
        ('"boat the sold"', False),
    ],
)
def test_a_quotation_stands_in_the_post_or_not(quotation: str, there: bool) -> None:
    (span,) = quoted_spans(f"They say {quotation} there.", NONE)
    assert stands_in(span, [stem(word) for word in words(POST)]) == there


def test_single_words_and_label_names_in_quotes_are_no_quotations() -> None:
    text = 'A "boat" falls under "financial problem", not "the financial problem of school".'
    labels = content("financial problem school")
    assert quoted_spans(text, labels) == []


def test_an_omission_ends_a_quotation() -> None:
    assert len(quoted_spans('They say "sold the boat ... this [very] big house".', NONE)) == 2


def test_quoted_is_over_the_explanations_that_quote(context: Context) -> None:
    measure = measured(
        [POST] * 4,
        ['"sold the boat" and "sold the car"', '"stop crying"', "They quote nothing.", ""],
        context,
    )["quoted"]
    assert measure.per_example is not None
    assert measure.per_example[:2].tolist() == [50, 100]
    assert measure.value() == 75
    assert measure.details == {"empty": 1, "explanations_that_quote": 2, "spans": 3}


# --- people's evidence ---------------------------------------------------------------------------

HEADER = "text,belong,belong_exp,burden,burden_exp\n"


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    folder.mkdir()
    (folder / "test_data.csv").write_text(
        f'{HEADER}"{POST}",1,so alone in this big house,0,\n"The tents, again.",0,,0,\n',
        encoding="utf-8",
    )
    return folder


def test_recall_and_precision_of_a_person_s_evidence(context: Context, evidence: Path) -> None:
    found = measured(
        [POST, POST, POST, "The tents, again."],
        ["Alone, after the boat was sold.", "The sister is mentioned.", "", "The tents are wet."],
        context,
        dataset="IRF",
        aspect="thwarted belongingness",
        evidence=str(evidence),
    )
    recall, precision = found["evidence_recall"], found["evidence_precision"]
    assert recall.per_example is not None and precision.per_example is not None
    # The span's content is alone, big, house; the explanation names alone, boat, sold.
    assert recall.per_example[:3] == pytest.approx([100 / 3, 0, 0])
    assert math.isnan(recall.per_example[3])
    assert recall.details["rows_joined"] == 4
    assert recall.details["rows_measured"] == 3
    assert precision.per_example[:3] == pytest.approx([100 / 2, 0, 0], abs=20)
    assert any("3 of 4 rows" in note for note in context.notes)


def test_evidence_is_of_one_aspect(evidence: Path) -> None:
    read = read_evidence(str(evidence))
    assert read.of(POST.replace("\u2019", "'").upper(), "thwarted belongingness")
    assert read.of(POST, "perceived burdensomeness") == ""


def test_other_datasets_have_no_evidence(context: Context, evidence: Path) -> None:
    assert set(measured([POST], ["The boat."], context, evidence=str(evidence))) == {
        "grounding",
        "quoted",
    }


def test_missing_and_wrong_evidence_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"no such folder; expected the folder of the raw IRF"):
        read_evidence(str(tmp_path / "nowhere"))
    with pytest.raises(HarnessError, match=r"found no \.csv file in it"):
        read_evidence(str(tmp_path))
    (tmp_path / "posts.csv").write_text("post,label\na,b\n", encoding="utf-8")
    with pytest.raises(HarnessError, match=r"posts\.csv.*belong_exp") as error:
        read_evidence(str(tmp_path))
    assert "\n" not in str(error.value)


def test_references_give_one_ruler_for_all_models(context: Context) -> None:
    posts = ["The exam is in June and I lie awake.", "My brother moved to Oslo."]
    references = ["The exam keeps the poster awake.", "A brother moved away."]
    examples = [
        Example(str(i), "DR", "test", post, "", "yes", explanation=reference)
        for i, (post, reference) in enumerate(zip(posts, references, strict=True))
    ]

    def first(second: str) -> tuple[float, bool]:
        answers = ["Sleepless over an exam in June.", second]
        responses = [Response(str(i), "DR", "", text=text) for i, text in enumerate(answers)]
        found = create({"evidence": None})(examples, responses, [], context)[0]
        assert found.per_example is not None
        return float(found.per_example[0]), bool(found.details["weighed_by_references"])

    # What the model says elsewhere does not move the first answer's value.
    assert first("Sleepless over an exam in June.") == first("Oslo.")
    assert first("Oslo.")[1]
