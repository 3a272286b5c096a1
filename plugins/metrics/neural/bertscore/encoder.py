"""The encoder below BERTScore at work: texts read, batched, and turned into unit vectors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from imhi import HarnessError
from imhi.checkpoints import (
    Checkpoint,
    choose_device,
    free_memory,
    memory_as_memory_error,
    quiet,
    run_batches,
)
from imhi.plugins.metrics.neural.bertscore.arguments import BertScoreArguments
from imhi.plugins.metrics.neural.bertscore.conventions import USER
from imhi.plugins.metrics.neural.bertscore.loading import load_model, window_of

# Tokens in a batch. On a CPU bigger batches are no faster, those of 2,048 slower, and have more
# padding where there are few texts (benchmarks/bertscore.py --batch-tokens).
_CPU_TOKENS = 512
_GPU_TOKENS = 32_768
# Texts handed to the tokenizer at a time: what it returns takes ten times the room of what is kept.
_TEXTS = 512
# By class name, as classes of transformers 4 and 5 differ: these get a space before the text.
_PREFIXED = {"GPT2Tokenizer", "RobertaTokenizer"}


@dataclass(frozen=True)
class Text:
    """A text as the model sees it: token ids, shape (tokens,), int32, special ones included.
    ``cut`` where it was longer than the window, ``empty`` where no token but special ones is."""

    ids: Any
    cut: bool
    empty: bool


class Encoder:
    """A model cut off above ``layer``, and its tokenizer, at work on one device.

    ``encoded`` counts tokens of texts, ``computed`` the same with padding.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        config: Any,
        tokenizer: Any,
        layer: int,
        arguments: BertScoreArguments,
    ) -> None:
        """Load the weights.

        Raises:
            HarnessError: they cannot be loaded, are incomplete, or do not fit the memory.
        """
        import torch

        self.written = checkpoint.written
        self.tokenizer = tokenizer
        self.device = choose_device(arguments.device, USER)
        self.model = load_model(checkpoint, config, layer, arguments, self.device)
        self.window = window_of(self.model, config, tokenizer, arguments.max_length, self.written)
        self.batch_tokens = arguments.batch_tokens or (
            _CPU_TOKENS if self.device == "cpu" else _GPU_TOKENS
        )
        names = {cls.__name__.removesuffix("Fast") for cls in type(tokenizer).__mro__}
        self.prefix = " " if names & _PREFIXED else ""
        self.special = tokenizer.num_special_tokens_to_add(pair=False)
        pad = tokenizer.pad_token_id
        self._pad = pad if pad is not None else (getattr(config, "pad_token_id", None) or 0)
        self._no_weight = {tokenizer.sep_token_id, tokenizer.cls_token_id} - {None}
        self._torch = torch
        self.encoded = 0
        self.computed = 0

    def read(self, texts: Sequence[str]) -> list[Text]:
        """Return the token ids of texts, cut to the window as bert-score's ``sent_encode`` cuts.

        bert-score asks RoBERTa's and GPT-2's tokenizers for a space before the text; transformers
        5 ignores that request, so the space is put there. (A space too many does not arise: a
        tokenizer that adds one leaves a text alone that begins with one.)
        """
        import numpy as np

        read = []
        for start in range(0, len(texts), _TEXTS):
            part = [self.prefix + text.strip() for text in texts[start : start + _TEXTS]]
            for text, ids in zip(part, self._ids(part), strict=True):
                cut = len(ids) > self.window
                if cut:
                    ids = self._ids([text], truncation=True, max_length=self.window)[0]
                empty = len(ids) <= self.special
                read.append(Text(np.asarray(ids, dtype=np.int32), cut, empty))
        return read

    def _ids(self, texts: list[str], **options: Any) -> list[list[int]]:
        with quiet():
            ids: list[list[int]] = self.tokenizer(
                texts,
                add_special_tokens=True,
                return_attention_mask=False,
                return_token_type_ids=False,
                verbose=False,
                **options,
            )["input_ids"]
        return ids

    def weights(self, text: Text, idf: Mapping[int, float] | None) -> Any:
        """Return the weight of each token, shape (tokens,): its idf, or 1 and 0 for special ones
        (those called SEP and CLS; others weigh 1, as in bert-score)."""
        ids = text.ids.tolist()
        if idf is not None:
            values = [idf[token] for token in ids]
        else:
            values = [0.0 if token in self._no_weight else 1.0 for token in ids]
        return self._torch.tensor(values, dtype=self._torch.float32)

    def encode(self, texts: Sequence[Text]) -> Iterator[tuple[int, Any]]:
        """Yield ``(index, unit vectors)`` as batches finish, the longest texts first: float16
        arrays of shape (tokens, width).

        Raises:
            HarnessError: not even one text alone fits the memory.
        """
        try:
            yield from run_batches(
                texts,
                [len(text.ids) for text in texts],
                self._work,
                self.batch_tokens,
                free=lambda: free_memory(self.device),
            )
        except MemoryError:
            raise HarnessError(
                f"{USER}:{self.written}: a single text does not fit the memory of {self.device}; "
                "use a smaller model, or max_length=N"
            ) from None

    def _work(self, batch: Sequence[Text]) -> list[Any]:
        torch = self._torch
        lengths = [len(text.ids) for text in batch]
        longest = max(lengths)
        ids = torch.full((len(batch), longest), self._pad, dtype=torch.long)
        mask = torch.zeros((len(batch), longest), dtype=torch.long)
        for row, text in enumerate(batch):
            ids[row, : lengths[row]] = torch.from_numpy(text.ids)
            mask[row, : lengths[row]] = 1
        with memory_as_memory_error(), torch.inference_mode():
            out = self.model(ids.to(self.device), attention_mask=mask.to(self.device))[0]
            units = torch.nn.functional.normalize(out.float(), dim=-1).half().cpu().numpy()
        self.encoded += sum(lengths)
        self.computed += len(batch) * longest
        # Copies: a view of one text would hold the whole batch.
        return [units[row, :length].copy() for row, length in enumerate(lengths)]

    def close(self) -> None:
        """Free the weights."""
        self.model = None
        free_memory(self.device)
