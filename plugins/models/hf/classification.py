"""Labels with probabilities, by sequence classifiers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from imhi import Context, Dataset, HarnessError, Request, Response
from imhi.checkpoints import quiet
from imhi.plugins.models.hf.arguments import HfArguments
from imhi.plugins.models.hf.batches import answer_in_batches
from imhi.plugins.models.hf.loading import Loaded

Encoding = Mapping[str, list[int]]
"""What a tokenizer makes of one post."""


class Classifier:
    """Classifies posts. Where a dataset asks several questions, post and question are given as a
    pair of texts; a classifier is expected to be trained that way.

    Raises:
        HarnessError: its outputs are no labels, or a variable of a chat template is set.
    """

    def __init__(self, loaded: Loaded, name: str, arguments: HfArguments, context: Context) -> None:
        self.loaded = loaded
        self.name = name
        self.arguments = arguments
        self.context = context
        if arguments.template:
            raise HarnessError(
                f"{name}: template.{next(iter(arguments.template))} is set, and the checkpoint is a "
                "classifier, which has no chat template: leave it out"
            )
        self.outputs = self._outputs()

    def _outputs(self) -> dict[int, str]:
        """Return index -> label, from ``labels=`` or the checkpoint.

        Raises:
            HarnessError: not one probability per label, or ``labels=`` does not name each output.
        """
        config = self.loaded.model.config
        count = int(config.num_labels)
        if count < 2 or getattr(config, "problem_type", None) == "multi_label_classification":
            raise HarnessError(
                f"{self.name}: found a classifier with {count} outputs for "
                f"{getattr(config, 'problem_type', None) or 'regression'}, expected one output per "
                "label of which exactly one holds"
            )
        declared = {int(key): str(value) for key, value in config.id2label.items()}
        given = self.arguments.labels
        if given is None:
            return declared
        if sorted(given) != list(range(count)):
            raise HarnessError(
                f"{self.name}: labels= names the outputs {', '.join(map(str, sorted(given)))}, "
                f"expected each of 0 to {count - 1} once (the checkpoint calls them "
                f"{', '.join(declared.values())})"
            )
        return dict(given)

    def label_map(self, dataset: Dataset) -> dict[int, str]:
        """Return index -> the dataset's label name; case, ``_`` and ``-`` do not count.

        Raises:
            HarnessError: the classifier's labels are not the dataset's.
        """
        known = {_plain(label.name): label.name for label in dataset.labels}
        for label in dataset.labels:
            known.setdefault(_plain(label.completion), label.name)
        mapped = {
            index: known[_plain(label)]
            for index, label in self.outputs.items()
            if _plain(label) in known
        }
        if len(mapped) < len(self.outputs) or set(mapped.values()) != set(dataset.label_names):
            raise HarnessError(
                f"{self.name}: the classifier's labels are {', '.join(self.outputs.values())}, "
                f"those of dataset {dataset.name} are {', '.join(dataset.label_names)}; say which "
                "is which with labels=0:LABEL;1:LABEL;... or run it on the dataset it was trained "
                "for (--dataset)"
            )
        return mapped

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        """Yield a response with label and probabilities to each request, as batches finish.

        Raises:
            HarnessError: the classifier's labels are not those of a dataset asked about.
        """
        names = sorted({request.dataset for request in requests})
        datasets = {name: self.context.dataset(name) for name in names}
        maps = {name: self.label_map(dataset) for name, dataset in datasets.items()}
        with quiet():  # posts that are too long are counted below
            items = [
                (request, self._encode(request, datasets[request.dataset])) for request in requests
            ]
        truncated = sum(cut for _, (_, cut) in items)
        if truncated:
            self.context.note(
                f"{self.name}: {truncated} of {len(items)} posts were longer than its window of "
                f"{self.loaded.window} tokens ({self.loaded.window_from}) and lost their end; "
                "their responses are marked truncated"
            )
        lengths = [len(encoding["input_ids"]) for _, (encoding, _) in items]
        yield from answer_in_batches(
            items,
            lengths,
            lambda batch: self._answer(batch, maps),
            self.loaded,
            self.arguments,
            "post",
        )

    def _encode(self, request: Request, dataset: Dataset) -> tuple[Encoding, bool]:
        """Return the tokens of a post, and whether it was cut to fit the window."""
        tokenizer = self.loaded.tokenizer
        pair = (request.question or None) if len(dataset.questions) > 1 else None
        window = self.loaded.window
        encoding = tokenizer(request.post, pair)
        if window is None or len(encoding["input_ids"]) <= window:
            return dict(encoding), False
        # Of a pair only the post is cut: the question is what is asked.
        cut = tokenizer(request.post, pair, truncation="only_first", max_length=window)
        return dict(cut), True

    def _answer(
        self,
        batch: Sequence[tuple[Request, tuple[Encoding, bool]]],
        maps: Mapping[str, Mapping[int, str]],
    ) -> list[Response]:
        rows = self._probabilities([encoding for _, (encoding, _) in batch])
        responses = []
        for (request, (encoding, truncated)), row in zip(batch, rows, strict=True):
            totals: dict[str, float] = {}
            for index, label in maps[request.dataset].items():
                totals[label] = totals.get(label, 0.0) + row[index]
            responses.append(
                Response(
                    request.id,
                    request.dataset,
                    request.prompt_hash,
                    label=max(totals, key=lambda label: totals[label]),
                    probabilities=totals,
                    finish_reason="stop",
                    prompt_tokens=len(encoding["input_ids"]),
                    completion_tokens=0,
                    truncated=truncated,
                )
            )
        return responses

    def _probabilities(self, encodings: Sequence[Encoding]) -> list[list[float]]:
        """Return probabilities, shape (posts, outputs)."""
        import torch

        tokenizer = self.loaded.tokenizer
        if tokenizer.pad_token is None and len({len(e["input_ids"]) for e in encodings}) > 1:
            # Nothing to pad with: the posts one at a time.
            return [self._probabilities([encoding])[0] for encoding in encodings]
        if tokenizer.pad_token is None:
            inputs = {
                name: torch.tensor([encoding[name] for encoding in encodings])
                for name in encodings[0]
            }
        else:
            inputs = dict(tokenizer.pad(list(encodings), return_tensors="pt"))
        with torch.inference_mode():
            moved = {name: tensor.to(self.loaded.device) for name, tensor in inputs.items()}
            logits = self.loaded.model(**moved).logits
        rows: list[list[float]] = logits.float().softmax(dim=-1).tolist()
        return rows

    def describe(self) -> Mapping[str, object]:
        """Return which label each output means."""
        return {"labels": {str(index): label for index, label in self.outputs.items()}}


def _plain(label: str) -> str:
    return " ".join(label.replace("_", " ").replace("-", " ").split()).casefold()
