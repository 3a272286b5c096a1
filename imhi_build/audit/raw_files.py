"""The folders given to ``--raw PRESET=FOLDER``: raw rows, read as often as they are needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from imhi import Dataset, HarnessError, Registry
from imhi.build.audit.records import RawFolder
from imhi.build.raw.preset import PROFILES, Preset, read_preset
from imhi.build.raw.reading import RawDataset
from imhi.build.records import BuiltRow, Removal


@dataclass(frozen=True)
class RawFiles:
    """A raw folder, as one preset reads it."""

    name: str
    preset: Preset
    root: Path
    dataset: Dataset

    @property
    def draws_splits(self) -> bool:
        """Whether the splits of its rows are of the preset's own making: drawn by chance, they say
        nothing of where a row was released."""
        drawn = self.preset.split is not None and bool(self.preset.split.shares)
        return drawn and any(file.split == "all" for file in self.open().files)

    def open(self) -> RawDataset:
        """Return the raw dataset, with nothing counted yet. Posts are left as they are, whatever
        the preset does to them in a build: released rows are looked for by what they say."""
        return RawDataset(self.preset, self.name, self.root, self.dataset, PROFILES["published"])

    def rows(self) -> Iterator[BuiltRow]:
        """Yield the rows that have a label.

        Raises:
            DataError: a file cannot be read, or lacks a column of the preset.
        """
        return (made for made in self.open().rows() if not isinstance(made, Removal))

    def describe(self) -> RawFolder:
        """Return what the report says about the folder."""
        described = self.open().describe()
        names = [
            field.name for field in fields(RawFolder) if field.name not in ("dataset", "files")
        ]
        return RawFolder(
            self.dataset.name,
            **{name: getattr(described, name) for name in names},
            files={split: file.model_dump() for split, file in described.files.items()},
        )


def open_raw_files(given: Sequence[str], registry: Registry) -> dict[str, RawFiles]:
    """Return the folders by dataset, their files found and their columns held against the preset.

    Raises:
        HarnessError: not ``PRESET=FOLDER``, no such preset or files, files of another dataset, or
            one dataset twice.
    """
    found: dict[str, RawFiles] = {}
    for text in given:
        name, equals, place = text.partition("=")
        if not equals or not name or not place:
            raise HarnessError(
                f"--raw {text}: expected PRESET=FOLDER, such as irf=data/raw/Irf (see: imhi build "
                "presets)"
            )
        preset = read_preset(name, registry)
        dataset = registry.datasets.get(preset.dataset)
        if dataset.name in found:
            raise HarnessError(
                f"--raw {text}: {dataset.name} was given before (preset {found[dataset.name].name}), "
                "expected each dataset once; leave one out"
            )
        files = RawFiles(name, preset, Path(place).expanduser(), dataset)
        if next(files.rows(), None) is None:
            raise HarnessError(
                f"--raw {text}: found no row with a label, expected at least one; imhi build inspect "
                "FILE shows which preset fits"
            )
        found[dataset.name] = files
    return found
