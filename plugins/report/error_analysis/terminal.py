"""An analysis of errors in a terminal: counts first, then lists. Letters stand for runs."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from imhi.io import Table, figures, out, sanitizing, show_notes, show_table
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


def show(analysis: ErrorAnalysis, runs: RunSet, kinds: Sequence[str], limit: int) -> None:
    """Print counts and the lists of these kinds, at most ``limit`` entries of each; 0: no lists."""
    kinds = kinds if limit else []
    letters = dict(zip(analysis.runs, _letters(), strict=False))
    several = len(analysis.runs) > 1
    show_table(_counts_table(analysis), gap=True)
    show_table(_runs_table(analysis, letters), gap=True)
    if "missed" in kinds:
        _show_missed(analysis, letters, limit)
    if "flips" in kinds and several:
        _show_flips(analysis, letters, limit)
    if "contradictions" in kinds:
        _show_contradictions(analysis, letters, limit)
    if "clusters" in kinds:
        _show_clusters(analysis.clusters, letters, limit, with_ids=len(kinds) == 1)
        _show_words(analysis.words, letters, limit)
    show_notes(map(sanitizing.one_line, _remarks(analysis, runs, kinds)))


def _letters() -> Iterator[str]:
    """Yield A to Z, AA, AB ..."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    for length in itertools.count(1):
        for letters in itertools.product(alphabet, repeat=length):
            yield "".join(letters)


def _counts_table(analysis: ErrorAnalysis) -> Table:
    several = len(analysis.runs) > 1
    columns = ["examples", "all miss" if several else "missed"]
    columns += ["chance", "all right", "chance", "flip"] if several else []
    rows = []
    for one in analysis.counts:
        row = [one.dataset, f"{one.examples:,}", figures.share(one.missed_by_all, one.examples)]
        if several:
            row.append(f"{one.expected_missed_by_all:,.0f}")
            row.append(figures.share(one.right_by_all, one.examples))
            row.append(f"{one.expected_right_by_all:,.0f}")
            row.append(f"{one.flips:,}")
        rows.append([*row, f"{one.unread_by_all:,}"])
    return Table(
        "What runs get wrong",
        [*Table.texts("dataset"), *Table.numbers(*columns, "no label")],
        rows,
    )


def _runs_table(analysis: ErrorAnalysis, letters: Mapping[str, str]) -> Table:
    """Return each run's errors over all datasets, and the letter that stands for it."""
    examples = sum(counts.examples for counts in analysis.counts)
    rows = []
    for run in analysis.runs:
        counts = [one.runs[run] for one in analysis.counts]
        row = {"": letters[run], "run": sanitizing.one_line(run)}
        row["errors"] = figures.share(sum(c.errors for c in counts), examples)
        row["unparsed"] = f"{sum(c.unparsed for c in counts):,}"
        row["no answer"] = f"{sum(c.no_answer for c in counts):,}"
        row["contradicts"] = f"{sum(c.contradictions for c in counts):,}"
        if len(analysis.runs) > 1:
            right, wrong = (sum(c.only_right for c in counts), sum(c.only_wrong for c in counts))
            row["alone +/-"] = f"{right:,}/{wrong:,}"
        rows.append(row)
    # A narrow terminal has no room for columns without a count.
    for head in ("no answer", "contradicts"):
        if all(row[head] == "0" for row in rows):
            for row in rows:
                del row[head]
    return Table.of("", rows, left=2)


def _show_missed(analysis: ErrorAnalysis, letters: Mapping[str, str], limit: int) -> None:
    several = len(analysis.runs) > 1
    rows = [
        {**_place(row), "answers": _answers(row.answers, letters)}
        | ({"chance": _percent(row.chance)} if several else {})
        for row in analysis.missed_by_all[:limit]
    ]
    title = f"Missed{' by all' if several else ''} ({len(analysis.missed_by_all):,})"
    _print_list(title, rows, analysis.missed_by_all, limit, numbers=int(several))


def _show_flips(analysis: ErrorAnalysis, letters: Mapping[str, str], limit: int) -> None:
    rows = []
    for row in analysis.flips[:limit]:
        wrong = {run: answer for run, answer in row.answers.items() if run in row.wrong}
        right = " ".join(sorted(letters[run] for run in row.right))
        rows.append({**_place(row), "right": right, "wrong": _answers(wrong, letters)})
    title = f"Flips ({len(analysis.flips):,})"
    if len(analysis.runs) == 2:
        alone = [sum(one.runs[run].only_right for one in analysis.counts) for run in analysis.runs]
        title += f": {letters[analysis.runs[0]]} alone is right on {alone[0]:,}, "
        title += f"{letters[analysis.runs[1]]} on {alone[1]:,}"
    _print_list(title, rows, analysis.flips, limit)


def _show_contradictions(analysis: ErrorAnalysis, letters: Mapping[str, str], limit: int) -> None:
    rows = [
        {
            **_place(row),
            "run": letters[row.run],
            "label": row.label,
            "other": f"{row.other} ({row.between})",
            "right is": row.between if row.right == "other" else row.right,
        }
        for row in analysis.contradictions[:limit]
    ]
    right = Counter(row.right for row in analysis.contradictions)
    title = (
        f"Contradictions ({len(analysis.contradictions):,}): the label is right in {right['label']:,}, "
        f"the other in {right['other']:,}"
    )
    _print_list(title, rows, analysis.contradictions, limit)


