"""An analysis of errors in a terminal: counts first, then lists. Letters stand for runs."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from imhi.io import one_line, out, print_table
from imhi.plugins.report.error_analysis.result import (
    Cluster,
    Contradiction,
    DistinctiveWord,
    ErrorAnalysis,
    Flip,
    Missed,
)
from imhi.runs import RunSet

_CHANCE = (
    "chance: what there would be if runs erred independently of one another, with their shares of "
    "errors on each question and gold label. flip: right for some, missed by others. no label: no "
    "run's answer could be read. alone +/-: examples that this run alone gets right, alone misses."
)
_FLIPS = "Flips begin with those that the better runs miss and the weaker ones get right."
_CLUSTERS = (
    "Clusters: posts with words in common (words that at least 5 posts have), found without looking "
    "at errors; those are shown that are missed more often than other posts of the same question and "
    "gold label (Fisher's exact test). most: missed by more than half of the runs. Words: log-odds "
    "ratio with a Dirichlet prior (Monroe et al. 2008). p: corrected for all that was tested, so that "
    "about one in twenty of what is shown is there by chance."
)


def show(found: ErrorAnalysis, runs: RunSet, kinds: Sequence[str], limit: int) -> None:
    """Print counts and the lists of these kinds, at most ``limit`` entries of each; 0: no lists."""
    kinds = kinds if limit else []
    letters = dict(zip(found.runs, _letters(), strict=False))
    _show_counts(found)
    _show_runs(found, letters)
    if "missed" in kinds:
        _show_missed(found, letters, limit)
    if "flips" in kinds and len(found.runs) > 1:
        _show_flips(found, letters, limit)
    if "contradictions" in kinds:
        _show_contradictions(found, letters, limit)
    if "clusters" in kinds:
        _show_clusters(found.clusters, letters, limit, with_ids=len(kinds) == 1)
        _show_words(found.words, letters, limit)
    for line in _remarks(found, runs, kinds):
        out().print(one_line(line), style="dim", markup=False)


def _letters() -> Iterator[str]:
    """Yield A to Z, AA, AB ..."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    for length in itertools.count(1):
        for letters in itertools.product(alphabet, repeat=length):
            yield "".join(letters)


def _show_counts(found: ErrorAnalysis) -> None:
    several = len(found.runs) > 1
    columns = ["dataset", "examples", "all miss" if several else "missed"]
    columns += ["chance", "all right", "chance", "flip"] if several else []
    rows = []
    for one in found.counts:
        row: list[Any] = [one.dataset, f"{one.examples:,}"]
        row.append(_share(one.missed_by_all, one.examples))
        if several:
            row.append(f"{one.expected_missed_by_all:,.0f}")
            row.append(_share(one.right_by_all, one.examples))
            row.append(f"{one.expected_right_by_all:,.0f}")
            row.append(f"{one.flips:,}")
        rows.append([*row, f"{one.unread_by_all:,}"])
    print_table("What runs get wrong", [*columns, "no label"], rows)
    out().print()


def _show_runs(found: ErrorAnalysis, letters: Mapping[str, str]) -> None:
    """Print each run's errors over all datasets, and the letter that stands for it."""
    examples = sum(counts.examples for counts in found.counts)
    columns: dict[str, list[str]] = {"": [], "run": [], "errors": [], "unparsed": []}
    columns |= {"failed": [], "contradicts": [], "alone +/-": []}
    for run in found.runs:
        own = [counts.runs[run] for counts in found.counts]
        columns[""].append(letters[run])
        columns["run"].append(one_line(run))
        columns["errors"].append(_share(sum(c.errors for c in own), examples))
        columns["unparsed"].append(f"{sum(c.unparsed for c in own):,}")
        columns["failed"].append(f"{sum(c.failed for c in own):,}")
        columns["contradicts"].append(f"{sum(c.contradictions for c in own):,}")
        alone = (sum(c.only_right for c in own), sum(c.only_wrong for c in own))
        columns["alone +/-"].append("/".join(f"{count:,}" for count in alone))
    if len(found.runs) == 1:
        del columns["alone +/-"]
    # A narrow terminal has no room for columns without a count.
    shown = {
        head: cells
        for head, cells in columns.items()
        if head not in ("failed", "contradicts") or any(cell != "0" for cell in cells)
    }
    print_table("", list(shown), list(zip(*shown.values(), strict=True)), left=2)
    out().print()


