"""Does ``grounding`` see what explanations take from their post? Measured against people's evidence.

On the IRF test rows, for the released (ChatGPT) explanations and real answers of three models:

* grounding, quoted, and recall and precision of the evidence spans that people marked;
* the same explanations dealt out to other posts, and random spans of the post, as long as the
  person's, in the place of the evidence: the floors;
* how well a single value tells an explanation under its own post from one under another (AUC).

A row counts for the evidence where the post has content words of its span. Intervals are 95%
intervals over posts, those of AUC by a bootstrap. Run from the project's root, with the official
checkout, the answers and the raw IRF files beside the project::

    python benchmarks/grounding.py [--imhi F] [--outputs F] [--raw F] [--resamples 300] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from sklearn.metrics import roc_auc_score  # noqa: E402

from imhi._core.answer_format import explanation_of  # noqa: E402
from imhi._core.context import Context  # noqa: E402
from imhi._core.plugin_manager import load_plugins  # noqa: E402
from imhi._core.records import Example, Response  # noqa: E402
from imhi._core.row_files import TableRow, read_table  # noqa: E402
from imhi._core.sources import open_source  # noqa: E402
from imhi._core.statistics import Measure, interval_of  # noqa: E402
from imhi.plugins.metrics.faithfulness.evidence import SPANS, Evidence, read_evidence  # noqa: E402
from imhi.plugins.metrics.faithfulness.grounding import Grounding  # noqa: E402
from imhi.plugins.metrics.faithfulness.words import words  # noqa: E402

SHOWN = ("grounding", "quoted", "evidence_recall", "evidence_precision")


@dataclass(frozen=True)
class Bench:
    """The rows, what people marked in them, and how to measure."""

    context: Context
    examples: Sequence[Example]
    evidence: Evidence

    @property
    def posts(self) -> list[str]:
        return [example.post_id or example.id for example in self.examples]

    def measures(
        self, explanations: Sequence[str], evidence: Evidence | None = None
    ) -> dict[str, Measure]:
        responses = [
            Response(example.id, example.dataset, "", text=f"Reasoning: {text}")
            for example, text in zip(self.examples, explanations, strict=True)
        ]
        metric = Grounding(evidence or self.evidence)
        found = metric(self.examples, responses, [], self.context)
        return {measure.name: measure for measure in found}

    def interval(self, measure: Measure) -> tuple[float, float | None, float | None]:
        """Return a value with the bounds of its interval over posts."""
        found = interval_of(measure, self.posts)
        return found.value, found.low, found.high


def of_another_post(examples: Sequence[Example], texts: Sequence[str], seed: int) -> list[str]:
    """Return texts dealt out anew: every one under another post, for the same question where the
    other post has it."""
    of_post: dict[str, dict[str, str]] = {}
    for example, text in zip(examples, texts, strict=True):
        of_post.setdefault(example.post_id, {})[example.aspect] = text
    order = sorted(of_post)
    random.Random(seed).shuffle(order)
    following = dict(zip(order, [*order[1:], order[0]], strict=True))
    dealt = []
    for example in examples:
        other = of_post[following[example.post_id]]
        dealt.append(other.get(example.aspect, next(iter(other.values()))))
    return dealt


def random_spans(examples: Sequence[Example], evidence: Evidence, seed: int) -> Evidence:
    """Return evidence of the same lengths from anywhere in the posts."""
    chance = random.Random(seed)
    spans: dict[str, dict[str, str]] = {}
    for example in examples:
        span = words(evidence.of(example.post, example.aspect))
        post = words(example.post)
        if not span:
            continue
        start = chance.randrange(max(len(post) - len(span), 0) + 1)
        drawn = " ".join(post[start : start + len(span)])
        spans.setdefault(" ".join(post), {})[example.aspect] = drawn
    return replace(evidence, spans=spans)


def apart(bench: Bench, own: Measure, other: Measure, resamples: int) -> tuple[float, float, float]:
    """Return the AUC of grounding, own post against another post, with its interval."""
    assert own.per_example is not None and other.per_example is not None
    values = np.stack([own.per_example, other.per_example])
    rows: dict[str, list[int]] = {}
    for row, post in enumerate(bench.posts):
        rows.setdefault(post, []).append(row)
    groups = [np.array(found) for found in rows.values()]
    generator = np.random.default_rng(0)

    def auc(chosen: np.ndarray) -> float:
        truth = np.repeat([1, 0], len(chosen))
        return float(roc_auc_score(truth, values[:, chosen].ravel()))

    drawn = [
        auc(np.concatenate([groups[i] for i in generator.integers(len(groups), size=len(groups))]))
        for _ in range(resamples)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return auc(np.arange(values.shape[1])), float(low), float(high)


def systems(bench: Bench, outputs: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the explanations of the references and of each model, in row order."""
    yield "released (ChatGPT)", [example.explanation for example in bench.examples]
    for file in sorted(outputs.glob("*/Irf.csv")):
        rows = read_table(file, ("goldens", "generated_text"))
        texts = [row.cells["generated_text"] for row in rows if isinstance(row, TableRow)]
        yield file.parent.name, [explanation_of(text) for text in texts]


