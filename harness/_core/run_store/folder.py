"""A run folder: where everything about one evaluation lies.

::

    RUN/                          (of imhi shard: OUT/shards/I-of-N/RUN, a part of its responses)
      manifest.json               what reproduces the run
      examples/DATASET.jsonl      the examples that were asked
      requests/DATASET.jsonl      what the model is asked
      responses/DATASET.jsonl     what it answered: append-only, one line per example (or sample)
      failures/DATASET.jsonl      what got no answer, each attempt a line; asked again next time
      repeats/REQUESTS/           what --repeat-check was answered: alone/, again/, in-flight-1/
      asked/NAME-IDENTITY.jsonl   what a model keeps to go on with: the batches a server works on
      energy.jsonl                what asking took, where it was measured (--energy): one session's last line
      standing.json               what labels and scores were made of: nothing is made again of the same
      predictions/LABELER/DATASET.jsonl
      predictions/LABELER/labeler.json  which version of the labeler made them
      predictions/LABELER/notes.json  what it had to say
      scores/LABELER.json         scores with intervals
      scores/LABELER@VIEW.json    the same under other gold labels or fewer rows
      scores/LABELER/MEASURE/DATASET.jsonl  values per example
      measured/NAME-IDENTITY.jsonl  what metrics have computed, and judges' answers

A labeler's name stands in names of files with whatever is no letter or digit as ``%XX``; where that
is too long for a file system, its beginning and a checksum.

The folder holds posts and is readable by its owner only; nothing in it is meant to be shared as
it is.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, unquote

from imhi._core.errors import DataError, HarnessError
from imhi._core.fingerprints import digest
from imhi._core.records import Example, Prediction, Request, Response, as_line, from_row
from imhi._core.run_store.jsonl import count_rows, read_rows, write_json, write_lines
from imhi._core.run_store.leftovers import clear_temporary
from imhi._core.run_store.lock import held
from imhi._core.run_store.manifest import Manifest

FORMAT = 1
MANIFEST = "manifest.json"
STANDING = "standing.json"
# Where files are written whole, under the run's lock.
_WRITTEN_WHOLE = ("predictions", "scores", "responses", "failures", "asked")
_VIEW, _SHORTENED = "@", "+"  # quoted names hold neither
_LONGEST_NAME = 200

R = TypeVar("R", Example, Request, Response, Prediction)


def make_run_folder(path: Path) -> None:
    """Make a folder for a run. It will hold posts: its owner alone may read it, and git passes it over."""
    path.mkdir(mode=0o700)
    (path / ".gitignore").write_text("*\n", encoding="utf-8")


class RunFolder:
    """Reads and writes one run folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._manifest: Manifest | None = None

    @classmethod
    def find(cls, name: str, out: Path) -> RunFolder:
        """Return a run by its folder, its id, a part of its id, or ``last``.

        Raises:
            HarnessError: none or several fit.
        """
        direct = Path(name)
        if (direct / MANIFEST).exists():
            return cls(direct)
        if direct.is_dir() and name != "last":
            cls(direct).manifest()
        runs = list_runs(out)
        if name == "last" and runs:
            return runs[-1]
        fitting = [run for run in runs if run.id == name] or [r for r in runs if name in r.id]
        if len(fitting) == 1:
            return fitting[0]
        which = "no run" if not fitting else f"{len(fitting)} runs"
        listed = ", ".join(run.id for run in (fitting or runs)[-5:]) or "none"
        raise HarnessError(
            f"run '{name}': {which} of that name under {out} ({listed}); expected a folder, an id or a "
            "part of one that fits one run, or 'last'; 'imhi runs' lists them"
        )

    @property
    def id(self) -> str:
        """The run's id, which is the folder's name."""
        return self.path.name

    # --- manifest --------------------------------------------------------------------------------

    def manifest(self) -> Manifest:
        """Return the manifest; the file is read once, and again whenever the lock is taken.

        Raises:
            HarnessError: there is none, it is not JSON, or it is of another format.
        """
        if self._manifest is None:
            self._manifest = self._read_manifest()
        return self._manifest

    def _read_manifest(self) -> Manifest:
        path = self.path / MANIFEST
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise HarnessError(
                f"{self.path}: not a run folder (no {MANIFEST}); 'imhi runs' lists the runs there are"
            ) from None
        except ValueError as error:
            raise HarnessError(
                f"{path}: not JSON ({error}); restore it, or run again into a new folder (--out)"
            ) from None
        found = manifest.get("format") if isinstance(manifest, dict) else None
        if found != FORMAT:
            raise HarnessError(
                f"{path}: run format {found!r}, expected {FORMAT}: this run was made by another "
                "version of imhi-harness; use that version, or run again into a new folder (--out)"
            )
        return Manifest.from_json(manifest, str(path))

    def write_manifest(self, manifest: Manifest) -> None:
        """Write the manifest, whole or not at all."""
        write_json(self.path / MANIFEST, {"format": FORMAT, **manifest.to_json()})
        self._manifest = manifest

    def datasets(self) -> list[str]:
        """Return the names of the run's datasets, in the order they were asked for."""
        return list(self.manifest().datasets)

    # --- rows ------------------------------------------------------------------------------------

    def file(self, kind: str, dataset: str) -> Path:
        """Return where the rows of a kind (``examples``, ``responses`` ...) of a dataset lie."""
        return self.path / kind / f"{dataset}.jsonl"

    def _read(self, cls: type[R], path: Path) -> Iterator[R]:
        for number, row in read_rows(path):
            try:
                record = cls(**row)
            except TypeError:
                record = from_row(cls, row, f"{path}: line {number}")  # says what is wrong
            yield record

    def examples(self, dataset: str) -> Iterator[Example]:
        """Stream the examples that were asked about, in the order of the source.

        Raises:
            DataError: a row is damaged.
        """
        return self._read(Example, self.file("examples", dataset))

    def requests(self, dataset: str) -> Iterator[Request]:
        """Stream what the model is asked, in the order of the examples."""
        return self._read(Request, self.file("requests", dataset))

    def responses(self, dataset: str) -> Iterator[Response]:
        """Stream what was answered, in the order in which answers came."""
        return self.responses_of("responses", dataset)

    def responses_of(self, kind: str, dataset: str) -> Iterator[Response]:
        """Stream the responses of a kind (``responses``, ``failures``, a part of ``repeats``)."""
        return self._read(Response, self.file(kind, dataset))

    def count(self, kind: str, dataset: str) -> int:
        """Return how many rows of a kind there are, by their lines alone."""
        return count_rows(self.file(kind, dataset))

    def answered(self, dataset: str) -> dict[str, str]:
        """Return id -> prompt hash of the responses a dataset has.

        Raises:
            DataError: an example was answered twice.
        """
        seen: dict[str, str] = {}
        path = self.file("responses", dataset)
        for number, row in read_rows(path):
            if row.get("id") in seen:
                raise DataError(
                    f"{path}: line {number}: a second response for example {row['id']}, expected "
                    "one; remove one of the two lines"
                )
            seen[row["id"]] = row.get("prompt_hash", "")
        return seen

    def failures(self, dataset: str) -> Iterator[Response]:
        """Yield every failed attempt there was, also of examples that were answered later."""
        return self.responses_of("failures", dataset)

    def failed(self, dataset: str) -> dict[str, Response]:
        """Return the last failure of each example that has no response yet."""
        answered = self.answered(dataset)
        return {row.id: row for row in self.failures(dataset) if row.id not in answered}

    def predictions_file(self, labeler: str, dataset: str) -> Path:
        """Return where the labels that a labeler read in a dataset lie."""
        return self.file(f"predictions/{_file_name(labeler)}", dataset)

    def labeler_file(self, labeler: str) -> Path:
        """Return where it stands which version of a labeler made the predictions."""
        return self.path / "predictions" / _file_name(labeler) / "labeler.json"

    def labeler_notes_file(self, labeler: str) -> Path:
        """Return where it stands what a labeler had to say of its predictions."""
        return self.labeler_file(labeler).with_name("notes.json")

    def labeler_notes(self, labeler: str) -> dict[str, list[str]]:
        """Return the ``notes`` and ``gaps`` of a labeler; empty where earlier versions wrote none."""
        path = self.labeler_notes_file(labeler)
        found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        return {kind: [str(one) for one in found.get(kind, ())] for kind in ("notes", "gaps")}

    def predictions(self, labeler: str, dataset: str) -> Iterator[Prediction]:
        """Stream a labeler's predictions, in the order of the examples."""
        return self._read(Prediction, self.predictions_file(labeler, dataset))

    def write_records(self, path: Path, records: Iterable[R]) -> int:
        """Write records as JSON lines, whole or not at all; return how many there were."""
        return write_lines(path, map(as_line, records))

    # --- scores ----------------------------------------------------------------------------------

    def labelers(self) -> list[str]:
        """Return the labelers whose scores are there."""
        files = (self.path / "scores").glob("*.json")
        return sorted(_labeler_of(path) for path in files if _VIEW not in path.stem)

    def views(self, labeler: str) -> list[str]:
        """Return the views under which there are scores of a labeler."""
        found = (self.path / "scores").glob(f"{_file_name(labeler)}{_VIEW}*.json")
        return sorted(unquote(path.stem.partition(_VIEW)[2]) for path in found)

    def forget_views(self, labeler: str) -> None:
        """Remove what was scored under views: the labels it was made from are others now."""
        for path in (self.path / "scores").glob(f"{_file_name(labeler)}{_VIEW}*"):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

    def scores_file(self, labeler: str, view: str = "") -> Path:
        """Return where the scores made with a labeler lie, under a view where one is named."""
        return self.path / "scores" / f"{_scored_name(labeler, view)}.json"

    def values_file(self, labeler: str, measure: str, dataset: str, view: str = "") -> Path:
        """Return where the values of each example lie."""
        return self.path / "scores" / _scored_name(labeler, view) / measure / f"{dataset}.jsonl"

    def scores(self, labeler: str, view: str = "") -> dict[str, Any]:
        """Return the scores made with a labeler, under a view where one is named.

        Raises:
            HarnessError: there are none.
        """
        path = self.scores_file(labeler, view)
        if not path.exists():
            raise HarnessError(
                f"{self.path}: no scores for labeler '{labeler}'"
                + (f" under view '{view}'" if view else "")
                + f" (there are: {', '.join(self.labelers()) or 'none'}); make them with: "
                f"imhi score {self.path} --labeler {labeler}" + (f" --view {view}" if view else "")
            )
        return dict(json.loads(path.read_text(encoding="utf-8")))

    # --- lock ------------------------------------------------------------------------------------

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder against other processes; the system lets go if this one dies. What one that
        was killed had half-written is cleared away."""
        refusal = f"{self.path}: another process is working in this run; wait for it to end"
        with held(self.path / "run.lock", refusal):
            clear_temporary(self.path, _WRITTEN_WHOLE, (MANIFEST, STANDING))
            self._manifest = None  # whoever held the lock before may have written it
            yield


def _scored_name(labeler: str, view: str) -> str:
    return _file_name(labeler) + (_VIEW + _file_name(view) if view else "")


def _file_name(labeler: str) -> str:
    """Return a labeler's name as a name of files: ``classifier:./a`` becomes ``classifier%3A.%2Fa``."""
    name = quote(labeler, safe="")
    if len(name) <= _LONGEST_NAME:
        return name
    # A judge may be named with a path or a URL: file systems take 255 bytes, a view's name included.
    return f"{name[: _LONGEST_NAME - 80].rpartition('%')[0]}{_SHORTENED}{digest(labeler)[:16]}"


def _labeler_of(scores: Path) -> str:
    """Return whose scores a file holds."""
    if _SHORTENED in scores.stem:
        return str(json.loads(scores.read_text(encoding="utf-8"))["labeler"])
    return unquote(scores.stem)


def list_runs(out: Path) -> list[RunFolder]:
    """Return the run folders below ``out``, oldest first."""
    if not out.is_dir():
        return []
    found = [
        path.parent for path in out.glob(f"*/{MANIFEST}") if not path.parent.name.startswith(".")
    ]
    return [RunFolder(path) for path in sorted(found, key=lambda p: (p / MANIFEST).stat().st_mtime)]
