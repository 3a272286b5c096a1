"""Stage 1: examples from the source, requests from the prompt style, both into the run folder.

The run's id is made of what the answers depend on, so the same command finds its run again.
"""

from __future__ import annotations

import datetime
import glob
import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from imhi._core.context import Context
from imhi._core.data_access import DataAccess
from imhi._core.declarations import resolve
from imhi._core.errors import HarnessError
from imhi._core.fingerprints import digest, texts_json
from imhi._core.plan import ModelPlan, RunPlan
from imhi._core.plugin_manager import PluginManager
from imhi._core.protocols import BuildPrompt
from imhi._core.records import Example, Request, as_line
from imhi._core.run_store import FORMAT, RunFolder, make_run_folder
from imhi._core.run_store.earlier import earlier_run
from imhi._core.run_store.environment import environment
from imhi._core.run_store.jsonl import disk_error
from imhi._core.run_store.leftovers import held_folder
from imhi._core.run_store.manifest import Manifest, PromptRecord
from imhi._core.run_store.staging import settle, staging_folder, sweep
from imhi._core.samples import sample_requests
from imhi._core.settings import RunSettings


@dataclass
class Prepared:
    """A run that is ready to be answered. ``place`` is where it is moved once it is, for models that
    have their answers already (None: ``folder`` is its place); ``staging`` holds the folder it is in
    till then."""

    folder: RunFolder
    model: ModelPlan
    context: Context
    place: Path | None = None
    staging: ExitStack = field(default_factory=ExitStack)

    @contextmanager
    def settled(self) -> Iterator[None]:
        """Move the run to its place when the block ends; leave no trace of it when it raises."""
        if self.place is None:
            yield
            return
        with self.staging:
            yield
            settle(self.folder.path, self.place)
            self.folder, self.place = RunFolder(self.place), None


def prepare(plan: RunPlan, model: ModelPlan, manager: PluginManager, data: DataAccess) -> Prepared:
    """Write examples and requests and return the run, new or found again."""
    settings, spec, style = plan.settings, model.spec, model.style
    context = Context.of(settings, manager.registry, style, data.source, data, manager.notify)
    datasets = context.select_datasets(settings, spec)
    build: BuildPrompt = resolve(style.build)(context)

    def asked(dataset: str) -> Iterator[tuple[Example, Request]]:
        rows = islice(context.examples(dataset, settings.split), settings.limit)
        return context.requests(rows, build)

    samples = settings.samples
    slug = _slug(settings, model)
    sweep(settings.out)
    begun = _begun(plan, model, context, {name: partial(asked, name) for name in datasets})
    if begun is not None:
        return Prepared(begun, model, context)
    settings.out.mkdir(parents=True, exist_ok=True)
    staging = staging_folder(settings.out)
    held = staging / "run"
    try:
        with ExitStack() as stack:
            stack.enter_context(held_folder(staging))
            make_run_folder(held)
            rows, content = {}, {}
            for dataset in datasets:
                rows[dataset], written = _write_pairs(held, dataset, asked(dataset), samples)
                content[dataset] = _content(written, dataset, context)
                if not rows[dataset]:
                    raise HarnessError(
                        f"source {settings.source}: {dataset}/{settings.split} has no rows, expected "
                        "at least one"
                    )
            identity = _identity(model, context, settings, content)
            run_id = f"{slug}-{digest(identity)[:10]}"
            folder = RunFolder(settings.out / run_id)
            if not (folder.path / "manifest.json").exists():
                manifest = _manifest(plan, model, context, rows, identity, run_id)
                earlier = earlier_run(settings.out, slug, held, manifest)
                if earlier is not None:
                    return Prepared(earlier, model, context)
                RunFolder(held).write_manifest(manifest)
                if spec.family.stored:
                    own = staging / run_id
                    held.replace(own)
                    return Prepared(RunFolder(own), model, context, folder.path, stack.pop_all())
                settle(held, folder.path)
            folder.manifest()
            return Prepared(folder, model, context)
    except OSError as error:
        raise disk_error(error, settings.out) from error


def _begun(
    plan: RunPlan,
    model: ModelPlan,
    context: Context,
    asked: Mapping[str, Callable[[], Iterator[tuple[Example, Request]]]],
) -> RunFolder | None:
    """Return the run that asks just this, if it is there. What is ``asked`` of each dataset is read
    and nothing written: most of the time that preparing takes goes into files that are there then."""
    settings, slug = plan.settings, _slug(plan.settings, model)
    if not _may_be_begun(settings, slug):
        return None
    content = {}
    for dataset, pairs in asked.items():
        rows = _RowsChecksum()
        for example, request in pairs():
            rows.add(example, request)
        content[dataset] = _content(rows.hexdigest(), dataset, context)
    run_id = f"{slug}-{digest(_identity(model, context, settings, content))[:10]}"
    folder = RunFolder(settings.out / run_id)
    if not (folder.path / "manifest.json").exists():
        return None
    folder.manifest()
    return folder


