"""``imhi build new``: a folder with a ``build.yaml`` to run or to edit first."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from imhi import HarnessError, Registry
from imhi.build.config import checked
from imhi.build.folder import BuildFolder
from imhi.build.stages.read import open_raw
from imhi.io import yaml_models

_TEXT = """\
# What is to be built. Run it with: imhi build run {folder}
# Every field that may stand here: docs/build.md

raw:
{raw}
seed: {seed}
{limit}
# whose label counts where a model states another than people gave: human, or model as in the
# published set (the row says so)
gold: human

explain:
  # explanations that exist already, for the rows that a source has (official:PATH), or null
  given: {given}
  # the model asked for the others (see: imhi models), or null
  model: {model}
  # a source whose split `expert` is shown to the model, `shots` rows per label
  experts: {experts}
  shots: 2

# action: quarantine (kept out of what is written), report or off; see: imhi build checks
checks: {{}}

write:
  formats: [official, parquet, dataset, statistics]
"""


def new_build(
    path: Path,
    raw: Sequence[str],
    registry: Registry,
    *,
    given: str | None = None,
    model: str | None = None,
    experts: str | None = None,
    seed: int = 0,
    limit: int | None = None,
) -> BuildFolder:
    """Make a build folder. ``raw`` are ``PRESET=PATH``; paths are stored whole.

    Nothing is made before everything that is named was found.

    Raises:
        HarnessError: there is one already, a pair of another form, or a preset, files, a source or
            a model that are not there.
    """
    folder = BuildFolder(path)
    if path.exists() and not path.is_dir():
        raise HarnessError(f"{path}: found a file, expected a new folder; choose another name")
    if folder.config_file.exists():
        raise HarnessError(
            f"{folder.config_file}: there is a build already; edit it, or choose another folder"
        )
    if path.exists() and any(path.iterdir()):
        raise HarnessError(f"{path}: found a folder with other things in it, expected a new one")
    lines = []
    for text in raw:
        preset, equals, place = text.partition("=")
        if not equals or not preset or not place:
            raise HarnessError(
                f"--raw {text}: expected PRESET=PATH, such as irf=data/raw/Irf (see: imhi build "
                "presets)"
            )
        file = Path(preset).expanduser()
        named = str(file.resolve()) if file.suffix in {".yaml", ".yml"} else preset
        where = str(Path(place).expanduser().resolve())
        lines.append(f"  - {{preset: {_yaml(named)}, path: {_yaml(where)}}}")
    if not lines:
        raise HarnessError("--raw: nothing given, expected at least one PRESET=PATH")
    text = _TEXT.format(
        folder=" ".join(str(path).splitlines()),
        raw="\n".join(lines),
        seed=seed,
        limit="" if limit is None else f"# posts per split\nlimit: {limit}\n",
        given=_yaml(_located(given)),
        model=_yaml(model),
        experts=_yaml(_located(experts)),
    )
    _check(text, registry)
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.chmod(0o700)  # also where it was there already: it will hold posts
    folder.config_file.write_text(text, encoding="utf-8")
    return folder


def _check(text: str, registry: Registry) -> None:
    """Raise HarnessError where a configuration could not be built."""
    import yaml

    from imhi import ModelSpec, open_source

    config = checked(yaml_models.plain_values(yaml.safe_load(text)), "imhi build new", registry)
    open_raw(config, registry)
    for source in (config.explain.given, config.explain.experts):
        if source is not None:
            open_source(source, registry)
    if config.explain.model is not None:
        ModelSpec.parse(config.explain.model, registry)


def _located(source: str | None) -> str | None:
    """Return ``NAME:PATH`` with the path as it is from anywhere."""
    if source is None:
        return None
    name, colon, argument = source.partition(":")
    path = Path(argument).expanduser()
    return f"{name}{colon}{path.resolve()}" if argument and path.exists() else source


def _yaml(value: str | None) -> str:
    """Return a value as YAML: JSON is YAML, and quotes what has to be quoted."""
    import yaml

    letters = (value or "").replace("-", "").replace("_", "")
    if value is not None and letters.isalnum() and yaml.safe_load(value) == value:
        return value
    return json.dumps(value, ensure_ascii=False)
