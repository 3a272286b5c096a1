"""``openai:...,mode=batch``: another process goes on with what one left, and pays nothing twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from imhi._core.context import Context
from imhi._core.errors import HarnessError
from imhi._core.records import Request, Response
from imhi._core.run_store.cache import Cache, CacheFolder
from tests.batch_results import End, Line, Result, answer, refused
from tests.batch_server import BatchServer
from tests.faulty_server import FaultyServer, echo
from tests.openai_asking import PRICED, Asker, requests
from tests.plugins.models.openai_api.batch_asking import MOST, BatchAsker, by_id


class Died(BaseException):
    """The process is no more."""


class Mortal(CacheFolder):
    """What is kept by a process that dies at its n-th write: just before or just after it."""

    def __init__(self, folder: Any, writes: int, after: bool) -> None:
        super().__init__(folder)
        self.writes, self.after = writes, after

    def open(self, name: str, identity: Mapping[str, Any]) -> Cache:
        kept, mortal, put = super().open(name, identity), self, Cache.put

        class MortalKept(Cache):
            def put(self, key: str, value: Any) -> None:
                mortal.writes -= 1
                if mortal.writes or mortal.after:
                    put(self, key, value)
                if not mortal.writes:
                    raise Died

        kept.__class__ = MortalKept
        return kept


class Run:
    """What the harness does around a model: asks what has no response yet, writes down what comes.
    ``failures`` are asked again by the next process."""

    def __init__(self, batches: BatchAsker, server: BatchServer, asked: list[Request]) -> None:
        self.batches, self.server, self.asked = batches, server, asked
        self.responses: list[Response] = []
        self.failures: list[Response] = []

    def process(self, arguments: str = "", context: Context | None = None) -> Iterator[Response]:
        """One process; it may be left anywhere."""
        answered = {response.id for response in self.responses}
        pending = [request for request in self.asked if request.id not in answered]
        for response in self.batches.model(self.server.url, arguments, context).generate(pending):
            (self.failures if response.error else self.responses).append(response)
            yield response

    def finish(self, arguments: str = "", context: Context | None = None) -> None:
        list(self.process(arguments, context))


def hard_to_answer() -> Any:
    """A script by which post 1 is refused for good, and posts 2 and 3 once."""
    met: Counter[str] = Counter()

    def script(line: Line) -> Result:
        met[line.prompt] += 1
        if "post 1" in line.prompt:
            return refused(line, 400, "never")
        again = any(post in line.prompt for post in ("post 2", "post 3"))
        return refused(line, 500) if again and met[line.prompt] == 1 else answer(line)

    return script


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_process_that_dies_at_any_write_is_gone_on_with(
    asker: Asker, tmp_path: Path, after: bool
) -> None:
    for writes in count(1):
        batches = BatchAsker(asker, tmp_path / str(writes))
        with BatchServer(hard_to_answer(), [End(looks=1)]) as server:
            run = Run(batches, server, requests(6))
            dying = batches.context(cache=Mortal(batches.folder, writes, after))
            try:
                run.finish("", dying)
            except Died:
                run.finish()
            else:
                break  # It had no more to write.
        assert sorted(by_id(run.responses)) == ["0", "2", "3", "4", "5"], writes
        assert {response.id for response in run.failures} == {"1"}
        assert all(r.text.endswith(f"post {r.id} sad?") for r in run.responses)
        # However often the refused post is asked (and not charged), an answer is charged once.
        assert server.charged.pop("Is post 1 sad?") == 0
        assert set(server.charged.values()) == {1}, f"write {writes}: {server.charged}"
    assert writes > 2 * 7, "two batches, each on its way from planned to collected"


@pytest.mark.parametrize("taken", [1, 3, 5])
def test_a_process_that_dies_while_answers_are_written_is_gone_on_with(
    batches: BatchAsker, taken: int
) -> None:
    with BatchServer() as server:
        run = Run(batches, server, requests(6))
        for number, _ in enumerate(run.process(), start=1):
            if number == taken:
                break
        run.finish()
    assert sorted(by_id(run.responses)) == ["0", "1", "2", "3", "4", "5"]
    assert len(server.made) == 1 and Counter(server.charged.values()) == {1: 6}


def test_answers_that_were_taken_and_never_written_are_fetched_again_at_no_cost(
    batches: BatchAsker,
) -> None:
    with BatchServer() as server:
        first = by_id(batches.ask(server.url, 4))
        second = by_id(batches.ask(server.url, 4))
    assert first == second
    assert len(server.made) == 1 and Counter(server.charged.values()) == {1: 4}


def test_all_that_is_under_way_is_gone_on_with_and_only_the_rest_is_asked(
    batches: BatchAsker,
) -> None:
    with BatchServer(ends=[End(looks=9), End()]) as server:
        run = Run(batches, server, requests(6)[:4])
        for _ in zip(range(1), run.process("batch_requests=2"), strict=False):
            pass
        assert len(server.made) == 2 and server.made["batch_1"].shown["status"] == "in_progress"
        run.asked = requests(6)
        run.finish("batch_requests=2")
    assert [len(made.lines) for made in server.made.values()] == [2, 2, 2]
    assert Counter(server.charged.values()) == {1: 6} and len(by_id(run.responses)) == 6


def test_a_failed_request_is_asked_anew_by_the_next_process(batches: BatchAsker) -> None:
    down = True

    def script(line: Line) -> Result:
        return refused(line, 500) if down and "post 1" in line.prompt else answer(line)

    with BatchServer(script) as server:
        run = Run(batches, server, requests(2))
        run.finish("retries=1")
        assert [response.attempts for response in run.failures] == [2]
        down = False
        run.finish("retries=1")
    assert {id: r.attempts for id, r in by_id(run.responses).items()} == {"0": 1, "1": 1}
    assert [len(made.lines) for made in server.made.values()] == [2, 1, 1]


def test_what_was_tried_before_counts_after_a_restart(batches: BatchAsker) -> None:
    # One that dies when the batch of its first retry is uploaded.
    dying = batches.context(cache=Mortal(batches.folder, 11, after=True))
    with BatchServer(lambda line: refused(line, 500)) as server:
        with pytest.raises(Died):
            batches.ask(server.url, 2, "retries=2", dying)
        assert (server.calls("upload"), server.calls("create")) == (2, 1)
        responses = batches.ask(server.url, 2, "retries=2")
    assert [response.attempts for response in responses] == [3, 3]
    assert server.calls("create") == 3


def test_an_upload_whose_batch_was_never_made_is_used(batches: BatchAsker) -> None:
    with BatchServer() as server:
        values = Mortal(batches.folder, 3, after=True)
        with pytest.raises(Died):
            batches.ask(server.url, 3, "", batches.context(cache=values))
        assert (server.calls("upload"), server.calls("create")) == (1, 0)
        assert len(batches.ask(server.url, 3)) == 3
    assert (server.calls("upload"), server.calls("create")) == (1, 1)


def test_an_upload_with_more_in_it_than_is_wanted_is_not_used(batches: BatchAsker) -> None:
    with BatchServer() as server:
        values = Mortal(batches.folder, 3, after=True)
        with pytest.raises(Died):
            batches.ask(server.url, 3, "", batches.context(cache=values))
        assert len(batches.ask(server.url, 2)) == 2
    assert [len(made.lines) for made in server.made.values()] == [2]
    assert server.calls("upload") == 2 and Counter(server.charged.values()) == {1: 2}


def test_what_is_in_a_batch_is_not_asked_one_by_one(batches: BatchAsker, asker: Asker) -> None:
    with BatchServer(ends=[End(looks=9)]) as server:
        answers = batches.model(server.url, "batch_requests=2").generate(requests(4))
        next(answers)
        answers.close()
        live = asker.model(server.url, "", batches.context())
        with pytest.raises(HarnessError, match=r"4 of 6 requests are in batches.*add mode=batch"):
            list(live.generate(requests(6)))
        assert not [call for call in server.called if call.endpoint == "other"]
        assert len(batches.ask(server.url, 4)) == 4
    assert len(server.made) == 2


def test_what_is_in_no_batch_is_asked_one_by_one_as_ever(batches: BatchAsker, asker: Asker) -> None:
    with BatchServer(lambda line: refused(line, 400)) as server:
        assert all(response.error for response in batches.ask(server.url, 2))
        port = int(server.url.split(":")[2].removesuffix("/v1"))
    # Another server at the same address: what has failed in a batch may be asked there.
    with FaultyServer(echo, port=port) as live:
        model = asker.model(live.url, "", batches.context())
        assert not any(response.error for response in model.generate(requests(2)))


def test_another_draw_is_another_batch(batches: BatchAsker) -> None:
    context = batches.context()
    with BatchServer() as server:
        model = batches.model(server.url, "", context)
        for seed in (0, 1, 0):
            context.seed = seed
            assert len(list(model.generate(requests(2)))) == 2
    assert [made.lines[0].body["seed"] for made in server.made.values()] == [0, 1]


@pytest.mark.parametrize("key", ["1", "1 holds", "2", "2 holds"])
def test_a_record_with_lines_missing_is_refused(batches: BatchAsker, key: str) -> None:
    with BatchServer() as server:
        batches.ask(server.url, 2, "batch_requests=1")
        [file] = batches.folder.iterdir()
        lines = file.read_text().splitlines(keepends=True)
        kept = [line for line in lines if json.loads(line)["key"] != key]
        assert len(kept) < len(lines)
        file.write_text("".join(kept))
        with pytest.raises(HarnessError, match=f"lines about batch {key[0]} are missing") as raised:
            batches.ask(server.url, 2, "batch_requests=1")
    assert str(file) in str(raised.value) and len(server.made) == 2


def test_money_set_aside_is_that_of_the_batches_under_way(batches: BatchAsker) -> None:
    context = batches.context()
    with BatchServer(ends=[End(), End(looks=10**6)]) as server:
        answers = batches.model(server.url, f"{PRICED},batch_requests=2", context).generate(
            requests(4)
        )
        taken = [next(answers), next(answers)]
        assert context.budget.spent == pytest.approx(sum(r.cost for r in taken))
        assert context.budget.reserved == pytest.approx(2 * MOST)
        answers.close()
        assert context.budget.reserved == pytest.approx(0)
