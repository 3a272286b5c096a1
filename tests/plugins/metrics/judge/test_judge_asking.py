"""Judges at a real server: what is asked, what comes of answers of every kind, what is kept."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from imhi._core.errors import HarnessError
from imhi._core.records import Response
from tests.faulty_server import Asked, Reply, answer, filtered, hang, refused, status
from tests.judge_server import by_overlap, judge, judge_server, marks, saying, section
from tests.plugins.metrics.judge.judging import POSTS, Panel, good_answer

CRITERIA = ("consistency", "reliability", "professionality", "overall")


def test_every_criterion_is_a_measure_from_0_to_3(panel: Panel) -> None:
    script = lambda asked: answer(marks(2, consistency=3, overall=1))  # noqa: E731
    with judge_server(script) as server:
        scored = panel.score(judge(server.url))
    assert [scored.value(name) for name in CRITERIA] == [3, 2, 2, 1]
    assert scored.each("overall") == [1, 1, 1, 1]
    assert scored.value("unread") == 0
    assert all(scored.measures[f"judge_{name}"].decimals == 2 for name in CRITERIA)
    assert scored.measures["judge_unread"].higher_is_better is False
    assert not scored.missing


def test_an_explanation_of_the_post_is_better_than_one_of_another_post_and_none_is_worst(
    panel: Panel,
) -> None:
    true = [good_answer(post) for post in POSTS]
    with judge_server() as server:
        right = panel.score(judge(server.url), true)
        shuffled = panel.score(judge(server.url), [*true[1:], true[0]])
        empty = panel.score(judge(server.url), [""] * len(POSTS))
    assert right.value("overall") == 3
    assert shuffled.value("overall") < 1
    assert empty.value("overall") == 0


def test_the_order_of_rows_does_not_matter(panel: Panel) -> None:
    answers = [good_answer(POSTS[0]), good_answer(POSTS[3]), "Yes. Reasoning: soup", "No."]
    with judge_server() as server:
        forth = panel.score(judge(server.url), answers)
        asked = len(server.asked)
        back = panel.score(judge(server.url), answers[::-1], posts=POSTS[::-1])
        assert len(server.asked) == asked, "kept by what is judged, wherever it stands"
    assert back.each("overall") == forth.each("overall")[::-1]


def test_a_missing_or_empty_explanation_gets_0_without_asking_and_it_is_said(panel: Panel) -> None:
    answers = [good_answer(POSTS[0]), "", "  \n", Response("3", "DR", "", error="no answer")]
    with judge_server() as server:
        scored = panel.score(judge(server.url), answers)
        assert len(server.asked) == 1
    assert scored.each("overall") == [3, 0, 0, 0]
    assert scored.value("unread") == 0
    assert "missing or empty explanations, which get 0 without being asked about: 3" in scored.said


def test_a_prompt_that_occurs_twice_is_asked_once(panel: Panel) -> None:
    with judge_server() as server:
        scored = panel.score(judge(server.url), [good_answer(POSTS[0])] * 2, posts=POSTS[:1])
        assert len(server.asked) == 1
    assert scored.each("overall") == [3, 3]


def test_the_judge_sees_no_gold_label_and_the_reference_only_where_asked(panel: Panel) -> None:
    answers, references = [good_answer(POSTS[0]), good_answer(POSTS[1])], ["because of the kettle"]
    with judge_server() as server:
        panel.score(judge(server.url), answers, references=references)
        assert all("because of the kettle" not in prompt for prompt in server.prompts)
        server.asked.clear()
        scored = panel.score(judge(server.url), answers, "reference=true", references=references)
        assert [section(p, "reference") for p in server.prompts] == references
    assert np.isnan(scored.each("overall")[1]) and np.isnan(scored.each("unread")[1])
    assert "examples without a reference explanation, which do not count: 1" in scored.said


def test_the_label_sentence_can_be_hidden(panel: Panel) -> None:
    with judge_server() as server:
        panel.score(judge(server.url), [good_answer(POSTS[0])], "shown=explanation")
        [prompt] = server.prompts
    assert section(prompt, "answer") == POSTS[0]


def test_the_server_is_asked_for_the_schema_greedily_and_in_bounds(panel: Panel) -> None:
    with judge_server() as server:
        panel.score(judge(server.url), arguments="max_new_tokens=77")
        body = server.asked[0].body
    assert body["response_format"]["json_schema"]["schema"]["required"][1:] == list(CRITERIA)
    assert (body["temperature"], body["max_tokens"]) == (0, 77)
    with judge_server() as server:
        panel.score(judge(server.url), arguments="structured=false")
        assert "response_format" not in server.asked[0].body


def test_what_cannot_be_read_is_counted_and_never_guessed(panel: Panel) -> None:
    said = {
        "kettle": "```json\n" + marks(2) + "\n```",
        "brother": marks(3, overall=7),
        "Rent": "I'm sorry, I can't discuss this.",
        "Night": "A fine explanation!",
    }
    with judge_server(saying(said)) as server:
        scored = panel.score(judge(server.url))
    assert scored.each("overall")[0] == 2 and np.isnan(scored.each("overall")[1:]).all()
    assert scored.each("consistency")[:2] == [2, 3], "each criterion is read by itself"
    assert scored.value("overall") == 2, "the mean of what could be read"
    assert scored.value("unread") == 75
    [report] = scored.details["judges"]
    counted = {name: report[name] for name in ("read", "partly_read", "unreadable", "refused")}
    assert counted == {"read": 1, "partly_read": 1, "unreadable": 1, "refused": 1}
    for said in ("refusals: 1", "unreadable answers: 1", "answers readable in part: 1"):
        assert said in scored.said
    assert not scored.missing, "an answer that cannot be read is an answer"


@pytest.mark.parametrize("reply", [refused(), filtered()], ids=["refusal", "filter"])
def test_a_refusal_by_the_interface_is_counted_and_not_asked_again(
    panel: Panel, reply: Reply
) -> None:
    with judge_server(saying({"kettle": reply})) as server:
        scored = panel.score(judge(server.url))
        assert scored.details["judges"][0]["refused"] == 1
        assert scored.value("unread") == 25
        panel.score(judge(server.url))
        assert len(server.asked) == len(POSTS)


def test_an_answer_cut_off_at_the_token_limit_is_unreadable_and_it_is_said(panel: Panel) -> None:
    cut = answer(marks(3)[:40], finish_reason="length")
    with judge_server(lambda asked: cut) as server:
        scored = panel.score(judge(server.url))
    assert scored.value("unread") == 100
    assert "unreadable answers: 4" in scored.said
    assert "cut off at the token limit (max_new_tokens): 4" in scored.said


def test_passing_failures_are_asked_again_and_slow_answers_are_waited_for(panel: Panel) -> None:
    def script(asked: Asked) -> Reply:
        return status(500) if asked.index < 2 else by_overlap(asked).after(0.3)

    with judge_server(script) as server:
        scored = panel.score(judge(server.url))
        assert len(server.asked) == len(POSTS) + 2
    assert scored.value("overall") == 3 and not scored.missing
    assert scored.details["judges"][0]["described"]["retries"] == 2


def test_what_fails_for_good_is_not_kept_and_is_asked_again_next_time(panel: Panel) -> None:
    script = saying({"kettle": status(400, "bad request"), "Rent": hang()})
    with judge_server(script) as server:
        scored = panel.score(judge(server.url, "timeout=0.3,retries=1"))
        server.script, first = by_overlap, len(server.asked)
        again = panel.score(judge(server.url, "timeout=0.3,retries=1"))
        assert len(server.asked) == first + 2, "what was answered is not asked again"
    assert np.isnan(scored.each("overall")[0]) and scored.value("unread") == 50
    assert "failed requests: 2 (first: " in scored.missing
    assert again.value("overall") == 3 and not again.missing


def test_a_judge_that_cannot_be_asked_at_all_ends_the_command(panel: Panel) -> None:
    with (
        judge_server([status(401, "no")]) as server,
        pytest.raises(HarnessError, match="without a key"),
    ):
        panel.score(judge(server.url))


def test_two_judges_give_their_mean_each_ones_own_and_their_agreement(panel: Panel) -> None:
    def harsh(asked: Asked) -> Reply:
        mark = json.loads(by_overlap(asked).text or "")["overall"]
        return answer(marks(max(0, mark - 1)))

    answers = [
        good_answer(POSTS[0]),
        good_answer(POSTS[0]),
        "Yes. Reasoning: rent chest soup fog",
        "",
    ]
    with judge_server() as mild, judge_server(harsh) as strict:
        judges = [judge(mild.url, name="mild"), judge(strict.url, name="strict")]
        scored = panel.score(judges, answers)
    assert scored.each("overall[mild]") == [3, 0, 3, 0]
    assert scored.each("overall[strict]") == [2, 0, 2, 0]
    assert scored.each("overall") == [2.5, 0, 2.5, 0]
    assert not scored.measures["judge_overall[mild]"].headline
    # Three answers were marked by both, the empty one by nobody: (3, 2), (0, 0), (3, 2).
    agreement = scored.details["agreement"]["overall"]
    assert scored.value("kappa[mild|strict]") == pytest.approx(agreement["kappa"]["mild|strict"])
    assert scored.value("alpha") == pytest.approx(agreement["alpha"], abs=1e-6)
    assert 0 < scored.value("alpha") < 1
    assert set(scored.details["agreement"]) == set(CRITERIA)


def test_marks_of_a_judge_that_is_not_read_come_from_the_other(panel: Panel) -> None:
    with judge_server() as good, judge_server(lambda asked: answer("no idea")) as poor:
        scored = panel.score([judge(good.url, name="good"), judge(poor.url, name="poor")])
    assert scored.value("overall") == 3 and scored.value("unread") == 0
    assert np.isnan(scored.value("overall[poor]")) and np.isnan(scored.value("alpha"))
    assert scored.details["judges"][1]["unreadable"] == 4


def test_repeats_are_other_draws_and_tell_how_far_a_judge_agrees_with_itself(panel: Panel) -> None:
    def script(asked: Asked) -> Reply:
        steady = "kettle" in section(asked.prompt, "answer")
        return answer(marks(3 if steady else asked.body["seed"] % 4))

    with judge_server(script) as server:
        scored = panel.score(judge(server.url), arguments="repeats=3,temperature=0.7", seed=4)
        assert len(server.asked) == 3 * len(POSTS)
        assert {asked.body["seed"] for asked in server.asked} == {4, 5, 6}
    assert scored.each("overall") == [3, 1, 1, 1]
    assert -1 <= scored.value("self_kappa[marker]") < 1
    assert "all repeats gave the same text" not in scored.said


def test_a_model_that_does_not_sample_is_told_by_its_repeats(panel: Panel) -> None:
    with judge_server() as server:
        scored = panel.score(judge(server.url), arguments="repeats=2,temperature=1")
    assert "all repeats gave the same text" in scored.said


def test_repeats_without_sampling_are_refused(panel: Panel) -> None:
    with pytest.raises(HarnessError, match="repeats=2 at temperature 0 would give the same answer"):
        panel.score("openai:m", arguments="repeats=2")


def test_the_same_judge_twice_is_refused(panel: Panel) -> None:
    with pytest.raises(HarnessError, match="given twice, expected each judge once"):
        panel.score(["openai:m", "openai:m"])


def test_no_judge_is_an_error_that_says_how_to_name_one(panel: Panel) -> None:
    with pytest.raises(HarnessError, match="expected --judge MODEL"):
        panel.score([])


def test_what_changes_a_mark_is_asked_anew_and_what_cannot_is_not(panel: Panel) -> None:
    with judge_server() as server:
        for count, arguments in enumerate(("", "temperature=0.5", "shown=explanation"), start=1):
            panel.score(judge(server.url), arguments=arguments)
            assert len(server.asked) == count * len(POSTS)
        panel.score(judge(server.url, "concurrency=1", name="other"))
        assert len(server.asked) == 3 * len(POSTS)


def test_a_judge_that_judges_its_own_answers_is_pointed_out(panel: Panel) -> None:
    with judge_server() as server:
        own = panel.score(judge(server.url), judged={"scheme": "openai", "target": "marker"})
        other = panel.score(judge(server.url), judged={"scheme": "hf", "target": "marker"})
    assert "judge marker is the model that is judged" in own.said
    assert "is the model that is judged" not in other.said


def test_what_the_judge_said_of_itself_stays_with_its_marks(panel: Panel) -> None:
    with judge_server() as server:
        for _ in range(2):
            [report] = panel.score(judge(server.url)).details["judges"]
            assert report["described"]["served_models"] == ["marker-served"]


def test_money_and_tokens_are_counted_once_and_shown(panel: Panel) -> None:
    script = lambda asked: answer(marks(2), usage=(100, 10))  # noqa: E731
    with judge_server(script) as server:
        priced = judge(server.url, "price_prompt=100,price_completion=1000")
        for _ in range(2):
            scored = panel.score(priced)
            [report] = scored.details["judges"]
            assert (report["prompt_tokens"], report["completion_tokens"]) == (400, 40)
            assert report["cost"] == pytest.approx(0.08)
            assert "judging cost $0.0800" in scored.said
        assert scored.context.budget.spent == pytest.approx(0.08), "what was paid before counts"


def test_a_budget_stops_in_good_order_and_more_money_goes_on(panel: Panel) -> None:
    script = lambda asked: answer(marks(2), usage=(3000, 10))  # noqa: E731
    with judge_server(script) as server:
        # An answer costs $3.01, and a prompt of some 3,500 bytes could cost at most about $4.
        priced = judge(server.url, "price_prompt=1000,price_completion=1000,concurrency=1")
        scored = panel.score(priced, max_cost=8.0)
        asked = len(server.asked)
        assert 0 < asked < len(POSTS)
        [report] = scored.details["judges"]
        assert report["not_asked"] == len(POSTS) - asked == report["requests"] - report["read"]
        assert f"as --max-cost was reached: {report['not_asked']};" in scored.missing
        assert scored.value("unread") == 100 * report["not_asked"] / len(POSTS)

        still = panel.score(priced, max_cost=scored.context.budget.spent)
        assert len(server.asked) == asked, "the limit counts what earlier commands paid"
        assert still.missing

        whole = panel.score(priced, max_cost=100.0)
        assert len(server.asked) == len(POSTS) and not whole.missing


def test_an_estimate_counts_what_has_no_answer_yet_for_each_judge(panel: Panel) -> None:
    answers = [good_answer(post) for post in POSTS]
    with judge_server() as server:
        priced = judge(server.url, "price_prompt=1,price_completion=2", name="priced")
        free = judge(server.url, model="other", name="free")
        before = panel.estimate([priced, free], [*answers, ""])
        panel.score(priced, answers[:3])
        after = panel.estimate([priced, free], answers)
        assert len(server.asked) == 3, "an estimate asks nothing"
    assert before["priced"].requests == 4 and before["free"].requests == 4
    assert before["priced"].cost is not None and before["priced"].cost > 0
    assert before["priced"].completion_tokens == 4 * 300
    assert (after["priced"].requests, after["free"].requests) == (1, 4)
    assert panel.estimate([free], answers, "repeats=2,temperature=1")["free"].requests == 8


def test_progress_is_told_up_to_the_last_answer(panel: Panel) -> None:
    from imhi._core.events import ExamplesScored

    seen: list[ExamplesScored] = []
    with judge_server() as server:
        panel.score(judge(server.url), [good_answer(POSTS[0])])
        panel.score(judge(server.url), notify=seen.append)
    assert [(event.metric, event.done, event.total) for event in seen] == [
        ("judge", done, 4) for done in (1, 2, 3, 4)
    ]


@pytest.mark.slow
def test_a_local_model_that_cannot_judge_is_unreadable_and_counted(
    panel: Panel, tmp_path: Path
) -> None:
    from tests.tiny_models import save_causal

    folder = save_causal(tmp_path / "tiny")
    scored = panel.score(f"hf:{folder},batch_tokens=4096", arguments="max_new_tokens=8")
    assert scored.value("unread") == 100 and np.isnan(scored.value("overall"))
    assert scored.details["judges"][0]["unreadable"] == len(POSTS)
    assert scored.details["judges"][0]["cost"] is None
