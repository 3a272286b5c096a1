"""Labels by likelihood beside generated answers, and beside lm-eval's own ``loglikelihood``.

    python benchmarks/label_likelihood.py MODEL_FOLDER IMHI_FOLDER [--dataset DR ...] [--rows 8] [--json FILE]

One model, the same rows, one after the other: ``hf:`` writing answers of ``--new-tokens`` tokens;
``hf:`` by likelihood; ``hf:`` held to a choice; lm-eval's HFLM asked for the same prompts and wordings by
itself; ``lm-eval:hf`` by likelihood. Says which labels were chosen and how many were read, the weighted
F1, seconds of processor time for 1,000 rows (of all threads, so that what else runs counts little; loading
the weights aside), in how many rows the labels are lm-eval's, and how far log-likelihoods are apart.
``--likelihood-only`` asks ``hf:`` by likelihood alone, which is quick enough for more rows.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from imhi import PluginManager, Request, Response, RunSettings, load_plugins, resolve, seam
from imhi._core.context import Context
from imhi._core.models import ModelSpec

ROUNDS = 2  # the best counts: the first pays for what is set up once

Asked = list[tuple[str, Request]]
"""Gold labels and requests."""


def ask(
    name: str, answer: str, arguments: argparse.Namespace, dataset: str, manager: PluginManager
) -> tuple[Asked, dict[str, Response], float, Context]:
    """Return what was asked and answered, and the processor seconds it took."""
    settings = RunSettings(
        model=(name,),
        source=f"official:{arguments.imhi}",
        prompt=arguments.prompt,
        max_new_tokens=arguments.new_tokens if answer == "text" else None,
        answer=answer,  # type: ignore[arg-type]
    )
    style = manager.registry.prompts.get(arguments.prompt)
    context = Context.of(settings, manager.registry, style)
    examples = islice(context.examples(dataset, "test"), arguments.rows)
    pairs = context.requests(examples, resolve(style.build)(context))
    asked = [(example.label, request) for example, request in pairs]
    model = ModelSpec.parse(name, manager.registry).create(context)
    rounds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        responses = list(model.generate([request for _, request in asked]))
        rounds.append(time.process_time() - started)
    model.close()
    return asked, {response.id: response for response in responses}, min(rounds), context


def by_lm_eval(
    folder: Path, asked: Asked, batch_size: int
) -> tuple[dict[str, dict[str, float]], float]:
    """Return each label's log-likelihood by lm-eval, and the processor seconds it took."""
    import lm_eval.models  # noqa: F401
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    lm = HFLM(str(folder), device="cpu", dtype="float32", batch_size=batch_size)
    places, instances = [], []
    for _, request in asked:
        for label, wording in request.choices.items():
            pair: Any = seam(request.prompt, wording)
            places.append((request.id, label))
            instances.append(Instance("loglikelihood", {}, pair, 0))
    rounds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        values = lm.loglikelihood(instances, disable_tqdm=True)
        rounds.append(time.process_time() - started)
    found: dict[str, dict[str, float]] = {}
    for (id, label), (value, _) in zip(places, values, strict=True):
        found.setdefault(id, {})[label] = value
    return found, min(rounds)


def labels_of(
    asked: Asked, responses: dict[str, Response], dataset: str, context: Context
) -> list[str | None]:
    """Return the labels: the model's own, else as the default labeler reads them."""
    answers = [responses[request.id] for _, request in asked]
    aspects = [request.aspect for _, request in asked]
    read = context.labeler(RunSettings().labeler)(context.dataset(dataset), aspects, answers)
    return [
        answer.label if context.generation.answer != "text" else one.label
        for answer, one in zip(answers, read, strict=True)
    ]


def figures(asked: Asked, labels: Sequence[str | None], seconds: float | None) -> dict[str, Any]:
    """Return what came of one way: weighted F1, labels by how often they were chosen, and seconds."""
    from sklearn.metrics import f1_score

    gold = [label for label, _ in asked]
    value = f1_score(
        gold, [label or "none" for label in labels], average="weighted", labels=sorted(set(gold))
    )
    found = {
        "f1": 100 * float(value),
        "unparsed": labels.count(None),
        "chosen": dict(Counter(label for label in labels if label).most_common()),
    }
    return found if seconds is None else {**found, "seconds_per_1000": 1000 * seconds / len(asked)}


