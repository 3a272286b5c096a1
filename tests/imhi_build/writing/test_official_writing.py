"""The official layout: the published files again, byte for byte, and what the source reads back."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from imhi._core.answer_format import MARKER
from imhi._core.declarations import Dataset, Label, Question
from imhi._core.errors import DataError
from imhi._core.records import Example
from imhi._core.registry import Registry
from imhi.build.records import BuiltRow
from imhi.build.writing.official import OfficialFiles, csv_line
from imhi.build.writing.wording import Wording
from imhi.plugins.sources.official.source import OfficialSource, open_official
from tests.imhi_build.writing.built import NASTY_POSTS, a_row

STYLES = {"complete": "test", "train-complete": "train", "val-complete": "val"}


def as_built(example: Example, split: str) -> BuiltRow:
    return BuiltRow(
        id=example.id,
        dataset=example.dataset,
        split=split,
        post=example.post,
        question=example.question,
        label=example.label,
        human_label=example.label,
        explanation=example.explanation,
        aspect=example.aspect,
    )


def write_rows(root: Path, dataset: Dataset, rows: Iterable[BuiltRow]) -> OfficialFiles:
    files, wording = OfficialFiles(root), Wording(dataset)
    files.begin(dataset)
    for row in rows:
        files.add(wording.worded(row))
    files.end()
    return files


def files_of(source: OfficialSource, completion: bool) -> Iterator[tuple[str, str, Path]]:
    for dataset in source.datasets():
        for split in source.splits(dataset):
            if (split in STYLES) == completion:
                yield dataset, split, source.layout.files[dataset][split].path


# --- the published files -------------------------------------------------------------------------


def test_every_published_instruction_file_is_written_again_byte_for_byte(
    imhi: Path, registry: Registry, tmp_path: Path
) -> None:
    source = open_official(str(imhi), registry.dataset_map())
    compared = []
    for dataset, split, published in files_of(source, completion=False):
        rows = (as_built(example, split) for example in source.examples(dataset, split))
        write_rows(tmp_path, registry.datasets.get(dataset), rows)
        ours = tmp_path / published.relative_to(imhi)
        assert ours.read_bytes() == published.read_bytes(), published
        compared.append(f"{dataset}/{split}")
    assert {"DR/train", "SAD/val", "IRF/test", "T-SID/expert", "SWMH/expert"} <= set(compared)


# How often the published answer has other words before `Reasoning:`, or other white space, than ours.
# A leading space marks rows that were labelled again; in dreaddit it stands before nearly every "no".
PUBLISHED_COMPLETIONS = {
    "DR/complete": {},
    "DR/train-complete": {"leading space": 23, "goes on after the comma": 2, "line break": 1},
    "DR/val-complete": {},
    "IRF/complete": {
        "leading space": 196,
        "leading space, white space after": 259,
        "goes on after the comma": 5,
        "line break": 1,
        "second full stop": 1,
    },
    "IRF/val-complete": {
        "leading space": 95,
        "leading space, white space after": 122,
        "goes on after the comma": 1,
        "line break": 1,
    },
    "dreaddit/complete": {"leading space": 201},
    "dreaddit/train-complete": {"leading space": 1328},
    "dreaddit/val-complete": {"leading space": 144},
    "SAD/complete": {},
    "SAD/train-complete": {},
    "SAD/val-complete": {},
    "MultiWD/complete": {"leading space": 526, "line break": 1, "white space after": 1},
    "MultiWD/val-complete": {
        "leading space": 308,
        "leading space, white space after": 1,
        "goes on after the comma": 2,
    },
}


def kind_of(published: str, ours: str) -> str:
    """Say in what way a published answer differs from ours; the explanation must be the same."""
    (head, _, said), (our_head, _, our_said) = published.partition(MARKER), ours.partition(MARKER)
    assert said.split() == our_said.split()
    if head == our_head:
        return "" if said == our_said else "white space after"
    if head.strip().startswith(("yes,", "no,")):
        return "goes on after the comma"
    assert head.strip().rstrip(".") == our_head.strip().rstrip(".")
    if ".." in head:
        return "second full stop"
    if "\n" in head:
        return "line break"
    return "leading space" if said == our_said else "leading space, white space after"


def test_published_completion_files_are_the_same_but_for_answers_that_vary(
    imhi: Path, registry: Registry, tmp_path: Path
) -> None:
    source = open_official(str(imhi), registry.dataset_map())
    found = {}
    for dataset, split, published in files_of(source, completion=True):
        if f"{dataset}/{split}" not in PUBLISHED_COMPLETIONS:
            continue  # a file that nobody has looked at yet
        declared = registry.datasets.get(dataset)
        rows = (as_built(example, STYLES[split]) for example in source.examples(dataset, split))
        files = write_rows(tmp_path / split, declared, rows)
        (ours,) = [name for name in files.files if "complet" in name]
        theirs = list(csv.reader(published.open(encoding="utf-8", newline="")))
        written = list(csv.reader((tmp_path / split / ours).open(encoding="utf-8", newline="")))
        # dreaddit's and MultiWD's val files were published with the index of the table before.
        index = 1 if theirs[0][0] == "" else 0
        assert written[0] == theirs[0][index:]
        kinds: Counter[str] = Counter()
        for their, our in zip(theirs[1:], written[1:], strict=True):
            assert our[:-1] == their[index:-1]  # the prompt: every byte of it
            kinds[kind_of(their[-1], our[-1])] += 1
        name = f"{dataset}/{split}"
        found[name] = {kind: count for kind, count in sorted(kinds.items()) if kind}
        if not found[name] and not index:
            assert (tmp_path / split / ours).read_bytes() == published.read_bytes()
    assert found == PUBLISHED_COMPLETIONS


# --- the way back --------------------------------------------------------------------------------


def test_the_source_official_reads_back_what_was_written(
    registry: Registry, tmp_path: Path
) -> None:
    rows = [
        a_row(n, split=split, post=post, label="no" if n % 2 else "yes")
        for split in ("train", "val", "test")
        for n, post in enumerate(NASTY_POSTS)
    ]
    write_rows(tmp_path, registry.datasets.get("DR"), rows)
    source = open_official(str(tmp_path), registry.dataset_map())
    assert source.splits("DR") == [
        "train", "val", "test", "complete", "train-complete", "val-complete",
    ]  # fmt: skip
    for split in source.splits("DR"):
        wanted = [row for row in rows if row.split == STYLES.get(split, split)]
        read = list(source.examples("DR", split))
        # In completion style nothing closes the post: a space at its end is lost in reading.
        ends = (lambda post: post.rstrip(" ")) if split in STYLES else (lambda post: post)
        assert [e.post for e in read] == [ends(row.post) for row in wanted]
        assert [e.label for e in read] == [row.label for row in wanted]
        assert [e.explanation for e in read] == [row.explanation for row in wanted]
        assert [e.id for e in read] == [row.id for row in wanted]


@pytest.mark.parametrize(
    ("dataset", "name"), [("IRF", "Irf"), ("SWMH", "swmh"), ("T-SID", "t-sid"), ("SAD", "SAD")]
)
def test_files_are_called_as_the_published_ones(
    registry: Registry, tmp_path: Path, dataset: str, name: str
) -> None:
    declared = registry.datasets.get(dataset)
    question = declared.questions[0]
    row = a_row(
        dataset=dataset,
        question=question.text,
        aspect=question.aspect,
        label=declared.label_names[0],
        split="test",
    )
    written = write_rows(tmp_path, declared, [row])
    assert written.files == {
        f"test_data/test_instruction/{name}.csv": 1,
        f"test_data/test_complete/{name}.csv": 1,
    }
    assert open_official(str(tmp_path), registry.dataset_map()).datasets() == [dataset]


THIRD_PARTY = Dataset(
    "own-set",
    (Label("calm", "This post is calm."), Label("upset", "This post is upset.")),
    (Question("How does this post sound?"),),
)


def test_a_dataset_without_a_stem_has_no_completion_files_and_a_note_says_so(
    tmp_path: Path,
) -> None:
    row = a_row(dataset="own-set", question="How does this post sound?", label="calm")
    written = write_rows(tmp_path, THIRD_PARTY, [row])
    assert list(written.files) == ["train_data/instruction_data/own-set/train.csv"]
    (note,) = written.notes
    assert "own-set" in note and "completion" in note
    source = open_official(str(tmp_path), {"own-set": THIRD_PARTY})
    assert [example.post for example in source.examples("own-set", "train")] == [row.post]


def test_rows_of_a_split_that_the_layout_does_not_have_are_counted_in_a_note(
    registry: Registry, tmp_path: Path
) -> None:
    rows = [a_row(n, split="spare") for n in range(3)]
    written = write_rows(tmp_path, registry.datasets.get("DR"), rows)
    assert not written.files
    assert written.notes == [
        "DR: 3 rows of the split 'spare' have no place in the official layout "
        "(train, val, test, expert)"
    ]


def test_the_space_after_the_marker_stays_where_there_is_no_explanation(registry: Registry) -> None:
    worded = Wording(registry.datasets.get("DR")).worded(a_row(explanation=""))
    assert worded.answer == "Yes, the poster suffers from depression. Reasoning: "


@pytest.mark.parametrize("cell", [*NASTY_POSTS, "plain", "", " "])
def test_a_line_is_read_as_it_was_meant_and_quoted_only_where_needed(cell: str) -> None:
    line = csv_line(["first", cell, "last"])
    assert next(csv.reader(io.StringIO(line, newline=""))) == ["first", cell, "last"]
    needed = any(character in cell for character in ',"\n\r')
    assert line.startswith('first,"') == needed


# --- what cannot be written ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "found", "expected"),
    [
        ({"label": "perhaps"}, "the label 'perhaps'", "one of yes, no"),
        ({"question": "Is it so?"}, "the question 'Is it so?'", "suffer from depression?"),
        ({"aspect": "sideways"}, "the aspect 'sideways'", "suffer from depression?"),
        ({"post": "half \ud83d of it"}, "half of a surrogate pair (U+D83D)", "row 4 of raw.csv"),
        ({"explanation": "a\0b"}, "a NUL character", "row 4 of raw.csv"),
    ],
)
def test_a_row_that_cannot_be_written_is_named_and_its_post_is_not_shown(
    registry: Registry, changes: dict[str, str], found: str, expected: str
) -> None:
    with pytest.raises(DataError) as error:
        Wording(registry.datasets.get("DR")).worded(a_row(4, **changes))
    message = str(error.value)
    assert message.startswith("DR/train-4: found ")
    assert found in message and expected in message
    assert "kettle" not in message and "\n" not in message
