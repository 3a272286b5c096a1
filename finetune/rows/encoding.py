"""From texts to token ids. What does not fit the window is taken from the post, never from the
answer; a row whose answer alone does not fit is left out and counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, TypedDict

from imhi import Example
from imhi.checkpoints import Prompter
from imhi.finetune.rows.texts import ClassRow, TextRow

if TYPE_CHECKING:
    from datasets import Dataset

IGNORED = -100  # a label the loss passes over: torch.nn.CrossEntropyLoss.ignore_index
_CHUNK = 1000
_PROBE = ("What does the poster feel?", "Yes, joy.")


@dataclass
class Counts:
    """What became of the rows. ``tokens`` are all that are read, ``answer_tokens`` those with a
    loss (causal models and encoder-decoders)."""

    rows: int = 0
    truncated: int = 0
    left_out: int = 0
    tokens: int = 0
    answer_tokens: int = 0
    longest: int = 0

    def add(self, read: int, answered: int, truncated: bool) -> None:
        """Count a row of ``read`` tokens, of which ``answered`` have a loss."""
        self.rows += 1
        self.tokens += read
        self.answer_tokens += answered
        self.truncated += truncated
        self.longest = max(self.longest, read)


class _Weights(TypedDict, total=False):
    loss_weights: list[float]


class TokenRow(_Weights):
    """A row of a model that writes. ``length`` is in tokens, all that a batch costs;
    ``loss_weights``, one per label, are there where some count more than others."""

    input_ids: list[int]
    labels: list[int]
    length: int


Row = Mapping[str, object]  # of any trainer: columns of whole numbers, or lists of numbers
Encoder = Callable[[Sequence[Example], Counts], Iterator[Row]]


@dataclass
class AnswerTokens:
    """Makes token ids of answers, as they follow a prompt."""

    tokenizer: Any
    lead: str = field(init=False)

    def __post_init__(self) -> None:
        self.lead = answer_lead(self.tokenizer)

    def ids(self, text: str, prompt: str) -> list[int]:
        """Return the token ids of an answer, or of its beginning, behind a prompt."""
        # Completion prompts end in a space of their own.
        lead = "" if prompt.endswith(" ") else self.lead
        return list(self.tokenizer.encode(f"{lead}{text}", add_special_tokens=False))


def answer_lead(tokenizer: Any) -> str:
    """Return what to put before an answer so that its tokens are those it has behind a prompt: a
    space, or nothing where the tokenizer puts one itself (SentencePiece)."""
    question, answer = _PROBE
    before = tokenizer.encode(question, add_special_tokens=False)
    both = tokenizer.encode(f"{question} {answer}", add_special_tokens=False)
    for lead in (" ", ""):
        behind = tokenizer.encode(f"{lead}{answer}", add_special_tokens=False)
        if [*before, *behind] == both:
            return lead
    return " "


def encode_causal(
    rows: Iterable[TextRow],
    prompter: Prompter,
    window: int,
    *,
    loss_on_all: bool,
    label_weight: float,
    counts: Counts,
) -> Iterator[TokenRow]:
    """Yield ``input_ids``, ``labels`` (:data:`IGNORED` on the prompt) and ``length``; with a
    ``label_weight`` other than 1 also ``loss_weights``. An answer ends with the end token."""
    answers = AnswerTokens(prompter.tokenizer)
    end = prompter.tokenizer.eos_token_id
    for row in rows:
        prompt = "" if prompter.template else row.request.prompt
        answer = [*answers.ids(row.answer, prompt), end]
        asked = prompter.fit(row.request, window - len(answer)) if len(answer) < window else None
        if asked is None:
            counts.left_out += 1
            continue
        ids = [*asked.ids, *answer]
        labels = ids if loss_on_all else [*[IGNORED] * len(asked.ids), *answer]
        encoded: TokenRow = {"input_ids": ids, "labels": labels, "length": len(ids)}
        if label_weight != 1:
            weighed = len(answers.ids(row.label_part, prompt))
            encoded["loss_weights"] = [
                *[1.0] * len(asked.ids),
                *[label_weight] * weighed,
                *[1.0] * (len(answer) - weighed),
            ]
        counts.add(len(ids), len(ids) if loss_on_all else len(answer), asked.truncated)
        yield encoded


def encode_seq2seq(
    rows: Iterable[TextRow],
    prompter: Prompter,
    window: int,
    answer_window: int,
    *,
    label_weight: float,
    counts: Counts,
) -> Iterator[TokenRow]:
    """Yield ``input_ids``, ``labels`` and ``length`` (of both, which is what a batch costs); with a
    ``label_weight`` other than 1 also ``loss_weights``, one per label."""
    tokenizer = prompter.tokenizer
    for row in rows:
        answer = list(tokenizer(text_target=row.answer)["input_ids"])
        asked = prompter.fit(row.request, window) if len(answer) <= answer_window else None
        if asked is None:
            counts.left_out += 1
            continue
        length = len(asked.ids) + len(answer)
        encoded: TokenRow = {"input_ids": asked.ids, "labels": answer, "length": length}
        if label_weight != 1:
            weighed = len(tokenizer.encode(row.label_part, add_special_tokens=False))
            encoded["loss_weights"] = [label_weight] * weighed + [1.0] * (len(answer) - weighed)
        counts.add(length, len(answer), asked.truncated)
        yield encoded


def encode_classes(
    rows: Iterable[ClassRow],
    tokenizer: Any,
    window: int,
    index: Callable[[str], int],
    counts: Counts,
) -> Iterator[Row]:
    """Yield what the tokenizer makes of text and question, ``labels`` (a class) and ``length``. Of
    a pair only the text is cut."""
    for row in rows:
        encoded = tokenizer(row.text, row.pair)
        cut = len(encoded["input_ids"]) > window
        if cut:
            encoded = tokenizer(row.text, row.pair, truncation="only_first", max_length=window)
        length = len(encoded["input_ids"])
        counts.add(length, 0, cut)
        yield {**encoded, "labels": index(row.label), "length": length}


def table(rows: Iterator[Row]) -> Dataset:
    """Return the rows as an Arrow table: 4 bytes a token, where lists of numbers take ten times
    that."""
    import pyarrow as pa
    from datasets import Dataset, table

    chunks = []
    while part := list(islice(rows, _CHUNK)):
        columns = {name: [row[name] for row in part] for name in part[0]}
        chunks.append(
            pa.table({name: pa.array(values, _type(values[0])) for name, values in columns.items()})
        )
    return (
        Dataset(table.InMemoryTable(pa.concat_tables(chunks))) if chunks else Dataset.from_dict({})
    )


def _type(value: object) -> Any:
    import pyarrow as pa

    if isinstance(value, list):
        return pa.list_(pa.float32() if value and isinstance(value[0], float) else pa.int32())
    return pa.int32()
