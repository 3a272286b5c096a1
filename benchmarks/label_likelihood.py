"""Labels by likelihood beside generated answers, and beside lm-eval's own ``loglikelihood``.

    python benchmarks/label_likelihood.py MODEL_FOLDER IMHI_FOLDER [--dataset DR ...] [--rows 6]

One model, the same rows, one after the other: ``hf:`` by likelihood; lm-eval's HFLM asked for the
same prompts and wordings by itself; ``lm-eval:hf`` by likelihood; ``hf:`` writing answers of
``--new-tokens`` tokens; ``hf:`` held to a choice. Says in how many rows the chosen labels are equal,
how far log-likelihoods are apart, how many labels were read, the weighted F1, and seconds of processor
time for 1,000 rows (of all threads, so that what else runs does not count; loading the weights aside).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from imhi import PluginManager, Request, Response, RunSettings, load_plugins, resolve, seam
from imhi._core.context import Context
from imhi._core.models import ModelSpec

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
    list(model.generate([request for _, request in asked[:1]]))  # the first call warms up
    started = time.process_time()
    responses = list(model.generate([request for _, request in asked]))
    seconds = time.process_time() - started
    model.close()
    return asked, {response.id: response for response in responses}, seconds, context


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
    started = time.process_time()
    values = lm.loglikelihood(instances, disable_tqdm=True)
    seconds = time.process_time() - started
    found: dict[str, dict[str, float]] = {}
    for (id, label), (value, _) in zip(places, values, strict=True):
        found.setdefault(id, {})[label] = value
    return found, seconds


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


def show(
    what: str, asked: Asked, labels: Sequence[str | None], seconds: float, than: float | None = None
) -> None:
    from sklearn.metrics import f1_score

    gold = [label for label, _ in asked]
    value = 100 * f1_score(
        gold, [label or "none" for label in labels], average="weighted", labels=sorted(set(gold))
    )
    ratio = f", {seconds / than:.2f} of generating" if than else ""
    print(
        f"  {what:32} F1 {value:5.1f}, unparsed {labels.count(None)}, "
        f"{1000 * seconds / len(asked):7.1f} CPU s per 1,000 rows{ratio}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("imhi", type=Path)
    parser.add_argument("--dataset", action="append", default=[])
    parser.add_argument("--rows", type=int, default=6)
    parser.add_argument("--prompt", default="instruction")
    parser.add_argument("--new-tokens", type=int, default=48)
    parser.add_argument("--batch-size", type=int, default=8, help="of lm-eval")
    arguments = parser.parse_args()
    manager = load_plugins()
    for dataset in arguments.dataset or ["DR", "dreaddit", "SAD"]:
        name = f"hf:{arguments.model}"
        generated = ask(name, "text", arguments, dataset, manager)
        asked, scored, seconds, _ = ask(name, "likelihood", arguments, dataset, manager)
        print(f"{dataset}: {len(asked)} rows, {len(asked[0][1].choices)} labels")
        show(
            f"hf: writing {arguments.new_tokens} tokens",
            asked,
            labels_of(asked, generated[1], dataset, generated[3]),
            generated[2],
        )
        rows = [scored[request.id] for _, request in asked]
        show("hf: by likelihood", asked, [r.label for r in rows], seconds, generated[2])
        normalised = [max(r.normalised or {}, key=(r.normalised or {}).__getitem__) for r in rows]
        show("  the same, normalised", asked, normalised, seconds, generated[2])
        chosen = ask(name, "choice", arguments, dataset, manager)
        labels = [chosen[1][request.id].label for _, request in asked]
        show("hf: held to a choice", asked, labels, chosen[2], generated[2])
        theirs, taken = by_lm_eval(arguments.model, asked, arguments.batch_size)
        best = [max(theirs[r.id], key=theirs[r.id].__getitem__) for r in rows]
        show(f"lm-eval, batch {arguments.batch_size}", asked, best, taken, generated[2])
        through = f"lm-eval:hf,pretrained={arguments.model},batch_size={arguments.batch_size}"
        _, ours, taken, _ = ask(through, "likelihood", arguments, dataset, manager)
        by_backend = [ours[request.id].label for _, request in asked]
        show("lm-eval:hf by likelihood", asked, by_backend, taken, generated[2])
        for what, found in (("hf:", [r.label for r in rows]), ("lm-eval:hf", by_backend)):
            equal = sum(one == other for one, other in zip(found, best, strict=True))
            print(
                f"  {what} has the label of lm-eval's loglikelihood in {equal} of {len(best)} rows"
            )
        apart = max(
            abs((r.log_likelihoods or {})[label] - value)
            for r in rows
            for label, value in theirs[r.id].items()
        )
        print(f"  log-likelihoods are at most {apart:.1e} nats apart", flush=True)


if __name__ == "__main__":
    main()
