"""BERTScore at work on the columns of one dataset after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imhi import Context, Example, Prediction, Response, answer_format, digest
from imhi.checkpoints import choose_device, find_checkpoint
from imhi.plugins.metrics.neural.bertscore.arguments import BertScoreArguments
from imhi.plugins.metrics.neural.bertscore.conventions import (
    USER,
    choose_layer,
    find_baseline,
    inverse_frequencies,
    signature,
    table_name,
)
from imhi.plugins.metrics.neural.bertscore.encoder import Encoder
from imhi.plugins.metrics.neural.bertscore.loading import load_tokenizer, read_config
from imhi.plugins.metrics.neural.bertscore.store import EmbeddingStore
from imhi.plugins.metrics.neural.bertscore.work import NOTHING, PairScore, Work
from imhi.plugins.metrics.neural.pair_cache import Pair, PairCache, Steps

if TYPE_CHECKING:
    from imhi import Measure

# Raise it when values change: what was kept under the old one is then not used.
_VERSION = "1"


class BertScore:
    """The metric, with everything but the weights checked; they are loaded when a pair is new."""

    def __init__(self, arguments: BertScoreArguments) -> None:
        """Raises HarnessError as :func:`imhi.plugins.metrics.neural.bertscore.create` says."""
        self.arguments = arguments
        written = arguments.model
        self.checkpoint = find_checkpoint(written, arguments.revision, user=USER)
        if arguments.safetensors:
            self.checkpoint.require_safetensors()
        self._config, layers = read_config(self.checkpoint)
        known = table_name(written, self.checkpoint.folder)
        self.layer, by_table = choose_layer(arguments.layer, known, layers, written)
        self.baseline = find_baseline(arguments, self.checkpoint.folder, self.layer)
        choose_device(arguments.device, USER)
        self._tokenizer = load_tokenizer(self.checkpoint, self._config)
        self._notes = []
        if by_table and self.checkpoint.folder is not None:
            self._notes.append(
                f"{USER}: layer {self.layer} was chosen by the folder's name, as bert-score "
                f"chooses it for {known}"
            )
        # A folder's path says something of this machine only.
        shown = self.checkpoint.folder.resolve().name if self.checkpoint.folder else written
        self.signature = signature(shown, self.layer, arguments.idf, self.baseline)
        self.encoder: Encoder | None = None
        self._store: EmbeddingStore | None = None

    def __call__(
        self,
        examples: Sequence[Example],
        responses: Sequence[Response],
        predictions: Sequence[Prediction],
        context: Context,
    ) -> list[Measure]:
        """Return F1 (the headline), precision and recall on the scale 0 to 100; rescaled values
        may lie outside it.

        Examples without a reference explanation do not count. An answer that is missing or empty
        has raw scores of 0 and counts.
        """
        from imhi import Measure

        pairs: list[Pair | None] = [
            (example.explanation.strip(), answer_format.explanation_of(response.text).strip())
            if example.explanation.strip()
            else None
            for example, response in zip(examples, responses, strict=True)
        ]
        scored = self.score([pair for pair in pairs if pair], context, _name(examples))
        columns: list[list[float | None]] = [[], [], []]
        for pair in pairs:
            raw: Sequence[float] | None = scored[pair].scores if pair else None
            if raw is not None and self.baseline is not None:
                raw = self.baseline.rescaled(raw)
            for column, which in zip(columns, range(3), strict=True):
                column.append(None if raw is None else 100 * raw[which])
        counts = self._counts(pairs, scored)
        self._remark(counts, context)
        details: dict[str, Any] = {
            "signature": self.signature,
            "model": self.checkpoint.identity(),
            "layer": self.layer,
            "idf": self.arguments.idf,
            "baseline": str(self.baseline.file.name) if self.baseline else None,
            "dtype": self.arguments.dtype,
            "counts": counts,
        }
        precision, recall, f1 = columns
        return [
            Measure.mean("bertscore", f1, **details),
            Measure.mean("bertscore_precision", precision, headline=False, **details),
            Measure.mean("bertscore_recall", recall, headline=False, **details),
        ]

    def score(self, pairs: Sequence[Pair], context: Context, dataset: str) -> dict[Pair, PairScore]:
        """Return the raw scores of each distinct pair (reference, candidate), both stripped.

        With idf, weights are made from the references of all ``pairs``, repeated ones counted as
        often as they stand.
        """
        identity = self._identity()
        references = [reference for reference, _ in pairs]
        if self.arguments.idf:
            identity["idf"] = digest(sorted(references))

        def compute(missing: list[Pair]) -> Steps:
            work = self._prepare(missing, references)
            # References take their part of the time before the first pair is done.
            return len(missing) + work.unseen, work.run(missing)

        cache = PairCache(USER, context.cache.open(USER, identity))
        cache.fill([pair for pair in pairs if pair[1]], compute, context, dataset, len(pairs))
        return {
            pair: PairScore.from_json(cache[pair]) if pair[1] else PairScore(NOTHING)
            for pair in dict.fromkeys(pairs)
        }

    def _prepare(self, pairs: Sequence[Pair], references: Sequence[str]) -> Work:
        """Load what is not loaded yet, and read the texts; ``references`` make the idf weights."""
        encoder, store = self.ready()
        needed = references if self.arguments.idf else [reference for reference, _ in pairs]
        distinct = list(dict.fromkeys([*needed, *(candidate for _, candidate in pairs)]))
        texts = dict(zip(distinct, encoder.read(distinct), strict=True))
        idf = None
        if self.arguments.idf:
            idf = inverse_frequencies([texts[reference].ids.tolist() for reference in references])
        unseen = {r for r, _ in pairs if not texts[r].empty and digest(r) not in store}
        store.require_room(sum(len(texts[r].ids) for r in unseen), _width(self._config))
        return Work(encoder, store, texts, idf, len(unseen))

    def ready(self) -> tuple[Encoder, EmbeddingStore]:
        """Load the weights and open the store, where that has not been done."""
        if self.encoder is None:
            self.encoder = Encoder(
                self.checkpoint,
                self._config,
                self._tokenizer,
                self.layer,
                self.arguments,
            )
        if self._store is None:
            folder = self.arguments.references
            self._store = EmbeddingStore(
                Path(folder).expanduser() if folder else None, self._identity()
            )
        return self.encoder, self._store

    def _identity(self) -> dict[str, object]:
        """Return what changes a token's embedding."""
        return {
            "version": _VERSION,
            "model": self.checkpoint.identity(),
            "layer": self.layer,
            "dtype": self.arguments.dtype,
            "max_length": self.arguments.max_length,
            # Tokenizers of other versions may read a text in another way.
            "tokenizer": f"{type(self._tokenizer).__name__} of {_major_version()}",
        }

    def _counts(
        self, pairs: Sequence[Pair | None], scored: Mapping[Pair, PairScore]
    ) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for pair in pairs:
            if pair is None:
                counts["no reference"] += 1
                continue
            counts["scored"] += 1
            counts["empty answer"] += not pair[1]
            counts.update(scored[pair].remarks)
        return {name: count for name, count in sorted(counts.items()) if count}

    def _remark(self, counts: Mapping[str, int], context: Context) -> None:
        for text in self._notes:
            context.note(text)
        for name, saying in (
            ("empty answer", "missing or empty explanations, which score 0 before rescaling"),
            ("no tokens", "pairs with a text without any token, which score 0 before rescaling"),
            ("no weight", "pairs with a text whose idf weights are all 0, which score 0"),
            ("candidate cut", "explanations longer than the model's window, which were cut"),
            ("reference cut", "references longer than the model's window, which were cut"),
        ):
            context.count(f"{USER}: {saying}: {{n}}", counts.get(name, 0))

    def close(self) -> None:
        """Free the weights; remove the embeddings unless ``references=`` keeps them."""
        if self.encoder is not None:
            self.encoder.close()
            self.encoder = None
        if self._store is not None:
            self._store.close()
            self._store = None


def _width(config: Any) -> int:
    return int(getattr(config, "hidden_size", None) or getattr(config, "d_model", None) or 1024)


def _major_version() -> str:
    import transformers

    return f"transformers {transformers.__version__.partition('.')[0]}"


def _name(examples: Sequence[Example]) -> str:
    return examples[0].dataset if examples else "(no rows)"
