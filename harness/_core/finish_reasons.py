"""Why an answer ended, in one set of words for every provider.

``stop`` (the model was done), ``length`` (it had no tokens left), ``content_filter`` (an answer was
held back, or the model's refusal came in a form of its own), ``error`` (a failure: to be asked again,
not an answer). What is none of these stays as it came.

The words of: OpenAI and Azure (chat completions), Anthropic (``stop_reason``), Gemini
(``FinishReason``), Mistral, Cohere, Amazon Bedrock, OpenRouter, TGI, vLLM, DeepSeek, Z.ai.
"""

from __future__ import annotations

STOP, LENGTH, FILTERED, ERROR = "stop", "length", "content_filter", "error"

_WORDS = {
    STOP: "stop end_turn stop_sequence eos eos_token complete",
    LENGTH: "length max_tokens max_output_tokens model_length model_context_window_exceeded",
    FILTERED: (
        "content_filter content_filtered refusal safety recitation prohibited_content blocklist spii "
        "image_safety guardrail_intervened error_toxic sensitive"
    ),
    ERROR: "error abort malformed_model_output insufficient_system_resource network_error",
}
_MEANS = {word: reason for reason, words in _WORDS.items() for word in words.split()}


def normalised(reason: object) -> str | None:
    """Return a provider's finish reason in the words of this module; None for what is no text."""
    if not isinstance(reason, str) or not reason:
        return None
    return _MEANS.get(reason.lower(), reason)
