"""The labeler ``likelihood:sum`` or ``likelihood:normalised``: the label of a run with ``--answer
likelihood``, by the other of the two likelihoods that its answers hold. No model is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from imhi import (
    Context,
    Dataset,
    HarnessError,
    Labeler,
    Prediction,
    ReadLabels,
    Response,
    UnknownName,
    hookimpl,
)

BY = {"sum": "log_likelihoods", "normalised": "normalised"}


def create(context: Context, by: str) -> ReadLabels:
    """Return the labeler.

    Raises:
        UnknownName: ``by`` is neither of the two.
    """
    if by not in BY:
        raise UnknownName("likelihood", by, BY, "expected --labeler likelihood:sum")

    def read(
        dataset: Dataset, aspects: Sequence[str], responses: Sequence[Response]
    ) -> list[Prediction]:
        predictions = []
        for response in responses:
            values = getattr(response, BY[by])
            if not values:
                raise HarnessError(
                    f"labeler likelihood: {dataset.name}/{response.id} has no likelihoods, expected "
                    "answers of a run with --answer likelihood; use another --labeler"
                )
            label = max(values, key=lambda name: values[name])
            predictions.append(
                Prediction(response.id, dataset.name, label, decided_by=f"likelihood:{by}")
            )
        return predictions

    return read


@hookimpl
def imhi_labelers() -> Iterator[Labeler]:
    yield Labeler(
        "likelihood",
        "By the likelihoods of --answer likelihood: their sum, or for each character",
        create,
        argument="sum|normalised",
        rereads=True,
    )
