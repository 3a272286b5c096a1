"""Run folders: append-only rows, atomic manifests, locks."""

from imhi._core.run_store.folder import FORMAT, RunFolder, list_runs

__all__ = ["FORMAT", "RunFolder", "list_runs"]
