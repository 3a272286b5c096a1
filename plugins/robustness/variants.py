"""Prompt variants: declared in variants.json, filled in as prompt styles ``vary-NAME``.

A model should say the same about a post however it is asked; how far it does not is what these
styles measure. They ignore the prompt that a source file brings along.
"""

from __future__ import annotations

import functools
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Any, Literal

from imhi import (
    BuildPrompt,
    Context,
    Dataset,
    Example,
    HarnessError,
    PromptStyle,
    UnknownName,
    digest,
)

PREFIX = "vary-"
VARIANTS = Path(__file__).with_name("variants.json")
_WORD = re.compile(r"\S+")
_PARTS = frozenset({"post", "question", "labels"})
_ORDERS = ("declared", "reversed", "shuffled")

Cut = tuple[Literal["first", "last"], int]


@dataclass(frozen=True)
class Variant:
    """One way to ask.

    ``kind`` is what is varied; a variant changes one thing, so that a difference has one reason, and
    the wording is ours. ``template`` is the prompt with ``{post}, {question}, {labels}`` filled in,
    ``yes_no`` the one for datasets that are answered yes or no (default: template). ``replace`` are
    pairs (found, put) on the question: the first whose words occur in it is applied, ``otherwise``
    is the question where none does. ``labels`` is how they are ordered: declared, reversed or shuffled
    (by seed and example). ``post`` cuts the post to its first or last N words. ``version`` is raised
    with the wording.
    """

    name: str
    kind: str
    summary: str
    template: str
    yes_no: str = ""
    replace: tuple[tuple[str, str], ...] = ()
    otherwise: str = ""
    labels: str = ""
    post: Cut | None = None
    version: str = "1"

    def __post_init__(self) -> None:
        where = f"{VARIANTS.name}: {self.name}"
        needed = {"post", "question"} | ({"labels"} if self.labels else set())
        for template in filter(None, (self.template, self.yes_no)):
            found = {name for _, name, _, _ in Formatter().parse(template) if name is not None}
            if found != needed:
                raise HarnessError(
                    f"{where}: the template has the parts {', '.join(sorted(found)) or 'none'}, "
                    f"expected {', '.join(sorted(needed))}"
                )
        if self.labels and self.labels not in _ORDERS:
            raise HarnessError(f"{where}: labels {self.labels}, expected {', '.join(_ORDERS)}")
        if bool(self.replace) != bool(self.otherwise):
            raise HarnessError(f"{where}: expected both or none of replace and otherwise")

    @property
    def style(self) -> str:
        """What the prompt style is called."""
        return f"{PREFIX}{self.name}"


@functools.cache
def variants() -> tuple[Variant, ...]:
    """Return the declared variants, in order.

    Raises:
        HarnessError: a declaration is not what it should be.
    """
    # Read at every start of the command line: JSON, since importing yaml takes longer than the rest.
    rows: list[dict[str, Any]] = json.loads(VARIANTS.read_text(encoding="utf-8"))
    found = []
    for row in rows:
        pairs = tuple((str(a), str(b)) for a, b in row.pop("replace", ()))
        cut = row.pop("post", None)
        try:
            found.append(Variant(**row, replace=pairs, post=tuple(cut) if cut else None))
        except TypeError as error:
            raise HarnessError(f"{VARIANTS.name}: {row.get('name')}: {error}") from None
    return tuple(found)


def chosen_variants(names: Sequence[str]) -> list[Variant]:
    """Return variants by name (with or without ``vary-``) or kind; all where nothing is named.

    Raises:
        UnknownName: nothing is called so.
    """
    known = variants()
    wanted = []
    for name in names:
        plain = name.lower().removeprefix(PREFIX)
        fitting = [v for v in known if plain in (v.name, v.kind)]
        if not fitting:
            kinds = ", ".join(dict.fromkeys(v.kind for v in known))
            raise UnknownName("variant", name, [v.name for v in known], f"kinds: {kinds}")
        wanted += fitting
    return [v for v in known if not names or v in wanted]


def variant_of(style: str) -> Variant | None:
    """Return the variant behind a prompt style; None for any other style."""
    return next((variant for variant in variants() if variant.style == style), None)


def styles() -> Iterator[PromptStyle]:
    """Yield a prompt style for each variant."""
    for variant in variants():
        summary = f"{variant.kind}: {variant.summary}"
        build = functools.partial(builder, variant)
        yield PromptStyle(variant.style, summary, build, variant.version)


def builder(variant: Variant, context: Context) -> BuildPrompt:
    """Return what fills in a variant for an example."""

    def build(example: Example, dataset: Dataset) -> str:
        yes_no = variant.yes_no and answered_yes_or_no(dataset)
        template = variant.yes_no if yes_no else variant.template
        parts = {
            "post": shortened(example.post, variant.post),
            "question": asked(variant, dataset.question(example.aspect).text),
        }
        if variant.labels:
            key = [context.seed, dataset.name, example.id]
            parts["labels"] = "\n".join(
                f"- {sentence}" for sentence in ordered(dataset, variant.labels, digest(key))
            )
        # Braces in posts are safe: what is filled in is not read again.
        return template.format(**parts)

    return build


def answered_yes_or_no(dataset: Dataset) -> bool:
    """Say whether every answer of a dataset begins with yes or no."""
    openings = {re.split(r"\W", label.sentence.lower(), maxsplit=1)[0] for label in dataset.labels}
    return openings == {"yes", "no"}


def asked(variant: Variant, question: str) -> str:
    """Return the question in the variant's degree."""
    for found, put in variant.replace:
        if found in question:
            return question.replace(found, put, 1)
    return variant.otherwise.format(question=question) if variant.otherwise else question


def ordered(dataset: Dataset, order: str, seed: str) -> list[str]:
    """Return the label sentences in an order; ``seed`` is for the shuffled one."""
    sentences = [label.sentence for label in dataset.labels]
    if order == "reversed":
        sentences.reverse()
    elif order == "shuffled":
        random.Random(seed).shuffle(sentences)
    return sentences


def shortened(post: str, cut: Cut | None) -> str:
    """Return the first or last words of a post, white space between them as it is; the whole post
    where it has no more."""
    words = list(_WORD.finditer(post))
    if cut is None or len(words) <= cut[1]:
        return post
    side, count = cut
    if side == "first":
        return post[: words[count - 1].end()]
    return post[words[-count].start() :]
