"""The card of a written dataset: ``README.md``, as the Hub reads it and as people do.

A card is made to be passed on: no post is in it, and no path of the machine it was made on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from imhi.build.writing import markdown
from imhi.build.writing.counters import Counters, SplitCounter, label_table, summed
from imhi.build.writing.dataset_dict import ALL, LEFT_OUT, FrontMatter, configurations
from imhi.build.writing.facts import Facts
from imhi.build.writing.format_files import Summary
from imhi.build.writing.markdown import model_shown
from imhi.build.writing.parquet import columns

_TEMPLATE = Path(__file__).with_name("card.md.jinja")
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_REASONS = 12  # of a check, in its cell

# What stands in the columns; the fields of a row are described in :mod:`imhi.build.records`.
COLUMNS = {
    "id": "`SPLIT-N`: unique within its dataset",
    "dataset": "the dataset the row is of",
    "split": "the split",
    "post": "the post",
    "question": "the question that is asked about it",
    "label": "the gold label",
    "human_label": "the label that the raw data has",
    "explanation": "the explanation of the gold label",
    "aspect": "tells the questions of one dataset apart; empty where there is one",
    "post_id": "equal for rows about one post",
    "model_label": "the label that the explaining model gave; null where it gave none",
    "gold_from": "`human` or `model`: where the gold label is from",
    "explained_by": "the model that wrote the explanation, or where it was taken from",
    "round": "the round of asking, from 1; 0 where nothing was asked",
    "finish_reason": "why the model stopped",
    "file": "the raw file",
    "row": "the row in it, from 0 and without the header",
    "raw_label": "the raw label where it is worded otherwise",
    "evidence": "the passage of the post that people marked as their reason",
    "query": "post and question as an instruction-tuned model is asked",
    "answer": "`LABEL SENTENCE Reasoning: EXPLANATION`",
    "prompt": "post and the beginning of the answer, for completion models; null where there is none",
    "response": "what completes it: `LABEL. Reasoning: EXPLANATION`",
}


def write_card(path: Path, summary: Summary) -> None:
    """Write the card of what was counted and what is known of the build."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATE.parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"text": markdown.text, "code": markdown.code, "n": markdown.number}
    environment.globals["row"] = markdown.row
    text = environment.get_template(_TEMPLATE.name).render(_contents(summary))
    path.write_text(text, encoding="utf-8", newline="\n")


def metadata(counters: Counters, facts: Facts) -> FrontMatter:
    """Return the front matter."""
    size = next((name for most, name in _SIZES if counters.rows < most), "n>1M")
    return {
        "pretty_name": f"IMHI instruction data: {facts.name}",
        "license": "other",
        "license_name": "terms-of-each-source",
        "language": ["en"],
        "size_categories": [size],
        "task_categories": ["text-classification", "text-generation"],
        "tags": [
            *("imhi", "mental-health", "explanations", "instruction-tuning"),
            *("non-clinical-research", "not-for-all-audiences"),
        ],
        "configs": configurations(counters.counts()),
    }


def _contents(summary: Summary) -> dict[str, object]:
    counters, facts = summary.counters, summary.facts
    names = counters.split_names()
    total = summed(t for splits in counters.splits.values() for t in splits.values())
    counts = counters.counts()
    return {
        "front_matter": yaml.safe_dump(
            metadata(counters, facts), sort_keys=False, allow_unicode=True, width=1_000
        ),
        "facts": facts,
        "rows": counters.rows,
        "total": total,
        "splits": names,
        "everything": ALL,
        "first": next((name for name, splits in counts.items() if splits), ALL),
        "first_split": names[0],
        "columns": [(name, COLUMNS[name]) for name in columns() if name not in LEFT_OUT],
        "left_out": LEFT_OUT,
        "datasets": [
            [name, summary.tasks[name], *_counts(splits, names)] for name, splits in counts.items()
        ],
        "totals": [sum(splits.get(n, 0) for splits in counts.values()) for n in names],
        "labels": [(name, list(_labels(counters, name, names))) for name in counts if counts[name]],
        "gold": [
            (name, summed(splits.values())) for name, splits in counters.splits.items() if splits
        ],
        "explainers": _explainers(total),
        "counted": _counted,
        "package_versions": ", ".join(
            f"{name} {version}" for name, version in facts.packages.items()
        ),
    }


def _counts(splits: Mapping[str, int], names: Sequence[str]) -> Iterator[Any]:
    yield from (splits.get(name, 0) for name in names)
    yield sum(splits.values())


def _labels(counters: Counters, name: str, names: Sequence[str]) -> Iterator[tuple[Any, list[int]]]:
    """Yield what a row is about (question where there are several, label) and its counts."""
    dataset = counters.datasets[name]
    for aspect, label, counts in label_table(dataset, counters.splits[name], names):
        yield [aspect, label] if len(dataset.questions) > 1 else [label], counts


def _explainers(total: SplitCounter) -> list[tuple[str, int]]:
    return [
        (model_shown(name) or "not named", count)
        for name, count in total.explained_by.most_common(20)
    ]


def _counted(counts: Mapping[str, int]) -> str:
    """Return what there is how often, the most frequent first, for a cell."""
    common = Counter({name: count for name, count in counts.items() if count})
    shown = [f"{markdown.text(n)}: {count:,}" for n, count in common.most_common(_REASONS)]
    more = len(common) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more else "")
