"""Who is asked: what tells OpenAI, Anthropic and Gemini from each other.

One by one all are asked in OpenAI's form, which the two others offer as well; in batches each is asked
in its own, through its own client.
"""

from __future__ import annotations

import importlib
import importlib.util
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imhi import Argument, Generation, HarnessError, how_to_install
from imhi.plugins.models.openai_api.arguments import (
    OpenAIArguments,
    parse_base_url,
    parse_variable,
)

if TYPE_CHECKING:
    from imhi.plugins.models.openai_api.batch.server import BatchServer
    from imhi.plugins.models.openai_api.client_config import Session
    from imhi.plugins.models.openai_api.credentials import Secrets

_CHAT = "chat (the only interface; the server applies its chat template)"
_MODE = "live (requests one by one) or batch ({}: half price, answers within {} h)"


@dataclass(frozen=True)
class AnthropicArguments(OpenAIArguments):
    """The arguments of one of Anthropic's models."""

    base_url: str | None = Argument.field(
        None, "server, ending in /v1; default api.anthropic.com/v1", parse_base_url
    )
    api: str = Argument.field("chat", _CHAT, Argument.choice("chat"))
    key_env: str = Argument.field(
        "ANTHROPIC_API_KEY",
        "environment variable that holds the key",
        parse_variable,
        changes_answers=False,
    )
    mode: str = Argument.field(
        "live",
        _MODE.format("Message Batches", 24),
        Argument.choice("live", "batch"),
        changes_answers=False,
    )


@dataclass(frozen=True)
class GeminiArguments(OpenAIArguments):
    """The arguments of one of Google's Gemini models."""

    base_url: str | None = Argument.field(
        None,
        "server, ending in /VERSION/openai; default generativelanguage.googleapis.com/v1beta/openai",
        parse_base_url,
    )
    api: str = Argument.field("chat", _CHAT, Argument.choice("chat"))
    key_env: str = Argument.field(
        "GEMINI_API_KEY",
        "environment variable that holds the key",
        parse_variable,
        changes_answers=False,
    )
    mode: str = Argument.field(
        "live",
        _MODE.format("the Batch API", 48),
        Argument.choice("live", "batch"),
        changes_answers=False,
    )


@dataclass(frozen=True)
class Provider:
    """A provider. ``url`` is that of its interface in OpenAI's form; ``url_variable`` the variable of
    the environment by which its client would send posts elsewhere; ``batches`` the module that asks
    in batches and ``client`` the module that this needs, which the ``extra`` installs; ``seller`` is
    what genai-prices calls it."""

    scheme: str
    title: str
    url: str
    url_variable: str
    arguments: type[OpenAIArguments]
    batches: str
    client: str
    seller: str
    extra: str = ""
    needs_token_limit: bool = False

    def check_batches(self, name: str, generation: Generation, options: OpenAIArguments) -> None:
        """Raise HarnessError where requests cannot be sent in batches: the client is not installed,
        or a setting has no place in the provider's own form."""
        try:
            found = importlib.util.find_spec(self.client) is not None
        except ModuleNotFoundError:
            found = False
        if not found:
            raise HarnessError(
                f"{name}: mode=batch needs the package of {self.title}'s client, which is not "
                f"installed: {how_to_install(self.extra)}, or leave mode=batch out"
            )
        if self.needs_token_limit and generation.max_new_tokens is None:
            raise HarnessError(
                f"{name}: {self.title}'s batches take no request without a limit on new tokens: set "
                "--max-new-tokens"
            )
        added = [path for path, value in options.body.items() if value is not None]
        if self.scheme != "openai" and added:
            raise HarnessError(
                f"{name}: body.{added[0]}= is a field of the interface for single requests, and "
                f"{self.title}'s batches have another form: leave it out, or mode=batch"
            )

    def open_batches(
        self, session: Session, secrets: Secrets
    ) -> AbstractContextManager[BatchServer]:
        """Give the provider's batch interface."""
        module: Any = importlib.import_module(self.batches)
        opened: AbstractContextManager[BatchServer] = module.opened(session, secrets)
        return opened


_BATCH = "imhi.plugins.models.openai_api.batch"

PROVIDERS = {
    provider.scheme: provider
    for provider in (
        Provider(
            "openai",
            "OpenAI",
            "https://api.openai.com/v1",
            "OPENAI_BASE_URL",
            OpenAIArguments,
            f"{_BATCH}.openai_server",
            "openai",
            "openai",
        ),
        Provider(
            "anthropic",
            "Anthropic",
            "https://api.anthropic.com/v1",
            "ANTHROPIC_BASE_URL",
            AnthropicArguments,
            f"{_BATCH}.anthropic_server",
            "anthropic",
            "anthropic",
            extra="anthropic",
            needs_token_limit=True,
        ),
        Provider(
            "gemini",
            "Google",
            "https://generativelanguage.googleapis.com/v1beta/openai",
            "GOOGLE_GEMINI_BASE_URL",
            GeminiArguments,
            f"{_BATCH}.gemini_server",
            "google.genai",
            "google",
            extra="gemini",
        ),
    )
}


def provider_of(scheme: str) -> Provider:
    """Return the provider that a family of models is asked at."""
    return PROVIDERS[scheme]
