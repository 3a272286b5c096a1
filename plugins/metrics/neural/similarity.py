"""The metric ``similarity``: cosine of the sentence embeddings of explanation and reference.

Embeddings by ``sentence-transformers`` (Reimers and Gurevych 2019, https://aclanthology.org/D19-1410).
Scale 0 to 100: 100 times the cosine. Cosines below 0 say no less than 0 does, "nothing in common";
they count as 0, so that an empty explanation, which is 0 by definition, is never better than one
with text. Each distinct text is encoded once, and each pair is kept in the run folder.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from imhi import (
    Argument,
    Context,
    Example,
    HarnessError,
    Metric,
    Prediction,
    Response,
    digest,
    explanation_of,
    file_checksum,
    parse_count,
    parse_flag,
)
from imhi.checkpoints import run_batches

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from imhi import Array, Measure
    from imhi.checkpoints import Checkpoint
    from imhi.runs import Cache

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
CHUNK = 512  # pairs encoded, kept and reported at a time

Pair = tuple[str, str]  # explanation; reference or post

METRIC = Metric(
    "similarity",
    "Cosine of the sentence embeddings of explanation and reference",
    group="neural",
    create="imhi.plugins.metrics.neural.similarity:create",
    arguments=(
        Argument("model", "sentence-transformers model: hub id or folder", DEFAULT_MODEL),
        Argument("revision", "branch, tag or commit of a hub id"),
        Argument("post", "also score the explanation against the post", False, parse_flag),
        Argument("batch_tokens", "tokens per batch", 1024, parse_count, changes_answers=False),
        Argument("device", "cpu, cuda, cuda:N, mps or auto", "auto", changes_answers=False),
        Argument(
            "safetensors",
            "refuse weights in pickle form, which can run code when loaded",
            True,
            parse_flag,
        ),
    ),
)


def create(arguments: Mapping[str, Any]) -> Similarity:
    """Return the metric; the model is found and checked now, and loaded when it is first needed.

    Raises:
        HarnessError: the package is missing, or the model is not there or of the wrong kind.
    """
    if importlib.util.find_spec("sentence_transformers") is None:
        raise HarnessError(
            "metric similarity needs the package 'sentence-transformers', which is not installed: "
            "pip install 'imhi-harness[hf]'"
        )
    return Similarity(arguments)


class Similarity:
    """The metric at work: one model for all datasets of all runs of a command."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self.checkpoint = find_encoder(
            arguments["model"], arguments["revision"], arguments["safetensors"]
        )
        self.identity = identity(self.checkpoint)
        self.with_post: bool = arguments["post"]
        self.device: str = arguments["device"]
        self.safetensors: bool = arguments["safetensors"]
        self.budget: int = arguments["batch_tokens"]
        self._model: SentenceTransformer | None = None
        # References are the same for every model under test: theirs stay until the end.
        self._references: dict[str, tuple[Array, bool]] = {}

    def __call__(
        self,
        examples: Sequence[Example],
        responses: Sequence[Response],
        predictions: Sequence[Prediction],
        context: Context,
    ) -> list[Measure]:
        if not examples:
            return []
        dataset = examples[0].dataset
        texts = [explanation_of(response.text) for response in responses]
        references = [example.explanation for example in examples]
        kept = context.cache.open("similarity", {"encoder": self.identity})
        columns = {"similarity": references}
        if self.with_post:
            columns["post_similarity"] = [example.post for example in examples]
        wanted = {
            (text, other): None
            for others in columns.values()
            for text, other in zip(texts, others, strict=True)
            if text.strip() and other.strip()
        }
        self._fill(list(wanted), {*references}, kept, context, dataset)
        return [
            self._measure(name, texts, others, kept, context) for name, others in columns.items()
        ]

    def close(self) -> None:
        """Free the model."""
        from imhi.checkpoints import free_memory

        self._references = {}
        if self._model is not None:
            device = str(self._model.device)
            self._model = None
            free_memory(device)

    def _measure(
        self,
        name: str,
        texts: Sequence[str],
        others: Sequence[str],
        kept: Cache,
        context: Context,
    ) -> Measure:
        from imhi import mean_measure

        values: list[float | None] = []
        what = "posts" if name == "post_similarity" else "references"
        cut = {"explanations": 0, what: 0}
        negative = 0
        for text, other in zip(texts, others, strict=True):
            if not other.strip():
                values.append(None)
            elif not text.strip():
                values.append(0.0)
            else:
                row: list[Any] = kept.get(_key((text, other))) or []
                cosine, text_cut, other_cut = row
                values.append(100 * min(max(cosine, 0.0), 1.0))
                negative += cosine < 0
                cut["explanations"] += text_cut
                cut[what] += other_cut
        for kind, count in cut.items():
            context.count(
                f"{name}: {kind} longer than the model's window, which were cut: {{n}}", count
            )
        context.count(
            f"{name}: missing or empty explanations, which score 0: {{n}}",
            sum(
                value == 0.0 and not text.strip() for value, text in zip(values, texts, strict=True)
            ),
        )
        details: dict[str, Any] = {
            "model": self.checkpoint.written,
            "identity": self.identity,
            "library": f"sentence-transformers {_version()}",
            "empty": sum(not text.strip() for text in texts),
            f"without_{what}": values.count(None),
            "negative": negative,
            **{f"{kind}_truncated": count for kind, count in cut.items()},
        }
        return mean_measure(name, values, headline=name == "similarity", **details)

    def _fill(
        self,
        pairs: Sequence[Pair],
        references: set[str],
        kept: Cache,
        context: Context,
        dataset: str,
    ) -> None:
        """Compute the pairs that are not kept yet, and keep them."""
        missing = [pair for pair in pairs if _key(pair) not in kept]
        encoded: dict[str, tuple[Array, bool]] = {}
        for start in range(0, len(missing), CHUNK):
            chunk = missing[start : start + CHUNK]
            new = sorted(
                {
                    text
                    for pair in chunk
                    for text in pair
                    if text not in encoded and text not in self._references
                }
            )
            for text, vector in zip(new, self._encode(new), strict=True):
                (self._references if text in references else encoded)[text] = vector
            for pair in chunk:
                (a, a_cut), (b, b_cut) = (
                    self._references.get(text) or encoded[text] for text in pair
                )
                kept.put(_key(pair), [round(float(a @ b), 6), a_cut, b_cut])
            done = len(pairs) - len(missing) + start + len(chunk)
            context.advance("similarity", dataset, done, len(pairs))

    def _encode(self, texts: Sequence[str]) -> Iterator[tuple[Array, bool]]:
        """Yield each text's embedding, of length 1, and whether the text was cut."""
        if not texts:
            return
        from imhi.checkpoints import memory_as_memory_error, quiet

        model = self._loaded()

        def work(batch: Sequence[str]) -> list[Array]:
            with memory_as_memory_error():
                return list(
                    model.encode(
                        list(batch),
                        batch_size=len(batch),
                        show_progress_bar=False,
                        normalize_embeddings=True,
                    )
                )

        with quiet():
            lengths = _token_counts(model, texts)
            window = model.max_seq_length or max(lengths)
            seen = [min(length, window) for length in lengths]
            vectors: dict[int, Array] = {}
            try:
                vectors.update(run_batches(texts, seen, work, self.budget))
            except MemoryError:
                raise HarnessError(
                    f"similarity:{self.checkpoint.written}: not enough memory on {model.device} "
                    "for one text; use device=cpu or a smaller model"
                ) from None
        for index, length in enumerate(lengths):
            yield vectors[index], length > window

    def _loaded(self) -> SentenceTransformer:
        if self._model is None:
            from sentence_transformers import SentenceTransformer

            from imhi.checkpoints import choose_device, explained, quiet

            written = self.checkpoint.written
            with quiet(), explained(written, user="similarity"):
                self._model = SentenceTransformer(
                    self.checkpoint.location,
                    revision=self.checkpoint.commit,
                    device=choose_device(self.device, "similarity"),
                    # None prefers safetensors and takes pickles where there is nothing else.
                    model_kwargs={"use_safetensors": True if self.safetensors else None},
                )
        return self._model


