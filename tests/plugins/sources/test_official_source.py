"""``official:PATH`` reads every row of the published files, and says what it cannot read."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from imhi._core.errors import DataError, HarnessError
from imhi._core.protocols import OpenSource
from imhi._core.records import Example
from imhi._core.registry import Registry
from imhi._core.sources import open_source
from imhi.plugins.sources.official.source import OfficialSource
from tests.checkouts import (
    EXPERT,
    INSTRUCTION,
    NO,
    STEM,
    TEST,
    TEST_COMPLETE,
    YES,
    asked,
    depression_checkout,
    write_csv,
    write_queries,
)


def opened(root: Path, registry: Registry) -> OpenSource:
    return open_source(f"official:{root}", registry)[1]


def rows(root: Path, registry: Registry, split: str = "test", dataset: str = "DR") -> list[Example]:
    return list(opened(root, registry).examples(dataset, split))


def error_of(root: Path, registry: Registry, split: str = "test", dataset: str = "DR") -> str:
    with pytest.raises(DataError) as caught:
        rows(root, registry, split, dataset)
    text = str(caught.value)
    assert "\n" not in text
    return text


# --- the published files ---------------------------------------------------------------------


def test_every_row_of_the_published_files_is_understood(imhi: Path, registry: Registry) -> None:
    source = opened(imhi, registry)
    counts = {
        (dataset, split): sum(1 for _ in source.examples(dataset, split))
        for dataset in source.datasets()
        for split in source.splits(dataset)
    }
    for (dataset, split), count in counts.items():
        published = registry.datasets.get(dataset).counts
        plain = "test" if split == "complete" else split.removesuffix("-complete")
        expected = 35 if split == "expert" else published[plain]
        # The released file holds 528 of the 531 test rows that are published.
        known = {expected, 528} if (dataset, plain) == ("loneliness", "test") else {expected}
        assert count in known, (dataset, split)
    assert {dataset for dataset, split in counts if split == "expert"} == {
        "DR", "dreaddit", "SWMH", "T-SID", "SAD", "CAMS", "loneliness", "MultiWD", "IRF"
    }  # fmt: skip
    assert counts["SAD", "train-complete"] == 5547


@pytest.mark.parametrize("dataset", ["DR", "dreaddit", "SAD", "MultiWD", "IRF"])
@pytest.mark.parametrize("pair", [("test", "complete"), ("val", "val-complete")])
def test_both_styles_of_a_published_row_share_id_label_and_explanation(
    imhi: Path, registry: Registry, dataset: str, pair: tuple[str, str]
) -> None:
    one, other = (rows(imhi, registry, split, dataset) for split in pair)
    assert len(one) == len(other) > 0
    for a, b in zip(one, other, strict=True):
        assert (a.id, a.label, a.aspect, a.explanation) == (b.id, b.label, b.aspect, b.explanation)
        assert (a.prompt_style, b.prompt_style) == ("instruction", "completion")


def test_a_published_prompt_is_the_query_of_the_file_to_the_letter(
    imhi: Path, registry: Registry
) -> None:
    for example in rows(imhi, registry, "test", "DR"):
        assert example.prompt == asked(example.post)
    for example in rows(imhi, registry, "complete", "DR"):
        assert example.prompt == f"Post: {example.post}  Question: {STEM}"
    # The training files have one space where the test files have two.
    for example in rows(imhi, registry, "train-complete", "DR"):
        assert example.prompt == f"Post: {example.post} Question: {STEM}"


def test_the_known_oddities_of_the_published_files_are_let_through(
    imhi: Path, registry: Registry
) -> None:
    empty = [e.id for e in rows(imhi, registry, "test", "IRF") if not e.explanation]
    assert empty == ["test-1386"]
    assert rows(imhi, registry, "train", "SAD")[993].post == "?"
    assert any("Question:" in e.post for e in rows(imhi, registry, "test", "DR"))
    assert {e.aspect for e in rows(imhi, registry, "test", "IRF")} == {
        "thwarted belongingness",
        "perceived burdensomeness",
    }
    posts = {e.post_id for e in rows(imhi, registry, "test", "MultiWD")}
    assert len(posts) == 407


# --- what a row becomes ------------------------------------------------------------------------


def test_a_row_is_taken_apart_into_post_question_label_and_explanation(
    tmp_path: Path, registry: Registry
) -> None:
    example = rows(depression_checkout(tmp_path), registry)[2]
    assert example == Example(
        id="test-2",
        dataset="DR",
        split="test",
        post='she said "why me?"\nand left',
        question="Does the poster suffer from depression?",
        label="yes",
        explanation="hopeless.",
        post_id=example.post_id,
        prompt=asked('she said "why me?"\nand left'),
        prompt_style="instruction",
    )


def test_the_last_question_counts_when_the_post_holds_the_word(
    tmp_path: Path, registry: Registry
) -> None:
    post = 'Question: am I ok?" Question: Does the poster suffer from depression? I wonder'
    write_queries(tmp_path / TEST / "DR.csv", [(asked(post), f"{YES}why.")])
    assert rows(tmp_path, registry)[0].post == post


def test_an_index_column_and_a_byte_order_mark_are_let_through(
    tmp_path: Path, registry: Registry
) -> None:
    path = write_csv(
        tmp_path / TEST / "DR.csv",
        [("7", asked("low"), f"{YES}why."), ("8", asked("fine"), f"{NO}why.")],
        ("", "query", "gpt-3.5-turbo"),
    )
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert [e.id for e in rows(tmp_path, registry)] == ["test-0", "test-1"]


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        ("yes. Reasoning: r", "yes"),
        (" yes.. Reasoning: r", "yes"),
        (" yes.\n\nReasoning: r", "yes"),
        (" yes, the post does show a risk of burden. Reasoning: r", "yes"),
        ("no. Reasoning: r", "no"),
        (" no, nothing of the kind. \nReasoning: r", "no"),
    ],
)
def test_completion_answers_are_read_in_all_their_variants(
    tmp_path: Path, registry: Registry, answer: str, label: str
) -> None:
    write_queries(tmp_path / TEST_COMPLETE / "DR.csv", [(f"Post: p  Question: {STEM}", answer)])
    example = rows(tmp_path, registry, "complete")[0]
    assert (example.label, example.explanation, example.post) == (label, "r", "p")


# --- files and folders --------------------------------------------------------------------------


def test_files_are_found_by_alias_and_split_word_whatever_their_case(
    tmp_path: Path, registry: Registry
) -> None:
    write_queries(tmp_path / TEST / "Irf.csv", [])
    write_queries(tmp_path / EXPERT / "t-sid.csv", [])
    write_queries(tmp_path / TEST / "swmh_test.csv", [])
    write_queries(tmp_path / INSTRUCTION / "DREADDIT" / "dreaddit-train.csv", [])
    write_queries(tmp_path / INSTRUCTION / "DREADDIT" / "reddit_valid.csv", [])
    source = opened(tmp_path, registry)
    found = {dataset: list(source.splits(dataset)) for dataset in source.datasets()}
    assert found == {
        "dreaddit": ["train", "val"],
        "SWMH": ["test"],
        "T-SID": ["expert"],
        "IRF": ["test"],
    }


def test_two_files_for_one_split_are_refused_and_both_named(
    tmp_path: Path, registry: Registry
) -> None:
    write_queries(tmp_path / INSTRUCTION / "DR" / "val.csv", [])
    write_queries(tmp_path / INSTRUCTION / "DR" / "reddit_valid.csv", [])
    with pytest.raises(DataError, match=r"DR/val.*reddit_valid\.csv and .*val\.csv"):
        opened(tmp_path, registry)


def test_a_file_of_no_known_dataset_is_reported_and_not_read(
    tmp_path: Path, registry: Registry
) -> None:
    write_queries(depression_checkout(tmp_path) / TEST / "boredom.csv", [])
    assert opened(tmp_path, registry).describe()["unused_files"] == [f"{TEST}/boredom.csv"]


def test_a_folder_that_is_no_checkout_is_refused_with_the_expected_folders(
    tmp_path: Path, registry: Registry
) -> None:
    with pytest.raises(HarnessError, match="expected at least one of train_data/instruction_data"):
        opened(tmp_path, registry)
    with pytest.raises(HarnessError, match=r"no such folder.*imhi data fetch"):
        opened(tmp_path / "nowhere", registry)


def test_a_folder_one_level_off_is_answered_with_the_one_meant(
    tmp_path: Path, registry: Registry
) -> None:
    root = depression_checkout(tmp_path / "MentalLLaMA")
    for wrong in (tmp_path, root / "test_data"):
        with pytest.raises(HarnessError, match=f"did you mean official:{root}"):
            opened(wrong, registry)


def test_an_absent_dataset_or_split_is_named_with_what_is_there(
    tmp_path: Path, registry: Registry
) -> None:
    source = opened(depression_checkout(tmp_path), registry)
    with pytest.raises(HarnessError, match="no file of SAD; it has DR"):
        list(source.examples("SAD", "test"))
    with pytest.raises(HarnessError, match="DR has no split 'val'; it has train, test"):
        list(source.examples("DR", "val"))


def test_the_checksum_is_that_of_the_file(tmp_path: Path, registry: Registry) -> None:
    source = opened(depression_checkout(tmp_path), registry)
    content = (tmp_path / TEST / "DR.csv").read_bytes()
    assert source.checksum("DR", "test") == hashlib.sha256(content).hexdigest()


# --- bad rows -----------------------------------------------------------------------------------


def test_an_unknown_label_is_told_by_its_file_row_line_and_length_with_the_known_ones(
    tmp_path: Path, registry: Registry
) -> None:
    path = write_queries(
        tmp_path / TEST / "DR.csv",
        [(asked("two\nlines"), f"{YES}r"), (asked("p"), "Maybe. Reasoning: r")],
    )
    text = error_of(tmp_path, registry)
    assert text.startswith(f"{path}: row 1 (line 4): found an unknown label (6 characters before ")
    assert "Yes, the poster suffers from depression." in text


def test_a_question_of_another_dataset_is_told_with_the_known_ones(
    tmp_path: Path, registry: Registry
) -> None:
    query = asked("p", "Does the poster suffer from stress?")
    write_queries(tmp_path / TEST / "DR.csv", [(query, f"{YES}r")])
    text = error_of(tmp_path, registry)
    assert "found an unknown question (35 characters after 'Question:')" in text
    assert "expected 'Does the poster suffer from depression?'" in text


@pytest.mark.parametrize("post", ["", "   ", "\n"])
def test_an_empty_post_is_an_error(tmp_path: Path, registry: Registry, post: str) -> None:
    write_queries(tmp_path / TEST / "DR.csv", [(asked(post), f"{YES}r")])
    assert "row 0 (line 2): found an empty post" in error_of(tmp_path, registry)


@pytest.mark.parametrize(
    "query", ["", "just a post", "Post: p Question: Does the poster suffer from depression?"]
)
def test_a_query_of_another_form_is_an_error(
    tmp_path: Path, registry: Registry, query: str
) -> None:
    write_queries(tmp_path / TEST / "DR.csv", [(query, f"{YES}r")])
    assert 'expected the form Consider this post: "POST"' in error_of(tmp_path, registry)


def test_instruction_answers_are_not_read_by_their_first_word_alone(
    tmp_path: Path, registry: Registry
) -> None:
    write_queries(
        tmp_path / TEST / "DR.csv",
        [(asked("p"), "Yes, the poster suffers from stress. Reasoning: r")],
    )
    assert "found an unknown label" in error_of(tmp_path, registry)


SECRET = "told nobody how badly we sleep since march"
_HEADER = "query,gpt-3.5-turbo\n"


@pytest.mark.parametrize(
    "content",
    [
        f'{_HEADER}"{asked("p").replace(chr(34), chr(34) * 2)}",{SECRET}\n',
        f"{_HEADER}p,{SECRET}. Reasoning: r\n",
        f'{_HEADER}"{asked("p").replace(chr(34), chr(34) * 2)}",{SECRET}. Reasoning: r\n',
        f"{_HEADER}{SECRET},x\n",
        f"{_HEADER}Consider this post: {SECRET} Question: {SECRET},x\n",
        f'{_HEADER}"Consider this post: ""p"" Question: {SECRET}",x\n',
        f'{_HEADER}"Consider this post: {SECRET} Question: Does the poster suffer from depression?",x\n',
        f"{_HEADER}{SECRET},{SECRET},{SECRET}\n",
        f"{_HEADER}{SECRET}\n",
        f'{_HEADER}"{SECRET}"x,y\n',
        f'{_HEADER}"{SECRET},y\n',
        f"{_HEADER}{SECRET}\0,y\n",
        f"{SECRET},Yes. Reasoning: r\n{SECRET},Yes. Reasoning: r\n",
        f"{SECRET}\n",
    ],
)
@pytest.mark.parametrize("folder", [TEST, TEST_COMPLETE])
def test_no_message_repeats_what_stands_in_a_row(
    tmp_path: Path, registry: Registry, content: str, folder: str
) -> None:
    path = tmp_path / folder / "DR.csv"
    path.parent.mkdir(parents=True)
    path.write_text(content)
    split = {TEST: "test", TEST_COMPLETE: "complete"}[folder]
    text = error_of(tmp_path, registry, split)
    assert text.startswith(str(path)) and "expected" in text
    assert not any(" ".join(SECRET.split()[at : at + 2]) in text for at in range(7))


# --- SWMH: published, and on no disk of ours ----------------------------------------------------


def test_test_rows_of_swmh_are_read_as_the_experts_rows_are(
    imhi: Path, tmp_path: Path, registry: Registry
) -> None:
    """The files test_data/*/swmh.csv exist; their rows should have the form of the experts' file."""
    (tmp_path / TEST).mkdir(parents=True)
    expert = (imhi / EXPERT / "swmh.csv").read_bytes()
    (tmp_path / TEST / "swmh.csv").write_bytes(expert)
    found = rows(tmp_path, registry, "test", "SWMH")
    assert [e.label for e in found] == [e.label for e in rows(imhi, registry, "expert", "SWMH")]
    assert (len(found), found[0].id, found[0].prompt_style) == (35, "test-0", "instruction")


def test_rows_of_an_unknown_form_are_errors_one_by_one_and_the_others_are_read(
    tmp_path: Path, registry: Registry
) -> None:
    dataset = registry.datasets.get("SWMH")
    stem, label = dataset.questions[0].stem, dataset.labels[0]
    queries = [
        (f"Post: p  Question: {stem}", f"{label.completion}. Reasoning: r"),
        (f"Post: p  Question: {stem}", "whatever they wrote there. Reasoning: r"),
        ("Post: p  Question: a stem that nobody has seen", f"{label.completion}. Reasoning: r"),
        ("p", ""),
    ]
    write_queries(tmp_path / TEST_COMPLETE / "swmh.csv", queries)
    source = opened(tmp_path, registry)
    assert isinstance(source, OfficialSource)
    first, *others = source.examples_and_problems("SWMH", "complete")
    assert isinstance(first, Example) and first.label == label.name
    said = [str(one) for one in others]
    assert len(said) == 3 and all(isinstance(one, DataError) for one in others)
    assert "row 1 (line 3): found an unknown label (26 characters" in said[0]
    assert "row 2 (line 4): found an unknown question (" in said[1]
    assert "row 3 (line 5): found a query without 'Question:'" in said[2]
