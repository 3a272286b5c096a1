"""The labeler ``judge:MODEL``: a language model says which label an answer states.

It sees the question, the dataset's labels and the answer, never the post, the gold label or the
reference, and quotes the words by which the answer states its label. Every reading is kept as it
comes: nothing is asked, or paid for, twice.
"""

from __future__ import annotations

from collections.abc import Iterator

from imhi import Labeler, hookimpl

_HERE = "imhi.plugins.labelers.judge"


@hookimpl
def imhi_labelers() -> Iterator[Labeler]:
    yield Labeler(
        "judge",
        "A model says which label an answer states, and quotes it; judge:openai:NAME, judge:hf:PATH",
        f"{_HERE}.labelling:create",
        argument="MODEL",
        asks=f"{_HERE}.arguments:model_of",
    )
