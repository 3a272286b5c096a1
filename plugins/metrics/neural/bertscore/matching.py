"""Greedy matching of token embeddings: precision, recall and F1 of aligned pairs of texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def match(
    candidates: Sequence[Any],
    references: Sequence[Any],
    candidate_weights: Sequence[Any],
    reference_weights: Sequence[Any],
    device: str,
) -> list[tuple[float, float, float]]:
    """Return raw precision, recall and F1, each in [0, 1], of every pair.

    Each token is matched with the most similar token of the other text (Zhang et al. 2020,
    equations in section 3), its weight counted once. As in bert-score, special tokens weigh
    nothing but may be matched with, and a token that nothing resembles (all cosines below 0)
    has 0. There the latter holds only where a batch happens to have padding; here always, so that
    a score cannot depend on what else is in the batch.

    Args:
        candidates, references: float16 tensors of shape (tokens, width).
        candidate_weights, reference_weights: float32 tensors of shape (tokens,), not negative,
            with a sum above 0.
    """
    import torch

    with torch.inference_mode():
        left, left_mask = _padded(candidates, device)
        right, right_mask = _padded(references, device)
        similar = torch.bmm(left, right.transpose(1, 2))
        similar.masked_fill_(~(left_mask.unsqueeze(2) & right_mask.unsqueeze(1)), 0.0)
        similar.clamp_(min=0.0)
        precision = _weighted(similar.amax(dim=2), candidate_weights)
        recall = _weighted(similar.amax(dim=1), reference_weights)
        f1 = 2 * precision * recall / (precision + recall)
        f1.masked_fill_(torch.isnan(f1), 0.0)
        rows = torch.stack((precision, recall, f1), dim=1).tolist()
    return [(p, r, f) for p, r, f in rows]


def _padded(embeddings: Sequence[Any], device: str) -> tuple[Any, Any]:
    """Return unit vectors, shape (texts, longest, width), and which of them are tokens."""
    import torch

    lengths = torch.tensor([len(one) for one in embeddings], device=device)
    padded = torch.nn.utils.rnn.pad_sequence(list(embeddings), batch_first=True)
    padded = torch.nn.functional.normalize(padded.to(device).float(), dim=-1)
    mask = torch.arange(padded.shape[1], device=device) < lengths.unsqueeze(1)
    return padded, mask


def _weighted(best: Any, weights: Sequence[Any]) -> Any:
    """Return the weighted mean of each row; padding has weight 0."""
    import torch

    padded = torch.nn.utils.rnn.pad_sequence(list(weights), batch_first=True).to(best.device)
    return (best * padded).sum(dim=1) / padded.sum(dim=1)
