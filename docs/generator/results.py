"""The tables of results.md, from what is stored of each part."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from docs.generator.markdown import table

HERE = Path(__file__).resolve().parents[1] / "results"
SEEN, UNSEEN = "seen", "unseen"
SEEDS = ("tuned-200-seed0", "tuned-200-seed1", "tuned-200-seed2")
# The measures of explanations that need no reference, then those beside it.
EXPLANATIONS = ("grounding", "consistency", "copied", "diversity", "length")
REFERENCES = ("similarity", "bertscore", "rougeL")
NAMES = {
    "majority": "majority label",
    "tfidf": "TF-IDF + logistic regression, all public training rows",
    "minilm-1000": "MiniLM classifiers, tuned on 999 rows",
    "zero-shot": "Gemma 3 270M, zero-shot",
    "few-shot-1": "Gemma 3 270M, 1 example",
    "few-shot-3": "Gemma 3 270M, 3 examples",
    "few-shot-5": "Gemma 3 270M, 5 examples",
    "likelihood": "Gemma 3 270M, 3 examples, label likelihood",
    "tuned-200-seed0": "tuned on 201 rows (seed 0)",
    "tuned-200-seed1": "tuned on 201 rows (seed 1)",
    "tuned-200-seed2": "tuned on 201 rows (seed 2)",
    "tuned-1000": "tuned on 999 rows",
    "tuned-1000-likelihood": "tuned on 999 rows, label likelihood",
    "tuned-1000-shuffled": "tuned on 999 rows, explanations shuffled",
    "without-DR": "tuned without DR",
    "without-dreaddit": "tuned without dreaddit",
    "without-SAD": "tuned without SAD",
    "without-IRF": "tuned without IRF",
    "without-MultiWD": "tuned without MultiWD",
    "with-all": "tuned on 250 rows of five datasets",
}


def experiments() -> dict[str, Any]:
    """Return what experiments.yaml says is to be made."""
    found: dict[str, Any] = yaml.safe_load((HERE / "experiments.yaml").read_text())
    return found


def stored(name: str) -> dict[str, Any] | None:
    """Return what is stored of a part; None where it was not made."""
    path = HERE / "stored" / f"{name}.json"
    found: dict[str, Any] | None = json.loads(path.read_text()) if path.is_file() else None
    return found


def correctness() -> str:
    """Return weighted F1 on the datasets that were trained on, beside published figures."""
    datasets = experiments()[SEEN]
    rows = []
    for name in _runs(datasets):
        if name != "tuned-1000-shuffled":
            rows.append((NAMES[name], *_scores(name, datasets), *_shares(name, datasets)))
    rows += _published(datasets)
    return table(("answers of", *datasets, "stated", "inferred", "no label"), rows)


def unseen() -> str:
    """Return weighted F1 on the datasets whose rows no training had."""
    datasets = experiments()[UNSEEN]
    rows = [(NAMES[n], *_scores(n, datasets), *_shares(n, datasets)) for n in _runs(datasets)]
    rows += _published(datasets)
    return table(("answers of", *datasets, "stated", "inferred", "no label"), rows)


def left_out() -> str:
    """Return weighted F1 on each of five datasets, of models that were trained without it and with it."""
    columns = {
        "with all five": "with-all",
        "untuned, 3 examples": "few-shot-3",
        "majority label": "majority",
        "TF-IDF, all its rows": "tfidf",
    }
    rows = []
    for dataset in experiments()["five"]:
        unseen = f"without-{dataset}"
        if stored(unseen) is None:
            continue
        stated = _shares(unseen, [dataset])[0]
        others = (_shown(score(name, dataset)) for name in columns.values())
        rows.append((dataset, _shown(score(unseen, dataset)), stated, *others))
    return _made(("left out", "trained on the other four", "stated", *columns), rows)


def seeds() -> str:
    """Return the spread over seeds beside the interval over posts."""
    rows = []
    for dataset in experiments()[SEEN]:
        found = [one for name in SEEDS if (one := score(name, dataset))]
        if len(found) < len(SEEDS):
            continue
        values = [one["value"] for one in found]
        width = statistics.mean((one["high"] - one["low"]) / 2 for one in found)
        each = ", ".join(f"{value:.1f}" for value in values)
        deviation = f"{statistics.stdev(values):.1f}"
        rows.append((dataset, each, f"{statistics.mean(values):.1f}", deviation, f"{width:.1f}"))
    head = ("dataset", "seeds 0, 1, 2", "mean", "standard deviation over seeds")
    return _made((*head, "half the 95% interval over posts (mean)"), rows)


def tests() -> str:
    """Return the paired tests of each comparison."""
    rows = []
    for name, one in experiments()["comparisons"].items():
        for pair in (stored(f"compare-{name}") or {"pairs": []})["pairs"]:
            measured = pair["metric"] in one.get("measures", ["weighted_f1"])
            told = one["against"] in (pair["a"], pair["b"])
            # Means are over datasets and over tasks; here these are the same.
            if not measured or not told or pair["over"] == "tasks":
                continue
            sign = 1 if pair["a"] == one["against"] else -1
            other = pair["b"] if sign == 1 else pair["a"]
            low, high = sorted((sign * pair["low"], sign * pair["high"]))
            rows.append(
                (
                    f"{_name(one['against'])} against {_name(other)}",
                    pair["metric"],
                    pair["dataset"] or "all",
                    f"{sign * pair['difference']:+.1f} [{low:+.1f}, {high:+.1f}]",
                    _p(pair["p"]),
                    _p(pair["p_holm"]),
                )
            )
    head = ("comparison", "measure", "dataset", "difference [95% interval]", "p")
    return table((*head, "p, corrected (Holm)"), rows)


def explanations() -> str:
    """Return every measure of explanations, the mean of the datasets that were trained on."""
    datasets = experiments()[SEEN]
    measures = (*EXPLANATIONS, *REFERENCES)
    rows = []
    for name in _runs(datasets):
        found = [_mean(name, datasets, measure) for measure in measures]
        explains = _mean(name, datasets, "length") != "0.0"
        if any(found) and explains:
            rows.append((NAMES[name], *found))
    return table(("answers of", *measures), rows)


def costs() -> str:
    """Return what training and asking took."""
    rows = []
    for name in experiments()["trainings"]:
        if part := stored(f"train-{name}"):
            rows.append(
                (f"training {name}", part["tokens"], *_took(part["seconds"], part["energy"]))
            )
    for name in _runs(experiments()[SEEN]):
        totals = (stored(name) or {})["totals"]
        tokens = totals["prompt_tokens"] + totals["completion_tokens"]
        took = _took(totals["respond_seconds"], totals.get("energy"))
        answers = f"{NAMES[name]}: {totals['answered']} answers"
        rows.append((answers, tokens or "", *took))
    shown = [(what, f"{tokens:,}" if tokens else "", *rest) for what, tokens, *rest in rows]
    return table(("part", "tokens", "minutes", "Wh", "g CO2eq"), shown)


def _made(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; in words, that there is none yet where no row of it was made."""
    return table(header, rows) if rows else "*Not made yet.*"


