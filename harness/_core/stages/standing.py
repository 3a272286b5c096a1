"""Labels and scores that stand: made before of the very same, so that a run with nothing to ask makes
nothing again.

What they were made of is kept as a checksum in the run's ``standing.json``: the contents of the files
they come from and of those they stand in, what labeler and metrics are known by, and the code of the
core and of the plugins they are from. Nothing is told by a time. Without the file, and wherever
something differs, labels and scores are made as ever.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from imhi._core.context import Context
from imhi._core.events import StageFinished, StageStarted
from imhi._core.fingerprints import digest, file_checksum
from imhi._core.metrics import MetricSpec
from imhi._core.plan import ScoringPlan
from imhi._core.report import all_notes
from imhi._core.results import RunScores
from imhi._core.run_store import RunFolder
from imhi._core.run_store.environment import package_versions
from imhi._core.run_store.folder import STANDING
from imhi._core.run_store.jsonl import write_json


class Standing:
    """What stands of one run under the plan's labeler and metrics. For whoever holds the run's lock."""

    def __init__(self, folder: RunFolder, context: Context, plan: ScoringPlan) -> None:
        self.folder, self.plan = folder, plan
        manifest = folder.manifest()
        # As the stages themselves have it: what tells a run's model may be what a labeler asks.
        self.context = dataclasses.replace(
            context, run=folder.id, model_identity=manifest.model_identity
        )
        self._checksums: dict[tuple[Path, int, int], str] = {}

    # --- labels ----------------------------------------------------------------------------------

    def labels(self) -> bool:
        """Say whether the labels stand; observers are told of the stage where they do."""
        return self._can_stand() and self._stands("labels", self._labels, "label")

    def record_labels(self) -> None:
        """Keep what the labels that are there now were made of."""
        said = self.folder.labeler_notes(self.plan.labeler.name)
        if self._can_stand() and not said["gaps"]:
            self._record("labels", self._labels())

    def _can_stand(self) -> bool:
        """Whoever asks a model has a memory of its own, and may have something left to ask. What the code
        of other people's plugins depends on cannot be known from outside."""
        return self.plan.labeler.asks is None and _is_ours(self.plan.labeler.labeler.create)

    def _labels(self) -> str:
        folder, context, labeler = self.folder, self.context, self.plan.labeler
        rows = {
            name: [
                self._known_by(folder.file("examples", name)),
                self._known_by(folder.file("responses", name)),
                self._known_by(folder.predictions_file(labeler.name, name)),
                context.data.training_checksum(name),
                _declared(context, name),
            ]
            for name in folder.datasets()
        }
        asked = (context.split, context.seed, context.shots, context.repair_mojibake)
        formats = [dataclasses.asdict(one) for one in context.registry.thought_formats]
        return digest(
            [
                package_versions(),
                _code("imhi._core"),
                _code(_module(labeler.labeler.create)),
                labeler.identity(context),
                self._known_by(folder.labeler_file(labeler.name)),
                self._known_by(folder.labeler_notes_file(labeler.name)),
                folder.manifest().answer,
                [*asked, context.generation.to_json()],
                formats,
                rows,
            ]
        )

    # --- scores ----------------------------------------------------------------------------------

    def scores(self, metrics: Sequence[MetricSpec]) -> RunScores | None:
        """Return the scores if they stand; observers are told of the stage where they do."""
        if not self._can_score(metrics) or not self.folder.scores_file(self._labeler).exists():
            return None
        if not self._stands("scores", lambda: self._scores(metrics), "score"):
            return None
        return RunScores.from_json(self.folder.scores(self._labeler), str(self.folder.path))

    def record_scores(self, metrics: Sequence[MetricSpec], made: RunScores) -> None:
        """Keep what the scores that are there now were made of."""
        if self._can_score(metrics) and not made.gaps:
            self._record("scores", self._scores(metrics))

    @property
    def _labeler(self) -> str:
        return self.plan.labeler.name

    def _can_score(self, metrics: Sequence[MetricSpec]) -> bool:
        alone = list(self.plan.views) == [None] and list(metrics) == list(self.plan.metrics)
        plain = all(one.metric.create is None and _is_ours(one.metric.score) for one in metrics)
        return self._can_stand() and alone and plain

    def _scores(self, metrics: Sequence[MetricSpec]) -> str:
        folder = self.folder
        file = folder.scores_file(self._labeler)
        values = sorted(file.with_suffix("").rglob("*.jsonl"))
        manifest = folder.manifest().to_json()
        notes = all_notes(manifest["notes"], self.context.notes)
        for changing in ("status", "updated", "notes"):
            manifest.pop(changing, None)
        return digest(
            [
                self._labels(),
                [[one.name, one.metric.version, one.arguments_as_json()] for one in metrics],
                sorted({_code(_module(one.metric.score)) for one in metrics}),
                [self._known_by(folder.file("failures", name)) for name in folder.datasets()],
                self._known_by(file),
                [[str(path.relative_to(folder.path)), self._known_by(path)] for path in values],
                manifest,
                notes,
            ]
        )

    # --- the record ------------------------------------------------------------------------------

    def _stands(self, kind: str, made_of: Callable[[], str], stage: str) -> bool:
        kept = self._kept()[kind].get(self._labeler)
        if kept is None or kept != made_of():
            return False
        folder, notify = self.folder, self.context.notify
        total = sum(folder.manifest().datasets.values()) if stage == "label" else 0
        notify(StageStarted(folder.id, stage, total or len(folder.datasets())))
        notify(StageFinished(folder.id, stage, 0.0))
        return True

    def _record(self, kind: str, made_of: str) -> None:
        kept = self._kept()
        kept[kind][self._labeler] = made_of
        write_json(self.folder.path / STANDING, kept)

    def _kept(self) -> dict[str, dict[str, Any]]:
        try:
            found = json.loads((self.folder.path / STANDING).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            found = {}
        parts = {kind: found.get(kind) for kind in ("labels", "scores")} if found else {}
        return {k: v if isinstance(v := parts.get(k), dict) else {} for k in ("labels", "scores")}

    def _known_by(self, path: Path) -> str:
        """Return the checksum of a file, empty where there is none; read once while it is the same."""
        try:
            found = path.stat()
        except OSError:
            return ""
        key = (path, found.st_size, found.st_mtime_ns)
        if key not in self._checksums:
            self._checksums[key] = file_checksum(path)
        return self._checksums[key]


def _declared(context: Context, dataset: str) -> str:
    """Return what a dataset's declaration is known by, without where its rows are from."""
    declared = context.dataset(dataset)
    fields = dataclasses.asdict(dataclasses.replace(declared, rows=None))
    return digest([fields, context.registry.task_of(dataset).name])


def _module(factory: object) -> str:
    """Return the module of a factory, a callable or ``module:attribute``."""
    if isinstance(factory, str):
        return factory.partition(":")[0]
    return str(getattr(factory, "__module__", type(factory).__module__))


def _is_ours(factory: object) -> bool:
    return _module(factory).partition(".")[0] == "imhi"


@cache  # what runs is what was loaded, whatever is edited meanwhile
def _code(module: str) -> str:
    """Return the checksum of the code beside a module: its package's, or its file's where it is in
    none."""
    loaded = sys.modules.get(module)
    spec = getattr(loaded, "__spec__", None) or find_spec(module)
    file = getattr(loaded, "__file__", None) or (spec.origin if spec else None)
    if file is None:
        return ""
    path = Path(file)
    alone = not spec or not spec.parent
    return digest([[str(one), file_checksum(one)] for one in ([path] if alone else _files(path))])


def _files(path: Path) -> Iterator[Path]:
    yield from sorted(one for one in path.parent.rglob("*.py"))