def _show_missed(found: ErrorAnalysis, letters: Mapping[str, str], limit: int) -> None:
    several = len(found.runs) > 1
    rows = [
        [*_place(row), _answers(row.answers, letters), *([_percent(row.chance)] if several else [])]
        for row in found.missed_by_all[:limit]
    ]
    title = f"Missed{' by all' if several else ''} ({len(found.missed_by_all):,})"
    columns = ["answers", *(["chance"] if several else [])]
    _print_list(title, columns, rows, found.missed_by_all, limit, numbers=int(several))


def _show_flips(found: ErrorAnalysis, letters: Mapping[str, str], limit: int) -> None:
    rows = []
    for row in found.flips[:limit]:
        wrong = {run: answer for run, answer in row.answers.items() if run in row.wrong}
        right = " ".join(sorted(letters[run] for run in row.right))
        rows.append([*_place(row), right, _answers(wrong, letters)])
    title = f"Flips ({len(found.flips):,})"
    if len(found.runs) == 2:
        alone = [sum(one.runs[run].only_right for one in found.counts) for run in found.runs]
        title += f": {letters[found.runs[0]]} alone is right on {alone[0]:,}, "
        title += f"{letters[found.runs[1]]} on {alone[1]:,}"
    _print_list(title, ["right", "wrong"], rows, found.flips, limit)


def _show_contradictions(found: ErrorAnalysis, letters: Mapping[str, str], limit: int) -> None:
    rows = [
        [
            *_place(row),
            letters[row.run],
            row.label,
            f"{row.other} ({row.between})",
            {"label": "label", "other": row.between, "neither": "neither"}[row.right],
        ]
        for row in found.contradictions[:limit]
    ]
    right = Counter(row.right for row in found.contradictions)
    title = (
        f"Contradictions ({len(found.contradictions):,}): the label is right in {right['label']:,}, "
        f"the other in {right['other']:,}"
    )
    _print_list(title, ["run", "label", "other", "right is"], rows, found.contradictions, limit)


def _place(row: Missed | Flip | Contradiction) -> list[str]:
    return [f"{row.dataset}/{row.id}", row.aspect, row.gold]


def _print_list(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    all_rows: Sequence[Missed | Flip | Contradiction],
    limit: int,
    numbers: int = 0,
) -> None:
    """Print a list of examples: as a table, or each with its post below it where there are posts.

    ``columns`` follow the example, its question and gold label; the last ``numbers`` are numbers.
    """
    from rich.padding import Padding
    from rich.text import Text

    if not all_rows:
        out().print(f"{title.partition(' (')[0]}: none", style="bold", markup=False)
        out().print()
        return
    heads = ["example", "question", "gold", *columns]
    if not any(row[1] for row in rows):
        heads.remove("question")
        rows = [[row[0], *row[2:]] for row in rows]
    if any(row.post for row in all_rows[:limit]):
        out().print(title, style="bold", markup=False)
        for cells, row in zip(rows, all_rows, strict=False):
            pairs = zip(heads[1:], cells[1:], strict=True)
            about = "; ".join([cells[0], *(f"{head} {cell}" for head, cell in pairs if cell)])
            out().print(Text(one_line(about)))
            out().print(Padding(Text(one_line(row.post), style="dim"), (0, 0, 0, 4)))
    else:
        print_table(title, heads, [list(map(one_line, row)) for row in rows], len(heads) - numbers)
    _say_hidden(len(all_rows), limit)
    out().print()


