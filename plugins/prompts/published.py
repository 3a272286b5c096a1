"""The two published prompt styles, exactly as the official files have them.

An example that comes from an official file brings its own prompt, which is used as it stands;
otherwise the published template is filled in (FACTS of the files: instruction
``Consider this post: "POST" Question: QUESTION``, completion ``Post: POST Question: STEM``).
The published completion *test* files have one space more before ``Question:`` than the training
files; templates follow the training files.
"""

from __future__ import annotations

from collections.abc import Iterator

from imhi import BuildPrompt, Context, Dataset, Example, HarnessError, PromptStyle, hookimpl


def instruction(context: Context) -> BuildPrompt:
    """Return a builder of ``instruction`` prompts: the example's own, else the published template."""

    def build(example: Example, dataset: Dataset) -> str:
        if example.prompt_style == "instruction":
            return example.prompt
        question = dataset.question(example.aspect).text
        return f'Consider this post: "{example.post}" Question: {question}'

    return build


def completion(context: Context) -> BuildPrompt:
    """Return a builder of ``completion`` prompts: the example's own, else the published template."""

    def build(example: Example, dataset: Dataset) -> str:
        if example.prompt_style == "completion":
            return example.prompt
        stem = dataset.question(example.aspect).stem
        if not stem:
            raise HarnessError(
                f"prompt style completion: dataset {dataset.name} declares no stem for its question; "
                "add Question(stem=...) to it or use another --prompt"
            )
        return f"Post: {example.post} Question: {stem}"

    return build


@hookimpl
def imhi_prompts() -> Iterator[PromptStyle]:
    yield PromptStyle(
        "instruction", "As published for instruction-tuned models (MentaLLaMA-chat)", instruction
    )
    yield PromptStyle(
        "completion",
        "As published for completion models (MentalBART, MentalT5)",
        completion,
        wording="completion",
    )
