"""Keys, rights, addresses: what most likely is wrong for every request."""

from __future__ import annotations

from typing import Any

from tests.faulty_server import Reply
from tests.plugins.models.openai_api.situations.situation import (
    ELSEWHERE,
    KEY,
    Expected,
    Situation,
    error,
    page,
)

STOPS = "stops at once"


def moved(status: int, location: str) -> Reply:
    """A redirect with the page of a proxy."""
    return Reply(
        status,
        body=b"<html><head><title>Moved</title></head></html>",
        content_type="text/html",
        headers={"Location": location},
    )


DENIED: dict[str, Any] = {
    "error": {"code": "unsupported_country_region_territory", "param": None,
              "message": "not from where you are", "type": "request_forbidden"}
}  # fmt: skip
NOT_YOURS: dict[str, Any] = {"error": {"message": "this is not yours", "type": "permission_error"}}

ACCESS = (
    Situation(
        "key refused",
        "LiteLLM",
        "401 that repeats the ends of the key and its hash.",
        "https://github.com/BerriAI/litellm/issues/39757",
        error(401, {"error": {"message": f"no such token: {KEY}", "type": "token_not_found_in_db",
                              "param": "key", "code": "401"}}),
        Expected("key", STOPS, sent=1, stops="OPENAI_API_KEY"),
        shown="always",
    ),
    Situation(
        "key refused under 400",
        "Gemini",
        "400 with reason API_KEY_INVALID in the details, in a list.",
        "https://github.com/cequence-io/openai-scala-client/issues/109",
        error(400, [{"error": {"code": 400, "message": "the key is not a key",
                               "status": "INVALID_ARGUMENT", "details": [
                                   {"@type": "type.googleapis.com/google.rpc.ErrorInfo",
                                    "reason": "API_KEY_INVALID", "domain": "googleapis.com"}]}}]),
        Expected("key", STOPS, sent=1, stops="OPENAI_API_KEY"),
        shown="always",
    ),
    Situation(
        "denied from the start",
        "OpenAI (country not supported)",
        "403 to the first request.",
        "https://github.com/home-assistant/core/issues/120072",
        error(403, DENIED),
        Expected("denied", STOPS, sent=1, stops="not from where you are"),
        shown="always",
    ),
    Situation(
        "challenge page",
        "Cloudflare",
        "403 with a page that a browser is to solve.",
        "https://github.com/anthropics/claude-code/issues/30437",
        page(403, "Wait a moment, please"),
        Expected("denied", STOPS, sent=1, stops="403"),
        shown="always",
    ),
    Situation(
        "denied on the way",
        "gateways",
        "403 to everything after some answers.",
        "https://openrouter.ai/docs/api/reference/errors-and-debugging",
        error(403, NOT_YOURS),
        Expected("denied", "stops after 3 rows in a row", sent=5, answered=2, failed=3,
                 error="this is not yours", stops="this is not yours"),
        shown="later",
        rows=8,
    ),
    Situation(
        "denied for one row",
        "gateways",
        "403 to one prompt, by a rule of the gateway.",
        "https://openrouter.ai/docs/api/reference/errors-and-debugging",
        error(403, NOT_YOURS),
        Expected("denied", "that row fails, the others are answered", sent=4, answered=3, failed=1,
                 error="this is not yours"),
        shown="row",
    ),
    Situation(
        "no such model",
        "Ollama",
        "404 with an OpenAI error body.",
        "https://github.com/netease-youdao/QAnything/issues/555",
        error(404, {"error": {"message": "that model was never pulled", "type": "api_error",
                              "param": None, "code": None}}),
        Expected("not_found", STOPS, sent=1, stops="that model was never pulled"),
        shown="always",
    ),
    Situation(
        "no such model, flat",
        "vLLM",
        "404 with the flat error of vLLM.",
        "https://github.com/vllm-project/vllm/issues/15845",
        error(404, {"object": "error", "message": "m is not served here", "type": "NotFoundError",
                    "param": None, "code": 404}),
        Expected("not_found", STOPS, sent=1, stops="m is not served here"),
        shown="always",
    ),
    Situation(
        "no such deployment",
        "Azure OpenAI",
        "404 with code DeploymentNotFound and no type.",
        "https://github.com/OpenBMB/AgentVerse/issues/140",
        error(404, {"error": {"code": "DeploymentNotFound", "message": "nothing is deployed so"}}),
        Expected("not_found", STOPS, sent=1, stops="nothing is deployed so"),
        shown="always",
    ),
    Situation(
        "no such page",
        "nginx, api.openai.com without /v1",
        "404 as a page.",
        "https://github.com/tsundereraws/aisub-translator/issues/2",
        page(404, "Nothing here"),
        Expected("not_found", "stops at once, with a hint at `/v1`", sent=1, stops="/v1"),
        shown="always",
    ),
    Situation(
        "wrong method",
        "web servers",
        "405: the address takes no POST.",
        "https://github.com/postmanlabs/postman-app-support/issues/11410",
        error(405, {"detail": "GET only"}),
        Expected("not_found", STOPS, sent=1, stops="GET only"),
        shown="always",
    ),
    Situation(
        "not supported",
        "llama.cpp",
        "501 of type not_supported_error: this start of the server cannot do that.",
        "",
        error(501, {"error": {"code": 501, "message": "started without that",
                              "type": "not_supported_error"}}),
        Expected("not_found", STOPS, sent=1, stops="started without that"),
        shown="always",
    ),
    Situation(
        "moved to https",
        "nginx before any server",
        "301 to another address: a client that follows it sends the key there, and no body.",
        "https://github.com/zenodo/zenodo/issues/1817",
        moved(301, f"{ELSEWHERE}/v1/chat/completions"),
        Expected("redirect", "stops at once, naming the address; nothing is sent there", sent=1,
                 stops=ELSEWHERE),
        shown="always",
    ),
    Situation(
        "sent on with its body",
        "gateways",
        "307 to another host: a client that follows it sends the post there.",
        "https://github.com/jekalmin/extended_openai_conversation/pull/449",
        moved(307, f"{ELSEWHERE}/v1/chat/completions?token={KEY}"),
        Expected("redirect", "stops at once, naming the address; nothing is sent there", sent=1,
                 stops=ELSEWHERE),
        shown="always",
    ),
    Situation(
        "sign-in page",
        "proxies that ask people to sign in",
        "302 to another address, with what was sent in its path.",
        "https://github.com/jekalmin/extended_openai_conversation/pull/449",
        moved(302, f"{ELSEWHERE}/login/{KEY}"),
        Expected("redirect", "stops at once, naming the address; nothing is sent there", sent=1,
                 stops=ELSEWHERE),
        shown="always",
    ),
    Situation(
        "trailing slash",
        "FastAPI, Django",
        "307 or 308 to the same address with a slash.",
        "https://github.com/openai/openai-python/issues/785",
        moved(308, "/v1/chat/completions/"),
        Expected("redirect", "stops at once, naming the address", sent=1,
                 stops="/v1/chat/completions/"),
        shown="always",
    ),
)  # fmt: skip
