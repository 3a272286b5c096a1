"""The loss of causal models: of the answer's tokens alone, and without ever holding their logits.

With a vocabulary of 262,144 the logits of one batch of answers take gigabytes, and as much again for
their gradient. Here they are made for some tokens at a time; what the loss needs of them, and what
its gradient needs, is taken at once (the gradient of a sum of cross-entropies does not depend on
what comes after it but for a factor). The idea is that of Liger's fused linear cross-entropy (arXiv
2410.10989); TRL's own kernel does it for GPUs, and makes the logits of prompts too where there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from imhi.finetune.rows.encoding import IGNORED

if TYPE_CHECKING:
    import torch

    Batch = dict[str, torch.Tensor]

LOGITS_AT_ONCE = 2**26  # numbers: 256 MiB of float32


def answer_loss(
    model: Any, head: Any, inputs: Batch, weights: torch.Tensor | None, count: Any
) -> torch.Tensor:
    """Return the mean negative log-likelihood of the answer tokens, each times its weight.

    ``inputs`` and ``weights`` are of shape (rows, tokens). ``model`` may be wrapped (DDP, adapters)
    and is called as a whole; ``head`` is its layer that makes logits. ``count`` is what the sum is
    divided by (the answer tokens of all accumulated batches on all devices); None: those of this
    batch.
    """
    import torch

    labels = inputs["labels"][:, 1:]
    answered = labels != IGNORED
    chosen = labels[answered]
    each = None if weights is None else weights[:, 1:][answered]
    given = {name: value for name, value in inputs.items() if name != "labels"}
    if _ends_at(head, model, given):

        def of_states(states: torch.Tensor) -> torch.Tensor:
            return summed_loss(states[:, :-1][answered], head.weight, head.bias, chosen, each)

        with _forward(head, of_states):
            total = model(**given, use_cache=False).logits
    else:
        make_logits = head.forward
        with _forward(head, lambda states: make_logits(states[:, :-1][answered])):
            logits = model(**given, use_cache=False).logits
        losses = torch.nn.functional.cross_entropy(logits.float(), chosen, reduction="none")
        total = (losses if each is None else losses * each).sum()
    tokens = answered.sum() if count is None else torch.as_tensor(count, device=total.device)
    return total / tokens.clamp(min=1)


def _ends_at(head: Any, model: Any, inputs: Batch) -> bool:
    """Is what the model returns as logits what its head makes of the last states? Some models cap or
    scale it (Gemma 2, Granite). Asked once of a head, of two tokens."""
    import torch

    known: bool | None = getattr(head, "imhi_ends_the_model", None)
    if known is not None:
        return known
    made: list[torch.Tensor] = []
    hook = head.register_forward_hook(lambda module, states, logits: made.append(logits))
    try:
        with torch.no_grad():
            logits = model(input_ids=inputs["input_ids"][:1, :2], use_cache=False).logits
    finally:
        hook.remove()
    # Where several compute together, or in another precision, what is returned is another tensor.
    ends = len(made) == 1 and torch.equal(made[0].float(), logits.float())
    head.imhi_ends_the_model = ends
    return ends


@contextmanager
def _forward(layer: Any, instead: Callable[[torch.Tensor], torch.Tensor]) -> Iterator[None]:
    """Compute this in place of what the layer does: inside the layer's call, so that weights which
    are spread over devices are gathered there."""
    own = layer.__dict__.get("forward")
    layer.forward = instead
    try:
        yield
    finally:
        if own is None:
            del layer.forward
        else:
            layer.forward = own


def summed_loss(
    states: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    labels: torch.Tensor,
    each: torch.Tensor | None,
) -> torch.Tensor:
    """Return the sum of the cross-entropies of ``states @ weight.T + bias`` with ``labels``.

    ``states`` is of shape (tokens, width), ``weight`` (vocabulary, width), ``bias`` (vocabulary,),
    ``labels`` (tokens,); ``each`` (tokens,) multiplies the loss of a token. A float32 scalar. Logits
    are computed in autocast's precision where that is on, in that of ``weight`` otherwise.
    """
    import torch

    kind = states.device.type
    precision = weight.dtype
    if torch.is_autocast_enabled(kind):
        precision = torch.get_autocast_dtype(kind)
    differentiated = torch.is_grad_enabled() and (states.requires_grad or weight.requires_grad)
    factors = torch.ones(len(labels), device=states.device) if each is None else each.float()
    given = (states, weight, bias, labels, factors, precision, differentiated)
    loss: torch.Tensor = _summed_loss().apply(*given)
    return loss


def _summed_loss() -> Any:
    """Return the function of autograd (made here, since torch is loaded where it is needed)."""
    import torch

    class SummedLoss(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(  # type: ignore[override]
            ctx: Any,
            states: torch.Tensor,
            weight: torch.Tensor,
            bias: torch.Tensor | None,
            labels: torch.Tensor,
            factors: torch.Tensor,
            precision: torch.dtype,
            differentiated: bool,
        ) -> torch.Tensor:
            matrix = weight.to(precision)
            by_states, by_weight, by_bias = (
                torch.zeros_like(x, dtype=torch.float32) if differentiated and needed else None
                for x, needed in zip((states, weight, bias), ctx.needs_input_grad, strict=False)
            )
            total = torch.zeros((), device=states.device)
            step = max(1, LOGITS_AT_ONCE // len(weight))
            with torch.autocast(states.device.type, enabled=False):
                for start in range(0, len(labels), step):
                    part = slice(start, start + step)
                    own, label = states[part].to(precision), labels[part, None]
                    logits = (own @ matrix.T).float()
                    if bias is not None:
                        logits += bias.float()
                    normalizer = torch.logsumexp(logits, -1, keepdim=True)
                    losses = (normalizer - logits.gather(1, label))[:, 0]
                    total += (losses * factors[part]).sum()
                    if not differentiated:
                        continue
                    # Of softmax cross-entropy: the probabilities, less one at the label.
                    slope = logits.sub_(normalizer).exp_()
                    slope.scatter_add_(1, label, torch.full_like(label, -1, dtype=slope.dtype))
                    slope *= factors[part, None]
                    if by_bias is not None:
                        by_bias += slope.sum(0)
                    slope = slope.to(precision)
                    if by_states is not None:
                        by_states[part] = (slope @ matrix).float()
                    if by_weight is not None:
                        by_weight += slope.T @ own
                    del logits, slope  # before the next ones are made
            ctx.dtypes = [getattr(x, "dtype", None) for x in (states, weight, bias)]
            ctx.save_for_backward(by_states, by_weight, by_bias)
            return total

        @staticmethod
        def backward(ctx: Any, factor: torch.Tensor) -> tuple[Any, ...]:  # type: ignore[override]
            slopes = [
                None if slope is None else (slope * factor).to(dtype)
                for slope, dtype in zip(ctx.saved_tensors, ctx.dtypes, strict=True)
            ]
            return (*slopes, None, None, None, None)

    return SummedLoss
