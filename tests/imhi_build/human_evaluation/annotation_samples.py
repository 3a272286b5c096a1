"""Builds to draw samples from, made of the fictional demo posts, and annotators who fill in."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import openpyxl
import typer

from imhi._core.marking import Marking
from imhi._core.plugin_manager import PluginManager
from imhi._core.run_store.jsonl import write_rows
from imhi.build.commands.annotate import agreement, sample
from imhi.build.folder import BuildFolder
from imhi.build.human_evaluation.kept_sample import Drawing, Sample, read_sample
from imhi.build.human_evaluation.sampling import Plan, Written, make_sample
from imhi.build.human_evaluation.scheme import load_scheme
from imhi.build.records import BuiltRow

DEMO = Path(__file__).resolve().parents[3] / "tasks" / "demo"
QUESTIONS = {
    "dreaddit": "Does the poster suffer from stress?",
    "DR": "Does the poster suffer from depression?",
    "SAD": "What is the stress cause of this post?",
}
CRITERIA = ("consistency", "reliability", "professionality", "overall")


def demo_rows(dataset: str) -> list[BuiltRow]:
    """The demo posts of a dataset as rows of a build."""
    lines = (DEMO / f"{dataset}.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        BuiltRow(
            id=row["id"],
            dataset=dataset,
            split=row["split"],
            post=row["post"],
            question=QUESTIONS[dataset],
            label=row["label"],
            human_label=row["label"],
            explanation=row["explanation"],
            explained_by="demo",
        )
        for row in map(json.loads, lines)
    ]


def row(number: int, dataset: str = "dreaddit", label: str = "yes", **fields: str) -> BuiltRow:
    """An invented row."""
    given = {
        "post": f"Post {number} of {dataset}: the deadline again, and I cannot sleep.",
        "question": QUESTIONS.get(dataset, QUESTIONS["dreaddit"]),
        "explanation": f"Explanation {number}: a deadline and lost sleep point to stress.",
        **fields,
    }
    return BuiltRow(
        id=f"train-{number}",
        dataset=dataset,
        split="train",
        label=label,
        human_label=label,
        explained_by="demo",
        **given,  # type: ignore[arg-type]
    )


def build_of(path: Path, rows: Mapping[str, Iterable[BuiltRow]]) -> BuildFolder:
    """A build folder that holds rows, by dataset."""
    path.mkdir(parents=True)
    (path / "build.yaml").write_text("raw: {}\n", encoding="utf-8")
    folder = BuildFolder(path)
    for dataset, some in rows.items():
        folder.write("rows", dataset, some)
    folder.record_stage("read", {"datasets": {name: {} for name in rows}})
    return folder


def demo_build(path: Path) -> BuildFolder:
    return build_of(path, {dataset: demo_rows(dataset) for dataset in QUESTIONS})


def quarantine(build: BuildFolder, dataset: str, ids: Iterable[str]) -> None:
    write_rows(
        build.file("quarantine", dataset),
        ({"id": id_, "reasons": ["length: too short"]} for id_ in ids),
    )


def plan(**changes: object) -> Plan:
    given: dict[str, object] = {
        "name": "sample",
        "size": 12,
        "seed": 0,
        "shares": "proportional",
        "of": "kept",
        "datasets": (),
        "annotators": ("anna", "ben"),
        "scheme": load_scheme(),
        **changes,
    }
    return Plan(**given)  # type: ignore[arg-type]


def drawn(build: BuildFolder, manager: PluginManager, **changes: object) -> Written:
    return make_sample(build, plan(**changes), manager.registry)


def sample_of(rows: Sequence[BuiltRow], scheme: Marking | None = None) -> Sample:
    """A sample that lies nowhere."""
    sentences = {
        one.dataset: {"yes": "Yes, the poster suffers from stress.", "no": "No."} for one in rows
    }
    how = Drawing(len(rows), "proportional", "all", [], [], 0)
    return Sample("sample", rows, sentences, scheme or load_scheme(), 0, ("anna", "ben"), how)


def again(written: Written) -> Sample:
    found = read_sample(written.folder)
    assert found is not None
    return found


def fill(
    path: Path, marks: Mapping[str, Sequence[object]] | int | str, to: Path | None = None
) -> Path:
    """Fill in an Excel sheet as a person would: ``marks`` by item in the order of the criteria, one
    mark for all, or ``random`` marks."""
    book = openpyxl.load_workbook(path)
    sheet = book["marks"]
    head = [cell.value for cell in sheet[1]]
    chosen = random.Random(path.stem)
    for cells in sheet.iter_rows(min_row=2):
        item = cells[head.index("item")].value
        for place, criterion in enumerate(CRITERIA):
            if marks == "random":
                value: object = chosen.choice([1, 2, 2, 3, 3, 3])
            elif isinstance(marks, Mapping):
                value = marks[item][place]
            else:
                value = marks
            cells[head.index(criterion)].value = value
    book.save(to or path)
    return to or path


def application(manager: PluginManager) -> typer.Typer:
    """The two commands on an application of their own."""
    app = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode=None)

    @app.callback()
    def root(context: typer.Context) -> None:
        context.obj = manager

    app.command("sample")(sample)
    app.command("agreement")(agreement)
    return app
