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
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from imhi.finetune.trained.folder import TrainedFolder
from imhi.io import leaves

CARD, CURVES = "README.md", "curves.png"
_TEMPLATE = Path(__file__).with_name("card.md.jinja")
_TASKS = {
    "causal": "text-generation",
    "seq2seq": "text2text-generation",
    "classifier": "text-classification",
}
_CLASSES = {
    "causal": "AutoModelForCausalLM",
    "seq2seq": "AutoModelForSeq2SeqLM",
    "classifier": "AutoModelForSequenceClassification",
}
_METRICS = {"weighted_f1": "weighted F1", "macro_f1": "macro F1"}
_FROM_A_MODEL = ("IRF", "MultiWD", "CAMS")  # labels that partly follow a language model
_SEVERAL_QUESTIONS = ("IRF", "MultiWD")
_ELSEWHERE = ("name", "summary", "quoted", "notes")
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


def write_card(folder: TrainedFolder, manifest: Mapping[str, Any]) -> Path:
    """Write the card of a training that came to its end, and return where it is. The curves are
    shown where they have been drawn."""
    from huggingface_hub import ModelCard

    card = ModelCard.from_template(
        _card_data(folder.name, manifest),
        template_path=str(_TEMPLATE),
        **_contents(folder, manifest),
    )
    path = folder.path / CARD
    card.save(path)
    return path


# --- front matter --------------------------------------------------------------------------------


def _card_data(name: str, manifest: Mapping[str, Any]) -> Any:
    from huggingface_hub import ModelCardData

    recipe = manifest["recipe"]
    method = recipe["method"]["name"]
    hub = _commit(manifest) is not None
    results = list(_results(manifest))
    given: dict[str, Any] = {
        "language": "en",
        "library_name": "transformers" if method == "full" else "peft",
        "pipeline_tag": _TASKS[recipe["kind"]],
        "tags": ["imhi", "mental-health", "non-clinical-research", recipe["kind"], method],
        "base_model": recipe["base"]["model"] if hub else None,
        "base_model_relation": ("finetune" if method == "full" else "adapter") if hub else None,
    }
    if results:
        metrics = [result.metric_type for result in results]
        given |= {"model_name": name, "eval_results": results, "metrics": [*dict.fromkeys(metrics)]}
    if _synthetic(manifest):
        given["tags"].append("fictional-data")
    return ModelCardData(**given)


def _results(manifest: Mapping[str, Any]) -> Iterator[Any]:
    from huggingface_hub import EvalResult

    for score in manifest["scores"]:
        if score["value"] is None:
            continue
        f1 = score["metric"].endswith("_f1")
        source = _scheme(score["source"])
        bounds = {f"{end}_95": score[end] for end in ("low", "high") if score[end] is not None}
        yield EvalResult(
            task_type=_TASKS[manifest["recipe"]["kind"]],
            dataset_type="imhi" if source == "official" else f"imhi-{source}",
            dataset_name=score["dataset"] + (" (fictional demo posts)" if source == "demo" else ""),
            # Results are told apart by this, not by the name.
            dataset_config=score["dataset"],
            dataset_split=score["split"],
            metric_type="f1" if f1 else score["metric"],
            metric_name=_METRICS.get(score["metric"], score["metric"]),
            metric_value=score["value"],
            metric_args={**({"average": score["metric"][:-3]} if f1 else {}), **bounds},
        )


def _commit(manifest: Mapping[str, Any]) -> str | None:
    """Return the commit of a base from the hub; None of a folder, or of a model made from nothing."""
    scheme, _, commit = (manifest["depends_on"]["base"] or "").partition(":")
    return commit if scheme == "commit" else None


def _scheme(source: str) -> str:
    """Return a source without its argument, which is a path."""
    return source.partition(":")[0]


def _synthetic(manifest: Mapping[str, Any]) -> bool:
    return bool(manifest["source_details"].get("synthetic"))


# --- what the sections say -----------------------------------------------------------------------


