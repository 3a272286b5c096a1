"""Run folders: append-only rows, atomic manifests, locks."""

from imhi._core.run_store.folder import FORMAT, RunFolder, find_run, list_runs

__all__ = ["FORMAT", "RunFolder", "find_run", "list_runs"]
