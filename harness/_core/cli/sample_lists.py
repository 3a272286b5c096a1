"""What ``imhi show --samples`` lists: how the samples of each example voted."""

from __future__ import annotations

from typing import Any

from imhi._core.registry import Registry
from imhi._core.run_store import RunFolder
from imhi._core.run_store.columns import answers_by_id
from imhi._core.samples import sample_ids, standing, votes_in_words


def sample_rows(run: RunFolder, labeler: str, registry: Registry) -> list[dict[str, Any]]:
    """Return a row for each example of a run with several samples: its label, how many samples gave each
    label, and every sample; none of a run with one answer for each."""
    if run.manifest().samples == 1:
        return []
    rows = []
    for dataset in run.datasets():
        answers = answers_by_id(run, dataset, registry)
        gold = {example.id: example.label for example in run.examples(dataset)}
        for prediction in run.predictions(labeler, dataset):
            ids = sample_ids(prediction.id, len(prediction.votes))
            stands = standing(prediction, ids, answers)
            said = votes_in_words(prediction.votes)
            gives = "no label" if prediction.label is None else prediction.label
            rows.append(
                {
                    "dataset": dataset,
                    "id": prediction.id,
                    "gold": gold[prediction.id],
                    "label": prediction.label,
                    "text": f"{gives} (gold {gold[prediction.id]}): {said}",
                    "run": run.id,
                    "samples": [
                        {
                            "id": id,
                            "label": vote or None,
                            "stands": stands is not None and stands.id == id,
                            "text": answers[id].text if id in answers else None,
                        }
                        for id, vote in zip(ids, prediction.votes, strict=True)
                    ],
                }
            )
    return rows
