"""Several answers to one example (``--samples N``): how they are asked for, how they vote.

Every sample is a request and a response of its own, so that resuming, the answer cache, executors and
shards, which go by ids, know nothing of it. The first sample has the example's id and is what a run
without samples would ask; sample k of example ``ID`` is called ``ID~k``, and is drawn with a seed of its
own, since seeds of requests are made of their ids.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from imhi._core.errors import DataError
from imhi._core.fingerprints import digest
from imhi._core.records import Example, Prediction, Request, Response

UNPARSED = ""
"""The vote of a sample whose answer gives no label; one without an answer has None."""

_LIKE_A_SAMPLE = re.compile(r"~[0-9]+\Z")


def sample_ids(example: str, samples: int) -> list[str]:
    """Return what the samples of an example are called, the first as the example itself."""
    return [example, *(f"{example}~{number}" for number in range(2, samples + 1))]


def sample_requests(
    pairs: Iterable[tuple[Example, Request]], samples: int
) -> Iterator[tuple[Example, Sequence[Request]]]:
    """Pair each example with the requests of its samples, one where one answer is asked for. Samples
    of one example follow each other: engines that keep prompts read each once.

    Raises:
        DataError: an example is called as a sample would be.
    """
    for example, request in pairs:
        if samples > 1 and _LIKE_A_SAMPLE.search(example.id):
            raise DataError(
                f"{example.dataset}/{example.split}: example id {example.id} ends as samples' ids do "
                f"(~NUMBER), expected others with --samples {samples}: rename it, or leave --samples out"
            )
        ids = sample_ids(example.id, samples)
        yield (
            example,
            [
                request if not number else dataclasses.replace(request, id=id, sample=number)
                for number, id in enumerate(ids)
            ],
        )


def sample_seed(seed: int, sample: int) -> int:
    """Return what an interface that takes a seed, and not one for each request, draws a sample with:
    the run's seed for the first (0), a number in [0, 2**28) made of both for the others."""
    return seed if sample == 0 else int(digest([seed, "sample", sample])[:7], 16)


def vote(example: str, dataset: str, samples: Sequence[Prediction | None]) -> Prediction:
    """Return the label that most samples of an example give, with each one's vote; of labels with equally
    many votes the one that was given first.

    Samples without a label do not vote: where none has one the example is unparsed. It has failed
    where no sample was answered, or an answer is not read yet, as then the vote may still change.

    Args:
        samples: what was read of each sample, None where there is no answer.
    """
    votes = tuple(_vote_of(one) for one in samples)
    read = [one for one in samples if one is not None]
    if not read or any(one.status == "failed" for one in read):
        return Prediction(example, dataset, status="failed", votes=votes)
    # Counted in the order of the samples, and most_common keeps that among equals.
    counts = Counter(filter(None, votes))
    if not counts:
        return dataclasses.replace(read[0], id=example, votes=votes)
    label, count = counts.most_common(1)[0]
    first = next(one for one in read if one.label == label)
    return dataclasses.replace(first, id=example, votes=votes, confidence=count / len(read))


def _vote_of(prediction: Prediction | None) -> str | None:
    if prediction is None or prediction.status == "failed":
        return None
    return UNPARSED if prediction.label is None else prediction.label


def shares(votes: Sequence[str | None], labels: Sequence[str]) -> dict[str, float]:
    """Return the share of the answered samples that gave each label; what is missing to 1 gave none.
    Empty where no sample was answered."""
    answered = [one for one in votes if one is not None]
    return {label: answered.count(label) / len(answered) for label in labels} if answered else {}


def votes_in_words(votes: Sequence[str | None]) -> str:
    """Return how many samples gave which label, the most first: ``3 yes, 2 no``."""
    words = {UNPARSED: "without a label", None: "not answered"}
    counts = Counter(words.get(one, one) for one in votes).most_common()
    return ", ".join(f"{count} {said}" for said, count in counts)


def standing(
    prediction: Prediction, samples: Sequence[str], answers: Mapping[str, Response]
) -> Response | None:
    """Return the response that stands for an example: of the first sample that gave the label, else the
    first that was answered; None where none was.

    Args:
        samples: the ids of the samples, in order.
        answers: those there are, by id.
    """
    pairs = zip(samples, prediction.votes, strict=True)
    agreeing = [id for id, one in pairs if one and one == prediction.label]
    return next((answers[id] for id in [*agreeing, *samples] if id in answers), None)
