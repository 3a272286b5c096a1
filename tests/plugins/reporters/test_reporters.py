"""Tables that can be read at 80 columns as well as at 160, and names that cannot do harm."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence

import pytest
from rich.console import Console

from imhi._core.cli.scores import render
from imhi._core.declarations import resolve
from imhi._core.registry import Registry
from imhi._core.results import ReportOptions, RunScores
from imhi.plugins.reporters.tables.terminal import fold

DATASETS = ("DR", "dreaddit", "T-SID", "SAD", "MultiWD")
METRICS = ("weighted_f1", "accuracy", "mcc", "unparsed")
SHORT = ("baseline:majority", "baseline:tfidf", "gpt-4", "mentalbart")
LONG = (
    "openai:gpt-4o-mini-2024-07-18,base_url=http://127.0.0.1:8000/v1",
    "hf:klyang/MentaLLaMA-chat-13B,dtype=bfloat16,peft=/data/adapters/stress-lora-v3",
    f"hf:/data/models/{'x' * 90}",
    "lm-eval:hf,pretrained=EleutherAI/pythia-70m-deduped,dtype=float32",
)
EVIL = "[bold red]x[/] \x1b[31mred\x1b]8;;http://e\x07 |y| *z* `q` <b>\u202enib\nline"

NOTHING_ASKED = ReportOptions()


def scores(
    model: str = "baseline:tfidf",
    datasets: Sequence[str] = DATASETS,
    *,
    unparsed: int = 0,
    failed: int = 0,
    folder: str = "",
    source: str = "official:/data/imhi",
    notes: Sequence[str] = (),
    prompt: str = "instruction",
    view: str = "",
    n: int = 1234,
    not_asked: int = 0,
    contradictions: int = 2,
    synthetic: bool = False,
) -> RunScores:
    """Return scores with a value of its own for every dataset and metric."""
    base = 40 + len(model) / 10

    def row(place: int, metric: str, **more: object) -> dict[str, object]:
        value = base + place + METRICS.index(metric) / 7
        bounds = {"value": value, "low": value - 3.2, "high": value + 2.9}
        return {"model": model, "split": "test", "metric": metric, **bounds, **more}

    counts = {"n": n, "unparsed": unparsed, "failed": failed, "not_asked": not_asked}
    return RunScores(
        run=folder or f"runs/{model}",
        model=model,
        labeler="hybrid",
        split="test",
        source=source,
        synthetic=synthetic,
        scores=[
            row(
                i, metric, dataset=name, task="a task", headline=True, details={}, posts=n, **counts
            )
            for i, name in enumerate(datasets)
            for metric in METRICS
        ],
        averages=[
            row(9, metric, over=over, groups=groups, datasets=list(datasets))
            for metric in METRICS
            for over, groups in (("datasets", len(datasets)), ("tasks", 4))
            if len(datasets) > 1
        ],
        labelling={
            name: {**counts, "contradictions": contradictions, "decided_by": {"strict": 1}}
            for name in datasets
        },
        notes=notes,
        settings={"prompt": {"style": prompt}},
        view=view,
    )


def shown(
    registry: Registry,
    reporter: str,
    runs: Sequence[RunScores],
    width: int = 100,
    options: ReportOptions = NOTHING_ASKED,
) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width, highlight=False, force_terminal=False)
    render = resolve(registry.reporters.get(reporter).render)
    render(runs, console.print, options)
    return stream.getvalue()


def intervals(run: RunScores, metric: str = "weighted_f1") -> list[str]:
    """Return the cells of one metric as they must stand in a table."""
    rows = [row for row in run.scores if row["metric"] == metric]
    return [f"{row['value']:.1f} [{row['low']:.1f}, {row['high']:.1f}]" for row in rows]


def without_layout(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("width", [80, 100, 160])
@pytest.mark.parametrize("lost", [(0, 0), (17, 0), (1200, 34)], ids=["read", "unparsed", "failed"])
@pytest.mark.parametrize("names", [SHORT, LONG], ids=["short", "long"])
@pytest.mark.parametrize("count", [1, 2, 4])
def test_a_table_fits_its_terminal_whole(
    registry: Registry, count: int, names: tuple[str, ...], lost: tuple[int, int], width: int
) -> None:
    """No line is too long, no number is folded or cut, every name can be read."""
    runs = [scores(name, unparsed=lost[0], failed=lost[1]) for name in names[:count]]
    text = shown(registry, "table", runs, width)
    assert all(len(line) <= width for line in text.splitlines())
    assert "\N{HORIZONTAL ELLIPSIS}" not in text
    for run in runs:
        for cell in intervals(run):
            assert cell in text
        parts = re.split(r"[/:,\-_]", run.model)
        assert all(part in text for part in parts if len(part) <= 17)
    if lost[0]:
        assert "unparsed" in text
        assert f"{lost[0]:,}" in text
    if lost[1]:
        assert "failed" in text and re.search(rf"1,200 +{lost[1]}\b", text)


def test_runs_stand_side_by_side_where_there_is_room(registry: Registry) -> None:
    runs = [scores(name) for name in SHORT]
    wide = [
        line.split()[0]
        for line in shown(registry, "table", runs, 160).splitlines()
        if "DR " in line
    ]
    assert wide == ["DR"]
    narrow = shown(registry, "table", runs, 80).splitlines()
    first = next(i for i, line in enumerate(narrow) if line.lstrip().startswith("DR "))
    assert [name for line, name in zip(narrow[first:], SHORT, strict=False) if name in line] == [
        *SHORT
    ]


def test_long_names_get_a_legend(registry: Registry) -> None:
    text = shown(registry, "table", [scores(name) for name in LONG], 80)
    for number, name in enumerate(LONG, start=1):
        assert without_layout(f"({number}) {name}") in without_layout(text)


@pytest.mark.parametrize(
    ("name", "width", "lines"),
    [
        ("baseline:tfidf", 20, ["baseline:tfidf"]),
        ("openai:gpt-4o-mini-2024", 14, ["openai:gpt-4o-", "mini-2024"]),
        ("xxxxxxxx", 3, ["xxx", "xxx", "xx"]),
        ("a/bbbbbb", 4, ["a/", "bbbb", "bb"]),
        ("", 4, []),
    ],
)
def test_names_are_folded_where_their_parts_end(name: str, width: int, lines: list[str]) -> None:
    assert fold(name, width).splitlines() == lines


def test_the_averages_and_what_to_know_stand_below(registry: Registry) -> None:
    note = "baselines on DR: cross-fitted"
    text = shown(registry, "table", [scores(notes=[note], synthetic=True)])
    for part in (
        "mean over datasets",
        "mean over tasks",
        "10 answers contradict themselves",
        note,
        "labels read by: hybrid",
        "fictional: these scores are not IMHI results",
        "non-clinical research only",
    ):
        assert part in text


def test_one_dataset_has_no_average(registry: Registry) -> None:
    text = shown(registry, "table", [scores(datasets=["DR"])])
    assert "mean over" not in text
    assert intervals(scores(datasets=["DR"]), "accuracy")[0] in text


def test_runs_of_one_model_are_told_apart(registry: Registry) -> None:
    by_style = [scores(prompt=style, folder=style) for style in ("zero-shot", "few-shot")]
    text = without_layout(shown(registry, "table", by_style, 160))
    assert "(zero-shot)" in text
    assert "(few-shot)" in text
    by_folder = [scores(folder="runs/first"), scores(folder="runs/second")]
    assert "(second)" in shown(registry, "markdown", by_folder)


def test_a_value_that_is_undefined_is_a_dash(registry: Registry) -> None:
    run = scores(datasets=["DR"])
    empty = [{**row, "value": None, "low": None, "high": None} for row in run.scores]
    undefined = RunScores(**{**run.to_json(), "scores": empty})
    assert re.search(r"DR +1,234 +-", shown(registry, "table", [undefined]))


def test_all_shows_every_dataset_for_every_metric(registry: Registry) -> None:
    run = scores()
    text = shown(registry, "table", [run], options=ReportOptions(everything=True))
    assert all(cell in text for metric in METRICS[:3] for cell in intervals(run, metric))


@pytest.mark.parametrize("reporter", ["table", "markdown", "csv"])
def test_names_cannot_steer_a_terminal(registry: Registry, reporter: str) -> None:
    run = scores(EVIL, notes=[EVIL], source=f"official:{EVIL}", folder=EVIL)
    text = shown(registry, reporter, [run], 160)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
    assert "bold red" in text  # names are shown, not obeyed


def markdown_rows(text: str) -> list[list[str]]:
    """Split the lines of the first table at pipes that are not escaped."""
    lines = text.split("\n\n")[1].splitlines()
    return [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines]


@pytest.mark.parametrize("names", [SHORT[:2], (EVIL, "b")], ids=["plain", "evil"])
def test_markdown_has_as_many_cells_in_every_row(
    registry: Registry, names: tuple[str, ...]
) -> None:
    runs = [scores(names[0], unparsed=3), scores(names[1])]
    rows = markdown_rows(shown(registry, "markdown", runs, 60))
    assert {len(row) for row in rows} == {5}
    assert all(re.fullmatch(r" -+:? ", cell) for cell in rows[1])
    assert len(rows) == 2 + len(DATASETS) + 2


def test_markdown_takes_no_commands_from_names(registry: Registry) -> None:
    text = shown(registry, "markdown", [scores(EVIL)])
    assert "<b>" not in text
    assert r"\*z\*" in text
    assert r"\`q\`" in text


def test_csv_holds_every_score_as_a_number(registry: Registry) -> None:
    runs = [scores(), scores(LONG[2], unparsed=3)]
    rows = list(csv.DictReader(io.StringIO(shown(registry, "csv", runs, 40))))
    expected = [row for run in runs for row in run.scores]
    assert len(rows) == len(expected)
    for row, score in zip(rows, expected, strict=True):
        assert (row["model"], row["dataset"]) == (score["model"], score["dataset"])
        for name in ("value", "low", "high", "n", "unparsed"):
            assert float(row[name]) == pytest.approx(score[name])


def cells_of(text: str, name: str) -> list[str]:
    """Return the cells of the Markdown row of this name."""
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {name} |")]
    return [cell.strip() for cell in line.split("|")[1:-1]]


def test_a_mean_never_stands_beside_one_over_other_datasets(registry: Registry) -> None:
    """One run has five datasets, the other two of them: each mean has a row of its own, and over the
    two that both have there is one of both."""
    whole, part = scores("a"), scores("b", ["DR", "SAD"])
    text = shown(registry, "markdown", [whole, part]).split("**accuracy")[0]
    own = next(r for r in whole.averages if (r["metric"], r["over"]) == ("weighted_f1", "datasets"))
    assert cells_of(text, "mean over datasets") == [
        "mean over datasets", "5", f"{own['value']:.1f} [{own['low']:.1f}, {own['high']:.1f}]", "-"
    ]  # fmt: skip
    value = {r["dataset"]: r["value"] for r in whole.scores if r["metric"] == "weighted_f1"}
    theirs = next(
        r for r in part.averages if (r["metric"], r["over"]) == ("weighted_f1", "datasets")
    )
    assert cells_of(text, "mean over DR, SAD") == [
        "mean over DR, SAD", "2", f"{(value['DR'] + value['SAD']) / 2:.1f}",
        f"{theirs['value']:.1f} [{theirs['low']:.1f}, {theirs['high']:.1f}]",
    ]  # fmt: skip


def test_one_dataset_beside_several_is_no_mean(registry: Registry) -> None:
    one = scores("b", ["DR"])
    mean = {**scores("b").averages[0], "datasets": ["DR"], "groups": 1, "value": 99.9}
    one = RunScores(**{**one.to_json(), "averages": [mean]})
    text = shown(registry, "table", [scores("a"), one], 160)
    assert "99.9" not in text
    own = scores("a").averages[0]
    shown_mean = rf"{own['value']:.1f} \[{own['low']:.1f}, {own['high']:.1f}\]"
    assert re.search(rf"mean over datasets +5 +{shown_mean} +-", text)


def test_views_of_other_numbers_of_rows_say_each_their_own(registry: Registry) -> None:
    runs = [scores(view=""), scores(view="human", n=1000), scores(view="agreed", n=1234)]
    for width in (80, 160):
        text = shown(registry, "table", runs, width)
        assert all(len(line) <= width for line in text.splitlines())
        assert re.search(r"1,234 .*1,000 .*1,234", text.replace("\n", " "))
    rows = list(csv.DictReader(io.StringIO(shown(registry, "csv", runs))))
    assert [row["view"] for row in rows if (row["dataset"], row["metric"]) == ("DR", "mcc")] == [
        "", "human", "agreed"
    ]  # fmt: skip


def test_contradictions_of_one_run_are_counted_once(registry: Registry) -> None:
    views = [scores(folder="runs/a"), scores(folder="runs/a", view="human")]
    assert "10 answers contradict themselves" in shown(registry, "table", views)
    fewer = [*views, scores(folder="runs/a", view="agreed", contradictions=1)]
    text = " ".join(shown(registry, "table", fewer, 160).split())
    assert "tfidf [released]: 10; baseline:tfidf [human]: 10; baseline:tfidf [agreed]: 5." in text


def test_what_failed_and_what_was_not_asked_stand_apart(registry: Registry) -> None:
    runs = [scores("a", unparsed=3), scores("b", failed=7, not_asked=900)]
    assert cells_of(shown(registry, "markdown", runs).split("**accuracy")[0], "DR")[2:] == [
        intervals(runs[0])[0], "3", intervals(runs[1])[0], "7", "900"
    ]  # fmt: skip
    (row, *_) = csv.DictReader(io.StringIO(shown(registry, "csv", runs[1:])))
    assert (row["unparsed"], row["failed"], row["not_asked"]) == ("0", "7", "900")


def test_runs_of_one_id_in_two_folders_are_told_apart(registry: Registry) -> None:
    twins = [scores(folder="/data/ra/run-1"), scores(folder="/data/rb/run-1")]
    text = without_layout(shown(registry, "table", twins, 160))
    assert "(ra)" in text and "(rb)" in text


def test_labelers_are_named_with_their_runs(registry: Registry) -> None:
    strict = RunScores(**{**scores("b").to_json(), "labeler": "strict"})
    text = shown(registry, "table", [scores("a"), strict], 160)
    assert "a: labels read by: hybrid." in text and "b: labels read by: strict." in text


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", 'a,b"c'])
def test_csv_cells_are_no_formulas(registry: Registry, name: str) -> None:
    (row, *_) = csv.DictReader(io.StringIO(shown(registry, "csv", [scores(name)])))
    assert row["model"].lstrip("'") == name.strip()
    assert not row["model"].startswith(("=", "+", "-", "@", "\t"))


def test_a_reporter_may_take_what_was_asked_or_do_without(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def old(results: Sequence[RunScores], write: Callable[..., None]) -> None:
        write(f"{len(results)} runs")

    def new(
        results: Sequence[RunScores], write: Callable[..., None], options: ReportOptions
    ) -> None:
        write(f"{len(results)} runs, {', '.join(options.metrics)}")

    render(old, [scores()], ReportOptions(("rouge",)))
    render(new, [scores()], ReportOptions(("rouge",)))
    assert capsys.readouterr().out.splitlines() == ["1 runs", "1 runs, rouge"]


def test_measures_just_asked_for_come_first(registry: Registry) -> None:
    run = scores(datasets=["DR"])
    made = [{**row, "made_by": f"the {row['metric']} metric"} for row in run.scores]
    run = RunScores(**{**run.to_json(), "scores": made})
    options = ReportOptions(("the mcc metric",))
    titles = [
        line.split(" - ")[0]
        for line in shown(registry, "table", [run], options=options).splitlines()
        if " - official:" in line
    ]
    assert titles == ["mcc"]
    first = shown(registry, "markdown", [run], options=options).splitlines()[0]
    assert first.startswith("**mcc - ")
