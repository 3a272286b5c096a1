"""A run's rows of one dataset, aligned: what metrics, comparisons and reports are made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from imhi._core.errors import HarnessError
from imhi._core.records import Example, Prediction, Response
from imhi._core.run_store.folder import RunFolder


@dataclass(frozen=True)
class Columns:
    """Examples with what came of each: ``responses[i]`` and ``predictions[i]`` are about
    ``examples[i]``. An example without an answer has a response with an error."""

    examples: Sequence[Example]
    responses: Sequence[Response]
    predictions: Sequence[Prediction]

    @property
    def aligned(self) -> tuple[Sequence[Example], Sequence[Response], Sequence[Prediction]]:
        """The three columns, in the order in which metrics take them."""
        return self.examples, self.responses, self.predictions

    @property
    def clusters(self) -> list[str]:
        """What each row is resampled with: its post."""
        return [example.post_id or example.id for example in self.examples]


def read_columns(
    folder: RunFolder, labeler: str, dataset: str, examples: Sequence[Example] | None = None
) -> Columns:
    """Return a dataset's aligned columns, labels read by ``labeler``. ``examples`` are the run's,
    where they are known: many runs are about the same ones.

    Raises:
        HarnessError: the labeler has not read them, or not all of them.
    """
    examples, responses = answered_examples(folder, dataset, examples)
    predictions = list(folder.predictions(labeler, dataset))
    expected = folder.manifest().datasets[dataset]
    if len(predictions) != expected or len(examples) != expected:
        raise HarnessError(
            f"{folder.predictions_file(labeler, dataset)}: {len(predictions)} predictions, "
            f"expected {expected}; make them with: imhi label {folder.path} --labeler {labeler}"
        )
    return Columns(examples, responses, predictions)


def answered_examples(
    folder: RunFolder, dataset: str, examples: Sequence[Example] | None = None
) -> tuple[Sequence[Example], Sequence[Response]]:
    """Return examples and responses in one order; an example without an answer has a failed one."""
    examples = list(folder.examples(dataset)) if examples is None else examples
    answered = {response.id: response for response in folder.responses(dataset)}
    return examples, [
        answered.get(example.id) or Response(example.id, dataset, "", error="no answer")
        for example in examples
    ]
