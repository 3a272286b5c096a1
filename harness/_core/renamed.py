"""What plugins written before everything lay in the package ``imhi`` are to import now."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from imhi._core.lazy import offered_names

RENAMED = {  # our top-level packages of before
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
            *("holm_within", "interval", "mcnemar_p", "ranks", "with_values_in_all"),
        )
    },
    **{name: f"answer_format.{name}" for name in ("MARKER", "gold_label")},
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
    "parse_metrics": "MetricSpec.parse",
    "opened": "MetricSpec.opened",
    "measured": "MetricSpec.measure",
    "parse_model": "ModelSpec.parse",
    "create_model": "ModelSpec.create",
    "estimate": "ModelSpec.estimate",
    "fingerprint": "ModelSpec.fingerprint",
    "prompt_hash": "Request.of",
    "place": "TableRow.place",
    "open_view": "OpenView.open",
    "RELEASED": "OpenView.RELEASED",
    "seen_through": "OpenView.see",
    "turned": "Pair.turned",
    "paired": "statistics.Paired.of",
    "resampled": "statistics.Paired.resampled",
    "replicates": "statistics.interval_of",
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
_PRIVATE = "is private now (docs/plugins.md lists what is public)"


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
    return f"the harness is one package now, imhi: {'; '.join(changes)}" if changes else ""


def _changes(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.name in RENAMED:
                yield f"write `import {RENAMED[alias.name]}` for `import {alias.name}`"
            elif alias.name.partition(".")[0] in RENAMED:
                yield f"`{alias.name}` {_PRIVATE}"
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        if node.module.partition(".")[0] not in RENAMED:
            return
        homes: dict[str, list[str]] = {}
        written: list[str] = []
        kept: list[str] = []
        private: list[str] = []
        for alias in node.names:
            now = _written(node.module, alias.name)
            offered = now.partition(".")[0]
            home = _door_of(offered)
            if not home:
                private.append(alias.name)
                continue
            kept.append(alias.name)
            homes.setdefault(home, []).append(offered)
            written += [f"{alias.name} is {now}"] if now != alias.name else []
        if homes:
            imports = "`, `".join(
                f"from {home} import {', '.join(dict.fromkeys(names))}"
                for home, names in homes.items()
            )
            meaning = f" ({', '.join(written)})" if written else ""
            yield f"write `{imports}` for `from {node.module} import {', '.join(kept)}`{meaning}"
        if private:
            yield f"`{', '.join(private)}` of {node.module} {_PRIVATE}"


def _written(module: str, name: str) -> str:
    """Return how a name of an earlier module is written now: it may be a method, or a module's."""
    root, _, below = module.partition(".")
    if root != "harness" or _door_of(name):
        return name
    last = below.rpartition(".")[2]
    return _WRITTEN.get(name) or (f"{last}.{name}" if last in _MODULES else name)


def _door_of(name: str) -> str:
    """Return the public module that has a name now; nothing where it is private."""
    folder = Path(__file__).parents[1]
    return next((d for d, file in _DOORS.items() if name in offered_names(str(folder / file))), "")
