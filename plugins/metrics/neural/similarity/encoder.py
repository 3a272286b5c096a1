"""A sentence encoder: found and checked at once, loaded when it is first needed, one text at most
once."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from imhi import HarnessError, digest, file_checksum
from imhi.checkpoints import (
    Checkpoint,
    choose_device,
    find_checkpoint,
    free_memory,
    memory_as_memory_error,
    quiet,
    run_batches,
)
from imhi.plugins.metrics.neural.similarity.arguments import DEFAULT_MODEL

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from imhi import Array

USER = "similarity"


class SentenceEncoder:
    """A model of ``sentence-transformers`` for all datasets of all runs of a command.

    Raises:
        HarnessError: it is not there, not a sentence-transformers model, or has pickle weights.
    """

    def __init__(
        self, written: str, revision: str | None, device: str, batch_tokens: int, safetensors: bool
    ) -> None:
        self.checkpoint = find_encoder(written, revision, safetensors)
        self.identity = identity(self.checkpoint)
        self.device = device
        self.batch_tokens = batch_tokens
        self.safetensors = safetensors
        self.model: SentenceTransformer | None = None
        self._kept: dict[str, tuple[Array, bool]] = {}

    def encode(
        self, texts: Collection[str], keep: Collection[str]
    ) -> dict[str, tuple[Array, bool]]:
        """Return each text's embedding, shape (width,), of length 1, and whether the text was cut.

        Those of ``keep`` stay in memory until :meth:`close`: references are the same for every
        model under test.
        """
        new = sorted({text for text in texts if text not in self._kept})
        encoded = dict(zip(new, self._encode(new), strict=True))
        self._kept |= {text: vector for text, vector in encoded.items() if text in keep}
        return encoded | {text: self._kept[text] for text in texts if text in self._kept}

    def _encode(self, texts: Sequence[str]) -> Iterator[tuple[Array, bool]]:
        if not texts:
            return
        model = self._load()

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
                vectors.update(run_batches(texts, seen, work, self.batch_tokens))
            except MemoryError:
                raise HarnessError(
                    f"{USER}:{self.checkpoint.written}: not enough memory on {model.device} "
                    "for one text; use device=cpu or a smaller model"
                ) from None
        for index, length in enumerate(lengths):
            yield vectors[index], length > window

    def _load(self) -> SentenceTransformer:
        if self.model is None:
            from sentence_transformers import SentenceTransformer

            with self.checkpoint.loading():
                self.model = SentenceTransformer(
                    self.checkpoint.location,
                    revision=self.checkpoint.commit,
                    # Else the hub may be asked for a folder's name:
                    # findings/sentence_transformers_relative_folder.sh
                    local_files_only=self.checkpoint.folder is not None,
                    device=choose_device(self.device, USER),
                    # None prefers safetensors and takes pickles where there is nothing else.
                    model_kwargs={"use_safetensors": True if self.safetensors else None},
                )
        return self.model

    def close(self) -> None:
        """Free the model and the embeddings."""
        self._kept = {}
        if self.model is not None:
            device = str(self.model.device)
            self.model = None
            free_memory(device)


def find_encoder(written: str, revision: str | None, safetensors: bool) -> Checkpoint:
    """Find a model folder or hub id and check that it is a sentence encoder.

    Raises:
        HarnessError: it is not there, not a sentence-transformers model, or has pickle weights.
    """
    checkpoint = find_checkpoint(written, revision, user=USER)
    if safetensors:
        checkpoint.require_safetensors()
    # Without modules.json the library would pool any model's last layer and call that a meaning.
    if checkpoint.folder is not None:
        encodes = (checkpoint.folder / "modules.json").is_file()
    else:
        from sentence_transformers.util import is_sentence_transformer_model

        encodes = is_sentence_transformer_model(written, revision=checkpoint.commit)
    if not encodes:
        raise HarnessError(
            f"{USER}:{written}: found a model without modules.json, expected a "
            f"sentence-transformers model such as {DEFAULT_MODEL}"
        )
    return checkpoint


def identity(checkpoint: Checkpoint) -> str:
    """Return what tells this encoder from any other: as for any checkpoint and, of a folder, also
    the files of its further modules (pooling, dense layers)."""
    weights = checkpoint.identity()
    if checkpoint.folder is None:
        return weights
    modules = json.loads((checkpoint.folder / "modules.json").read_text(encoding="utf-8"))
    parts = []
    for name in sorted(module["path"] for module in modules if module["path"]):
        files = sorted(p for p in (checkpoint.folder / name).rglob("*") if p.is_file())
        parts.append([name, [[path.name, file_checksum(path)] for path in files]])
    return f"sha256:{digest([weights, parts])}"


def _token_counts(model: SentenceTransformer, texts: Sequence[str]) -> list[int]:
    """Return the tokens of each text, special ones included, before any truncation."""
    tokens = model.tokenizer(list(texts), truncation=False, padding=False)["input_ids"]
    return [len(of_text) for of_text in tokens]
