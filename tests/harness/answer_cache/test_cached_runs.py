"""With --cache, what a model was asked once it is not asked again, whatever run asks; and an answer
goes to no other model, request or setting."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from imhi._core.answer_cache.cache_folder import CacheFolder
from imhi._core.answer_cache.pruning import contents
from imhi._core.errors import HarnessError
from imhi._core.evaluation import evaluate
from imhi._core.events import AnswersCached, Event
from imhi._core.hookspecs import hookimpl
from imhi._core.plugin_manager import PluginManager, load_plugins
from imhi._core.results import Results
from imhi._core.run_store import RunFolder, list_runs
from imhi._core.run_store.manifest import Totals
from tests.conftest import Imhi
from tests.harness.conftest import ASKED_MODEL


class Listener:
    def __init__(self) -> None:
        self.told: list[AnswersCached] = []

    @hookimpl
    def imhi_event(self, event: Event) -> None:
        if isinstance(event, AnswersCached):
            self.told.append(event)


@dataclass(frozen=True)
class Ran:
    """A run of one model: how many requests it got, what observers were told of the cache."""

    results: Results
    run: RunFolder
    asked: int
    told: list[AnswersCached]

    @property
    def answers(self) -> dict[str, dict[str, Any]]:
        lines = (self.run.path / "responses" / "DR.jsonl").read_text().splitlines()
        return {row["id"]: row for row in map(json.loads, lines)}

    @property
    def texts(self) -> dict[str, str]:
        return {id: row["text"] for id, row in self.answers.items()}

    @property
    def totals(self) -> Totals:
        found = self.run.manifest().totals
        assert found is not None
        return found

    @property
    def notes(self) -> str:
        return " ".join(note for run in self.results.runs for note in run.notes)

    @property
    def values(self) -> list[float]:
        return [row["value"] for run in self.results.runs for row in run.scores]


Ask = Callable[..., Ran]


@pytest.fixture(scope="module")
def plugins() -> PluginManager:
    return load_plugins([ASKED_MODEL])


@pytest.fixture
def ask(plugins: PluginManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Run a model on a few examples, with a cache, in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def ask(out: str, models: str = "asked:log", **settings: Any) -> Ran:
        listener, before = Listener(), len(asked())
        few = {"limit": 6, "labeler": "strict", "metric": "accuracy", "cache": Path("cache")}
        given = {name: value for name, value in (few | settings).items() if value is not None}
        plugins.observe(listener, "listener")
        try:
            results = evaluate(models, datasets="DR", manager=plugins, out=Path(out), **given)
        finally:
            plugins.forget(listener)
        (run,) = list_runs(Path(out))
        return Ran(results, run, len(asked()) - before, listener.told)

    return ask


def asked() -> list[str]:
    """``DATASET/ID`` of every request the model got, in order."""
    path = Path("log")
    return path.read_text().split() if path.exists() else []


def made() -> int:
    """How often the model was made."""
    return len(Path("log.made").read_text().split())


def test_a_second_run_asks_nothing_and_says_so(ask: Ask) -> None:
    first, second = ask("a"), ask("b")
    assert (first.asked, second.asked) == (6, 0)
    assert made() == 1, "the model is not even made"
    assert second.texts == first.texts
    assert [row.get("cached") for row in second.answers.values()] == [True] * 6
    assert (first.totals.cached, second.totals.cached, second.totals.answered) == (0, 6, 6)
    assert "cache" not in first.notes
    assert "6 of 6 answers come from the answer cache" in second.notes
    assert [(e.found, e.total, e.refused) for e in second.told] == [(6, 6, "")]
    assert second.values == first.values
    assert second.run.manifest().model_details == {"log": "log"}, "as it described itself then"


def test_what_changes_no_answer_is_not_paid_for_again(ask: Ask) -> None:
    first = ask("first")
    for number, other in enumerate(
        [
            {"limit": 4},
            {"labeler": "hybrid"},
            {"metric": "macro_f1"},
            {"seed": 3},
            {"top_p": 0.9},
            {"models": "asked:log,name=other,wait=0.001"},
        ]
    ):
        again = ask(f"other-{number}", **other)
        assert again.asked == 0, other
        assert again.texts.items() <= first.texts.items()


def test_what_may_change_an_answer_is_asked_anew(ask: Ask) -> None:
    ask("first")
    for number, other in enumerate(
        [
            {"max_new_tokens": 9},
            {"stop": "END"},
            {"system": "Be brief."},
            {"chat_template": "off"},
            {"temperature": 0.5},
            {"prompt": "completion"},
            {"repair_mojibake": True, "split": "train"},
            {"models": "asked:log,style=other"},
        ]
    ):
        again = ask(f"other-{number}", **other)
        assert (again.asked, again.totals.cached) == (6, 0), other


def test_drawn_answers_belong_to_their_seed(ask: Ask) -> None:
    first = ask("a", temperature=0.7, seed=1)
    assert ask("b", temperature=0.7, seed=2).asked == 6
    again = ask("c", temperature=0.7, seed=1)
    assert again.asked == 0 and again.texts == first.texts
    assert ask("d", temperature=0.7, seed=1, top_p=0.9).asked == 6


def test_a_model_with_other_weights_under_the_same_name_is_another_model(ask: Ask) -> None:
    Path("log.weights").write_text("one")
    one = ask("a")
    Path("log.weights").write_text("two")
    two = ask("b")
    assert (two.asked, two.totals.cached) == (6, 0)
    assert not set(one.texts.values()) & set(two.texts.values())
    Path("log.weights").write_text("one")
    again = ask("c")
    assert again.asked == 0 and again.texts == one.texts, "each gets its own answers back"


def test_an_entry_put_into_the_folder_of_another_model_answers_nothing_there(ask: Ask) -> None:
    Path("log.weights").write_text("one")
    ask("a")
    Path("log.weights").write_text("two")
    ask("b")
    one, two = sorted(Path("cache/models").iterdir())
    (of_one,), (of_two,) = one.glob("*.jsonl"), two.glob("*.jsonl")
    of_two.write_bytes(of_one.read_bytes())
    of_one.unlink()
    (of_two.parent / "moved.jsonl").write_bytes(of_two.read_bytes())
    for number, weights in enumerate(("one", "two")):
        Path("log.weights").write_text(weights)
        assert ask(f"again-{number}").asked == 6


def test_only_what_is_new_is_asked(ask: Ask) -> None:
    ask("a")
    more = ask("b", limit=9)
    assert (more.asked, more.totals.cached) == (3, 6)
    assert "6 of 9 answers come from the answer cache" in more.notes
    again = ask("c", limit=9)
    assert again.asked == 0 and again.texts == more.texts


def test_a_run_goes_on_from_its_own_answers_and_then_from_the_cache(ask: Ask) -> None:
    assert ask("a", models="asked:log,cost=1", max_cost=2.0, cache=None).asked == 2
    assert ask("b").asked == 6
    on = ask("a")
    assert (on.asked, on.totals.cached, on.totals.answered) == (0, 4, 6)
    assert (on.totals.cost, on.totals.stopped_by_budget) == (2.0, False)


def test_a_repeat_check_asks_the_model(ask: Ask) -> None:
    ask("a")
    checked = ask("b", repeat_check=2)
    assert checked.asked == 3 * 2 and checked.totals.cached == 6
    check = checked.run.manifest().repeat_check
    assert check is not None and (check.stored.equal, check.stored.compared) == (2, 2)


def test_failures_are_not_kept(ask: Ask) -> None:
    Path("log.broken").touch()
    failed = ask("a", limit=12).totals.failed
    assert 0 < failed < 12
    Path("log.broken").unlink()
    whole = ask("b", limit=12)
    assert (whole.asked, whole.totals.cached) == (failed, 12 - failed)


def test_a_cached_answer_costs_nothing_now(ask: Ask) -> None:
    assert ask("a", models="asked:log,cost=1").totals.cost == 6.0
    more = ask("b", models="asked:log,cost=1", limit=9, max_cost=3.0)
    assert (more.totals.cost, more.totals.answered) == (3.0, 9)


def test_a_damaged_entry_is_asked_again_and_said(ask: Ask) -> None:
    first = ask("a")
    (segment,) = Path("cache").rglob("*.jsonl")
    lines = segment.read_bytes().splitlines(keepends=True)
    lines[0] = lines[0].replace(b"reason", b"treason")  # a letter more: still JSON
    lines[1] = b"\x00\xff junk\n"
    lines[2] = lines[2][:60] + b"\n"
    segment.write_bytes(b"".join(lines) + lines[3][:70])  # and a writer was killed
    again = ask("b")
    assert again.asked == 3 and again.texts == first.texts
    assert [event.damaged for event in again.told] == [3]
    (model,) = contents(CacheFolder.open(Path("cache")))
    assert (model.entries, model.damaged) == (6, 3)
    assert ask("c").asked == 0, "they are there again"


def test_answers_of_models_that_do_not_say_what_they_depend_on_are_not_kept(ask: Ask) -> None:
    for out in ("a", "b"):
        run = ask(out, models="baseline:majority")
        assert run.totals.cached == 0
        assert "baseline: models do not say" in run.told[0].refused
    assert not Path("cache").exists()


def test_a_cache_that_cannot_be_written_stops_no_run(ask: Ask) -> None:
    ask("a")
    Path("cache/models").rename("elsewhere")
    Path("cache/models").write_text("a file in the way")
    run = ask("b")
    assert run.totals.answered == 6
    (refused,) = filter(None, (event.refused for event in run.told))
    assert "cannot be written" in refused


def test_what_cannot_be_described_is_answered_all_the_same(ask: Ask) -> None:
    ask("a")
    (described,) = Path("cache").rglob("described.json")
    described.unlink()
    described.mkdir()
    run = ask("b", limit=8)
    assert run.totals.answered == 8 and "cannot be written" in run.told[-1].refused


def test_what_a_model_says_of_itself_is_compared(ask: Ask) -> None:
    ask("a")
    (described,) = Path("cache").rglob("described.json")
    described.write_text(json.dumps({"dtype": "bfloat16"}))
    assert "were made with dtype bfloat16, those asked now with None" in ask("b", limit=7).notes


@pytest.mark.parametrize("kind", ["other", "format", "file", "open"])
def test_a_folder_that_is_no_cache_or_anybodys_is_refused(ask: Ask, kind: str) -> None:
    place = Path("cache")
    if kind == "file":
        place.write_text("")
    elif kind == "other":
        place.mkdir()
        (place / "thesis.txt").touch()
    else:
        CacheFolder.open(place, make=True)
        if kind == "format":
            (place / "imhi-answer-cache.json").write_text('{"format": 99}')
        else:
            place.chmod(0o777)
    expected = {
        "other": "not an answer cache",
        "format": "cache format 99, expected 1",
        "file": "not an answer cache",
        "open": "anybody on this machine may write",
    }
    with pytest.raises(HarnessError, match=expected[kind]):
        ask("a")


def test_the_cache_holds_no_post_and_is_its_owners_only(ask: Ask) -> None:
    posts = [example.post for example in ask("a").run.examples("DR")]
    for path in (Path("cache"), *Path("cache").rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path
        if path.is_file():
            text = path.read_text()
            assert not any(post[:30] in text for post in posts)


def test_it_is_an_option_a_line_of_a_run_file_and_a_variable(
    imhi_here: Imhi, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["-d", "DR", "--labeler", "strict", "--metric", "accuracy", "-m", "asked:log"]
    run = ["--plugin", ASKED_MODEL, "run", *words]
    assert imhi_here(*run, "--limit", "3", "--cache", "cache", "--out", "a").code == 0
    Path("run.yaml").write_text("cache: cache\nlimit: 3\n")
    said = imhi_here(*run, "run.yaml", "--out", "b")
    assert "asked:log: 3 of 3 answers come from the cache" in said.err
    monkeypatch.setenv("IMHI_CACHE", "cache")
    assert imhi_here(*run, "--limit", "3", "--out", "c").code == 0
    assert len(asked()) == 3
    assert imhi_here("cache", "show", "--json").json["models"][0]["entries"] == 3
