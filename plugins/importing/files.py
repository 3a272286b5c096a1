"""Files of answers: which there are, which dataset each belongs to, what its rows hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from imhi import DataError, Dataset, HarnessError, ThoughtFormat
from imhi.plugins.importing.answer_parts import Parts, form_of, take_apart
from imhi.plugins.importing.columns import Columns, find_columns
from imhi.plugins.importing.reading.forms import is_readable, plain_name, read_rows

# What is put around the name of a task by lm-eval (samples_imhi_DR_2026-11-29T15-46-51.123456.jsonl) and
# by inspect (2026-11-29T16-13-47-00-00_DR_o9iCP5LEppSjCPdTrTjAGc.eval).
_TIME = r"\d{4}-\d\d-\d\dT[\d.:-]+"
_LOGS = (
    re.compile(rf"samples_(?:imhi_)?(.+?)(?:_{_TIME})?", re.IGNORECASE),
    re.compile(rf"{_TIME}_(?:imhi[-_])?(.+)_[A-Za-z0-9]{{22}}"),
)

# What lm-eval writes beside: figures, no answers.
_LM_EVAL_RESULTS = re.compile(rf"results(?:_{_TIME})?", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """One answer: ``key`` is the id, or the row number from 0; ``where`` names its row."""

    key: str
    where: str
    parts: Parts


@dataclass(frozen=True)
class AnswerFile:
    """A file of answers to one dataset. ``by_id``: its rows name their examples; else they stand in the
    examples' order. ``has_golds``, ``has_prompts``: what is there to check the order by."""

    path: Path
    dataset: Dataset
    columns: Columns
    by_id: bool
    has_golds: bool
    has_prompts: bool
    variant: str

    def answers(self, remark: Callable[[str], None] = lambda text: None) -> Iterator[Answer]:
        """Yield the answers in file order; only their ids are kept. ``remark`` is told what a reader
        of the scores should know of the file.

        Raises:
            DataError: an unreadable file or row, a doubled id, a row without id among others with.
        """
        seen: set[str] = set()
        number = 0
        for row in read_rows(self.path, remark):
            parts = take_apart(row, self.columns)
            if parts.variant != self.variant:
                continue  # the same answer, filtered in another way
            if bool(parts.id) != self.by_id:
                found, expected = ("no id", "one") if self.by_id else (f"id {parts.id}", "none")
                raise DataError(
                    f"{row.where}: found {found}, expected {expected} as in other rows; the file is joined "
                    "from several, or damaged"
                )
            if not self.by_id and parts.position not in (None, number):
                raise DataError(
                    f"{row.where}: found doc_id {parts.position}, expected {number}: documents without an "
                    "id must be all there, in order; run lm_eval without --samples"
                )
            key = _own_id(parts.id, self.dataset) if self.by_id else str(number)
            if self.by_id:
                if key in seen:
                    raise DataError(
                        f"{row.where}: found id {key} a second time, expected each id once"
                    )
                seen.add(key)
            yield Answer(key, row.where, parts)
            number += 1


def _own_id(id: str, dataset: Dataset) -> str:
    """Return an id without the dataset before it: DR/test-0 is test-0."""
    head, slash, rest = id.partition("/")
    return rest if slash and _key(head) == _key(dataset.name) else id


@dataclass(frozen=True)
class Found:
    """The files of one model by dataset; ``skipped`` says by path what was left out, and why."""

    files: Mapping[str, AnswerFile]
    skipped: Mapping[Path, str] = field(default_factory=dict)


def find_answer_files(
    path: Path,
    datasets: Mapping[str, Dataset],
    dataset: str | None = None,
    columns: Mapping[str, str] | None = None,
    formats: Sequence[ThoughtFormat] = (),
) -> Found:
    """Return the answer files at a path: one file, or those in a folder whose names are datasets.

    Args:
        columns: names of columns by role, where a file does not call them as others do.
        formats: those whose fields of messages hold thoughts.

    Raises:
        HarnessError: nothing there, no file whose name is a dataset, two of one dataset.
        DataError: a file without answers.
    """
    if path.is_dir():
        if dataset is not None:
            raise HarnessError(
                f"{path}: --dataset goes with a single file, found a folder; its files are "
                "named by their datasets (DR.csv, ...)"
            )
        paths = sorted(
            file for file in path.iterdir() if file.is_file() and _may_hold_answers(file)
        )
    elif path.is_file():
        paths = [path]
    else:
        raise HarnessError(f"{path}: there is no such file or folder, expected files of answers")
    if not paths:
        raise HarnessError(f"{path}: found no file of answers, expected files such as DR.csv")
    names = {_key(name): one for one in datasets.values() for name in (one.name, *one.aliases)}
    found: dict[str, AnswerFile] = {}
    skipped: dict[Path, str] = {}
    for file in paths:
        wanted = dataset or plain_name(file)[0]
        log = next((m for form in _LOGS if (m := form.fullmatch(wanted))), None)
        declared = names.get(_key(log.group(1) if log else wanted))
        if declared is None:
            skipped[file] = f"'{wanted}' is no dataset"
            continue
        if declared.name in found:
            raise HarnessError(
                f"{file}: a second file of {declared.name} beside {found[declared.name].path}; keep one"
            )
        found[declared.name] = _looked_at(file, declared, columns or {}, tuple(formats))
    if not found:
        first, why = next(iter(skipped.items()))
        raise HarnessError(
            f"{first}: {why} (known: {', '.join(datasets)}); name the file by its dataset, or say "
            "--dataset NAME"
        )
    return Found({name: found[name] for name in datasets if name in found}, skipped)


def _may_hold_answers(path: Path) -> bool:
    return is_readable(path) and not _LM_EVAL_RESULTS.fullmatch(plain_name(path)[0])


def _looked_at(
    path: Path, dataset: Dataset, chosen: Mapping[str, str], formats: tuple[ThoughtFormat, ...]
) -> AnswerFile:
    """Return a file by what its first row holds."""
    rows = read_rows(path, lambda text: None)
    try:
        row = next(rows)
    finally:
        rows.close()  # type: ignore[attr-defined]  # they are a generator's
    form = form_of(row.values)
    # Logs and batches say themselves what is where.
    logged = form in ("lm-eval", "batch")
    columns = Columns() if logged else find_columns(row.values, chosen, str(path))
    columns = replace(columns, formats=formats)
    if form == "columns" and not columns.text:
        shown = ", ".join(str(name)[:40] for name in list(row.values)[:8])
        raise DataError(
            f"{path}: found the columns {shown}, expected goldens and generated_text, or id and text; "
            "rename columns, or say which holds the answers with --column text=NAME"
        )
    parts = take_apart(row, columns)
    return AnswerFile(
        path=path,
        dataset=dataset,
        columns=columns,
        by_id=bool(parts.id or (columns.id and form in ("columns", "chat"))),
        has_golds=parts.gold is not None,
        has_prompts=bool(parts.prompt),
        variant=parts.variant,
    )


def _key(name: str) -> str:
    return re.sub(r"[-_. ]+", "", name).casefold()
