"""Tasks declared in one YAML file, for authors who want no Python.

::

    task: mood detection
    summary: Which mood does a post show?
    dataset: mood
    rows: mood.jsonl              # beside the YAML file; columns post, label, ...
    question: What mood does this post show?
    labels:
      happy: This post shows happiness.
      sad: {sentence: This post shows sadness., variants: [unhappy]}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from imhi._core.declarations import Dataset, Label, Question, Task
from imhi._core.errors import HarnessError, UnknownName
from imhi._core.hookspecs import hookimpl
from imhi._core.yaml_files import read_yaml

_TASK_KEYS = ("task", "summary", "datasets")
_DATASET_KEYS = ("dataset", "rows", "question", "stem", "questions", "labels", "counts", "note")
_LABEL_KEYS = ("sentence", "completion", "variants")


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


def read_task(path: Path) -> Task:
    """Read a task file (one dataset at the top level, or several under ``datasets``)."""
    where = f"task file {path}"
    loaded = read_yaml(path, where)
    _expect(isinstance(loaded, dict), where, loaded, "a mapping with the key 'task'")
    _known_keys(loaded, (*_TASK_KEYS, *_DATASET_KEYS), where)
    several = loaded.get("datasets")
    if "datasets" in loaded:
        _known_keys(loaded, _TASK_KEYS, f"{where}: beside datasets")
    else:
        several = [{key: loaded[key] for key in _DATASET_KEYS if key in loaded}]
    _expect(isinstance(several, list) and several, f"{where}: datasets", several, "a list")
    name = _text(loaded, "task", where)
    datasets = tuple(_dataset(entry, where, path.parent) for entry in several)
    return Task(name, str(loaded.get("summary", name)), datasets)


def _dataset(entry: Any, where: str, folder: Path) -> Dataset:
    _expect(isinstance(entry, dict), f"{where}: dataset", entry, "a mapping")
    _known_keys(entry, _DATASET_KEYS, where)
    name = _text(entry, "dataset", where)
    where = f"{where}: dataset {name}"
    labels = entry.get("labels")
    _expect(isinstance(labels, dict) and labels, f"{where}: labels", labels, "label: sentence")
    rows = entry.get("rows")
    _expect(rows is None or isinstance(rows, str), f"{where}: rows", rows, "a path")
    counts = entry.get("counts", {})
    fine = isinstance(counts, dict) and all(type(count) is int for count in counts.values())
    _expect(fine, f"{where}: counts", counts, "a mapping 'split: number of rows'")
    return Dataset(
        name,
        tuple(_label(key, value, where) for key, value in labels.items()),
        _questions(entry, where),
        counts={str(split): count for split, count in counts.items()},
        rows=str(folder / rows) if rows else None,
        note=str(entry.get("note", "")),
    )


def _label(name: Any, value: Any, where: str) -> Label:
    # YAML 1.1 reads a bare yes/no as true/false.
    name = {True: "yes", False: "no"}.get(name, name) if isinstance(name, bool) else str(name)
    if isinstance(value, str):
        return Label(name, value)
    place = f"{where}: label {name}"
    _expect(isinstance(value, dict), place, value, "a sentence or a mapping")
    _known_keys(value, _LABEL_KEYS, place)
    variants = value.get("variants", [])
    fine = isinstance(variants, list) and all(isinstance(v, str) for v in variants)
    _expect(fine, f"{place}: variants", variants, "a list of texts")
    return Label(
        name, _text(value, "sentence", place), str(value.get("completion", "")), tuple(variants)
    )


def _questions(entry: Mapping[str, Any], where: str) -> tuple[Question, ...]:
    several = entry.get("questions")
    if several is None:
        return (Question(_text(entry, "question", where), str(entry.get("stem", ""))),)
    fine = isinstance(several, dict) and all(isinstance(text, str) for text in several.values())
    _expect(fine, f"{where}: questions", several, "a mapping 'aspect: question'")
    return tuple(Question(text, aspect=str(aspect)) for aspect, text in several.items())


def _text(mapping: Mapping[str, Any], key: str, where: str) -> str:
    value = mapping.get(key)
    _expect(isinstance(value, str) and value.strip(), f"{where}: {key}", value, "a text")
    return str(value)


def _known_keys(mapping: Mapping[Any, Any], known: Iterable[str], where: str) -> None:
    for key in mapping:
        if key not in known:
            raise HarnessError(f"{where}: {UnknownName('key', str(key), known)}")


def _expect(holds: Any, where: str, found: Any, expected: str) -> None:
    if not holds:
        shown = "nothing" if found is None else repr(found)[:60]
        raise HarnessError(f"{where}: found {shown}, expected {expected}")
