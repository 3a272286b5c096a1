"""Logs of inspect_ai (``.eval``): a ZIP with one JSON file for each sample.

Newer ones are packed with Zstandard, which zipfile reads from Python 3.14 on, and before that with the
package zipfile-zstd.
"""

from __future__ import annotations

import importlib
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from imhi import DataError, HarnessError
from imhi.plugins.importing.reading.rows import FileRow

_SAMPLE = re.compile(r"samples/(?P<id>.+)_epoch_(?P<epoch>\d+)\.json")


def inspect_rows(path: Path) -> Iterator[FileRow]:
    """Yield the samples of a log as rows ``messages, response`` (None where the sample ended
    with an error), and ``id, target`` where they have them.

    Raises:
        DataError: no such log, a second epoch, samples left out.
    """
    with suppress(ModuleNotFoundError):
        importlib.import_module("zipfile_zstd")
    try:
        with zipfile.ZipFile(path) as archive:
            for number, name in enumerate(_in_order(path, archive.namelist())):
                where = f"{path}: row {number} ({name})"
                sample = json.loads(archive.read(name))
                if not isinstance(sample, Mapping):
                    raise DataError(f"{where}: found no JSON object, expected a sample")
                yield FileRow(number, where, _row(sample))
    except NotImplementedError:
        raise HarnessError(
            f"{path}: found a log packed with Zstandard, expected what this Python can read; pip install "
            "zipfile-zstd"
        ) from None
    except (zipfile.BadZipFile, ValueError, RuntimeError) as error:
        raise DataError(
            f"{path}: cannot be read as a log of inspect ({error}); copy it again, or write it with "
            "'inspect log convert'"
        ) from None


def _in_order(path: Path, names: Sequence[str]) -> list[str]:
    """Return the samples in the order of their task: they lie in that in which they ended."""
    found = [(name, match) for name in names if (match := _SAMPLE.fullmatch(name))]
    if second := next((name for name, match in found if match["epoch"] != "1"), None):
        raise DataError(f"{path}: found {second}, expected one epoch; log a single one")
    if not all(match["id"].isdigit() for _, match in found):
        return [name for name, _ in found]  # ids of the task's own
    ordered = sorted(found, key=lambda one: int(one[1]["id"]))
    for place, (name, match) in enumerate(ordered, start=1):
        if int(match["id"]) != place:
            raise DataError(
                f"{path}: found {name}, expected sample {place}: samples without an id of their own must "
                "be all there; run the task without --sample-id"
            )
    return [name for name, _ in ordered]


def _row(sample: Mapping[str, Any]) -> Mapping[str, Any]:
    output, asked, target = sample.get("output"), sample.get("input"), sample.get("target")
    answered = isinstance(output, Mapping) and bool(output.get("choices"))
    id = sample.get("id")
    row: dict[str, Any] = {
        "messages": asked if isinstance(asked, list) else [{"role": "user", "content": asked}],
        "response": output if answered else None,
    }
    if isinstance(id, str) and not id.isdigit():
        row["id"] = id
    if isinstance(target, str) and target:
        row["target"] = target
    return row
