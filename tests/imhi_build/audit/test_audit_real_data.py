"""What the audit says about the released IMHI files, as far as they are beside the project."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from imhi._core.registry import Registry
from imhi._core.sources import open_source
from imhi.build.audit.auditing import Auditing
from imhi.build.audit.completions import Completions, read_completions
from imhi.build.audit.corpus import SourceCorpus, built
from imhi.build.audit.floors import column, measure
from imhi.build.audit.raw_files import open_raw_files
from imhi.build.audit.records import Join, Marker
from imhi.build.audit.wording import Texts
from tests.imhi_build.audit.audit_moods import Audited

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def corpus(imhi: Path, registry: Registry) -> SourceCorpus:
    _, source = open_source(f"official:{imhi}", registry)
    return SourceCorpus(source, dict(registry.dataset_map()))


@pytest.fixture(scope="module")
def audited(imhi: Path, registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Audited:
    """The test splits of the two datasets whose raw files are at hand."""
    raw = imhi.parent / "raw"
    if not raw.is_dir():
        pytest.skip("the raw files are not here: no folder ../shared/raw beside the project")
    given = [f"irf={raw / 'Irf'}", f"multiwd={raw / 'MultiWD'}"]
    name, source = open_source(f"official:{imhi}", registry)
    files = open_raw_files(given, registry)
    auditing = Auditing(name, source, registry, files, ["IRF", "MultiWD"], ["test"])
    folder = tmp_path_factory.mktemp("imhi-audit")
    return Audited(auditing.run(folder), folder)


def joined(audited: Audited, dataset: str) -> tuple[Join, Marker]:
    split = audited.audit.split(dataset, "test")
    assert split is not None and split.join is not None and split.marker is not None
    return split.join, split.marker


def test_a_fifth_of_irf_s_labels_are_not_people_s_nearly_all_turned_to_yes(
    audited: Audited,
) -> None:
    join, _ = joined(audited, "IRF")
    assert (join.matched, join.exact, join.unmatched, join.ambiguous) == (2113, 2113, 0, 0)
    assert join.changes == {"no -> yes": 458, "yes -> no": 1}
    assert join.agreement == pytest.approx(77.9, abs=0.05)


def test_an_eighth_of_multiwd_s_labels_are_not_people_s(audited: Audited) -> None:
    join, _ = joined(audited, "MultiWD")
    assert (join.matched, join.unmatched, join.ambiguous) == (2441, 0, 0)
    assert 100 * join.differ / join.matched == pytest.approx(13.5, abs=0.05)


def test_the_marker_finds_the_replaced_labels(audited: Audited) -> None:
    _, marker = joined(audited, "IRF")
    assert (marker.marked, marker.known, marker.differ) == (462, 462, 458)
    assert marker.precision == pytest.approx(99.1, abs=0.05)
    assert marker.recall == pytest.approx(99.8, abs=0.05)
    _, marker = joined(audited, "MultiWD")
    assert 100 * marker.marked / marker.rows == pytest.approx(21.6, abs=0.05)
    assert marker.precision is not None and marker.precision < 60


def test_verdicts_hold_the_human_labels_in_both_styles(audited: Audited) -> None:
    for split in ("test", "complete"):
        rows = audited.verdicts("IRF", split).values()
        assert sum(row["human"] != row["released"] for row in rows) == 459
        assert sum("marked" in row["flags"] for row in rows) == 462


def test_most_test_posts_stand_in_the_training_rows_of_the_other_dataset(
    audited: Audited,
) -> None:
    shares = {(s.dataset, s.other): s.share for s in audited.audit.leaks}
    assert 75 <= shares["IRF", "MultiWD"] <= 84
    assert 70 <= shares["MultiWD", "IRF"] <= 75
    assert shares.get(("IRF", "IRF"), 0) < 1
    assert not {other for _, other in shares} & {"DR", "dreaddit", "SAD"}


def test_the_last_raw_row_of_each_split_was_not_released(audited: Audited) -> None:
    found = {f.dataset: f.rows for f in audited.audit.findings if f.kind == "raw-unmatched"}
    assert found == {
        "IRF": ("test_data.csv:1056 (perceived burdensomeness)",),
        "MultiWD": ("test_data.csv:656 (emotional)",),
    }


def test_chatgpt_is_below_the_majority_on_irf(audited: Audited) -> None:
    (found,) = [f for f in audited.audit.findings if f.kind == "below-floor"]
    assert (found.dataset, found.figure) == ("IRF", pytest.approx(50.8, abs=0.05))
    assert "ChatGPT" in found.text


def test_words_of_posts_reach_what_the_baseline_reaches(audited: Audited) -> None:
    for dataset, expected in {"IRF": 69.3, "MultiWD": 73.2}.items():
        split = audited.audit.split(dataset, "test")
        assert split is not None and split.post_words is not None
        assert split.post_words.value == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(
    ("dataset", "floor"),
    [("DR", 65.4), ("IRF", 50.8), ("MultiWD", 49.5), ("dreaddit", 34.4), ("SAD", 4.5)],
)
def test_majority_floors(
    corpus: SourceCorpus, registry: Registry, dataset: str, floor: float
) -> None:
    gold = column(corpus, dataset, "test")
    most = Counter(gold.labels).most_common(1)[0][0]
    found = measure(gold, [most] * len(gold.labels), registry)
    assert found.value() == pytest.approx(floor, abs=0.05)


def completions(corpus: SourceCorpus, imhi: Path, dataset: str) -> Completions:
    found = read_completions(corpus, f"official:{imhi}", dataset, "complete")
    assert found is not None
    return found


def test_completion_answers_vary_and_in_dreaddit_white_space_tells_the_label(
    corpus: SourceCorpus, imhi: Path
) -> None:
    irf = completions(corpus, imhi, "IRF")
    assert len(irf.other_form) == 6  # yes, the post shows ...; yes..
    assert not completions(corpus, imhi, "SAD").marked
    assert not completions(corpus, imhi, "DR").marked
    dreaddit = completions(corpus, imhi, "dreaddit")
    assert dict(dreaddit.marked_labels) == {"no": 201}
    assert dreaddit.labels["no"] == 203


def test_oddities_of_single_rows_are_found(corpus: SourceCorpus) -> None:
    assert kinds(corpus, "IRF", "test")["no-explanation"] == ["test-1386"]
    assert kinds(corpus, "SAD", "train")["no-word"] == ["train-993"]
    assert len(kinds(corpus, "DR", "test")["question-in-post"]) == 1
    assert len(kinds(corpus, "SAD", "test")["gives-away"]) > 0.57 * 684


def kinds(corpus: SourceCorpus, dataset: str, split: str) -> dict[str, list[str]]:
    rows = [built(example) for example in corpus.examples(dataset, split)]
    found: dict[str, list[str]] = {}
    for row, said in zip(rows, Texts(frozenset()).kinds(rows, True), strict=True):
        for kind in said:
            found.setdefault(kind, []).append(row.source_id)
    return found
