"""``openai:``: what servers do, situation by situation (tests/.../situations), and what comes of it."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

import pytest

from imhi._core.errors import HarnessError
from imhi._core.registry import Registry
from tests.faulty_server import FaultyServer
from tests.openai_asking import Asker
from tests.plugins.models.openai_api.situation_runs import (
    MARKED,
    PLANTED,
    SECOND,
    Seen,
    disguises,
    leaked,
    most_cost,
    run,
)
from tests.plugins.models.openai_api.situations import SITUATIONS
from tests.plugins.models.openai_api.situations.situation import (
    ANSWER_COST,
    ARGUMENTS,
    WORK,
    Situation,
)

each = pytest.mark.parametrize("situation", SITUATIONS, ids=lambda one: one.name.replace(" ", "-"))


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", PLANTED)
    monkeypatch.setenv("SECOND_KEY", SECOND)
    caplog.set_level(logging.DEBUG)


def assert_nothing_leaked(
    seen: Seen, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    written = "\n".join([*seen.written, caplog.text, *capfd.readouterr()])
    assert leaked(PLANTED, written) == [] == leaked(SECOND, written), "of a key"
    assert leaked(MARKED, written) == [], "of the post"


@each
def test_what_comes_of_a_situation(
    situation: Situation,
    families: Registry,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    seen = run(situation, families)
    expected = situation.expected
    failed = [one for one in seen.responses if one.error]
    filtered = [one for one in seen.responses if one.finish_reason == "content_filter"]
    answered = [one for one in seen.responses if one not in failed and one not in filtered]
    # What happens to the run and to its rows.
    assert bool(seen.stopped) == bool(expected.stops), seen.stopped or seen.responses
    assert expected.stops in seen.stopped and "\n" not in seen.stopped
    assert len(answered) == expected.answered, seen.responses
    assert {one.text for one in answered} <= {expected.text}
    assert len(filtered) == expected.filtered and not any(one.text for one in filtered)
    if expected.stops:
        assert len(failed) <= expected.failed
    else:
        assert len(failed) == expected.failed
        assert sorted(int(one.id) for one in seen.responses) == list(range(situation.rows))
    for one in failed:
        assert one.error and expected.error in one.error and len(one.error) <= 400
        assert "\n" not in one.error and "<html" not in one.error.lower()
    # What was sent: to whom, how often, how soon.
    assert seen.elsewhere == []
    assert len(seen.asked) <= expected.sent
    assert 0.9 * expected.seconds <= seen.seconds < expected.seconds + WORK
    if expected.last_body is not None:
        assert expected.last_body(seen.asked[-1].body), seen.asked[-1].body
    # What it cost, and what is said of it.
    paid = expected.answered if expected.paid is None else expected.paid
    assumed = expected.assumed * most_cost(situation)
    assert seen.booked == pytest.approx(paid * ANSWER_COST + assumed)
    assert seen.described["assumed_cost"] == pytest.approx(assumed)
    assert any(expected.note in note for note in seen.notes) or not expected.note, seen.notes
    if expected.kind == "parameter" and expected.note:
        assert any(expected.note in one for one in seen.described["parameters"]["adapted"])
    assert_nothing_leaked(seen, caplog, capfd)


@each
def test_nothing_of_the_post_and_the_key_is_written_though_the_server_repeats_both(
    situation: Situation,
    families: Registry,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    told = [*disguises(PLANTED), *disguises(MARKED)]
    number = SITUATIONS.index(situation)
    # Which disguise comes first differs by situation; all come with each kind.
    seen = run(situation, families, lambda asked: told[(asked.index + number) % len(told)])
    assert_nothing_leaked(seen, caplog, capfd)


@each
def test_a_server_that_does_nothing_else_is_given_up_in_time(
    situation: Situation, families: Registry
) -> None:
    rows, retries = 12, int(ARGUMENTS["retries"])
    quick = tuple(one for one in situation.arguments if not one.startswith(("retries", "timeout")))
    only = replace(situation, shown="always", taken=None, rows=rows,
                   arguments=(*quick, "concurrency=4", "timeout=0.3"))  # fmt: skip
    seen = run(only, families)
    # Each row as often as allowed, and one more time for each thing learnt.
    assert len(seen.asked) <= rows * (retries + 1) + 4
    assert seen.seconds < 2 * WORK and seen.elsewhere == []
    assert seen.stopped or len(seen.responses) == rows
    assert len({one.id for one in seen.responses}) == len(seen.responses)


def test_a_server_that_is_not_there_is_said_to_be_not_there(families: Registry) -> None:
    with FaultyServer() as server:
        gone = server.url
    began = time.monotonic()
    with pytest.raises(HarnessError, match="is the server running") as raised:
        Asker(families).ask(gone, 40, "retries=6")
    assert time.monotonic() - began < WORK
    assert gone in str(raised.value)
