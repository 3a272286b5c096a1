"""Named views of IMHI: which gold labels and which rows count. The flags are those of ``kinds.yaml``."""

from __future__ import annotations

from imhi import View

_FAULTY = ("duplicate", "irregular", "leaked")

VIEWS = (
    View(
        "imhi-clean",
        "The annotators' labels; no row that is leaked, a repeat or irregular",
        gold="human",
        exclude=_FAULTY,
    ),
    View(
        "imhi-agreed",
        "Rows on which annotators and release agree; none leaked, a repeat or irregular",
        gold="agreed",
        exclude=_FAULTY,
    ),
    View(
        "imhi-unleaked", "Released labels; no row that is leaked or a repeat", exclude=_FAULTY[::2]
    ),
    View(
        "imhi-english",
        "Released labels; no row whose post is in another language",
        exclude=("not-english",),
    ),
)
