"""Limits: those that pass within the minute (everyone slows down), and those that do not (the run
stops)."""

from __future__ import annotations

from typing import Any

from tests.plugins.models.openai_api.situations.situation import Expected, Situation, error

GOOGLE = "type.googleapis.com/google.rpc."
STOPS = "stops at once"


def exhausted(quota: str, delay: str) -> list[dict[str, Any]]:
    """Gemini's error, which its OpenAI interface wraps in a list."""
    details = [
        {"@type": f"{GOOGLE}QuotaFailure",
         "violations": [{"quotaMetric": "requests", "quotaId": quota, "quotaValue": "20"}]},
        {"@type": f"{GOOGLE}RetryInfo", "retryDelay": delay},
    ]  # fmt: skip
    return [{"error": {"code": 429, "message": "the quota is used up", "details": details,
                       "status": "RESOURCE_EXHAUSTED"}}]  # fmt: skip


LIMITED = {"error": {"message": "too many tokens this minute", "type": "tokens", "param": None,
                     "code": "rate_limit_exceeded"}}  # fmt: skip

RATES = (
    Situation(
        "429 with Retry-After",
        "OpenAI, Groq",
        "The tokens of the minute are used up; a header says for how long.",
        "https://github.com/danielmiessler/Fabric/issues/364",
        error(429, LIMITED, Retry_After="1"),
        Expected("rate", "everyone waits as long as Retry-After says", sent=5, answered=4, seconds=1),
    ),
    Situation(
        "429 with retry-after-ms",
        "Azure OpenAI",
        "The pause is told in milliseconds.",
        "https://github.com/Azure/azure-openai-benchmark/issues/31",
        error(429, {"error": {"code": "429", "message": "slow down a little"}},
              retry_after_ms="300"),
        Expected("rate", "everyone waits as long as the header says", sent=5, answered=4, seconds=0.3),
    ),
    Situation(
        "429 with RetryInfo",
        "Gemini",
        "The minute's quota is used up; the pause stands in the body, the body in a list.",
        "https://github.com/diegosouzapw/OmniRoute/issues/9504",
        error(429, exhausted("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "1s")),
        Expected("rate", "everyone waits as long as RetryInfo says", sent=5, answered=4, seconds=1),
    ),
    Situation(
        "429 without a word of when",
        "LiteLLM, TGI",
        "No deployment is free; nothing says when one will be.",
        "https://github.com/BerriAI/litellm/pull/2493",
        error(429, {"error": "every replica is taken", "error_type": "overloaded"}),
        Expected("rate", "everyone pauses, longer each time", sent=5, answered=4),
    ),
    Situation(
        "429 to everything",
        "free tiers with a limit of 0",
        "Each request is answered with 429 and none succeeds.",
        "https://github.com/google-gemini/gemini-cli/issues/22486",
        error(429, LIMITED),
        Expected("rate", "stops after `retries` + 1 pauses without one answer", sent=4, failed=1,
                 stops="nothing but HTTP 429"),
        shown="always",
    ),
    Situation(
        "credit used up",
        "OpenAI (insufficient_quota)",
        "429 whose code says that no pause will help.",
        "https://github.com/langchain-ai/langchainjs/issues/1929",
        error(429, {"error": {"message": "your purse is empty", "type": "insufficient_quota",
                              "param": None, "code": "insufficient_quota"}}),
        Expected("quota", STOPS, sent=1, stops="your purse is empty"),
        shown="always",
    ),
    Situation(
        "credit used up on the way",
        "OpenAI (insufficient_quota)",
        "The first rows were answered, then the credit ends.",
        "https://github.com/OpenHands/OpenHands/issues/998",
        error(429, {"error": {"message": "your purse is empty", "type": "insufficient_quota",
                              "param": None, "code": "insufficient_quota"}}),
        Expected("quota", "stops at once; what was answered is kept", sent=3, answered=2,
                 stops="your purse is empty"),
        shown="later",
    ),
    Situation(
        "402",
        "DeepSeek, OpenRouter",
        "402, with a code that speaks of an invalid request.",
        "https://github.com/Aider-AI/aider/issues/4851",
        error(402, {"error": {"message": "the balance is too low", "type": "unknown_error",
                              "param": None, "code": "invalid_request_error"}}),
        Expected("quota", STOPS, sent=1, stops="the balance is too low"),
        shown="always",
    ),
    Situation(
        "account suspended under 403",
        "Kimi",
        "403, or 429, whose type says that the quota is exceeded.",
        "https://github.com/MoonshotAI/Kimi-K2/issues/5",
        error(403, {"error": {"message": "the account sleeps until it is topped up",
                              "type": "exceeded_current_quota_error"}}),
        Expected("quota", STOPS, sent=1, stops="credit"),
        shown="always",
    ),
    Situation(
        "no balance, told by a number",
        "Z.ai",
        "429 with code 1113, which no pause will mend.",
        "https://github.com/zai-org/GLM-5/issues/148",
        error(429, {"error": {"code": "1113", "message": "nothing is left to pay with"}}),
        Expected("quota", STOPS, sent=1, stops="nothing is left to pay with"),
        shown="always",
    ),
    Situation(
        "the day's quota",
        "Gemini",
        "429 whose quotaId says PerDay, together with a pause of half a minute that would not help.",
        "https://github.com/diegosouzapw/OmniRoute/issues/9504",
        error(429, exhausted("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "36s")),
        Expected("quota", STOPS, sent=1, stops="the quota is used up"),
        shown="always",
    ),
    Situation(
        "a pause of many minutes",
        "Groq (tokens per day)",
        "429 whose Retry-After is beyond `longest_wait`.",
        "https://github.com/continuedev/continue/issues/10920",
        error(429, LIMITED, Retry_After="578"),
        Expected("quota", STOPS, sent=1, stops="10 min"),
        shown="always",
    ),
    Situation(
        "a pause longer than allowed",
        "any server",
        "`longest_wait` is set lower than what the server asks for.",
        "https://openrouter.ai/docs/api/reference/errors-and-debugging",
        error(429, LIMITED, Retry_After="3"),
        Expected("quota", STOPS, sent=1, stops="longest_wait"),
        shown="always",
        arguments=("longest_wait=2",),
    ),
    Situation(
        "billing limit under 400",
        "OpenAI (billing_hard_limit_reached)",
        "400 whose code is one of billing.",
        "https://github.com/openai/openai-python/issues/212",
        error(400, {"error": {"message": "the month's limit is reached", "param": None,
                              "type": "invalid_request_error",
                              "code": "billing_hard_limit_reached"}}),
        Expected("quota", STOPS, sent=1, stops="the month's limit is reached"),
        shown="always",
    ),
    Situation(
        "account in arrears under 400",
        "DashScope (Arrearage)",
        "400 whose code says that the account is overdue.",
        "https://github.com/hsliuping/TradingAgents-CN/issues/170",
        error(400, {"error": {"code": "Arrearage", "param": None, "message": "a bill is unpaid",
                              "type": "Arrearage"}, "id": "chatcmpl-0", "request_id": "0"}),
        Expected("quota", STOPS, sent=1, stops="a bill is unpaid"),
        shown="always",
    ),
    Situation(
        "budget of a gateway",
        "LiteLLM (budget_exceeded)",
        "429 or 400, by version, whose type says that the key's budget is spent.",
        "https://github.com/BerriAI/litellm/issues/36729",
        error(429, {"error": {"message": "this key has spent its budget", "param": None,
                              "type": "budget_exceeded", "code": "429"}}),
        Expected("quota", STOPS, sent=1, stops="this key has spent its budget"),
        shown="always",
    ),
)  # fmt: skip
