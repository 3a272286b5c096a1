"""Run folders: append-only rows, atomic manifests, locks."""

from imhi._core.run_store.folder import FORMAT, RunFolder, list_runs, make_run_folder

__all__ = ["FORMAT", "RunFolder", "list_runs", "make_run_folder"]