def measure(dataset: str, arguments: argparse.Namespace, manager: PluginManager) -> dict[str, Any]:
    """Return what each way comes to on the first rows of a dataset's test file."""
    name = f"hf:{arguments.model}"
    asked, scored, seconds, _ = ask(name, "likelihood", arguments, dataset, manager)
    rows = [scored[request.id] for _, request in asked]
    labels = [row.label for row in rows]
    normalised = [max(r.normalised or {}, key=(r.normalised or {}).__getitem__) for r in rows]
    most, _ = Counter(label for label, _ in asked).most_common(1)[0]
    ways = {
        "likelihood": figures(asked, labels, seconds),
        "normalised": figures(asked, normalised, None),
        "majority": figures(asked, [most] * len(asked), None),
    }
    found = {"rows": len(asked), "labels": len(asked[0][1].choices), "ways": ways}
    if arguments.likelihood_only:
        return found
    generated = ask(name, "text", arguments, dataset, manager)
    read = labels_of(asked, generated[1], dataset, generated[3])
    ways["text"] = figures(asked, read, generated[2])
    chosen = ask(name, "choice", arguments, dataset, manager)
    ways["choice"] = figures(asked, [chosen[1][r.id].label for _, r in asked], chosen[2])
    theirs, taken = by_lm_eval(arguments.model, asked, arguments.batch_size)
    best = [max(theirs[row.id], key=theirs[row.id].__getitem__) for row in rows]
    ways["lm_eval"] = figures(asked, best, taken)
    through = f"lm-eval:hf,pretrained={arguments.model},batch_size={arguments.batch_size}"
    _, ours, taken, _ = ask(through, "likelihood", arguments, dataset, manager)
    by_backend = [ours[request.id].label for _, request in asked]
    ways["lm-eval:hf"] = figures(asked, by_backend, taken)
    apart = [
        abs((row.log_likelihoods or {})[label] - value)
        for row in rows
        for label, value in theirs[row.id].items()
    ]
    return {
        **found,
        "equal_to_lm_eval": {
            way: sum(one == other for one, other in zip(those, best, strict=True))
            for way, those in (("hf", labels), ("lm-eval:hf", by_backend))
        },
        "most_nats_apart": max(apart),
    }


def show(dataset: str, found: dict[str, Any]) -> None:
    """Print what was measured on a dataset."""
    print(f"{dataset}: {found['rows']} rows, {found['labels']} labels")
    for way, one in found["ways"].items():
        seconds = one.get("seconds_per_1000")
        taken = f", {seconds:7.1f} CPU s per 1,000 rows" if seconds is not None else ""
        chosen = ", ".join(f"{label} {count}" for label, count in one["chosen"].items())
        print(f"  {way:11} F1 {one['f1']:5.1f}, unparsed {one['unparsed']}{taken}; {chosen}")
    for way, equal in found.get("equal_to_lm_eval", {}).items():
        print(
            f"  {way} has the label of lm-eval's loglikelihood in {equal} of {found['rows']} rows"
        )
    if "most_nats_apart" in found:
        print(
            f"  log-likelihoods are at most {found['most_nats_apart']:.1e} nats apart", flush=True
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("imhi", type=Path)
    parser.add_argument("--dataset", action="append", default=[])
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--prompt", default="instruction")
    parser.add_argument("--new-tokens", type=int, default=48)
    parser.add_argument("--batch-size", type=int, default=8, help="of lm-eval")
    parser.add_argument("--likelihood-only", action="store_true")
    parser.add_argument("--json", type=Path, help="file to write what was measured to")
    arguments = parser.parse_args()
    manager = load_plugins()
    measured: dict[str, Any] = {}
    for dataset in arguments.dataset or ["DR", "dreaddit", "SAD"]:
        measured[dataset] = measure(dataset, arguments, manager)
        show(dataset, measured[dataset])
        if arguments.json:
            arguments.json.write_text(json.dumps(measured, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
