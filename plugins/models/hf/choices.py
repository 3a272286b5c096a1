"""What ``--answer likelihood`` and ``choice`` share: prompts with the wordings that may follow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from imhi import Context, Request, Response, opened_thought
from imhi.checkpoints import Continued, Prompter, quiet
from imhi.plugins.models.hf.arguments import HfArguments
from imhi.plugins.models.hf.batches import failed
from imhi.plugins.models.hf.loading import Loaded


def prompter_of(loaded: Loaded, name: str, arguments: HfArguments, context: Context) -> Prompter:
    """Return what writes the prompts of a model.

    Raises:
        HarnessError: a chat template is insisted on, and there is none.
    """
    mode = arguments.chat_template or context.generation.chat_template
    return Prompter(loaded.tokenizer, mode, name)


def continued_prompts(
    prompter: Prompter, requests: Sequence[Request], loaded: Loaded, name: str, context: Context
) -> Iterator[tuple[Request, Continued | Response]]:
    """Yield each request with the token ids of its prompt and of what may follow, or with the
    failure of one that does not fit the window; a note says how many prompts were shortened."""
    truncated = 0
    for request in requests[:1]:
        whole = prompter.text(request.prompt, request.system)
        if note := opened_thought(whole, name, context.registry.thought_formats):
            context.note(note)
    for request in requests:
        with quiet():  # prompts that are too long are counted below
            prompt = prompter.continued(
                request, loaded.window, encoder_decoder=loaded.kind == "seq2seq"
            )
        if prompt is None:
            why = f"its labels leave no room for a prompt in the window of {loaded.window} tokens"
            yield request, failed(request, why)
            continue
        truncated += prompt.truncated
        yield request, prompt
    if truncated:
        context.note(
            f"{name}: {truncated} of {len(requests)} prompts did not fit the window of "
            f"{loaded.window} tokens ({loaded.window_from}) beside the labels and were shortened, the "
            "post first; their responses are marked truncated"
        )


def describe_prompts(prompter: Prompter) -> Mapping[str, object]:
    """Return what the manifest says of the prompts."""
    return {"chat_template": prompter.template_hash or "not used"}
