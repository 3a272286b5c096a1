"""The model card of a training, as the Hugging Face hub reads it: ``README.md``.

A card is made to be passed on. No post is in it, and no path of the machine it was made on: sources
are known by their name, local folders by their checksum, and paths in notes are blotted out.
"""

from __future__ import annotations

import datetime
import functools
import json
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from imhi import Energy
from imhi.finetune.trained.curves import METRIC_NAMES
from imhi.finetune.trained.folder import TrainedFolder
from imhi.finetune.trained.manifest import ModelScore, TrainingManifest
from imhi.io import figures, yaml_models

CARD, CURVES = "README.md", "curves.png"
_TEMPLATE = Path(__file__).with_name("card.md.jinja")
# The hub's names of what a model does.
_TASKS = {
    "AutoModelForCausalLM": "text-generation",
    "AutoModelForSeq2SeqLM": "text2text-generation",
    "AutoModelForSequenceClassification": "text-classification",
}
_FROM_A_MODEL = ("IRF", "MultiWD", "CAMS")  # labels that partly follow a language model
_SEVERAL_QUESTIONS = ("IRF", "MultiWD")
_ELSEWHERE = {"name", "summary", "quoted", "notes"}
_ADAPTERS_ONLY = ("method.rank", "method.alpha", "method.dropout", "method.targets")
_WRITERS_ONLY = (
    *("data.style", "data.chat_template", "data.answer_window", "training.loss_on"),
    *("training.label_weight", "validation.max_new_tokens", "evaluation.max_new_tokens"),
)
_HIDDEN = "(local path)"
_REST = r"[^\s'\"`|,;:)\]>]*"
_PATH = re.compile(
    r"(?P<kept>https?://\S+)|(?<![\w./\\~])(?:file:/{0,2})?"
    r"(?:~(?:[A-Za-z][\w.-]*)?[/\\]|\.{1,2}[/\\]|[A-Za-z]:[/\\]|\\\\(?=\w)|/(?=[^\s/]+/)|(?<=:)/(?=\w))"
    + _REST
)
_MARKS = re.compile(r"[\\`*\[\]|~]|(?<!\w)_|_(?!\w)|^[#+-]")


def write_card(folder: TrainedFolder, manifest: TrainingManifest) -> Path:
    """Write the card of a training that came to its end, and return where it is. The curves are
    shown where they have been drawn."""
    from huggingface_hub import ModelCard

    shown = Shown(folder, manifest)
    models, scores = list(manifest.members.values()), manifest.scores
    metrics = list(dict.fromkeys(score.metric for score in scores))
    system = shown.blotted(manifest.recipe.data.system)
    first, real = models[0], not manifest.synthetic
    card = ModelCard.from_template(
        _card_data(folder.name, manifest),
        template_path=str(_TEMPLATE),
        manifest=manifest,
        # Free text made fit to stand in a table; words as a shell, Python and a recipe write them.
        text=shown.text,
        code=shown.code,
        quote=shlex.quote,
        literal=functools.partial(json.dumps, ensure_ascii=False),
        written=_written,
        name=" ".join(folder.name.split()),
        system=system,
        fence="`" * max(3, 1 + _longest_run(system)),
        source=_scheme(manifest.source),
        on_demo=any(_scheme(score.source) == "demo" for score in scores),
        # Whether a classifier reads the question beside the text.
        pair=bool(first.aspect) or not {*first.datasets}.isdisjoint(_SEVERAL_QUESTIONS),
        metrics=[METRIC_NAMES.get(metric, metric) for metric in metrics],
        score_rows=list(_score_rows(manifest, metrics, shown)),
        field_rows=list(_field_rows(manifest, system, shown)),
        curves=CURVES if (folder.path / CURVES).is_file() else None,
        energy=_energy(manifest),
        time=str(datetime.timedelta(seconds=round(sum(model.seconds for model in models)))),
        from_a_model=[name for name in manifest.datasets if real and name in _FROM_A_MODEL],
    )
    path = folder.path / CARD
    card.save(path)
    return path


# --- front matter --------------------------------------------------------------------------------


def _card_data(name: str, manifest: TrainingManifest) -> Any:
    from huggingface_hub import ModelCardData

    recipe, task = manifest.recipe, _TASKS.get(manifest.auto_class)
    method, hub = recipe.method.name, manifest.base_commit is not None
    results = list(_results(manifest, task))
    tags = ["imhi", "mental-health", "non-clinical-research", recipe.kind, method]
    return ModelCardData(
        language="en",
        library_name="transformers" if method == "full" else "peft",
        pipeline_tag=task,
        tags=[*tags, "fictional-data"] if manifest.synthetic else tags,
        base_model=recipe.base.model if hub else None,
        base_model_relation=("finetune" if method == "full" else "adapter") if hub else None,
        model_name=name if results else None,
        eval_results=results or None,
        metrics=list(dict.fromkeys(result.metric_type for result in results)) or None,
    )


def _results(manifest: TrainingManifest, task: str | None) -> Iterator[Any]:
    from huggingface_hub import EvalResult

    for score in manifest.scores:
        if score.value is None:
            continue
        f1 = score.metric.endswith("_f1")
        source = _scheme(score.source)
        bounds = {"low_95": score.low, "high_95": score.high}
        average = {"average": score.metric.removesuffix("_f1")} if f1 else {}
        yield EvalResult(
            task_type=task or manifest.recipe.kind,
            dataset_type="imhi" if source == "official" else f"imhi-{source}",
            dataset_name=score.dataset + (" (fictional demo posts)" if source == "demo" else ""),
            # Results are told apart by this, not by the name.
            dataset_config=score.dataset,
            dataset_split=score.split,
            metric_type="f1" if f1 else score.metric,
            metric_name=METRIC_NAMES.get(score.metric, score.metric),
            metric_value=score.value,
            metric_args=average
            | {end: bound for end, bound in bounds.items() if bound is not None},
        )