def _contents(folder: TrainedFolder, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the template needs beside the manifest. ``text`` and ``code`` there are what makes
    free text fit to stand in a table; names that begin alike are their results."""
    recipe, members, scores = manifest["recipe"], manifest["members"], manifest["scores"]
    shown = Shown(folder, manifest)
    datasets = list(dict.fromkeys(d for member in members.values() for d in member["datasets"]))
    metrics = list(dict.fromkeys(score["metric"] for score in scores))
    name = " ".join(folder.name.split())
    seconds = sum(member["seconds"] for member in members.values())
    system = shown.blotted(recipe["data"]["system"])
    fields = leaves({k: v for k, v in recipe.items() if k not in _ELSEWHERE})
    return {
        "manifest": manifest,
        "text": shown.text,
        "code": shown.code,
        "literal": functools.partial(json.dumps, ensure_ascii=False),
        "written": _written,
        "name": shown.text(name),
        "argument": f"trained:{name}",
        "quote": shlex.quote,
        "fence": "`" * max(3, 1 + _longest_run(system)),
        "system": system,
        "synthetic": _synthetic(manifest),
        "on_demo": any(_scheme(score["source"]) == "demo" for score in scores),
        "commit": _commit(manifest),
        "auto": _CLASSES[recipe["kind"]],
        "adapter": recipe["method"]["name"] != "full",
        "pair": _asks_several(next(iter(members.values()))),
        "metrics": [_METRICS.get(metric, metric) for metric in metrics],
        "scores": [*_score_rows(scores, metrics, datasets, shown)],
        "source": _scheme(manifest["source"]),
        "datasets": datasets,
        "fields": [
            row for name, value in fields for row in _field_row(name, value, manifest, shown)
        ],
        "curves": CURVES if (folder.path / CURVES).is_file() else None,
        "time": str(datetime.timedelta(seconds=round(seconds))),
        "from_a_model": [d for d in datasets if d in _FROM_A_MODEL and not _synthetic(manifest)],
    }


def _asks_several(member: Mapping[str, Any]) -> bool:
    """Say whether a classifier reads the question beside the text."""
    return member["aspect"] is not None or any(d in _SEVERAL_QUESTIONS for d in member["datasets"])


def _score_rows(
    scores: Sequence[Mapping[str, Any]],
    metrics: Sequence[str],
    trained_on: Sequence[str],
    shown: Shown,
) -> Iterator[list[str]]:
    groups: dict[tuple[str, ...], dict[str, Mapping[str, Any]]] = {}
    for score in scores:
        key = tuple(score[part] for part in ("dataset", "split", "source", "labeler"))
        groups.setdefault(key, {})[score["metric"]] = score
    for (dataset, split, source, labeler), found in groups.items():
        first = next(iter(found.values()))
        yield [
            shown.text(dataset),
            "yes" if dataset in trained_on else "no",
            shown.text(f"{split} ({_scheme(source)})"),
            *(_interval(found.get(metric)) for metric in metrics),
            *(f"{first[count]:,}" for count in ("n", "unparsed", "failed")),
            shown.code(shown.setting(labeler)),
        ]


def _interval(score: Mapping[str, Any] | None) -> str:
    if score is None or score["value"] is None:
        return "–"
    low, high = score["low"], score["high"]
    bounds = "" if low is None or high is None else f" ({low:.1f} to {high:.1f})"
    return f"{score['value']:.1f}{bounds}"


def _field_row(
    name: str, value: Any, manifest: Mapping[str, Any], shown: Shown
) -> Iterator[list[str]]:
    """Yield field, value and where the value comes from; nothing for a field that is not set."""
    if value in (None, "", [], {}) or name == "base.size.source":
        return
    recipe = manifest["recipe"]
    written = shown.blotted(value) if name == "data.system" else shown.setting(_written(value))
    if name == "data.source":
        written = _scheme(value)
    if name == "base.model" and _commit(manifest) is None:
        written = "(local folder)"
    idle = ""
    if name in _ADAPTERS_ONLY and recipe["method"]["name"] == "full":
        idle = " (without effect: all weights are trained)"
    elif name in _WRITERS_ONLY and recipe["kind"] == "classifier":
        idle = " (without effect: a classifier writes nothing)"
    elif name == "data.answer_window" and recipe["kind"] == "causal":
        idle = " (without effect: answers stand in data.window)"
    # What a base measures is nobody's choice.
    known = recipe["base"]["size"]["source"] if name.startswith("base.size.") else "our choice"
    origin = shown.text(recipe["quoted"].get(name, known))
    yield [shown.code(name), shown.code(written), origin + idle]


def _written(value: Any) -> str:
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

    def __init__(self, folder: TrainedFolder, manifest: Mapping[str, Any]) -> None:
        base = manifest["recipe"]["base"]["model"]
        local = {
            manifest["source"].partition(":")[2],
            (base or "") if _commit(manifest) is None else "",
            str(folder.path.absolute()),
            str(folder.path.resolve()),
        }
        # Known paths first: those may have spaces in them, where a pattern would end.
        paths = sorted((path for path in local if len(Path(path).parts) > 1), key=len, reverse=True)
        self._known = re.compile(f"(?:{'|'.join(map(re.escape, paths))}){_REST}")

    def blotted(self, text: str) -> str:
        """Return a text without local paths; what is not one stays as it is."""
        known = self._known.sub(_HIDDEN, text)
        return _PATH.sub(lambda found: found["kept"] or _HIDDEN, known)

    def setting(self, text: str) -> str:
        """Return a setting such as ``classifier:FOLDER``; a path is taken to reach to its end."""
        found = next((path for path in _PATH.finditer(text) if not path["kept"]), None)
        return text if found is None else text[: found.start()] + _HIDDEN

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
