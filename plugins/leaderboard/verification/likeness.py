"""What a new entry has in common with those a board has: its name, its answers."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from imhi.plugins.leaderboard.records.submission import About
from imhi.plugins.leaderboard.site.entries import Entry
from imhi.plugins.leaderboard.submission.refusal import shown
from imhi.plugins.leaderboard.verification.answer_hashes import (
    answer_hashes,
    equal_answers,
    repeated,
    stored_hashes,
)
from imhi.plugins.leaderboard.verification.checks import Check, of_reasons, warning
from imhi.runs import Columns

# Answers of different models to one question are hardly ever equal (none of 18,171 official answers of
# three models, shorter ones and forms left out), those of one model asked twice nearly always.
_COPIED_SHARE, _COPIED_FEWEST = 0.2, 5

# Letters of other alphabets whose small or capital form looks like a Latin one, and signs that do.
_LOOKS_LIKE = (
    "аa вb еe іl јj кk мm нh оo рp сc ѕs тt уy хx ԁd ԛq ԝw "
    "αa βb εe ζz ηh ιl κk μm νn οo ρp τt υy χx ɑa ɡg 0o 1l il |l"
)
_CONFUSABLE = {ord(pair[0]): pair[1] for pair in _LOOKS_LIKE.split()}


def superseded_check(about: About, supersedes: str, board: Sequence[Entry] | None) -> Check:
    """See that what is to be replaced is there, and is the submitter's own."""
    if not supersedes:
        return Check("supersedes", True, "takes no other entry's place")
    if board is None:
        reason = f"{supersedes}: not looked at without --board"
        return warning("supersedes", [reason], "")
    entry = next((entry for entry in board if entry.id == supersedes), None)
    if entry is None:
        known = ", ".join(entry.id for entry in board[-5:]) or "none"
        return Check("supersedes", False, f"no entry '{shown(supersedes)}' (there are: {known})")
    # Nobody proves who they are here: this finds mistakes, and a review finds the rest.
    what, theirs, ours = "name", entry.name, about.name
    if entry.record.by:
        what, theirs, ours = "submitter", entry.record.by, about.by
    if theirs != ours:
        return Check(
            "supersedes",
            False,
            f"entry {supersedes} has the {what} '{theirs}', and this submission has '{ours}'",
        )
    return Check("supersedes", True, f"takes the place of {supersedes}")


def others(board: Sequence[Entry], supersedes: str, archive: str) -> list[Entry]:
    """Return the entries that are other submitters' or other models': not those that the new one
    takes the place of, one after the other, nor the one that was made of the same ``archive``."""
    by_id = {entry.id: entry for entry in board}
    earlier: set[str] = set()
    while supersedes in by_id and supersedes not in earlier:
        earlier.add(supersedes)
        supersedes = by_id[supersedes].record.supersedes
    return [
        entry
        for entry in board
        if entry.id not in earlier and entry.record.archive.sha256 != archive
    ]


def name_check(name: str, board: Sequence[Entry]) -> Check:
    """Look for an entry whose name a reader would take for this one."""
    looks = skeleton(name)
    reasons = [
        f"'{shown(name)}' looks like '{entry.name}' (entry {entry.id}); choose another name, "
        "or say --supersedes if it is yours"
        for entry in board
        if skeleton(entry.name) == looks
    ]
    return of_reasons("name", reasons, "looks like no other entry's")


def skeleton(name: str) -> str:
    """Return what a name looks like: compatibility forms, case, marks, look-alike letters and
    punctuation do not count."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    bare = "".join(c for c in folded if not unicodedata.combining(c)).translate(_CONFUSABLE)
    return " ".join("".join(c if c.isalnum() else " " for c in bare).split())


def copied_check(columns: Mapping[str, Columns], board: Sequence[Entry], split: str) -> Check:
    """Look for an entry whose answers these are."""
    hashes = {name: answer_hashes(column) for name, column in columns.items()}
    forms = {name: repeated(column) for name, column in columns.items()}
    reasons = []
    for entry in board:
        if entry.record.split != split:
            continue
        equal = compared = 0
        stored = stored_hashes(entry)
        for name in hashes.keys() & stored.keys():
            n_equal, n_compared = equal_answers(hashes[name], stored[name], forms[name])
            equal, compared = equal + n_equal, compared + n_compared
        if equal >= _COPIED_FEWEST and equal > _COPIED_SHARE * compared:
            reasons.append(
                f"{equal:,} of {compared:,} long answers are those of entry {entry.id} "
                f"('{entry.name}' by '{entry.record.by}'); say --supersedes if it is "
                "yours"
            )
    return of_reasons("copied answers", reasons, "no other entry's answers")
