"""The statistics of what is written: ``statistics.html``, a page that loads nothing from elsewhere,
and ``statistics.json`` with the same numbers. No post and no explanation is in either."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from imhi import Dataset
from imhi.build.writing.charts import histograms, stacked_bars
from imhi.build.writing.counters import Counters, SplitCounter, label_table, summed
from imhi.build.writing.facts import DatasetFacts, Facts
from imhi.build.writing.format_files import FormatFiles, Summary
from imhi.build.writing.markdown import model_shown
from imhi.io import write_json

PAGE, NUMBERS = "statistics.html", "statistics.json"
_TEMPLATE = Path(__file__).with_name("statistics.html.jinja")


class StatisticsFiles(FormatFiles):
    """The page and the numbers, written when all rows were counted."""

    def finish(self, summary: Summary) -> None:
        """Write the page and the numbers."""
        write_json(self.root / NUMBERS, numbers(summary.counters, summary.facts))
        (self.root / PAGE).write_text(_page(summary), encoding="utf-8", newline="\n")


def _page(summary: Summary) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATE.parent),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["n"] = _number
    template = environment.get_template(_TEMPLATE.name)
    return template.render(_contents(summary))


def numbers(counters: Counters, facts: Facts) -> dict[str, object]:
    """Return all numbers: of what is written by dataset and split, of what is not by reason."""
    return {
        "build": facts.name,
        "rows": counters.rows,
        "written": counters.to_json(),
        "left_out": {
            name: {
                "read": source.read,
                "removed_when_read": source.removed,
                "quarantined_rows": source.quarantined_rows,
                "quarantined_by_check": dict(source.quarantined),
                "unexplained": source.unexplained,
            }
            for name, source in facts.datasets.items()
        },
        "checks": [asdict(check) for check in facts.checks],
        "asking": facts.asking,
        "evaluations": [
            {**asdict(one), "criteria": [line.model_dump() for line in one.criteria]}
            for one in facts.evaluations
        ],
        "notes": facts.notes,
        "stages": facts.at,
        "environment": facts.environment,
    }


def _contents(summary: Summary) -> dict[str, object]:
    counters, facts = summary.counters, summary.facts
    names = counters.split_names()
    filled = {name: splits for name, splits in counters.splits.items() if splits}
    by_dataset = {name: summed(splits.values()) for name, splits in filled.items()}
    total = summed(by_dataset.values())
    return {
        "facts": facts,
        "rows": counters.rows,
        "total": total,
        "splits": names,
        "counts": counters.counts(),
        "totals": [
            sum(splits[name].rows for splits in filled.values() if name in splits) for name in names
        ],
        "overview": stacked_bars(
            "Rows of each dataset by split; the numbers are in the table beside it",
            list(filled),
            {
                name: [splits[name].rows if name in splits else 0 for splits in filled.values()]
                for name in names
            },
        ),
        "explainers": [
            (model_shown(name) or "not named", count)
            for name, count in total.explained_by.most_common()
        ],
        "sections": [
            _section(
                counters.datasets[name],
                summary.tasks[name],
                filled[name],
                names,
                by_dataset[name],
                facts.datasets[name],
            )
            for name in filled
        ],
        "empty": [name for name in counters.splits if name not in filled],
    }


def _section(
    dataset: Dataset,
    task: str,
    splits: dict[str, SplitCounter],
    names: list[str],
    total: SplitCounter,
    facts: DatasetFacts,
) -> dict[str, object]:
    return {
        "name": dataset.name,
        "task": task,
        "total": total,
        "facts": facts,
        "splits": [name for name in names if name in splits],
        "counters": [splits[name] for name in names if name in splits],
        "aspects": len(dataset.questions) > 1,
        "labels": label_table(dataset, splits, [name for name in names if name in splits]),
        "balance": _balance(dataset, total),
        "lengths": histograms(
            f"{dataset.name}: how long posts and explanations are, in words: "
            f"{_spoken('posts', total)}, {_spoken('explanations', total)}",
            {"posts": total.post_words, "explanations": total.explanation_words},
        ),
        "left_out": list(_left_out(facts)),
    }


def _balance(dataset: Dataset, total: SplitCounter) -> str:
    """Return the chart of labels: by aspect where several questions are asked."""
    if len(dataset.questions) == 1:
        aspect = dataset.questions[0].aspect
        counts = [total.labels[aspect, label] for label in dataset.label_names]
        spoken = ", ".join(f"{n} {c:,}" for n, c in zip(dataset.label_names, counts, strict=True))
        return stacked_bars(
            f"{dataset.name}: rows of each label: {spoken}", dataset.label_names, {"rows": counts}
        )
    aspects = [question.aspect for question in dataset.questions]
    return stacked_bars(
        f"{dataset.name}: share of each label by question; the numbers are in the table",
        aspects,
        {label: [total.labels[a, label] for a in aspects] for label in dataset.label_names},
        shares=True,
    )


def _spoken(what: str, total: SplitCounter) -> str:
    lengths = total.post_words if what == "posts" else total.explanation_words
    return f"{what} have a median of {lengths.quantile(0.5):,}"


def _left_out(facts: DatasetFacts) -> Iterator[tuple[str, str, int]]:
    """Yield where rows were lost, why, and how many."""
    for reason, count in sorted(facts.removed.items(), key=lambda item: -item[1]):
        yield "reading", reason, count
    for check, count in facts.quarantined.most_common():
        yield "quarantine", check, count
    if facts.unexplained:
        yield "explaining", "not explained", facts.unexplained


def _number(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.4g}" if isinstance(value, float) else str(value)
