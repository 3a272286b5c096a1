"""Answers joined to examples: by id, or row by row where something in the rows shows that they fit.

Rows in the examples' order are never taken on trust: their reference answers, or the prompts beside them,
are held to the examples; where a file has neither, or fewer rows than the split, its maker has to say
so with ``--rows prefix``. One row and one example are in memory at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, zip_longest

from imhi import DataError, Example, HarnessError, answer_format
from imhi.plugins.importing.files import Answer, AnswerFile
from imhi.plugins.importing.reading.rows import Remark

ALL = "all"
PREFIX = "prefix"
ROWS = (ALL, PREFIX)


@dataclass
class Joined:
    """What a join has come to: ``answers`` to some of the ``examples``; ``unknown_ends`` are empty and
    without a word on why. ``posts``: the examples have them. ``first``: the answers are to the first of
    the examples, whatever their order."""

    answers: int = 0
    examples: int = 0
    unknown_ends: int = 0
    posts: bool = False
    first: bool = True


def join(
    file: AnswerFile,
    examples: Iterable[Example],
    place: str,
    rows: str = ALL,
    remark: Remark = lambda text: None,
    joined: Joined | None = None,
) -> Iterator[tuple[str, Answer]]:
    """Yield ``(example id, answer)``, in file order.

    Args:
        examples: of the dataset and split, in order; ``place`` names these in messages.
        rows: ``prefix`` where the file may hold only the first rows.
        joined: is counted in, and complete when the last answer was yielded.

    Raises:
        DataError: a row that does not fit its example, or an unknown id.
        HarnessError: other rows than the split has, or nothing to check their order by.
    """
    joined = joined if joined is not None else Joined()
    seen = _counted(examples, joined)
    if file.by_id:
        pairs = _by_id(file, seen, place, rows, remark, joined)
    else:
        pairs = _by_row(file, seen, place, rows, remark, joined)
    for id, answer in pairs:
        joined.answers += 1
        parts = answer.parts
        empty = not parts.text.strip() and parts.error is None
        joined.unknown_ends += empty and parts.finish_reason is None
        yield id, answer


def _counted(examples: Iterable[Example], joined: Joined) -> Iterator[Example]:
    for example in examples:
        joined.examples += 1
        joined.posts = joined.posts or bool(example.post)
        yield example


def _by_id(
    file: AnswerFile,
    examples: Iterable[Example],
    place: str,
    rows: str,
    remark: Remark,
    joined: Joined,
) -> Iterator[tuple[str, Answer]]:
    # With reference answers, labels are checked too; explanations would be the whole split.
    labels = {example.id: example.label for example in examples}
    seen: set[str] = set()
    for answer in file.answers(remark):
        label = labels.get(answer.key)
        if label is None:
            raise DataError(
                f"{answer.where}: found id {answer.key}, expected an id of {place} such as "
                f"{next(iter(labels), 'none')}; check --split, or say --column id=- if the ids are the "
                "file's own"
            )
        if answer.parts.gold is not None:
            _same_gold(answer, answer.parts.gold, file, answer.key, label, None)
        seen.add(answer.key)
        yield answer.key, answer
    lacking = next((id for id in islice(labels, len(seen)) if id not in seen), None)
    joined.first = lacking is None
    if lacking is not None and rows == PREFIX:
        raise DataError(
            f"{file.path}: found {len(seen)} answers, none to example {lacking}, expected those to the "
            f"first {len(seen)} of {place}; leave out --rows {PREFIX}: what has no answer counts as wrong"
        )


def _by_row(
    file: AnswerFile,
    examples: Iterable[Example],
    place: str,
    rows: str,
    remark: Remark,
    joined: Joined,
) -> Iterator[tuple[str, Answer]]:
    if rows != PREFIX and not file.has_golds and not file.has_prompts:
        raise HarnessError(
            f"{file.path}: its rows have no ids, no reference answers and no prompts, so nothing shows which "
            f"example each answers; add a column id or goldens, or say --rows {PREFIX} if they are "
            f"the first rows of {place} in order"
        )
    surplus = 0
    for answer, example in zip_longest(file.answers(remark), examples):
        if answer is None:
            continue
        if example is None:
            surplus += 1
            continue
        _fits(answer, example, file)
        yield example.id, answer
    found = joined.answers + surplus
    if surplus or (found < joined.examples and rows != PREFIX):
        advice = "check --source and --split"
        if not surplus:
            advice += f", or say --rows {PREFIX} if the file holds the first {found} rows"
        raise DataError(
            f"{file.path}: found {found} answers, expected {joined.examples}, a row for each row of "
            f"{place}; {advice}"
        )


def _fits(answer: Answer, example: Example, file: AnswerFile) -> None:
    parts = answer.parts
    if file.has_golds:
        if parts.gold is None:
            raise DataError(
                f"{answer.where}: found no reference answer, expected one as in the first row"
            )
        _same_gold(answer, parts.gold, file, example.id, example.label, example.explanation)
    elif file.has_prompts and _words(example.post) not in _words(parts.prompt or ""):
        raise DataError(
            f"{answer.where}: found a prompt without the post of example {example.id}, expected the "
            "examples in order; the file was made from other data or another order: check --source "
            "and --split"
        )


def _words(text: str) -> str:
    return " ".join(text.split())


def _same_gold(
    answer: Answer, gold: str, file: AnswerFile, id: str, label: str, explanation: str | None
) -> None:
    """Hold a reference answer to an example's; its explanation only where both have one."""
    found, told = answer_format.gold_label(gold, file.dataset)
    other_words = bool(told) and explanation is not None and told.split() != explanation.split()
    if found == label and not other_words:
        return
    if found == label:
        what, expected = "another explanation", "the same text"
    elif found is None:
        what, expected = f"no label ('{' '.join(gold.split())[:40]}')", f"'{label}'"
    else:
        what, expected = f"label '{found}'", f"'{label}'"
    raise DataError(
        f"{answer.where}: the reference answer in the file has {what}, that of example {id} has "
        f"{expected}; the file was made from other data or another order: check --source and --split"
    )
