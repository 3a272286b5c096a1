"""What ``--answer likelihood`` and ``choice`` share: prompts with the wordings that may follow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from imhi import Context, Request, Response, opened_thought
from imhi.checkpoints import Continued, Prompter, quiet
from imhi.plugins.models.hf.arguments import HfArguments
from imhi.plugins.models.hf.batches import answer_in_batches, failed
from imhi.plugins.models.hf.loading import Loaded


class ContinuedPrompts:
    """Writes the prompts of a model, each with the wordings that may follow it.

    Raises:
        HarnessError: the run says ``--chat-template on`` and there is none.
    """

    def __init__(self, loaded: Loaded, name: str, arguments: HfArguments, context: Context) -> None:
        self.loaded = loaded
        self.name = name
        self.arguments = arguments
        self.context = context
        mode = arguments.chat_template or context.generation.chat_template
        self.prompter = Prompter(loaded.tokenizer, mode, name, arguments.template)

    def answer(
        self,
        requests: Sequence[Request],
        length: Callable[[Continued], int],
        answer: Callable[[Sequence[tuple[Request, Continued]]], list[Response]],
    ) -> Iterator[Response]:
        """Yield a response to each request as batches finish, the longest first.

        ``length`` says how many tokens a prompt takes, ``answer`` answers a batch. What does not fit
        the window fails; a note says how many prompts were shortened.
        """
        items: list[tuple[Request, Continued]] = []
        for request in requests[:1]:
            whole = self.prompter.text(request.prompt, request.system)
            if note := opened_thought(whole, self.name, self.context.registry.thought_formats):
                self.context.note(note)
        loaded = self.loaded
        for request in requests:
            with quiet():  # prompts that are too long are counted below
                prompt = self.prompter.continued(
                    request, loaded.window, encoder_decoder=loaded.kind == "seq2seq"
                )
            if prompt is None:
                why = (
                    f"its labels leave no room for a prompt in the window of {loaded.window} tokens"
                )
                yield failed(request, why)
            else:
                items.append((request, prompt))
        if truncated := sum(prompt.truncated for _, prompt in items):
            self.context.note(
                f"{self.name}: {truncated} of {len(requests)} prompts did not fit the window of "
                f"{loaded.window} tokens ({loaded.window_from}) beside the labels and were shortened, "
                "the post first; their responses are marked truncated"
            )
        lengths = [length(prompt) for _, prompt in items]
        yield from answer_in_batches(items, lengths, answer, loaded, self.arguments, "prompt")

    def describe(self) -> Mapping[str, object]:
        """Return what the manifest says of the prompts."""
        return self.prompter.describe()