def _may_be_begun(settings: RunSettings, slug: str) -> bool:
    return any(settings.out.glob(f"{glob.escape(slug)}-*/manifest.json"))


class _RowsChecksum:
    """The checksum of what is asked and what would be right, and how many rows there are."""

    def __init__(self) -> None:
        self.count = 0
        self._state = hashlib.sha256()

    def add(self, example: Example, request: Request) -> None:
        """Take a row in."""
        self.count += 1
        self._state.update(
            texts_json(example.id, request.prompt_hash, example.label, example.explanation)
        )

    def hexdigest(self) -> str:
        """Return the checksum of the rows so far."""
        return self._state.hexdigest()


def _write_pairs(
    staging: Path, dataset: str, pairs: Iterator[tuple[Example, Request]], samples: int
) -> tuple[int, str]:
    """Stream both files, a request for each sample; return the number of examples and a checksum of
    their content, which is the same whatever the number of samples."""
    checksum = _RowsChecksum()
    for kind in ("examples", "requests"):
        (staging / kind).mkdir(exist_ok=True)
    with (
        (staging / "examples" / f"{dataset}.jsonl").open(
            "w", encoding="utf-8", errors="surrogatepass", newline="\n"
        ) as examples,
        (staging / "requests" / f"{dataset}.jsonl").open(
            "w", encoding="utf-8", errors="surrogatepass", newline="\n"
        ) as requests,
    ):
        for example, asked in sample_requests(pairs, samples):
            examples.write(f"{as_line(example)}\n")
            requests.writelines(f"{as_line(request)}\n" for request in asked)
            checksum.add(example, asked[0])
    return checksum.count, checksum.hexdigest()


def begun_run(
    plan: RunPlan,
    model: ModelPlan,
    context: Context,
    pairs: Mapping[str, Sequence[tuple[Example, Request]]],
) -> RunFolder | None:
    """Return the run that this plan would go on with, if there is one. ``pairs`` are all it asks, by
    dataset; nothing is left of looking."""
    settings, slug = plan.settings, _slug(plan.settings, model)
    # What tells a model may have to be computed: only where some run is called so.
    if not _may_be_begun(settings, slug):
        return None
    with TemporaryDirectory(prefix="imhi-dry-run-") as place:
        rows, content = {}, {}
        for dataset, asked in pairs.items():
            rows[dataset], written = _write_pairs(
                Path(place), dataset, iter(asked), settings.samples
            )
            content[dataset] = _content(written, dataset, context)
        identity = _identity(model, context, settings, content)
        run_id = f"{slug}-{digest(identity)[:10]}"
        if (settings.out / run_id / "manifest.json").exists():
            return RunFolder(settings.out / run_id)
        manifest = _manifest(plan, model, context, rows, identity, run_id)
        return earlier_run(settings.out, slug, Path(place), manifest)


def _content(rows: str, dataset: str, context: Context) -> str:
    """Return the checksum of a dataset from that of its rows. The labels' wording counts too, which
    models may be given to choose from."""
    labels = context.dataset(dataset).labels
    return digest([rows, [[label.name, label.sentence, label.completion] for label in labels]])


def _identity(
    model: ModelPlan, context: Context, settings: RunSettings, content: Mapping[str, str]
) -> dict[str, Any]:
    """Return what the answers depend on."""
    return {
        "format": FORMAT,
        "model": model.spec.fingerprint(context),
        "prompt": [model.style.name, model.style.version],
        "generation": context.generation.to_json(),
        "seed": settings.seed,
        "split": settings.split,
        "content": content,
    }


def _slug(settings: RunSettings, model: ModelPlan) -> str:
    """Return what a run's name begins with, for people."""
    source = settings.source.partition(":")[0]
    name = f"{model.spec.family.scheme}-{Path(model.spec.target).name}"
    words = f"{name}-{source}-{settings.split}-{model.style.name}"
    slug = re.sub(r"[^A-Za-z0-9.]+", "-", words.replace(os.sep, "-")).strip("-.")
    return slug[:80]


def _manifest(
    plan: RunPlan,
    model: ModelPlan,
    context: Context,
    rows: dict[str, int],
    identity: dict[str, Any],
    run_id: str,
) -> Manifest:
    settings, style = plan.settings, model.style
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    checksums = {
        name: {
            split: context.source.checksum(name, split)
            for split in (settings.split, "train", "val")
            if split in context.source.splits(name)
        }
        for name in rows
    }
    return Manifest(
        run=run_id,
        created=now,
        updated=now,
        model=model.called,
        model_identity=identity["model"],
        source=settings.source,
        source_location=plan.source.location,
        source_details=dict(context.source.describe()),
        split=settings.split,
        datasets=rows,
        data_checksums=checksums,
        content_checksums=identity["content"],
        prompt=PromptRecord(style.name, style.version, settings.shots),
        generation=context.generation.to_json(),
        seed=settings.seed,
        limit=settings.limit,
        repair_mojibake=settings.repair_mojibake,
        environment=environment(),
        notes=tuple(context.notes),
    )