def _place(row: Missed | Flip | Contradiction) -> dict[str, str]:
    return {"example": f"{row.dataset}/{row.id}", "question": row.aspect, "gold": row.gold}


def _print_list(
    title: str,
    rows: Sequence[dict[str, str]],
    all_rows: Sequence[Missed | Flip | Contradiction],
    limit: int,
    numbers: int = 0,
) -> None:
    """Print a list of examples: as a table, or each with its post below it where there are posts.
    The last ``numbers`` columns are numbers."""
    from rich.padding import Padding
    from rich.text import Text

    if not all_rows:
        _say_none(title.partition(" (")[0])
        return
    if not any(row["question"] for row in rows):
        rows = [{head: row[head] for head in row if head != "question"} for row in rows]
    if any(row.post for row in all_rows[:limit]):
        out().print(title, style="bold", markup=False)
        for cells, row in zip(rows, all_rows, strict=False):
            about = [f"{head} {cell}" for head, cell in cells.items() if cell and head != "example"]
            out().print(Text(sanitizing.one_line("; ".join([cells["example"], *about]))))
            out().print(Padding(Text(sanitizing.one_line(row.post), style="dim"), (0, 0, 0, 4)))
    else:
        harmless = [{head: sanitizing.one_line(cell) for head, cell in row.items()} for row in rows]
        show_table(Table.of(title, harmless, left=len(rows[0]) - numbers))
    _say_hidden(len(all_rows), limit)


def _show_clusters(
    clusters: Sequence[Cluster], letters: Mapping[str, str], limit: int, with_ids: bool
) -> None:
    """Print each cluster's words and below them who misses it, on which question."""
    if not clusters:
        _say_none("Clusters of errors", " beyond chance")
        return
    out().print(f"Clusters of errors ({len(clusters):,})", style="bold", markup=False)
    groups: dict[tuple[str, str], list[Cluster]] = {}
    for cluster in clusters[:limit]:
        groups.setdefault((cluster.dataset, " ".join(cluster.words)), []).append(cluster)
    for (dataset, words), group in groups.items():
        asked = any(cluster.aspect for cluster in group)
        rows = [
            {"run": letters.get(cluster.run, "most")}
            | ({"question": cluster.aspect} if asked else {})
            | {
                "gold": cluster.gold,
                "mostly answered": cluster.predicted,
                "missed": figures.share(cluster.missed, cluster.missed + cluster.right),
                "others": f"{cluster.share_others:.0%}",
                "p": figures.p_value(cluster.p, star=False),
            }
            for cluster in group
        ]
        out().print()
        missed = dict.fromkeys(id for cluster in group for id in cluster.ids)
        notes = [sanitizing.one_line(f"missed: {' '.join(missed)}")] if with_ids else []
        show_table(Table.of(f"{dataset}: {words}", rows, len(rows[0]) - 3, notes=notes))
    _say_hidden(len(clusters), limit)


def _show_words(words: Sequence[DistinctiveWord], letters: Mapping[str, str], limit: int) -> None:
    if not words:
        _say_none("Words that mark what is missed", " beyond chance")
        return
    rows = [
        {
            "word": row.word,
            "dataset": row.dataset,
            "run": letters.get(row.run, "most"),
            "missed": figures.share(row.missed, row.missed + row.right),
            "others": f"{_others(row):.0%}",
            "z": f"{row.z:.1f}",
            "p": figures.p_value(row.p, star=False),
        }
        for row in words[:limit]
    ]
    show_table(Table.of(f"Words that mark what is missed ({len(words):,})", rows, left=3))
    _say_hidden(len(words), limit)


def _others(row: DistinctiveWord) -> float:
    """Return the share missed among the examples without the word."""
    missed = row.missed_all - row.missed
    return missed / max(1, missed + row.right_all - row.right)


def _say_none(what: str, how: str = "") -> None:
    out().print(f"{what}: none{how}\n", style="bold", markup=False)


def _say_hidden(total: int, limit: int) -> None:
    if total > limit:
        out().print(f"... and {total - limit:,} more (--limit {total}, or --json)", style="dim")
    out().print()


def _answers(answers: Mapping[str, str], letters: Mapping[str, str]) -> str:
    """Return answers with the letters of the runs that gave them, as ``no: A C; (unparsed): B``."""
    given: dict[str, list[str]] = {}
    for run, answer in answers.items():
        given.setdefault(answer, []).append(letters[run])
    return "; ".join(f"{answer}: {' '.join(runs)}" for answer, runs in given.items())


def _percent(value: float) -> str:
    return "<0.1%" if value < 0.001 else f"{value:.1%}"


def _remarks(analysis: ErrorAnalysis, runs: RunSet, kinds: Sequence[str]) -> Iterator[str]:
    yield from (*analysis.left_out, *runs.left_out, *runs.notes)
    for one in analysis.counts:
        if one.left_out:
            yield f"{one.dataset}: {one.left_out:,} examples are not in every run and are left out."
    yield f"{runs.source}, split {runs.split}; labels read by {runs.labeler}."
    if len(analysis.runs) > 1:
        yield _CHANCE
    if "flips" in kinds and len(analysis.runs) > 1:
        yield _FLIPS
    if "clusters" in kinds:
        yield _CLUSTERS
    fictional = "Demo posts are fictional: these errors say nothing about IMHI."
    yield from figures.closing(runs.synthetic, fictional)
