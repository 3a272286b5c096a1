"""What servers say becomes one record, whatever its shape: kind, sentence, what is named."""

from __future__ import annotations

from typing import Any

import pytest

from imhi.plugins.models.openai_api.failures import Kind
from imhi.plugins.models.openai_api.server_errors import error_under_success, read_error

GOOGLE = "type.googleapis.com/google.rpc."


def google(status: str, **detail: Any) -> list[dict[str, Any]]:
    details = [{"@type": GOOGLE + kind, **one} for kind, one in detail.items()]
    return [{"error": {"code": 400, "message": "told so", "status": status, "details": details}}]


SHAPES: list[tuple[object, str]] = [
    ({"error": {"message": "told so", "type": "x"}}, "told so"),
    ([{"error": {"message": "told so"}}], "told so"),
    ({"error": "told so"}, "told so"),
    ({"error": '{"error": {"message": "told so"}}'}, "told so"),
    ({"error": {"message": '{"error": {"message": "told so"}}'}}, "told so"),
    ({"error": [{"message": "told so"}]}, "told so"),
    ({"message": "told so", "object": "error", "code": 400}, "told so"),
    ({"detail": "told so"}, "told so"),
    ({"detail": [{"loc": ["body", "x"], "msg": "told so", "input": "SECRET"}]}, "body.x: told so"),
    ({"errors": [{"message": "told so"}]}, "told so"),
    ({"title": "told so", "status": 400}, "told so"),
    ({"error": {"error_description": "told so"}}, "told so"),
    ("told so\n", "told so"),
    ('{"error": "told so"}', "told so"),
    ("<html><head><title>Told\nso</title></head><body>much more</body></html>", "titled 'Told so'"),
    ("<h1>told so</h1>", "told so"),
]


@pytest.mark.parametrize(("body", "sentence"), SHAPES)
def test_the_servers_sentence_is_found_in_any_shape(body: object, sentence: str) -> None:
    failure = read_error(400, {}, body)
    assert failure.message.startswith("HTTP 400: ") and sentence in failure.message
    assert "SECRET" not in failure.message


@pytest.mark.parametrize("body", [None, "", [], {}, 5, {"error": None}, {"error": {}}, [[]]])
def test_a_body_that_says_nothing_leaves_the_status(body: object) -> None:
    assert read_error(400, {}, body).message == "HTTP 400"


KINDS: list[tuple[int, object, Kind]] = [
    (400, {"error": {"message": "m"}}, "request"),
    (400, google("INVALID_ARGUMENT", ErrorInfo={"reason": "API_KEY_INVALID"}), "key"),
    (400, {"error": {"message": "m", "code": "context_length_exceeded"}}, "too_long"),
    (400, {"error": {"type": "exceed_context_size_error", "message": "m"}}, "too_long"),
    (400, {"object": "error", "message": "maximum context length is 9", "code": 400}, "too_long"),
    (400, {"error": {"code": "content_filter", "message": "m"}}, "content"),
    (403, {"error": {"message": "m", "metadata": {"flagged_input": "x"}}}, "content"),
    (401, {"error": "m"}, "key"),
    (402, {"error": {"message": "Insufficient Balance"}}, "quota"),
    (403, "<title>Attention</title>", "denied"),
    (404, {"error": {"code": "model_not_found"}}, "not_found"),
    (405, "", "not_found"),
    (408, "", "passing"),
    (409, "", "passing"),
    (413, "", "too_long"),
    (422, {"detail": [{"type": "missing", "loc": ["body", "messages"], "msg": "m"}]}, "request"),
    (429, {"error": {"code": "insufficient_quota"}}, "quota"),
    (429, {"error": {"message": "slow down"}}, "rate"),
    (500, "", "passing"),
    (501, "", "not_found"),
    (503, {"error": {"message": "Loading model", "type": "unavailable_error"}}, "passing"),
    (529, {"error": {"type": "overloaded_error"}}, "passing"),
    (307, "", "redirect"),
    # A server that fails while it quotes somebody else's refusal is still only failing.
    (500, {"error": {"code": "invalid_api_key", "message": "upstream"}}, "passing"),
]