def _energy(manifest: TrainingManifest) -> str:
    """Return what the training took, all models together, and how it was measured."""
    parts = [model.energy for model in manifest.members.values() if model.energy is not None]
    total = Energy.total(parts)
    if total is None:
        return ""
    found = total.to_json()
    some = f" (of {len(parts)} of {len(manifest.members)} models)"
    told = figures.energy_figure(found) + (some if len(parts) < len(manifest.members) else "")
    return f"{told} ({figures.energy_method(found)})"


def _scheme(source: str) -> str:
    """Return a source without its argument, which is a path."""
    return source.partition(":")[0]


# --- what the sections say -----------------------------------------------------------------------


def _score_rows(
    manifest: TrainingManifest, metrics: Sequence[str], shown: Shown
) -> Iterator[list[str]]:
    """Yield a row per dataset, split, source and labeler, with a cell for each metric."""
    groups: dict[tuple[str, ...], dict[str, ModelScore]] = {}
    for score in manifest.scores:
        key = (score.dataset, score.split, score.source, score.labeler)
        groups.setdefault(key, {})[score.metric] = score
    for (dataset, split, source, labeler), scores in groups.items():
        first = next(iter(scores.values()))
        yield [
            shown.text(dataset),
            "yes" if dataset in manifest.datasets else "no",
            shown.text(f"{split} ({_scheme(source)})"),
            *(_interval(scores.get(metric)) for metric in metrics),
            *(f"{count:,}" for count in (first.n, first.unparsed, first.failed)),
            shown.code(shown.setting(labeler)),
        ]


def _interval(score: ModelScore | None) -> str:
    if score is None or score.value is None:
        return "–"
    bounds = (
        f" ({score.low:.1f} to {score.high:.1f})" if None not in (score.low, score.high) else ""
    )
    return f"{score.value:.1f}{bounds}"


def _field_rows(manifest: TrainingManifest, system: str, shown: Shown) -> Iterator[list[str]]:
    """Yield field, value and where the value comes from, of each field that is set."""
    recipe = manifest.recipe
    for name, value in yaml_models.leaves(recipe.model_dump(mode="json", exclude=_ELSEWHERE)):
        if value in (None, "", [], {}) or name == "base.size.source":
            continue
        written = shown.setting(_written(value))
        if name == "data.system":
            written = system
        elif name == "data.source":
            written = _scheme(value)
        elif name == "base.model" and manifest.base_commit is None:
            written = "(local folder)"
        idle = ""
        if name in _ADAPTERS_ONLY and recipe.method.name == "full":
            idle = " (without effect: all weights are trained)"
        elif name in _WRITERS_ONLY and not manifest.writes:
            idle = " (without effect: a classifier writes nothing)"
        elif name == "data.answer_window" and recipe.kind == "causal":
            idle = " (without effect: answers stand in data.window)"
        yield [shown.code(name), shown.code(written), shown.text(recipe.origin(name)) + idle]


def _written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


# --- what may be shown ---------------------------------------------------------------------------


class Shown:
    """Makes free text fit for a card: without local paths, on one line, and no mark-up in it."""

    def __init__(self, folder: TrainedFolder, manifest: TrainingManifest) -> None:
        base = manifest.recipe.base.model
        local = {
            manifest.source.partition(":")[2],
            (base or "") if manifest.base_commit is None else "",
            str(folder.path.absolute()),
            str(folder.path.resolve()),
        }
        # Known paths first: those may have spaces in them, where a pattern would end.
        paths = sorted((path for path in local if len(Path(path).parts) > 1), key=len, reverse=True)
        self._known = re.compile(f"(?:{'|'.join(map(re.escape, paths))}){_REST}")

    def blotted(self, text: str) -> str:
        """Return a text without local paths; what is not one stays as it is."""
        known = self._known.sub(_HIDDEN, text)
        return _PATH.sub(lambda path: path["kept"] or _HIDDEN, known)

    def setting(self, text: str) -> str:
        """Return a setting such as ``classifier:FOLDER``; a path is taken to reach to its end."""
        path = next((path for path in _PATH.finditer(text) if not path["kept"]), None)
        return text if path is None else text[: path.start()] + _HIDDEN

    def text(self, value: object) -> str:
        """Return prose, for a paragraph or a cell."""
        plain = _one_line(self.blotted(str(value)))
        plain = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return _MARKS.sub(lambda mark: f"\\{mark[0]}", plain)

    def code(self, value: object) -> str:
        """Return a code span for a cell: even there a bar would begin the next one."""
        plain = _one_line(self.blotted(str(value))).replace("|", "\\|")
        fence = "`" * (1 + _longest_run(plain))
        space = " " if "`" in (plain[:1], plain[-1:]) else ""
        return f"{fence}{space}{plain}{space}{fence}"


def _longest_run(text: str) -> int:
    """Return how many backticks at most stand side by side."""
    return max(map(len, re.findall("`+", text)), default=0)


def _one_line(text: str) -> str:
    return "".join(c for c in " ".join(text.split()) if c.isprintable())
