"""A run's rows of one dataset, aligned: what metrics, comparisons and reports are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from imhi._core.answered import take_apart
from imhi._core.errors import HarnessError
from imhi._core.records import Example, Prediction, Response
from imhi._core.registry import Registry
from imhi._core.run_store.folder import RunFolder
from imhi._core.samples import sample_ids, shares, standing

if TYPE_CHECKING:
    import numpy as np


NOT_ASKED = "not asked"  # the error of an example without an answer whose request did not fail


@dataclass(frozen=True)
class Columns:
    """Examples with what came of each: ``responses[i]`` and ``predictions[i]`` are about
    ``examples[i]``. An example without an answer has a response with an error. Responses are taken
    apart: their texts hold no thoughts."""

    examples: Sequence[Example]
    responses: Sequence[Response]
    predictions: Sequence[Prediction]

    @classmethod
    def read(
        cls,
        folder: RunFolder,
        labeler: str,
        dataset: str,
        registry: Registry,
        examples: Sequence[Example] | None = None,
    ) -> Columns:
        """Return a dataset's aligned columns, labels read by ``labeler``. The registry's formats tell
        thoughts from answers. ``examples`` are the run's, where they are known: many runs are about
        the same ones.

        Raises:
            HarnessError: the labeler has not read them, or not all of them.
        """
        predictions = list(folder.predictions(labeler, dataset))
        examples, responses = answered_examples(folder, dataset, registry, examples, predictions)
        expected = folder.manifest().datasets[dataset]
        if len(predictions) != expected or len(examples) != expected:
            raise HarnessError(
                f"{folder.predictions_file(labeler, dataset)}: {len(predictions)} predictions, "
                f"expected {expected}; make them with: imhi label {folder.path} --labeler {labeler}"
            )
        return cls(examples, responses, predictions)

    @property
    def aligned(self) -> tuple[Sequence[Example], Sequence[Response], Sequence[Prediction]]:
        """The three columns, in the order in which metrics take them."""
        return self.examples, self.responses, self.predictions

    @property
    def clusters(self) -> list[str]:
        """What each row is resampled with: its post."""
        return [example.post_id or example.id for example in self.examples]

    @property
    def right(self) -> np.ndarray:
        """Which examples have the right label, shape (n,), of bool."""
        import numpy as np

        pairs = zip(self.examples, self.predictions, strict=True)
        return np.array([example.label == one.label for example, one in pairs], dtype=bool)

    def take(self, rows: Sequence[int]) -> Columns:
        """Return the rows at these places, in this order."""
        return Columns(
            [self.examples[row] for row in rows],
            [self.responses[row] for row in rows],
            [self.predictions[row] for row in rows],
        )

    @staticmethod
    def on_shared_examples(columns: Sequence[Columns]) -> list[Columns]:
        """Return several runs' columns of one dataset on the examples that all have, in the order of
        the first; as they are where they have the same in one order."""
        ids = [[example.id for example in one.examples] for one in columns]
        if all(one == ids[0] for one in ids):
            return list(columns)
        places = [{id: row for row, id in enumerate(one)} for one in ids]
        shared = [id for id in ids[0] if all(id in place for place in places)]
        return [
            one.take([place[id] for id in shared])
            for one, place in zip(columns, places, strict=True)
        ]


def answered_examples(
    folder: RunFolder,
    dataset: str,
    registry: Registry,
    examples: Sequence[Example] | None = None,
    predictions: Sequence[Prediction] = (),
) -> tuple[Sequence[Example], Sequence[Response]]:
    """Return examples and responses, taken apart, in one order; an example without an answer has a
    failed one: with the error of the last attempt, or ``NOT_ASKED`` where there was none.

    Of an example with several samples it is the response that stands for them by the ``predictions``,
    how they voted among its probabilities; without predictions, that of the first answered one."""
    examples = list(folder.examples(dataset)) if examples is None else examples
    answered = answers_by_id(folder, dataset, registry)
    samples = folder.manifest().samples
    if samples > 1:
        labels = registry.datasets.get(dataset).label_names
        answered = _of_votes(examples, answered, predictions, samples, labels)
    failed: Mapping[str, Response] = {}
    if any(example.id not in answered for example in examples):
        failed = {row.id: row for row in folder.failures(dataset)}

    def lacking(id: str) -> Response:
        last = failed.get(id)
        return Response(id, dataset, "", error=NOT_ASKED if last is None else last.error)

    return examples, [answered.get(one.id) or lacking(one.id) for one in examples]


def _of_votes(
    examples: Sequence[Example],
    answers: Mapping[str, Response],
    predictions: Sequence[Prediction],
    samples: int,
    labels: Sequence[str],
) -> dict[str, Response]:
    """Return the responses that stand for examples with several samples, by the ids of the examples."""
    voted = {prediction.id: prediction for prediction in predictions}
    unread = (None,) * samples
    found: dict[str, Response] = {}
    for example in examples:
        prediction = voted.get(example.id) or Prediction(example.id, example.dataset, votes=unread)
        response = standing(prediction, sample_ids(example.id, samples), answers)
        if response is not None:
            held = shares(prediction.votes, labels) or None
            found[example.id] = replace(response, id=example.id, probabilities=held)
    return found


def answers_by_id(folder: RunFolder, dataset: str, registry: Registry) -> dict[str, Response]:
    """Return a dataset's responses, taken apart, by the ids of their requests: those of the examples, or
    of their samples."""
    responses = take_apart(list(folder.responses(dataset)), registry.thought_formats)
    return {response.id: response for response in responses}
