"""What ``--answer likelihood`` and ``choice`` share: prompts with wordings, answered in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from imhi import Context, Request, Response
from imhi.checkpoints import Continued, LabelPrompts
from imhi.plugins.models.hf.arguments import HfArguments
from imhi.plugins.models.hf.batches import answer_in_batches
from imhi.plugins.models.hf.loading import Loaded


class LabelAsker:
    """Hands prompts with the wordings of their labels to what answers them.

    Raises:
        HarnessError: the run says ``--chat-template on`` and there is none.
    """

    def __init__(self, loaded: Loaded, name: str, arguments: HfArguments, context: Context) -> None:
        self.loaded = loaded
        self.arguments = arguments
        self.prompts = LabelPrompts(
            loaded.tokenizer,
            name,
            context,
            loaded.window,
            loaded.window_from,
            mode=arguments.chat_template,
            variables=arguments.template,
            kind=loaded.kind,
        )

    def answer(
        self,
        requests: Sequence[Request],
        length: Callable[[Continued], int],
        answer: Callable[[Sequence[tuple[Request, Continued]]], list[Response]],
    ) -> Iterator[Response]:
        """Yield a response to each request as batches finish, the longest first.

        ``length`` says how many tokens a prompt takes, ``answer`` answers a batch. What does not fit
        the window fails.
        """
        asked, lost = self.prompts.encode(requests)
        yield from lost
        lengths = [length(prompt) for _, prompt in asked]
        yield from answer_in_batches(asked, lengths, answer, self.loaded, self.arguments, "prompt")

    def describe(self) -> Mapping[str, object]:
        """Return what the manifest says of the prompts."""
        return self.prompts.describe()