def _took(seconds: float, energy: dict[str, float] | None) -> tuple[str, str, str]:
    used = energy or {}
    minutes = f"{seconds / 60:.1f}"
    if not used:
        return minutes, "", ""
    return minutes, f"{1000 * used['kwh']:.2f}", f"{used['grams_co2eq']:.2f}"


def _runs(datasets: Iterable[str]) -> list[str]:
    """Return the stored runs that were asked about all of these datasets."""
    asked = set(datasets)
    found = []
    for name in experiments()["runs"]:
        part = stored(name)
        if part is not None and asked <= set(part["labelling"]):
            found.append(name)
    return found


def score(name: str, dataset: str, metric: str = "weighted_f1") -> dict[str, Any] | None:
    """Return a stored score: ``value low high n``; None where there is none."""
    part = stored(name)
    for row in part["scores"] if part else ():
        if row["dataset"] == dataset and row["metric"] == metric and row["value"] is not None:
            return dict(row)
    return None


def _shown(score: dict[str, Any] | None) -> str:
    if score is None:
        return ""
    return f"{score['value']:.1f} [{score['low']:.0f}, {score['high']:.0f}]"


def _scores(name: str, datasets: Sequence[str]) -> list[str]:
    return [_shown(score(name, dataset)) for dataset in datasets]


def _mean(name: str, datasets: Sequence[str], metric: str) -> str:
    found = [one["value"] for d in datasets if (one := score(name, d, metric))]
    return f"{statistics.mean(found):.1f}" if len(found) == len(datasets) else ""


def _shares(name: str, datasets: Sequence[str]) -> tuple[str, str, str]:
    """Return the percentages of answers that state a label, from which one is inferred, and neither."""
    part = stored(name)
    assert part is not None
    counts = [part["labelling"][dataset] for dataset in datasets]
    n = sum(one["n"] for one in counts)
    inferred = sum(one["inferred"] for one in counts)
    without = sum(one["unparsed"] for one in counts)
    stated = n - without
    return (
        f"{100 * stated / n:.0f}%",
        f"{100 * inferred / n:.0f}%",
        f"{100 * (without - inferred) / n:.0f}%",
    )


def _published(datasets: Sequence[str]) -> list[tuple[str, ...]]:
    from imhi._core.plugin_manager import load_plugins
    from imhi._core.published import read_published

    models: dict[str, dict[str, float]] = {}
    paper = HERE.parents[1] / "plugins" / "published" / "mentallama_paper.csv"
    for one in read_published(paper, load_plugins().registry.datasets.things):
        if one.metric == "weighted_f1":
            models.setdefault(one.model, {})[one.dataset] = one.value
    return [
        (f"*published:* {model}", *(_figure(own.get(dataset)) for dataset in datasets), "", "", "")
        for model, own in models.items()
        if any(dataset in own for dataset in datasets)
    ]


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _name(run: str) -> str:
    return NAMES.get(run.rpartition(":")[2], run)


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
