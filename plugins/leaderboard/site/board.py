"""``board.yaml``: what a leaderboard is about, and which entries belong on it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from imhi import HarnessError
from imhi.io import read_yaml, yaml_models
from imhi.plugins.leaderboard.site import OFFICIAL

FILE = "board.yaml"
IMHI = (
    "DR",
    "CLP",
    "dreaddit",
    "SWMH",
    "T-SID",
    "SAD",
    "CAMS",
    "loneliness",
    "MultiWD",
    "IRF",
)

Text = Annotated[str, Field(min_length=1, max_length=200)]


class Board(BaseModel):
    """A leaderboard.

    ``url`` is where its pages are served (links in the feed and in badges begin with it; may be
    empty). ``source`` is where maintainers' examples come from. ``data`` pins the SHA-256 of a
    dataset's examples; what is not pinned is that of the entry verified first. ``view`` is what
    entries were scored under (empty: the released gold with every row). Entries of another split,
    labeler or view, of synthetic data where the board is not, or of other examples are left out,
    and the pages say so.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    title: Text
    url: Annotated[str, Field(max_length=300)] = ""
    introduction: Annotated[str, Field(max_length=5000)] = ""
    source: Text = OFFICIAL
    split: Text = "test"
    labeler: Text = "hybrid"
    synthetic: bool = False
    view: Annotated[str, Field(max_length=120)] = ""
    datasets: Annotated[tuple[Text, ...], Field(min_length=1)] = IMHI
    data: dict[str, Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]] = {}

    @model_validator(mode="after")
    def _consistent(self) -> Board:
        if self.url and not self.url.startswith(("https://", "http://")):
            raise ValueError(f"url: found '{self.url}', expected https://... or nothing")
        doubled = sorted({name for name in self.datasets if self.datasets.count(name) > 1})
        if doubled:
            raise ValueError(f"datasets: found {', '.join(doubled)} twice, expected each once")
        strangers = sorted(set(self.data) - set(self.datasets))
        if strangers:
            raise ValueError(
                f"data: found {', '.join(strangers)}, expected names that 'datasets' lists"
            )
        return self

    @property
    def base(self) -> str:
        """What links from elsewhere begin with: the url and a slash, or nothing."""
        return f"{self.url.rstrip('/')}/" if self.url else ""


def read_board(folder: Path) -> Board:
    """Return the board of a folder.

    Raises:
        HarnessError: no ``board.yaml``, not YAML, an unknown field, a value that is not allowed.
    """
    path = folder / FILE
    if not path.is_file():
        raise HarnessError(
            f"{folder}: found no {FILE}, expected the folder of a leaderboard; make one with: "
            "imhi leaderboard init FOLDER"
        )
    values = yaml_models.plain_values(read_yaml(path, str(path)))
    if not isinstance(values, dict):
        raise HarnessError(f"{path}: expected a mapping that begins with 'title:'")
    return yaml_models.validated(Board, values, str(path))
