"""What a verdict can say of a row: the flags of this project, and how any plugin's flag is asked."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from imhi import AuditFlag, HarnessError, Registry, resolve

if TYPE_CHECKING:
    from imhi.build.audit.corpus import SourceCorpus
    from imhi.build.records import BuiltRow

FindRows = Callable[[Sequence["BuiltRow"]], Iterable[str]]


# Name, meaning, and the kinds of findings on rows that have it. In the order in which they stand in
# a verdict; flags of other plugins follow.
_DECLARED = (
    (
        "leaked",
        "its post stands, equal or nearly, in train or val rows of any dataset, its own included",
        {"leaked"},
    ),
    (
        "duplicate",
        "it repeats an earlier row of the same dataset, split and question",
        {"duplicate"},
    ),
    (
        "irregular",
        "a fault of form (no explanation, no word in the post, another label in the other style)",
        {"no-explanation", "no-word", "styles-differ"},
    ),
    ("mojibake", "its post or explanation was decoded with a wrong table", {"mojibake"}),
    ("gives-away", "its explanation speaks of a label that was given", {"gives-away"}),
    ("marked", "the answer in the completion files begins with white space", {"marked"}),
    ("expert-differs", "an expert gave this post and question another label", {"expert-differs"}),
    ("not-english", "its post is in another language than English", {"not-english"}),
)


def _noticed(kinds: set[str], corpus: SourceCorpus) -> FindRows:
    return lambda rows: [row.id for row in rows if corpus.noticed[row.id] & kinds]


FLAGS = tuple(
    AuditFlag(name, meaning, functools.partial(_noticed, kinds))
    for name, meaning, kinds in _DECLARED
)


def meanings(registry: Registry) -> dict[str, str]:
    """Return what each flag means, in the order in which they stand in a verdict."""
    return {flag.name: flag.summary for flag in registry.audit_flags}


def open_flags(registry: Registry, corpus: SourceCorpus) -> dict[str, FindRows]:
    """Return, for each flag that a plugin declares, what finds the rows that have it.

    Raises:
        HarnessError: the plugin's code fails. What is returned raises it, too, and where it is told
            of rows that it did not give.
    """
    return {flag.name: _opened(flag, registry, corpus) for flag in registry.audit_flags}


def _opened(flag: AuditFlag, registry: Registry, corpus: SourceCorpus) -> FindRows:
    where = f"flag '{flag.name}' (plugin '{registry.audit_flags.owners[flag.name]}')"
    with _told(where):
        find = resolve(flag.create)(corpus)

    def checked(rows: Sequence[BuiltRow]) -> list[str]:
        with _told(where):
            ids = list(find(rows))
        strange = set(ids).difference(row.id for row in rows)
        if strange:
            raise HarnessError(
                f"{where}: found the id {strange.pop()!r}, expected ids of the rows it was given; "
                "return row.id of the rows that have the flag"
            )
        return ids

    return checked


@contextmanager
def _told(where: str) -> Iterator[None]:
    """Say whose code has failed."""
    try:
        yield
    except HarnessError:
        raise
    except Exception as error:
        raise HarnessError(
            f"{where}: {type(error).__name__}: {error}; correct the plugin, or leave it out"
        ) from error
