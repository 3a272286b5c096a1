"""A preset: what a raw dataset looks like, as data. ``imhi_build/presets/*.yaml`` are examples.

A preset is named (``irf``) or a path to a file of one's own; a new raw dataset needs such a file
and no code.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from imhi import HarnessError, Registry, UnknownName
from imhi.build.raw.labels import LabelReader, raw_key
from imhi.io import read_yaml, yaml_models

FOLDER = Path(__file__).resolve().parents[1] / "presets"

Split = Literal["train", "val", "test"]
Format = Literal["csv", "tsv", "jsonl", "parquet", "excel"]
Mask = Literal["users", "links", "emails", "phones"]
Share = Annotated[float, Field(ge=0, le=1)]


def _word(value: Any) -> Any:
    return ("no", "yes")[value] if isinstance(value, bool) else value


# A label, or nothing. YAML 1.1 reads a bare yes or no as a truth value.
Meant = Annotated[str | None, BeforeValidator(_word)]


class Part(BaseModel):
    """A part of a preset: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Origin(Part):
    """Where a preset's knowledge is from. ``layout``: ``measured`` on the files themselves, ``read``
    in what ``seen`` names, or ``assumed``: nobody could be asked."""

    url: str = ""
    paper: str = ""
    licence: str = "not stated"
    layout: Literal["measured", "read", "assumed"] = "assumed"
    seen: str = ""


class SplitFile(Part):
    """The file of a split: patterns within the folder, the first that fits counts; ``rows`` is the
    part of it that belongs to the split, from (counted from 0) and to (excluded, or null)."""

    path: str | tuple[str, ...]
    rows: tuple[int, int | None] | None = None

    @property
    def patterns(self) -> tuple[str, ...]:
        """The patterns, also where there is one only."""
        return (self.path,) if isinstance(self.path, str) else self.path

    @model_validator(mode="after")
    def _some(self) -> SplitFile:
        if not self.patterns:
            raise ValueError("path: found none, expected at least one")
        if self.rows is not None:
            first, end = self.rows
            if first < 0 or (end is not None and end <= first):
                raise ValueError(
                    f"rows: found {list(self.rows)}, expected [FROM, TO] with 0 <= FROM < TO, or "
                    "null for TO"
                )
        return self


class Splitting(Part):
    """How rows of one file become splits: by a ``column``, or drawn by post in ``shares``."""

    column: str | None = None
    values: dict[str, Split] = {}
    shares: dict[Split, Share] = {}
    seed: int = 0
    stratify: bool = True

    @model_validator(mode="after")
    def _one_way(self) -> Splitting:
        if (self.column is None) == (not self.shares):
            raise ValueError("expected one of column (with values) and shares")
        if self.column is not None:
            _check_raw(self.values)
        if self.shares and abs(sum(self.shares.values()) - 1) > 1e-6:
            raise ValueError(f"shares add up to {sum(self.shares.values()):g}, expected 1")
        return self

    @property
    def reader(self) -> LabelReader | None:
        """What reads the column that names splits, as columns of labels are read."""
        return None if self.column is None else LabelReader(self.column, dict(self.values))


def _check_raw(values: Mapping[str, str | None]) -> None:
    """Raise ValueError where there are none, or two are read as one and mean different things."""
    if not values:
        raise ValueError("values: found none, expected each raw value with what it means")
    seen: dict[str, str] = {}
    for raw, meant in values.items():
        first = seen.setdefault(raw_key(raw), raw)
        if values[first] != meant:
            raise ValueError(
                f"values: found {first!r} and {raw!r} for different things, expected values that "
                "differ by more than case, spaces and a point and zeros"
            )


class LabelColumn(Part):
    """The column of a label. ``values`` maps what stands there to our label; null leaves such rows
    out. ``evidence`` is a column with the passage people marked."""

    column: str
    values: dict[str, Meant]
    evidence: str | None = None

    @model_validator(mode="after")
    def _each_once(self) -> LabelColumn:
        _check_raw(self.values)
        return self

    @property
    def reader(self) -> LabelReader:
        """What reads the column."""
        return LabelReader(self.column, self.values, self.evidence)


class Cleaning(Part):
    """What is done to posts. ``mask`` replaces what is personal by ``@user``, ``<url>`` ...;
    ``duplicates`` are equal posts (but for case and white space) under one question in one split;
    ``deleted`` are posts of which a platform left only ``[deleted]`` or ``[removed]``. Rows without
    a post are always left out."""

    mask: tuple[Mask, ...] = ()
    duplicates: Literal["keep", "remove"] = "remove"
    deleted: Literal["keep", "remove"] = "remove"


