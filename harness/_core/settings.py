"""What a run is asked to do: the same names on the command line, in a run file and in Python."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from imhi._core.errors import HarnessError, UnknownName
from imhi._core.records import JsonObject

if TYPE_CHECKING:
    from pydantic import BaseModel

ChatTemplate = Literal["auto", "on", "off"]
Answer = Literal["text", "likelihood", "likelihood:normalised", "choice"]

# What a label's sentence, and what a server writes around it, can take.
CHOICE_TOKENS = 128


def named(name: str, answer: str, samples: int = 1) -> str:
    """Return what tables call a model: its name, how it answered where that was not in text, and how
    many samples of its answers there are where those are several."""
    ways = ([] if answer == "text" else [answer]) + ([f"{samples} samples"] if samples > 1 else [])
    how = f" ({', '.join(ways)})"
    return name if not ways or name.endswith(how) else name + how


@dataclasses.dataclass(frozen=True)
class Generation:
    """How answers are decoded. Greedy unless ``temperature`` > 0.

    ``max_new_tokens`` None means what the prompt style needs. ``chat_template``: ``auto`` uses the
    model's own where it has one, ``on`` insists on it, ``off`` sends the bare prompt.
    ``answer_schema`` is a JSON schema the answer should meet; a model that cannot be held to one
    ignores it. ``answer``: ``text`` is read by a labeler; ``likelihood`` takes the label whose
    wording is most likely to follow the prompt (``likelihood:normalised``: for each of its
    characters); ``choice`` holds the text to the wording of one label. ``samples`` is how many answers
    each example gets.
    """

    max_new_tokens: int | None = None
    temperature: float = 0.0
    top_p: float = 1.0
    stop: tuple[str, ...] = ()
    chat_template: ChatTemplate = "auto"
    system: str = ""
    answer_schema: JsonObject | None = None
    answer: Answer = "text"
    samples: int = 1

    @property
    def way(self) -> str:
        """The way of answering that a model must know: text, likelihood or choice."""
        return self.answer.partition(":")[0]

    def to_json(self) -> dict[str, Any]:
        """Return what a run's id and manifest hold; a schema, a way of answering and samples only where
        they are not the usual ones, so that earlier runs keep their ids."""
        values = dataclasses.asdict(self)
        usual = {"answer_schema": None, "answer": "text", "samples": 1}
        return {k: v for k, v in values.items() if k not in usual or v != usual[k]}


@dataclasses.dataclass(frozen=True)
class RunSettings:
    """One run, in words. ``out`` holds run folders; ``judge`` names models that metrics may ask;
    ``limit`` is examples per dataset in file order; ``samples`` is answers per example, whose labels
    vote; ``shots`` is examples shown in the few-shot style; ``repeat_check`` is how
    many requests are asked again, to see whether answers repeat.
    ``view, gold, exclude`` choose what else the run is scored under, by the verdicts of the
    folder ``audit``. ``cache`` is a folder of answers that are kept across runs (default: the
    environment variable IMHI_CACHE, else none). ``observer`` names who is told of the run besides, and
    ``energy`` what measures the energy that asking takes; neither changes an answer."""

    model: tuple[str, ...] = ("baseline:majority", "baseline:tfidf")
    source: str = "demo"
    split: str = "test"
    dataset: tuple[str, ...] = ()
    task: tuple[str, ...] = ()
    prompt: str = ""
    labeler: str = "hybrid"
    metric: tuple[str, ...] = ()
    judge: tuple[str, ...] = ()
    limit: int | None = None
    seed: int = 0
    out: Path = Path("runs")
    shots: int = 3
    repair_mojibake: bool = False
    max_new_tokens: int | None = None
    temperature: float = 0.0
    top_p: float = 1.0
    stop: tuple[str, ...] = ()
    chat_template: ChatTemplate = "auto"
    system: str = ""
    answer: Answer = "text"
    samples: int = 1
    max_cost: float | None = None
    repeat_check: int | None = None
    resamples: int = 10_000
    executor: str = "local"
    view: tuple[str, ...] = ()
    gold: str = ""
    exclude: tuple[str, ...] = ()
    audit: Path = Path("audit")
    cache: Path | None = None
    observer: tuple[str, ...] = ()
    energy: str = ""

    def generation(self, style_tokens: int, style_stop: tuple[str, ...] = ()) -> Generation:
        """Return how answers are decoded; ``style_tokens`` is the room that answers in the prompt style
        need, ``style_stop`` the texts they end before, where no others are given."""
        tokens = CHOICE_TOKENS if self.answer == "choice" else style_tokens
        stop = self.stop or (style_stop if self.answer == "text" else ())
        return Generation(
            self.max_new_tokens or tokens,
            self.temperature,
            self.top_p,
            stop,
            self.chat_template,
            self.system,
            answer=self.answer,
            samples=self.samples,
        )

    def __post_init__(self) -> None:
        def expect(holds: bool, name: str, expected: str) -> None:
            if not holds:
                found = getattr(self, name)
                raise HarnessError(
                    f"--{name.replace('_', '-')}: found {found}, expected {expected}"
                )

        expect(self.seed >= 0, "seed", "a whole number, 0 or more")
        expect(self.max_cost is None or self.max_cost >= 0, "max_cost", "0 or more US dollars")
        expect(bool(self.model), "model", "at least one model")
        expect(self.limit is None or self.limit > 0, "limit", "a whole number above 0")
        expect(
            self.repeat_check is None or self.repeat_check > 0,
            "repeat_check",
            "a whole number above 0",
        )
        expect(self.temperature >= 0, "temperature", "0 or more")
        expect(0 < self.samples <= 1000, "samples", "a whole number above 0, at most 1000")
        expect(
            self.samples == 1 or self.temperature > 0,
            "temperature",
            f"above 0 with --samples {self.samples}, as all greedy answers to a prompt are the same: add "
            "--temperature 0.8, or leave --samples out",
        )
        expect(0 < self.top_p <= 1, "top_p", "a number above 0, at most 1")
        expect(self.max_new_tokens is None or self.max_new_tokens > 0, "max_new_tokens", "above 0")
        expect(self.resamples >= 100, "resamples", "at least 100")
        expect(self.shots >= 0, "shots", "0 or more")
        for name, kind in (("chat_template", ChatTemplate), ("answer", Answer)):
            known = typing.get_args(kind)
            expect(getattr(self, name) in known, name, " or ".join(known))
        scored = self.answer.startswith("likelihood")
        expect(
            not scored or self.temperature == 0,
            "temperature",
            f"0 with --answer {self.answer}, which draws nothing",
        )
        expect(self.answer == "text" or not self.stop, "stop", "none where answers are labels")


def _one_or_more(value: object) -> object:
    """Take a single text for a list of one; what is no list of texts stays for others to refuse."""
    parts = [value] if isinstance(value, str) else value
    if isinstance(parts, list) and all(isinstance(part, str) for part in parts):
        return tuple(parts)
    return value


def _on_or_off(value: object) -> object:
    """Take back what YAML 1.1 makes of a bare on or off."""
    return {True: "on", False: "off"}.get(value, value) if isinstance(value, bool) else value


def _checked_fields() -> type[BaseModel]:
    """Return the settings as pydantic checks them, each by its annotation."""
    from pydantic import BeforeValidator, ConfigDict, create_model

    from imhi._core.yaml_models import Expected

    fields: dict[str, Any] = {}
    for name, hint in typing.get_type_hints(RunSettings).items():
        if typing.get_origin(hint) is tuple:
            expected = Expected("a text or a list of texts")
            hint = typing.Annotated[hint, BeforeValidator(_one_or_more), expected]
        elif hint in (Path, Path | None):
            hint = typing.Annotated[hint, Expected("a path")]
        elif typing.get_origin(hint) is Literal:
            expected = Expected(" or ".join(typing.get_args(hint)))
            hint = typing.Annotated[hint, BeforeValidator(_on_or_off), expected]
        fields[name] = (hint, None)
    return create_model("RunSettings", __config__=ConfigDict(strict=True), **fields)


def settings_from(values: Mapping[str, object], where: str) -> dict[str, Any]:
    """Check names and types of settings; ``-`` and ``_`` in names are the same.

    Raises:
        HarnessError: an unknown name or a value of the wrong kind.
    """
    from imhi._core.yaml_models import validated

    names = {str(key): str(key).replace("-", "_") for key in values}
    known = [field.name for field in dataclasses.fields(RunSettings)]
    for key, name in names.items():
        if name not in known:
            raise HarnessError(f"{where}: {UnknownName('setting', key, known)}")
    given = {names[str(key)]: value for key, value in values.items()}
    checked = validated(_checked_fields(), given, where)
    chosen = {name: getattr(checked, name) for name in given}
    return {k: v.expanduser() if isinstance(v, Path) else v for k, v in chosen.items()}


def read_run_file(path: Path) -> dict[str, Any]:
    """Return the settings a YAML run file gives.

    Raises:
        HarnessError: unreadable, not a mapping, an unknown name, a value of the wrong kind.
    """
    from imhi._core.yaml_files import read_yaml

    loaded = read_yaml(path, f"run file {path}")
    if not isinstance(loaded, dict):
        raise HarnessError(
            f"run file {path}: found {type(loaded).__name__}, expected a mapping such as "
            "'model: baseline:tfidf'"
        )
    return settings_from(loaded, f"run file {path}")
