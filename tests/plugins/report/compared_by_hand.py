"""Comparisons made by hand for tests of the tables made from them, and readers of those tables."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Mapping, Sequence

from imhi._core.comparing import ComparedMetric, Comparison, ModelValue, Pair
from imhi._core.published import PublishedResult
from imhi.plugins.report.tables.writers import WRITERS

F1 = ComparedMetric("weighted_f1", "weighted_f1", 1, True)
UNPARSED = ComparedMetric("unparsed", "unparsed", 1, False)
BRIER = ComparedMetric("brier", "brier", 3, False)

# name -> metric -> values on DR, SAD, and the mean of both
SCORES = {
    "first": {"weighted_f1": (80.04, 60.0, 70.0), "unparsed": (0.0, 3.0, 1.5)},
    "second": {"weighted_f1": (78.0, 50.0, 64.0), "unparsed": (0.0, 40.0, 20.0)},
    "third": {"weighted_f1": (40.0, 61.0, 50.5), "unparsed": (9.0, 9.0, 9.0)},
}
PLACES = (("DR", ""), ("SAD", ""), ("", "datasets"))
NEAR = 5  # in these comparisons smaller differences are not significant
HOSTILE = (
    r"\input{/etc/passwd}",
    r"\write18{touch pwned} \immediate\openin0=x",
    "a & b % c # d $x$ {e} ~f ^^5cinput{x}",
    '[2pt] *x* "quoted" <b>|pipe|</b> `code` --dash--',
    "multi\nline\\\\\\hline\r\n\x1b[31mred",
    "模型-7B Müller Hernández Øystein İ ẞ \N{ROBOT FACE}",
    "=HYPERLINK(1) hf:/data/" + "x" * 90,
    "}} \\end{tabular} \\end{document}",
)


def comparison(
    scores: Mapping[str, Mapping[str, Sequence[float]]] = SCORES,
    measures: Sequence[ComparedMetric] = (F1, UNPARSED),
    **changes: object,
) -> Comparison:
    """Return a comparison in which a difference of less than 5 is not significant."""
    names = list(scores)
    values, pairs = [], []
    for metric, (place, (dataset, over)) in itertools.product(measures, enumerate(PLACES)):
        column = {name: scores[name][metric.name][place] for name in names}
        sign = 1 if metric.higher_is_better else -1
        for name, value in column.items():
            rank = 1 + sum(sign * other > sign * value for other in column.values())
            values.append(
                ModelValue(
                    metric.name, dataset, over, name, value, value - 2, value + 3, rank, rank, 3
                )
            )
        for a, b in itertools.combinations(names, 2):
            difference = column[a] - column[b]
            p = 0.4 if abs(difference) < NEAR else 0.0004
            pairs.append(
                Pair(
                    metric.name, dataset, over, a, b,
                    difference, difference - 1, difference + 1, p / 2, p, 100, 200,
                    better=None if over else 30, equal=None if over else 1150,
                    worse=None if over else 20,
                )
            )  # fmt: skip
    about = {
        "names": names,
        "runs": [f"/home/somebody/runs/run-{place}" for place in range(len(names))],
        "labeler": "hybrid",
        "split": "test",
        "source": "official:/home/somebody/imhi",
        "synthetic": False,
        "datasets": ["DR", "SAD"],
        "metrics": {metric.name: metric for metric in measures},
        "values": values,
        "pairs": pairs,
        "settings": {"resamples": 10_000, "seed": 7},
    }
    return Comparison(**{**about, **changes})  # type: ignore[arg-type]


def figure(model: str, dataset: str, value: float, source: str = "Paper A") -> PublishedResult:
    return PublishedResult(model, dataset, "weighted_f1", value, source, "Table 2", "quoted")


PUBLISHED = (
    figure("BERT", "DR", 91.25),
    figure("BERT", "SAD", 60.75),
    figure("Ro_BERTa", "DR", 95.11),
    figure("BERT", "CAMS", 11.11),
)


def written(name: str, found: Comparison, published: Sequence[PublishedResult] = PUBLISHED) -> str:
    parts: list[str] = []
    WRITERS[name](found, published, parts.append)
    text = "".join(parts)
    assert text.endswith("\n")
    return text


def markdown_rows(text: str, heading: str) -> list[list[str]]:
    """Return the cells of the first table below a heading, without header and rule."""
    below = text.split(f"{heading}\n\n", 1)[1].splitlines()
    lines = list(itertools.takewhile(lambda line: line.startswith("|"), below))
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    assert len({len(row) for row in rows}) == 1
    return rows


def latex_rows(text: str) -> list[list[str]]:
    """Return the cells of all rows of all tabulars."""
    rows = []
    for width, body in re.findall(r"begin\{tabular\}\{@\{\}l(r+)@\{\}\}(.*?)\\end", text, re.S):
        for line in body.splitlines():
            # \shortstack has line breaks of its own.
            line = re.sub(r"\\shortstack\[r\]\{(.*?)\}", lambda m: m[1].replace(r"\\", " "), line)
            if line.endswith(r"\\") and "multicolumn" not in line:
                cells = [cell.strip() for cell in re.split(r"(?<!\\)&", line[:-2])]
                assert len(cells) == len(width) + 1, line
                rows.append(cells)
    return rows


def csv_rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def hostile() -> tuple[Comparison, list[PublishedResult]]:
    """Return a comparison whose every text is a stranger's."""
    found = comparison(
        {name: SCORES["first"] for name in HOSTILE},
        source=f"official:{HOSTILE[0]}",
        labeler=HOSTILE[2],
        notes=list(HOSTILE),
        left_out=list(HOSTILE),
        runs=[f"/x/{place}{name}" for place, name in enumerate(HOSTILE)],
    )
    published = [
        PublishedResult(name, "DR", "weighted_f1", 50.0, name, name, name) for name in HOSTILE
    ]
    return found, published
