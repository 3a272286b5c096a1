"""Whether runs can be compared, and on which examples.

Two values differ by the models alone only where everything else is equal: the examples and their
gold labels, the split, what was asked, and how labels were read. What is not equal is refused with
the reason, unless it is allowed by name.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from imhi._core.errors import HarnessError, UnknownName
from imhi._core.records import Example
from imhi._core.registry import Registry
from imhi._core.run_store import RunFolder
from imhi._core.run_store.columns import Columns
from imhi._core.run_store.telling_apart import distinct_names
from imhi._core.settings import RunSettings
from imhi._core.views import OpenView

ALLOWANCES = {
    "data": "other data: texts, gold labels or reference explanations",
    "examples": "other examples: those that all runs have are compared",
    "labeler": "other labelers, or other versions of one",
    "prompt": "other prompts, or other ways of answering",
    "split": "other splits",
}


class NotComparable(HarnessError):
    """Runs differ in more than their models."""


@dataclass(frozen=True)
class Aligned:
    """A dataset's columns, run by run, on the same examples. ``complete`` says that no run's
    examples were left out; ``notes`` say what was allowed."""

    dataset: str
    columns: Sequence[Columns]
    complete: bool
    notes: Sequence[str]


def check_allowances(names: Collection[str]) -> None:
    """Raise UnknownName for something that cannot be allowed."""
    for name in names:
        if name not in ALLOWANCES:
            raise UnknownName("--allow", name, ALLOWANCES)


def shared_labeler(folders: Sequence[RunFolder]) -> str:
    """Return the default labeler where all runs were scored with it, else one that they share.

    Raises:
        HarnessError: a run is not scored, or no labeler is shared.
    """
    default = RunSettings().labeler
    scored = [folder.labelers() for folder in folders]
    shared = [name for name in scored[0] if all(name in names for names in scored)]
    if not shared:
        missing = next((f for f, names in zip(folders, scored, strict=True) if not names), None)
        if missing is not None:
            raise HarnessError(
                f"{missing.path}: not scored yet; do it with: imhi score {missing.path}"
            )
        raise HarnessError(
            "the runs were scored with different labelers ("
            + _by_run(folders, [", ".join(names) for names in scored])
            + f"); score them with one, such as: imhi score RUN --labeler {default}"
        )
    return default if default in shared else shared[0]


def common_datasets(
    folders: Sequence[RunFolder], only: Sequence[str] = ()
) -> tuple[list[str], list[str]]:
    """Return the datasets that all runs have, and a sentence for each of the others.

    Raises:
        NotComparable: there is none.
    """
    having = [folder.datasets() for folder in folders]
    seen = [name for name in dict.fromkeys(n for names in having for n in names)]
    for name in only:
        if name not in seen:
            raise NotComparable(
                f"{name}: no run has this dataset (they have: {', '.join(seen)}); leave it out"
            )
    chosen = [name for name in seen if not only or name in only]
    common = [name for name in chosen if all(name in names for names in having)]
    runs = list(zip(called(folders), having, strict=True))
    left_out = [
        f"{name}: not in {', '.join(run for run, names in runs if name not in names)}"
        for name in chosen
        if name not in common
    ]
    if not common:
        raise NotComparable(
            "the runs have no dataset in common ("
            + _by_run(folders, [", ".join(names) for names in having])
            + "); run the models on the same datasets"
        )
    return common, left_out


def check_settings(folders: Sequence[RunFolder], labeler: str, allow: Collection[str]) -> list[str]:
    """Return what differs between runs as a whole and is allowed, a sentence each.

    Raises:
        NotComparable: splits, ways of answering or labelers differ.
    """
    notes = []
    manifests = [folder.manifest() for folder in folders]
    splits = [manifest.split for manifest in manifests]
    if len(set(splits)) > 1:
        notes.append(_allowed("split", allow, f"splits differ: {_by_run(folders, splits)}"))
    ways = [manifest.answer for manifest in manifests]
    if len(set(ways)) > 1:
        what = f"answers were asked for in other ways (--answer): {_by_run(folders, ways)}"
        notes.append(_allowed("prompt", allow, what))
    versions = [_labeler_identity(folder, labeler) for folder in folders]
    if len(set(versions)) > 1:
        what = f"labels were read by other versions of {labeler}: {_by_run(folders, versions)}"
        notes.append(_allowed("labeler", allow, f"{what}; imhi label RUN reads them again"))
    return notes


def align(
    folders: Sequence[RunFolder],
    labeler: str,
    dataset: str,
    allow: Collection[str],
    registry: Registry,
) -> Aligned:
    """Return what each run says about the same examples of a dataset.

    Raises:
        NotComparable: the runs saw other data, other examples or other prompts.
    """
    contents = {folder.manifest().content_checksums[dataset] for folder in folders}
    # Where the checksums are equal the examples are: they are read once, and every run has them.
    same = list(folders[0].examples(dataset)) if len(contents) == 1 else None
    columns = [Columns.read(folder, labeler, dataset, registry, same) for folder in folders]
    notes = []
    if same is None:
        # The checksums cover prompts, labels and references: only now is it worth finding out.
        for index in range(1, len(folders)):
            notes += _differences(folders, columns, index, dataset, allow)
    shared = Columns.on_shared_examples(columns)
    complete = all(after is before for after, before in zip(shared, columns, strict=True))
    if not complete:
        kept, largest = len(shared[0].examples), max(len(one.examples) for one in columns)
        notes.append(f"{dataset}: {kept:,} of {largest:,} examples are in all runs")
    return Aligned(dataset, shared, complete, list(dict.fromkeys(notes)))


def _differences(
    folders: Sequence[RunFolder],
    columns: Sequence[Columns],
    index: int,
    dataset: str,
    allow: Collection[str],
) -> list[str]:
    """Say in what one run's rows differ from the first run's, as far as that is allowed."""
    notes = []
    runs = called(folders)
    names = f"{runs[0]} and {runs[index]}"
    first = {example.id: example for example in columns[0].examples}
    other = {example.id: example for example in columns[index].examples}
    shared = [id for id in first if id in other]
    if len(shared) < max(len(first), len(other)):
        what = (
            f"{dataset}: {names} have {len(first):,} and {len(other):,} examples, {len(shared):,} in "
            "common"
        )
        if not shared:
            raise NotComparable(f"{what}; nothing can be compared")
        notes.append(_allowed("examples", allow, what))
    changed = [id for id in shared if _content(first[id]) != _content(other[id])]
    if changed:
        what = (
            f"{dataset}: {names} were made from other data: {len(changed):,} of {len(shared):,} examples "
            f"differ in text, gold label or reference (the first: {changed[0]})"
        )
        notes.append(_allowed("data", allow, what))
    asked = [
        {request.id: request.prompt_hash for request in folders[i].requests(dataset)}
        for i in (0, index)
    ]
    if any(asked[0].get(id) != asked[1].get(id) for id in shared if id not in set(changed)):
        styles = [folders[i].manifest().prompt.style for i in (0, index)]
        what = f"{dataset}: {names} were asked with other prompts ({styles[0]} and {styles[1]})"
        notes.append(_allowed("prompt", allow, what))
    return notes


def _allowed(what: str, allow: Collection[str], difference: str) -> str:
    if what in allow:
        return difference
    raise NotComparable(
        f"{difference}; such runs differ in more than their models: compare runs made alike, or say "
        f"--allow {what}"
    )


def _content(example: Example) -> tuple[str, ...]:
    # Post and question may be unknown where answers were imported without their source.
    return (example.label, example.explanation, example.post, example.question)


def _labeler_identity(folder: RunFolder, labeler: str) -> str:
    path = folder.labeler_file(labeler)
    if not path.exists():
        raise HarnessError(
            f"{folder.path}: labeler {labeler} has not read its answers; do it with: imhi score "
            f"{folder.path} --labeler {labeler}"
        )
    identity: Mapping[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return " ".join(str(value) for value in identity.values())


def _by_run(folders: Sequence[RunFolder], values: Sequence[str]) -> str:
    return "; ".join(f"{run}: {value}" for run, value in zip(called(folders), values, strict=True))


def called(folders: Sequence[RunFolder]) -> list[str]:
    """Return what each run is called, no two alike: its model, and what tells it apart."""
    manifests = [folder.manifest() for folder in folders]
    return distinct_names(
        [
            (manifest.model, manifest.prompt.style, str(folder.path))
            for folder, manifest in zip(folders, manifests, strict=True)
        ]
    )


def viewed(aligned: Aligned, view: OpenView, split: str) -> Aligned:
    """Return what is left of a dataset's columns under a view; what is not is noted."""
    seen = [view.see(one, aligned.dataset, split) for one in aligned.columns]
    notes = [*aligned.notes, *seen[0].notes(view, aligned.dataset)]
    columns = [one.columns for one in seen]
    # Under other labels, or fewer rows, values are not those of the scores.
    return replace(aligned, columns=columns, complete=False, notes=notes)