def _show_clusters(
    clusters: Sequence[Cluster], letters: Mapping[str, str], limit: int, with_ids: bool
) -> None:
    """Print each cluster's words and below them who misses it, on which question."""
    if not clusters:
        out().print("Clusters of errors: none beyond chance", style="bold", markup=False)
        out().print()
        return
    out().print(f"Clusters of errors ({len(clusters):,})", style="bold", markup=False)
    groups: dict[tuple[str, str], list[Cluster]] = {}
    for cluster in clusters[:limit]:
        groups.setdefault((cluster.dataset, " ".join(cluster.words)), []).append(cluster)
    for (dataset, words), group in groups.items():
        asked = any(cluster.aspect for cluster in group)
        columns = ["run", *(["question"] if asked else []), "gold", "mostly answered"]
        rows = [
            [
                letters.get(cluster.run, "most"),
                *([cluster.aspect] if asked else []),
                cluster.gold,
                cluster.predicted,
                _share(cluster.missed, cluster.missed + cluster.right),
                f"{cluster.share_others:.0%}",
                _p(cluster.p),
            ]
            for cluster in group
        ]
        out().print()
        print_table(f"{dataset}: {words}", [*columns, "missed", "others", "p"], rows, len(columns))
        if with_ids:
            missed = dict.fromkeys(id for cluster in group for id in cluster.ids)
            out().print(one_line(f"missed: {' '.join(missed)}"), style="dim", markup=False)
    _say_hidden(len(clusters), limit)
    out().print()


def _show_words(words: Sequence[DistinctiveWord], letters: Mapping[str, str], limit: int) -> None:
    if not words:
        out().print("Words that mark what is missed: none beyond chance", style="bold")
        out().print()
        return
    rows = [
        [
            row.word,
            row.dataset,
            letters.get(row.run, "most"),
            _share(row.missed, row.missed + row.right),
            f"{_others(row):.0%}",
            f"{row.z:.1f}",
            _p(row.p),
        ]
        for row in words[:limit]
    ]
    columns = ["word", "dataset", "run", "missed", "others", "z", "p"]
    print_table(f"Words that mark what is missed ({len(words):,})", columns, rows, left=3)
    _say_hidden(len(words), limit)
    out().print()


def _others(row: DistinctiveWord) -> float:
    """Return the share missed among the examples without the word."""
    missed = row.missed_all - row.missed
    return missed / max(1, missed + row.right_all - row.right)


def _say_hidden(total: int, limit: int) -> None:
    if total > limit:
        out().print(f"... and {total - limit:,} more (--limit {total}, or --json)", style="dim")


def _answers(answers: Mapping[str, str], letters: Mapping[str, str]) -> str:
    """Return answers with the letters of the runs that gave them, as ``no: A C; (unparsed): B``."""
    given: dict[str, list[str]] = {}
    for run, answer in answers.items():
        given.setdefault(answer, []).append(letters[run])
    return "; ".join(f"{answer}: {' '.join(runs)}" for answer, runs in given.items())


def _share(count: int, total: int) -> str:
    return f"{count:,} ({count / total:.0%})" if total else "0"


def _percent(value: float) -> str:
    return "<0.1%" if value < 0.001 else f"{value:.1%}"


def _p(value: float) -> str:
    return "<.001" if value < 0.001 else f"{value:.3f}".lstrip("0")


def _remarks(found: ErrorAnalysis, runs: RunSet, kinds: Sequence[str]) -> Iterator[str]:
    yield from (*found.left_out, *runs.left_out, *runs.notes)
    for one in found.counts:
        if one.left_out:
            yield f"{one.dataset}: {one.left_out:,} examples are not in every run and are left out."
    yield f"{runs.source}, split {runs.split}; labels read by {runs.labeler}."
    if len(found.runs) > 1:
        yield _CHANCE
    if "flips" in kinds and len(found.runs) > 1:
        yield _FLIPS
    if "clusters" in kinds:
        yield _CLUSTERS
    if runs.synthetic:
        yield "Demo posts are fictional: these errors say nothing about IMHI."
    yield "For non-clinical research only."
