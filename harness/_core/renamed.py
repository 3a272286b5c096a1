"""What plugins written before everything lay in the package ``imhi`` are to import now."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from imhi._core.lazy import offered_names

RENAMED = {
    "harness": "imhi",
    "plugins": "imhi.plugins",
    "tasks": "imhi.tasks",
    "imhi_build": "imhi.build",
    "finetune": "imhi.finetune",
}
_DOORS = {"imhi": "__init__.py", "imhi.runs": "runs.py", "imhi.checkpoints": "checkpoints.py",
          "imhi.io": "io.py"}  # fmt: skip

_MODULES = ("figures", "jsonl", "options", "page_pictures", "sanitizing", "yaml_models")
# What was a function of the harness, or a name of its own -> how it is written now.
_WRITTEN = {
    **{
        name: f"statistics.{name}"
        for name in (
            *("ALPHA", "cluster_sums", "detectable_difference", "generator", "holm"),
            *("holm_within", "interval", "mcnemar_p", "ranks", "replicates", "with_values_in_all"),
        )
    },
    **{
        name: f"answer_format.{name}"
        for name in ("MARKER", "compose", "explanation_of", "gold_label")
    },
    "split_answer": "answer_format.split",
    "rows_with_offsets": "jsonl.rows_with_offsets",
    "split_arguments": "Argument.split",
    "parse_count": "Argument.count",
    "parse_flag": "Argument.flag",
    "make_context": "Context.of",
    "select_datasets": "Context.select_datasets",
    "requests_of": "Context.requests",
    "parse_labeler": "LabelerSpec.parse",
    "marking_from": "Marking.read",
    "MARKS": "Marking.MARKS",
    "mean_measure": "Measure.mean",
    "parse_metrics": "MetricSpec.parse",
    "opened": "MetricSpec.opened",
    "measured": "MetricSpec.measure",
    "parse_model": "ModelSpec.parse",
    "create_model": "ModelSpec.create",
    "estimate": "ModelSpec.estimate",
    "fingerprint": "ModelSpec.fingerprint",
    "open_view": "OpenView.open",
    "RELEASED": "OpenView.RELEASED",
    "seen_through": "OpenView.see",
    "turned": "Pair.turned",
    "paired": "statistics.Paired.of",
    "resampled": "statistics.Paired.resampled",
    "published_results": "PublishedResult.all",
    "published_beside": "PublishedResult.beside",
    "find_run": "RunFolder.find",
    "distinct_names": "RunScores.distinct_names",
    "read_columns": "Columns.read",
    "check_metrics": "ScoringPlan.check_metrics",
    "verdicts_file": "Verdict.file",
    "row_key": "Verdict.row_key",
    "VERDICTS": "Verdict.FOLDER",
}


def what_to_import_now(error: ImportError, file: str) -> str:
    """Return in one line what a plugin's file should import instead of our earlier names; nothing
    where the import that failed is none of them."""
    if str(error.name).partition(".")[0] not in RENAMED:
        return ""
    try:
        tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):
        return "write imhi instead of harness"
    changes = dict.fromkeys(change for node in ast.walk(tree) for change in _changes(node))
    return f"the harness is one package now, imhi: write {'; '.join(changes)}" if changes else ""


def _changes(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.name.partition(".")[0] in RENAMED:
                yield f"`import {_place(alias.name)}` for `import {alias.name}`"
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        if node.module.partition(".")[0] not in RENAMED:
            return
        homes: dict[str, list[str]] = {}
        written = []
        for alias in node.names:
            now = _written(node.module, alias.name)
            offered = now.partition(".")[0]
            homes.setdefault(_home(node.module, offered), []).append(offered)
            written += [f"{alias.name} is {now}"] if now != alias.name else []
        imports = "`, `".join(
            f"from {home} import {', '.join(dict.fromkeys(names))}" for home, names in homes.items()
        )
        names = ", ".join(alias.name for alias in node.names)
        meaning = f" ({', '.join(written)})" if written else ""
        yield f"`{imports}` for `from {node.module} import {names}`{meaning}"


def _written(module: str, name: str) -> str:
    """Return how a name of an earlier module is written now: it may be a method, or a module's."""
    root, _, below = module.partition(".")
    if root != "harness" or _door_of(name):
        return name
    last = below.rpartition(".")[2]
    return _WRITTEN.get(name) or (f"{last}.{name}" if last in _MODULES else name)


def _home(module: str, name: str) -> str:
    """Return the module that now has a name of an earlier one: a public one if any has it."""
    door = _door_of(name) if module.partition(".")[0] == "harness" else ""
    return door or _place(module)


def _door_of(name: str) -> str:
    folder = Path(__file__).parents[1]
    return next((d for d, file in _DOORS.items() if name in offered_names(str(folder / file))), "")


def _place(module: str) -> str:
    root, dot, below = module.partition(".")
    new = "imhi._core" if root == "harness" and dot else RENAMED[root]  # private now
    return f"{new}{dot}{below}"