def measured(bench: Bench, texts: Sequence[str], draws: int, resamples: int) -> dict[str, Any]:
    """Return what the explanations of one system reach: under their own posts and under others,
    against random spans, and the AUC of those that are not empty."""
    examples = bench.examples
    own = bench.measures(texts)
    other = bench.measures(of_another_post(examples, texts, seed=0))
    drawn = [
        bench.measures(texts, random_spans(examples, bench.evidence, seed)) for seed in range(draws)
    ]
    there = [row for row, text in enumerate(texts) if text.strip()]
    filled = replace(bench, examples=[examples[row] for row in there])
    kept = [texts[row] for row in there]
    dealt = of_another_post(filled.examples, kept, seed=0)
    grounding = [filled.measures(some)["grounding"] for some in (kept, dealt)]
    return {
        "own": {name: bench.interval(own[name]) for name in SHOWN},
        "another": {name: bench.interval(other[name]) for name in SHOWN},
        "random": {
            name: float(np.mean([found[name].value() for found in drawn])) for name in SHOWN[2:]
        },
        "rows_measured": own["evidence_recall"].details["rows_measured"],
        "filled": len(there),
        "auc": apart(filled, *grounding, resamples),
    }


def show(name: str, found: Mapping[str, Any]) -> None:
    """Print what one system reaches, a line for each way of looking at it."""
    for kind in ("own", "another"):
        cells = (f"{value:5.1f} [{low:4.1f}, {high:4.1f}]" for value, low, high in
                 (found[kind][measure] for measure in SHOWN))  # fmt: skip
        print(f"{name:20} {kind + ' post':18} " + " ".join(f"{cell:>20}" for cell in cells))
    cells = (f"{found['random'][measure]:>20.1f}" for measure in SHOWN[2:])
    print(f"{name:20} {'random spans':18} {'':>20} {'':>20} " + " ".join(cells))
    value, low, high = found["auc"]
    print(
        f"{name:20} AUC of {found['filled']} explanations that are not empty, own post against "
        f"another: {value:.3f} [{low:.3f}, {high:.3f}]",
        flush=True,
    )


def main() -> None:
    shared = ROOT.parent / "shared"
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--imhi", type=Path, default=shared / "imhi")
    parser.add_argument("--outputs", type=Path, default=shared / "model_outputs")
    parser.add_argument("--raw", type=Path, default=shared / "raw" / "Irf")
    parser.add_argument("--resamples", type=int, default=300, help="of the interval of AUC")
    parser.add_argument("--draws", type=int, default=10, help="random spans per row")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    given = parser.parse_args()
    registry = load_plugins().registry
    context = Context(registry, open_source(f"official:{given.imhi}", registry)[1], "test")
    examples = list(context.examples("IRF", "test"))
    bench = Bench(context, examples, read_evidence(str(given.raw)))
    figures: dict[str, Any] = {
        "rows": len(examples),
        "posts": len(set(bench.posts)),
        "rows_with_a_span": sum(bool(bench.evidence.of(e.post, e.aspect)) for e in examples),
        "systems": {},
    }
    print(
        f"IRF test: {figures['rows']} rows, {figures['posts']} posts; "
        f"{figures['rows_with_a_span']} rows with a span of {', '.join(SPANS)}\n"
    )
    print(f"{'':20} {'':18} " + " ".join(f"{name:>20}" for name in SHOWN))
    for name, texts in systems(bench, given.outputs):
        found = measured(bench, texts, given.draws, given.resamples)
        figures["rows_measured"] = found.pop("rows_measured")
        figures["systems"][name] = found
        show(name, found)
    print(f"\nevidence: the {figures['rows_measured']} rows whose post has words of their span")
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
