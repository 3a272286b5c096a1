"""What a reader of scores must know of answers: cut off, held back, with thoughts, of an earlier run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from imhi._core.answered import CUT_OFF
from imhi._core.registry import Registry
from imhi._core.results import Labelling
from imhi._core.run_store.manifest import Manifest, Totals


def answer_notes(
    labelling: Mapping[str, Labelling], manifest: Manifest, registry: Registry
) -> Iterator[str]:
    """Yield a sentence for each kind of end that is no plain one, counted over all datasets, and for
    answers that were not asked for."""
    yield from cache_notes(manifest.totals)
    cut_off = sum(counts.get("cut_off", 0) for counts in labelling.values())
    unanswered = sum(counts.get("why", {}).get(CUT_OFF, 0) for counts in labelling.values())
    filtered = sum(counts.get("filtered", 0) for counts in labelling.values())
    thoughts = sum(counts.get("thoughts", 0) for counts in labelling.values())
    tokens = sum(counts.get("thought_tokens", 0) for counts in labelling.values())
    if cut_off:
        within = f" ({unanswered:,} in a thought, which is no answer)" if unanswered else ""
        limit = manifest.generation.get("max_new_tokens")
        family = registry.families.things.get(str(manifest.model_identity.get("scheme")))
        if limit and (family is None or family.decodes):
            end = f"cut off at max_new_tokens={limit}{within}: raise --max-new-tokens"
        else:
            end = f"cut off for want of tokens{within}"
        yield f"{_answers(cut_off)} {end}"
    if filtered:
        yield (
            f"{_answers(filtered)} held back by a content filter or refused by the provider, and "
            "count as unparsed"
        )
    if thoughts:
        length = f", of {tokens:,} tokens in all" if tokens else ""
        begin = (
            "1 answer follows a thought"
            if thoughts == 1
            else f"{thoughts:,} answers follow thoughts"
        )
        yield f"{begin}{length}, which no label is read from"


def cache_notes(totals: Totals | None) -> Iterator[str]:
    """Yield a sentence where answers come from the answer cache."""
    if totals is not None and totals.cached:
        plural = "comes" if totals.cached == 1 else "come"
        yield (
            f"{totals.cached:,} of {totals.answered:,} answers {plural} from the answer cache: asked for an "
            "earlier run of the same model with the same decoding"
        )
        if totals.truncated:
            yield f"prompts of {totals.truncated:,} answers did not fit the model's window and were shortened"


def _answers(count: int) -> str:
    return "1 answer was" if count == 1 else f"{count:,} answers were"