def find_encoder(written: str, revision: str | None, safetensors: bool) -> Checkpoint:
    """Find a model folder or hub id and check that it is a sentence encoder.

    Raises:
        HarnessError: it is not there, not a sentence-transformers model, or has pickle weights.
    """
    from imhi.checkpoints import find_checkpoint, require_safetensors

    checkpoint = find_checkpoint(written, revision, user="similarity")
    if safetensors:
        require_safetensors(checkpoint, "model")
    # Without modules.json the library would pool any model's last layer and call that a meaning.
    if checkpoint.folder is not None:
        encodes = (checkpoint.folder / "modules.json").is_file()
    else:
        from sentence_transformers.util import is_sentence_transformer_model

        encodes = is_sentence_transformer_model(written, revision=checkpoint.commit)
    if not encodes:
        raise HarnessError(
            f"similarity:{written}: found a model without modules.json, expected a "
            f"sentence-transformers model such as {DEFAULT_MODEL}"
        )
    return checkpoint


def identity(checkpoint: Checkpoint) -> str:
    """Return what tells this encoder from any other: as for any checkpoint and, of a folder, also
    the files of its further modules (pooling, dense layers)."""
    found = checkpoint.identity()
    if checkpoint.folder is None:
        return found
    modules = json.loads((checkpoint.folder / "modules.json").read_text(encoding="utf-8"))
    parts = []
    for name in sorted(module["path"] for module in modules if module["path"]):
        files = sorted(p for p in (checkpoint.folder / name).rglob("*") if p.is_file())
        parts.append([name, [[path.name, file_checksum(path)] for path in files]])
    return f"sha256:{digest([found, parts])}"


def _key(pair: Pair) -> str:
    return digest(list(pair))


def _token_counts(model: SentenceTransformer, texts: Sequence[str]) -> list[int]:
    """Return the tokens of each text, special ones included, before any truncation."""
    tokens = model.tokenizer(list(texts), truncation=False, padding=False)["input_ids"]
    return [len(of_text) for of_text in tokens]


def _version() -> str:
    from importlib.metadata import version

    return version("sentence-transformers")