# `published`: as the released IMHI files are. Measured: posts of all datasets in them but SAD still hold
# user names, links or addresses, and posts are repeated in dreaddit, SAD, T-SID and the raw files of
# IRF and MultiWD, though the paper describes a cleaning.
PROFILES = {
    "published": Cleaning(mask=(), duplicates="keep", deleted="keep"),
    "strict": Cleaning(mask=("users", "links", "emails", "phones"), duplicates="remove"),
}


class Preset(Part):
    """A raw dataset. ``post`` may name several columns, which are joined by line breaks.
    ``label`` is the column of the only question, ``labels`` those of several, by aspect. Where
    ``files`` names files of splits beside ``all``, they are taken if any is there: somebody has
    split the data already."""

    dataset: str
    summary: str = ""
    origin: Annotated[Origin, Field(alias="from")] = Origin()
    files: dict[Literal["train", "val", "test", "all"], SplitFile]
    split: Splitting | None = None
    post: str | tuple[str, ...]
    id: str | None = None
    label: LabelColumn | None = None
    labels: dict[str, LabelColumn] = {}
    explanation: str | None = None
    clean: Literal["published", "strict"] | Cleaning = "strict"
    format: Format | None = None
    encoding: str = "utf-8"
    sheet: str | None = None
    note: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> Preset:
        if (self.label is None) == (not self.labels):
            raise ValueError("expected one of label and labels")
        if not self.files:
            raise ValueError("files: found none, expected train, val, test or all")
        if not self.post_columns:
            raise ValueError("post: found no column, expected at least one")
        if ("all" in self.files) != (self.split is not None):
            raise ValueError("files: all and split go together: expected both or neither")
        return self

    @property
    def post_columns(self) -> tuple[str, ...]:
        """The columns of a post, also where there is one only."""
        return (self.post,) if isinstance(self.post, str) else self.post

    @property
    def questions(self) -> dict[str, LabelColumn]:
        """The label columns by aspect; the only question has the aspect ``""``."""
        return {"": self.label} if self.label is not None else dict(self.labels)

    @property
    def cleaning(self) -> Cleaning:
        """What is done to posts, also where a profile is named."""
        return PROFILES[self.clean] if isinstance(self.clean, str) else self.clean

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns a file must have. Not among them: a row's name at its source, and the passages
        people marked, which are taken where they are there."""
        others = [question.column for question in self.questions.values()]
        others += [self.explanation or "", (self.split and self.split.column) or ""]
        return tuple(dict.fromkeys([*self.post_columns, *(c for c in others if c)]))


def preset_names() -> list[str]:
    """Return the names of the presets that come with the project."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def preset_file(name: str) -> Path:
    """Return the file of a preset.

    Raises:
        HarnessError: neither a preset's name nor a file.
    """
    known = {candidate.lower(): candidate for candidate in preset_names()}
    if name.lower() in known:
        return FOLDER / f"{known[name.lower()]}.yaml"
    path = Path(name).expanduser()
    if path.suffix in {".yaml", ".yml"}:
        return path
    raise UnknownName("preset", name, preset_names(), "expected one of them or a YAML file")


def read_preset(name: str, registry: Registry) -> Preset:
    """Return a preset, checked against the dataset it is for.

    Raises:
        HarnessError: no such preset or file, a field that is not allowed, an unknown dataset,
            aspects or labels that the dataset does not have.
    """
    path = preset_file(name)
    where = f"preset {path.stem if path.parent == FOLDER else path}"
    values = yaml_models.plain_values(read_yaml(path, where))
    if not isinstance(values, dict):
        raise HarnessError(f"{where}: expected a mapping that begins with 'dataset: NAME'")
    preset = yaml_models.validated(Preset, values, where)
    _check(preset, registry, where)
    return preset


def _check(preset: Preset, registry: Registry, where: str) -> None:
    hint = f"named by {where}; a dataset of your own needs its task: --plugin TASK.yaml"
    dataset = registry.datasets.get(preset.dataset, hint)
    declared = {question.aspect for question in dataset.questions}
    # The only question of a dataset may have an aspect, which no preset needs to name.
    given = declared if preset.label is not None and len(declared) == 1 else set(preset.questions)
    if given != declared:
        found = "label: found one column" if preset.label else f"labels: found {_listed(given)}"
        wanted = (
            f"labels with a column for each of {_listed(declared)}"
            if len(declared) > 1
            else "label with the column of the only question"
        )
        raise HarnessError(f"{where}: {found}, expected {wanted} ({dataset.name})")
    for aspect, column in preset.questions.items():
        wrong = sorted({v for v in column.values.values() if v} - set(dataset.label_names))
        if wrong:
            place = f"labels.{aspect}.values" if aspect else "label.values"
            raise HarnessError(
                f"{where}: {place}: found {_listed(wrong)}, expected labels of {dataset.name}: "
                f"{', '.join(dataset.label_names)}"
            )


def _listed(names: Any) -> str:
    return ", ".join(repr(name) for name in sorted(names)) or "none"
