"""Prompts with the wordings that may follow them, for answers that are one of the labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from imhi._core.checkpoints.architectures import Kind
from imhi._core.checkpoints.load_errors import quiet
from imhi._core.checkpoints.prompting import Continued, Prompter
from imhi._core.checkpoints.text_prompts import failed
from imhi._core.context import Context
from imhi._core.label_choice import opened_thought
from imhi._core.records import Request, Response


class LabelPrompts:
    """Writes the prompts of one model, each with the wordings that may follow it (``--answer
    likelihood`` and ``choice``). The arguments are those of
    :class:`~imhi._core.checkpoints.text_prompts.TextPrompts`.

    Raises:
        HarnessError: the run says ``--chat-template on`` and there is none.
    """

    def __init__(
        self,
        tokenizer: Any,
        name: str,
        context: Context,
        window: int | None,
        window_from: str,
        *,
        mode: str | None = None,
        variables: Mapping[str, Any] | None = None,
        kind: Kind = "causal",
    ) -> None:
        self.name = name
        self.context = context
        self.window = window
        self.window_from = window_from
        self.kind = kind
        self.prompter = Prompter(
            tokenizer, mode or context.generation.chat_template, name, variables
        )

    def encode(
        self, requests: Sequence[Request]
    ) -> tuple[list[tuple[Request, Continued]], list[Response]]:
        """Return the requests with their prompts, and a failed response to each that does not fit;
        notes say how many prompts were shortened, and where a template opens a thought."""
        for request in requests[:1]:
            whole = self.prompter.text(request.prompt, request.system)
            if note := opened_thought(whole, self.name, self.context.registry.thought_formats):
                self.context.note(note)
        asked, lost = [], []
        with quiet():  # prompts that are too long are counted below
            for request in requests:
                prompt = self.prompter.continued(
                    request, self.window, encoder_decoder=self.kind == "seq2seq"
                )
                if prompt is None:
                    why = f"its labels leave no room for a prompt in the window of {self.window} tokens"
                    lost.append(failed(request, why))
                else:
                    asked.append((request, prompt))
        if truncated := sum(prompt.truncated for _, prompt in asked):
            self.context.note(
                f"{self.name}: {truncated} of {len(requests)} prompts did not fit the window of "
                f"{self.window} tokens ({self.window_from}) beside the labels and were shortened, "
                "the post first; their responses are marked truncated"
            )
        return asked, lost

    def describe(self) -> Mapping[str, object]:
        """Return what a manifest holds about how prompts are written."""
        return self.prompter.describe()
