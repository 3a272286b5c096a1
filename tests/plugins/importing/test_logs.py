"""Logs of other programs: lm-eval's samples, outputs of batches, chats, inspect's samples."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from imhi import DataError, HarnessError
from tests.conftest import Imhi
from tests.lm_eval_command import LM_EVAL
from tests.plugins.importing.answer_files import jsonl, read, texts

# --- batches: forms as OpenAI and Anthropic document them ----------------------------------------


def completion(message: Mapping[str, Any], finish: str = "stop") -> dict[str, Any]:
    return {
        "id": "chatcmpl-123",
        "object": "chat.completion",
        "created": 1711652795,
        "model": "gpt-4o-mini",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", **message},
                "logprobs": None,
                "finish_reason": finish,
            }
        ],
        "usage": {"prompt_tokens": 22, "completion_tokens": 2, "total_tokens": 24},
    }


def batch_line(id: str, body: Mapping[str, Any], status: int = 200) -> dict[str, Any]:
    return {
        "id": f"batch_req_{id}",
        "custom_id": id,
        "response": {"status_code": status, "request_id": "req_123", "body": body},
        "error": None,
    }


def test_the_output_of_an_openai_batch(tmp_path: Path) -> None:
    expired = {
        "id": "batch_req_4",
        "custom_id": "test-4",
        "response": None,
        "error": {"code": "batch_expired", "message": "This request could not be executed."},
    }
    failed = {"error": {"message": "Rate limit reached", "type": "requests", "code": "rate_limit"}}
    path = jsonl(
        tmp_path / "DR.jsonl",
        [
            batch_line("test-2", completion({"content": "No.", "refusal": None})),
            batch_line("DR/test-0", completion({"content": "Yes, si", "refusal": None}, "length")),
            batch_line("test-1", completion({"content": None, "refusal": "I cannot help."})),
            batch_line("test-3", failed, status=429),
            expired,
            batch_line("test-5", completion({"content": "No.", "reasoning_content": "They won."})),
        ],
    )
    found, _ = read(path)
    assert [(one.text, one.finish_reason) for one in found] == [
        ("No.", "stop"),
        ("Yes, si", "length"),
        ("", "content_filter"),
        ("", None),
        ("", None),
        ("No.", "stop"),
    ]
    assert found[3].error == "the batch says: status 429, Rate limit reached"
    assert found[4].error == "the batch says: This request could not be executed."
    assert found[5].thought == "They won."
    assert [one.error for one in (*found[:3], found[5])] == [None] * 4


def test_an_answer_of_the_responses_interface(tmp_path: Path) -> None:
    body = {
        "id": "resp_1",
        "object": "response",
        "status": "incomplete",
        "incomplete_details": {"reason": "max_output_tokens"},
        "output": [
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Weighing."}]},
            {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "Yes. Reas", "annotations": []}],
            },
        ],
    }
    (found,), _ = read(jsonl(tmp_path / "DR.jsonl", [batch_line("test-0", body)]))
    assert (found.text, found.thought, found.finish_reason) == ("Yes. Reas", "Weighing.", "length")


def test_the_output_of_an_anthropic_batch(tmp_path: Path) -> None:
    message = {
        "type": "message",
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "Grey weeks.", "signature": "x"},
            {"type": "text", "text": "Yes."},
        ],
        "stop_reason": "max_tokens",
    }
    broken = {"type": "errored", "error": {"type": "error", "error": {"message": "Overloaded"}}}
    path = jsonl(
        tmp_path / "DR.jsonl",
        [
            {"custom_id": "test-0", "result": {"type": "succeeded", "message": message}},
            {"custom_id": "test-1", "result": broken},
            {"custom_id": "test-2", "result": {"type": "expired"}},
        ],
    )
    found, _ = read(path)
    assert (found[0].text, found[0].thought, found[0].finish_reason) == (
        "Yes.",
        "Grey weeks.",
        "length",
    )
    assert [one.error for one in found[1:]] == [
        "the batch says: Overloaded",
        "the batch says: expired",
    ]


# --- chats ---------------------------------------------------------------------------------------

ASKED = {"role": "user", "content": "Consider this post: ..."}


@pytest.mark.parametrize(
    ("row", "text", "thought"),
    [
        ({"messages": [ASKED, {"role": "assistant", "content": "Yes."}]}, "Yes.", ""),
        ({"messages": [ASKED], "response": "Yes."}, "Yes.", ""),
        ({"messages": [ASKED], "response": completion({"content": "Yes."})}, "Yes.", ""),
        (completion({"content": "Yes.", "reasoning": "Grey."}), "Yes.", "Grey."),
        ({"response": {"role": "assistant", "content": "Yes."}}, "Yes.", ""),
        ({"response": ["Yes."], "reasoning_content": "Grey."}, "Yes.", "Grey."),
        (
            {
                "messages": [
                    {"role": "user", "content": "first"},
                    {"role": "assistant", "content": "No."},
                    ASKED,
                    {
                        "role": "assistant",
                        "content": [
                            {"type": "thinking", "thinking": "Grey."},
                            {"type": "text", "text": "Yes."},
                        ],
                    },
                ]
            },
            "Yes.",
            "Grey.",
        ),
        (
            {"conversations": [{"from": "human", "value": "?"}, {"from": "gpt", "value": "Yes."}]},
            "Yes.",
            "",
        ),
    ],
)
def test_chats(tmp_path: Path, row: dict[str, Any], text: str, thought: str) -> None:
    (found,), _ = read(jsonl(tmp_path / "DR.jsonl", [row]))
    assert (found.text, found.thought, found.id) == (text, thought, "")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"messages": [ASKED]}, r"row 0 \(line 1\): found messages that end with role 'user'"),
        ({"response": ["Yes.", "No."]}, "found 2 answers, expected one text"),
        ({"response": {"words": "Yes."}}, "found a JSON dict, expected one text"),
        ({"id": "test-0", "choices": [{}, {}]}, "found 2 choices, expected one answer"),
    ],
)
def test_rows_without_one_answer_are_refused(
    tmp_path: Path, row: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read(jsonl(tmp_path / "DR.jsonl", [row]))


def test_a_missing_answer_is_a_failed_one_and_an_empty_one_is_not(tmp_path: Path) -> None:
    rows = [{"id": "test-0", "response": None}, {"id": "test-1", "response": ""}]
    found, _ = read(jsonl(tmp_path / "DR.jsonl", rows))
    assert [one.error is None for one in found] == [False, True]


def test_completions_without_choices_are_failed_answers_and_the_others_are_kept(
    tmp_path: Path,
) -> None:
    refused = {"status_code": 200, "body": {"choices": [], "error": {"message": "overloaded"}}}
    answered = {"status_code": 200, "body": {"choices": [{"message": {"content": "Yes."}}]}}
    rows = [
        {"custom_id": "test-0", "response": refused},
        {"custom_id": "test-1", "response": answered},
        {"custom_id": "test-2", "response": {"status_code": 200, "body": {"choices": []}}},
    ]
    found, _ = read(jsonl(tmp_path / "DR.jsonl", rows))
    assert [one.id for one in found] == ["test-0", "test-1", "test-2"]
    assert [one.error for one in found] == [
        "the answer has no choices: overloaded",
        None,
        "the answer has no choices: no reason given",
    ]


# --- lm-eval -------------------------------------------------------------------------------------


def sample(number: int, answer: str = "Yes.", **more: Any) -> dict[str, Any]:
    return {
        "doc_id": number,
        "doc": {"prompt": "..."},
        "target": "yes",
        "arguments": {"gen_args_0": {"arg_0": "Consider this post", "arg_1": {"until": []}}},
        "resps": [[answer]],
        "filtered_resps": [answer],
        "filter": "none",
        **more,
    }


def test_an_answer_that_lm_eval_filtered_twice_counts_once(tmp_path: Path) -> None:
    path = jsonl(
        tmp_path / "DR.jsonl",
        [
            sample(0),
            sample(0, filter="first word"),
            sample(1, "No."),
            sample(1, "No.", filter="first word"),
        ],
    )
    assert texts(path) == ["Yes.", "No."]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([sample(0), sample(7)], "found doc_id 7, expected 1"),
        ([sample(0, resps=[[[-1.5, False]], [[-0.5, True]]])], "resps that are no single text"),
        ([sample(0, resps=[["Yes.", "No."]])], "resps that are no single text"),
    ],
)
def test_other_logs_of_lm_eval_are_refused(
    tmp_path: Path, rows: list[dict[str, Any]], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        texts(jsonl(tmp_path / "DR.jsonl", rows))


@pytest.mark.slow
def test_a_log_that_lm_eval_has_written_is_joined_to_what_it_was_asked(
    tmp_path: Path, imhi_here: Imhi
) -> None:
    """The export of the demo posts, answered by lm-eval's own dummy model, imported again."""
    assert imhi_here("export", "lm-eval", "export", "-d", "DR", "-d", "IRF").code == 0
    asked = ["--include_path", "export", "--tasks", "imhi", "--model", "dummy"]
    done = subprocess.run(
        [*LM_EVAL, *asked, "--log_samples", "--output_path", "logs"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (folder,) = (path for path in (tmp_path / "logs").iterdir() if path.is_dir())
    found = imhi_here("import", str(folder), "--source", "demo", "--resamples", "100", "--json")
    assert found.code == 0, found.err
    result = found.json
    assert [one["dataset"] for one in result["labelling"]] == ["DR", "IRF"]
    assert all(one["failed"] == one["not_asked"] == 0 for one in result["labelling"])
    answers = Path(tmp_path, result["run"], "responses", "DR.jsonl").read_text(encoding="utf-8")
    assert {json.loads(line)["text"] for line in answers.splitlines()} == {"lol"}


# --- inspect -------------------------------------------------------------------------------------


def inspect_log(path: Path, samples: Mapping[str, Mapping[str, Any]]) -> Path:
    with zipfile.ZipFile(path, "w") as log:
        log.writestr("_journal/start.json", "{}")
        for name, one in samples.items():
            log.writestr(f"samples/{name}.json", json.dumps(one))
        log.writestr("header.json", "{}")
    return path


def inspected(id: str | int, text: str, target: str = "yes") -> dict[str, Any]:
    choice = {
        "message": {
            "role": "assistant",
            "content": [
                {"type": "reasoning", "reasoning": "Grey."},
                {"type": "text", "text": text},
            ],
        },
        "stop_reason": "max_tokens",
    }
    return {
        "id": id,
        "epoch": 1,
        "input": "Consider this post",
        "target": target,
        "output": {"model": "m", "choices": [choice]},
    }


def test_samples_of_inspect_are_read_in_the_order_of_their_task(tmp_path: Path) -> None:
    """They lie in the order in which they ended."""
    samples = {f"{n}_epoch_1": inspected(n, f"answer {n}") for n in (10, 2, 1, *range(3, 10))}
    path = inspect_log(
        tmp_path / "2026-11-29T16-13-47-00-00_DR_o9iCP5LEppSjCPdTrTjAGc.eval", samples
    )
    found, _ = read(path, dataset=None)
    assert [one.text for one in found] == [f"answer {n}" for n in range(1, 11)]
    assert (found[0].thought, found[0].finish_reason, found[0].gold) == ("Grey.", "length", "yes")


def test_samples_of_inspect_with_ids_of_their_own(tmp_path: Path) -> None:
    ended = {**inspected("test-1", ""), "output": {"choices": []}, "error": {"message": "broken"}}
    samples = {"test-2_epoch_1": inspected("test-2", "Yes."), "test-1_epoch_1": ended}
    found, _ = read(inspect_log(tmp_path / "DR.eval", samples))
    assert [(one.id, one.text, one.error is None) for one in found] == [
        ("test-2", "Yes.", True),
        ("test-1", "", False),
    ]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["1_epoch_1", "3_epoch_1"], "found samples/3_epoch_1.json, expected sample 2"),
        (["1_epoch_1", "1_epoch_2"], "found samples/1_epoch_2.json, expected one epoch"),
    ],
)
def test_other_logs_of_inspect_are_refused(tmp_path: Path, names: list[str], message: str) -> None:
    path = inspect_log(tmp_path / "DR.eval", {name: inspected(1, "Yes.") for name in names})
    with pytest.raises(HarnessError, match=message):
        texts(path)