@pytest.mark.parametrize(("status", "body", "kind"), KINDS)
def test_status_and_codes_make_the_kind(status: int, body: object, kind: Kind) -> None:
    assert read_error(status, {}, body).kind == kind


def test_a_quota_of_the_day_is_told_from_one_of_the_minute() -> None:
    day, minute = (
        google("RESOURCE_EXHAUSTED", QuotaFailure={"violations": [{"quotaId": name}]})
        for name in ("GenerateRequestsPerDayPerProject", "GenerateRequestsPerMinutePerProject")
    )
    assert read_error(429, {}, day).kind == "quota"
    assert read_error(429, {}, minute).kind == "rate"


def test_the_wait_that_is_asked_for_is_read_from_headers_and_details() -> None:
    told = google("RESOURCE_EXHAUSTED", RetryInfo={"retryDelay": "38.5s"})
    assert read_error(429, {}, told).wait == 38.5
    assert read_error(429, {"retry-after": "7"}, told).wait == 7


def test_credit_that_comes_back_by_itself_is_waited_for() -> None:
    assert read_error(402, {"retry-after": "3"}, "in flight").kind == "rate"
    assert read_error(402, {"retry-after": "86400"}, "spent").kind == "quota"


@pytest.mark.parametrize("status", [429, 503])
def test_who_asks_to_wait_for_a_day_is_not_waited_for(status: int) -> None:
    failure = read_error(status, {"retry-after": "86400"}, "come back")
    assert failure.kind == "quota"
    assert "24 h" in failure.message and "longest_wait=120" in failure.message
    assert read_error(status, {"retry-after": "86400"}, "", longest_wait=1e5).kind != "quota"


NAMED: list[tuple[object, tuple[str, ...]]] = [
    ({"error": {"param": "seed", "code": "unsupported_parameter"}}, ("seed",)),
    ({"error": {"param": "temperature", "code": "unsupported_value"}}, ("temperature",)),
    ({"error": {"param": "seed", "type": "invalid_request_error"}}, ("seed",)),
    ({"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"]}]}, ("seed",)),
    (
        google(
            "INVALID_ARGUMENT",
            BadRequest={
                "fieldViolations": [
                    {"description": 'Got a payload. Unknown name "seed": Cannot find field.'}
                ]
            },
        ),
        ("seed",),
    ),
]


@pytest.mark.parametrize(("body", "parameters"), NAMED)
def test_a_refused_parameter_is_read_from_the_field_that_names_it(
    body: object, parameters: tuple[str, ...]
) -> None:
    failure = read_error(400, {}, body)
    assert (failure.kind, failure.parameters) == ("parameter", parameters)


TEACH_NOTHING: list[object] = [
    {"error": {"message": "Unsupported parameter: 'seed' is not supported"}},
    {"detail": [{"type": "string_type", "loc": ["body", "prompt"], "input": "unknown 'seed'"}]},
    {"error": {"param": "temperature", "code": "decimal_above_max_value", "message": "max 2"}},
    google(
        "INVALID_ARGUMENT",
        BadRequest={"fieldViolations": [{"description": 'she said Unknown name "seed" to me'}]},
    ),
]


@pytest.mark.parametrize("body", TEACH_NOTHING)
def test_sentences_and_wrong_values_name_nothing(body: object) -> None:
    assert read_error(400, {}, body).parameters == ()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"error": {"message": "upstream", "code": 502}}, "passing"),
        ({"error": {"message": "slow", "code": "429"}}, "rate"),
        ({"error": {"message": "key", "code": "invalid_api_key"}}, "key"),
        ({"error": {"type": "overloaded_error"}}, "passing"),
        ({"error": "Unexpected endpoint or method"}, "foreign"),
        ({"error": {"message": "overloaded"}}, "foreign"),
    ],
)
def test_an_error_under_status_200_is_what_it_names(body: object, kind: Kind) -> None:
    assert error_under_success(body).kind == kind


def test_a_redirect_names_the_address_without_its_query() -> None:
    failure = read_error(302, {"location": "https://login.example/in?token=abc#x"}, "")
    assert "redirects to https://login.example/in, and posts" in failure.message
    assert "abc" not in failure.message


def test_json_as_deep_as_may_be_is_only_a_text() -> None:
    assert read_error(400, {}, "[" * 100_000).kind == "request"
