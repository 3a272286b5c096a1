"""Tasks declared in one YAML file, for authors who want no Python.

::

    task: mood detection
    summary: Which mood does a post show?
    dataset: mood
    rows: mood.jsonl              # beside the YAML file; columns post, label, ...
    question: What mood does this post show?
    terms: [mood]                 # words for what the question is about: labelers read prose by them
    labels:
      happy: This post shows happiness.
      sad: {sentence: This post shows sadness., variants: [unhappy], cues: [tears]}
      none: {sentence: This post shows no mood., denies: [mood]}
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from imhi._core.declarations import Dataset, Label, Question, Task
from imhi._core.errors import HarnessError
from imhi._core.hookspecs import hookimpl
from imhi._core.yaml_files import read_yaml
from imhi._core.yaml_models import Expected, plain_values, shortened, validated

Text = Annotated[str, StringConstraints(pattern=r"\S"), Expected("a text")]
Words = Annotated[str, BeforeValidator(str)]  # a number is one, too
Texts = Annotated[list[str], Expected("a list of texts")]


class TaskFile:
    """A plugin made of a YAML file: what it declares is read when it is loaded.

    Raises:
        HarnessError: the file is not YAML, a key is missing, unknown or of the wrong kind.
    """

    def __init__(self, path: Path) -> None:
        self.file = str(path)
        self.task = read_task(path)

    @hookimpl
    def imhi_tasks(self) -> Iterable[Task]:
        return [self.task]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Label(_Part):
    sentence: Text
    completion: Words = ""
    variants: Texts = []
    cues: Texts = []
    denies: Texts = []

    @model_validator(mode="before")
    @classmethod
    def _sentence_alone(cls, value: Any) -> Any:
        if not isinstance(value, str | dict):
            raise ValueError(f"found {shortened(value)}, expected a sentence or a mapping")
        return {"sentence": value} if isinstance(value, str) else value


class _Question(_Part):
    text: Text
    stem: Words = ""
    terms: Texts = []


class _Dataset(_Part):
    dataset: Text
    labels: Annotated[dict[str, _Label], Field(min_length=1), Expected("label: sentence")]
    question: Annotated[Text | None, Expected("a text")] = None
    stem: Words = ""
    terms: Texts = []
    questions: Annotated[
        dict[str, str | _Question] | None, Expected("a mapping 'aspect: question'")
    ] = None
    rows: Annotated[str | None, Expected("a path")] = None
    counts: Annotated[dict[str, int], Expected("a mapping 'split: number of rows'")] = {}
    note: Words = ""

    @model_validator(mode="after")
    def _asks(self) -> _Dataset:
        if self.question is None and self.questions is None:
            raise ValueError("question: found nothing, expected a text")
        return self


class _OneDataset(_Dataset):
    task: Text
    summary: Words = ""


class _Datasets(_Part):
    task: Text
    summary: Words = ""
    datasets: Annotated[tuple[_Dataset, ...], Field(min_length=1), Expected("a list")]


def read_task(path: Path) -> Task:
    """Read a task file (one dataset at the top level, or several under ``datasets``).

    Raises:
        HarnessError: as :class:`TaskFile`.
    """
    where = f"task file {path}"
    values = plain_values(read_yaml(path, where))
    if not isinstance(values, dict):
        raise HarnessError(
            f"{where}: found {shortened(values)}, expected a mapping with the key 'task'"
        )
    if "datasets" in values:
        read: _Datasets | _OneDataset = validated(_Datasets, values, where)
    else:
        read = validated(_OneDataset, values, where)
    several = read.datasets if isinstance(read, _Datasets) else (read,)
    datasets = tuple(_declared(one, path.parent) for one in several)
    return Task(read.task, read.summary or read.task, datasets)


def _declared(read: _Dataset, folder: Path) -> Dataset:
    several = [
        (aspect, _Question(text=one) if isinstance(one, str) else one)
        for aspect, one in (read.questions or {}).items()
    ]
    return Dataset(
        read.dataset,
        tuple(
            Label(
                name,
                label.sentence,
                label.completion,
                tuple(label.variants),
                cues=tuple(label.cues),
                denies=tuple(label.denies),
            )
            for name, label in read.labels.items()
        ),
        tuple(Question(one.text, one.stem, aspect, tuple(one.terms)) for aspect, one in several)
        or (Question(read.question or "", read.stem, terms=tuple(read.terms)),),
        counts=read.counts,
        rows=str(folder / read.rows) if read.rows else None,
        note=read.note,
    )
