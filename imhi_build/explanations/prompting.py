"""What a model is asked: task instruction, expert examples, the post with its gold label."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from imhi import Dataset, Example, HarnessError, Registry, UnknownName, digest, open_source
from imhi.build.raw.preset import Part
from imhi.build.records import BuiltRow
from imhi.io import read_yaml, yaml_models

FOLDER = Path(__file__).parent / "templates"
_FIELDS = {
    "instruction": {"consider", "labels"},
    "example": {"post", "question", "label", "explanation"},
    "ask": {"post", "question", "label"},
    "consider": {"labels"},
}


class Template(Part):
    """The wordings of a template file; ``consider`` is by dataset, with a ``default``."""

    instruction: str
    example: str
    ask: str
    consider: dict[str, str]

    def instruction_for(self, dataset: Dataset) -> str:
        """Return the instruction, with the dataset's label sentences."""
        labels = " / ".join(label.sentence for label in dataset.labels)
        consider = self.consider.get(dataset.name, self.consider.get("default", ""))
        filled = consider.format(labels=labels)
        return self.instruction.format(consider=filled, labels=labels)


def template_names() -> list[str]:
    """Return the names of the templates that come with the project."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def read_template(name: str) -> Template:
    """Return a template by its name or file.

    Raises:
        HarnessError: no such template, a part is missing, or a placeholder that nothing fills.
    """
    path = FOLDER / f"{name}.yaml" if name in template_names() else Path(name).expanduser()
    if path.parent != FOLDER and path.suffix not in {".yaml", ".yml"}:
        raise UnknownName("template", name, template_names(), "expected one of them or a YAML file")
    where = f"template {name}"
    values = read_yaml(path, where)
    if not isinstance(values, dict):
        raise HarnessError(f"{where}: expected a mapping with {', '.join(_FIELDS)}")
    template = yaml_models.validated(Template, values, where)
    for part, allowed in _FIELDS.items():
        texts = template.consider if part == "consider" else {"": getattr(template, part)}
        for key, text in texts.items():
            _check_placeholders(f"{where}: {part}{key and '.' + key}", text, allowed)
    return template


def _check_placeholders(where: str, text: str, allowed: set[str]) -> None:
    try:
        names = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError as error:
        raise HarnessError(f"{where}: {error}; write {{{{ and }}}} for braces") from None
    unknown = sorted(names - allowed)
    if unknown:
        raise HarnessError(
            f"{where}: found the placeholder {{{unknown[0]}}}, expected one of "
            f"{', '.join(f'{{{name}}}' for name in sorted(allowed))}"
        )


@dataclass
class Experts:
    """Expert rows by dataset; ``checksum`` is what they are known by."""

    rows: Mapping[str, Sequence[Example]]

    @property
    def checksum(self) -> str:
        """A digest of everything the rows say."""
        return digest(
            {
                name: [[r.post, r.aspect, r.label, r.explanation] for r in rows]
                for name, rows in self.rows.items()
            }
        )


def read_experts(source: str | None, registry: Registry, datasets: Sequence[str]) -> Experts:
    """Return the expert rows of a source; none where there is no source.

    Raises:
        HarnessError: the source cannot be opened, or has no expert rows of any of the datasets.
    """
    if source is None:
        return Experts({})
    _, opened = open_source(source, registry)
    rows = {
        name: [row for row in opened.examples(name, "expert") if row.explanation.strip()]
        for name in datasets
        if "expert" in opened.splits(name)
    }
    if not rows:
        raise HarnessError(
            f"explain.experts: {source}: it has no split 'expert' of {', '.join(datasets)}; expected "
            "a source such as official:PATH, or leave experts out"
        )
    return Experts(rows)


@dataclass
class Prompting:
    """Makes prompts. ``shots`` examples per label, drawn for each row by ``seed``."""

    template: Template
    experts: Experts
    shots: int
    seed: int

    def __post_init__(self) -> None:
        # By dataset, aspect and label: drawing must not look through all rows each time.
        self._pools: dict[tuple[str, str], dict[str, list[Example]]] = {}
        for name, rows in self.experts.rows.items():
            for row in rows:
                labels = self._pools.setdefault((name, row.aspect), {})
                labels.setdefault(row.label, []).append(row)

    def identity(self) -> dict[str, object]:
        """Return what prompts depend on besides the rows."""
        return {**self.wording(), "seed": self.seed}

    def wording(self) -> dict[str, object]:
        """Return what prompts depend on besides the rows and the draw of examples."""
        return {
            "template": self.template.model_dump(),
            "experts": self.experts.checksum,
            "shots": self.shots,
        }

    def builder(self, dataset: Dataset) -> Callable[[BuiltRow], str]:
        """Return the function that makes the prompt of a row."""
        instruction = self.template.instruction_for(dataset)

        def build(row: BuiltRow) -> str:
            parts = [instruction]
            for example in self._draw(row):
                parts.append(
                    self.template.example.format(
                        post=example.post,
                        question=example.question,
                        label=dataset.label(example.label).sentence,
                        explanation=example.explanation,
                    )
                )
            sentence = dataset.label(row.human_label).sentence
            parts.append(
                self.template.ask.format(post=row.post, question=row.question, label=sentence)
            )
            return "\n\n".join(part for part in parts if part)

        return build

    def _draw(self, row: BuiltRow) -> Iterator[Example]:
        """Draw ``shots`` experts per label, in mixed order, never the post itself."""
        pool = self._pools.get((row.dataset, row.aspect), {})
        if not self.shots or not pool:
            return
        draw = random.Random(f"{self.seed}/{row.dataset}/{row.post_id}/{row.aspect}")
        examples: list[Example] = []
        for label in sorted(pool):
            others = [example for example in pool[label] if example.post_id != row.post_id]
            examples += draw.sample(others, min(self.shots, len(others)))
        draw.shuffle(examples)
        yield from examples
