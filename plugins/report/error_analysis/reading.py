"""Run folders as the columns that an analysis of errors is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from imhi import Registry
from imhi.runs import (
    Columns,
    RunFolder,
    check_distinct,
    check_settings,
    common_datasets,
    distinct_names,
    read_columns,
    shared_labeler,
)


@dataclass(frozen=True)
class ReadRuns:
    """Runs under one labeler: ``columns`` by display name and dataset, ``labels`` by dataset."""

    columns: Mapping[str, Mapping[str, Columns]]
    labels: Mapping[str, Sequence[str]]
    folders: Mapping[str, str]
    labeler: str
    split: str
    source: str
    synthetic: bool
    notes: Sequence[str]


def read_runs(
    folders: Sequence[RunFolder], labeler: str, datasets: Sequence[str], registry: Registry
) -> ReadRuns:
    """Read the datasets that all runs have (or of these, those named).

    Raises:
        HarnessError: a run is given twice, has no scores by the labeler, or shares no dataset.
    """
    check_distinct(folders)
    labeler = labeler or shared_labeler(folders)
    scores = [folder.scores(labeler) for folder in folders]
    # Other splits have other ids: what they have in common is for the alignment to say.
    notes = check_settings(folders, labeler, allow=("split", "labeler"))
    common, left_out = common_datasets(folders, datasets)
    manifests = [folder.manifest() for folder in folders]
    names = distinct_names(
        [(m.model, m.prompt.style, f.id) for f, m in zip(folders, manifests, strict=True)]
    )
    return ReadRuns(
        columns={
            name: {dataset: read_columns(folder, labeler, dataset) for dataset in common}
            for name, folder in zip(names, folders, strict=True)
        },
        labels={dataset: registry.datasets.get(dataset).label_names for dataset in common},
        folders={name: str(folder.path) for name, folder in zip(names, folders, strict=True)},
        labeler=labeler,
        split="; ".join(dict.fromkeys(manifest.split for manifest in manifests)),
        source="; ".join(dict.fromkeys(manifest.source for manifest in manifests)),
        synthetic=any(one["synthetic"] for one in scores),
        notes=[*left_out, *notes],
    )
