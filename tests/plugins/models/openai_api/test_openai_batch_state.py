"""What servers say of a batch is read whatever its form."""

from __future__ import annotations

import pytest

from imhi.plugins.models.openai_api.batch.openai_state import read_refusal, read_state


def test_all_that_is_known_of_a_batch_is_read() -> None:
    state = read_state(
        {
            "id": "b-1",
            "status": "completed",
            "metadata": {"imhi-batch": "k"},
            "input_file_id": "f-1",
            "output_file_id": "f-2",
            "error_file_id": None,
            "request_counts": {"completed": 3, "failed": 0},
        }
    )
    assert (state.id, state.status, state.key, state.input_file) == ("b-1", "completed", "k", "f-1")
    assert (state.output_file, state.error_file) == ("f-2", "")
    assert state.answered and state.names_its_files and state.errors == ()


@pytest.mark.parametrize("junk", [None, "text", 3, ["list"]])
def test_fields_of_another_form_count_as_missing(junk: object) -> None:
    state = read_state(
        {"id": "b-1", "metadata": junk, "request_counts": junk, "errors": junk, "status": None}
    )
    assert (state.key, state.status, state.answered, state.errors) == ("", "", False, ())
    assert state.names_its_files, "there are no answers to wait for"


def test_answers_whose_file_is_not_named_yet_are_waited_for() -> None:
    assert not read_state({"id": "b-1", "request_counts": {"completed": 1}}).names_its_files


def test_a_refusal_names_the_lines_to_blame_only_where_all_are_named() -> None:
    def refusal(*lines: object) -> frozenset[int]:
        data = [{"code": "invalid", "message": "bad", "line": line} for line in lines]
        return read_refusal(read_state({"id": "b", "errors": {"data": data}}).errors, 3).lines

    assert refusal(1, 3) == {1, 3}
    assert refusal(1, None) == refusal(1, 4) == refusal(1, 2, 3) == refusal() == frozenset()
