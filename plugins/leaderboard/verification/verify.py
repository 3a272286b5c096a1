"""All checks of one submission, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from imhi import Context, HarnessError, LabelerSpec, OpenSource, Registry, open_source
from imhi.plugins.leaderboard.records.entry import AnswersRecord, EntryRecord
from imhi.plugins.leaderboard.records.submission import About
from imhi.plugins.leaderboard.site.board import Board
from imhi.plugins.leaderboard.site.entries import Entry
from imhi.plugins.leaderboard.submission.reading import Submission, read_submission
from imhi.plugins.leaderboard.submission.refusal import Unacceptable, shown
from imhi.plugins.leaderboard.verification.checks import Check, of_reasons, warning
from imhi.plugins.leaderboard.verification.comparing import (
    prediction_check,
    score_checks,
    unverified,
    version_checks,
)
from imhi.plugins.leaderboard.verification.copying import reference_check, repetition_check
from imhi.plugins.leaderboard.verification.entries import make_answers, make_entry
from imhi.plugins.leaderboard.verification.likeness import (
    copied_check,
    name_check,
    others,
    superseded_check,
)
from imhi.plugins.leaderboard.verification.matching import Matched, match, source_check
from imhi.plugins.leaderboard.verification.rescoring import Remade, remake
from imhi.runs import OpenView


@dataclass(frozen=True)
class Report:
    """What came of one file. ``entry`` and ``answers`` are there where nothing refuses it."""

    file: Path
    checks: Sequence[Check]
    name: str = ""
    entry: EntryRecord | None = None
    answers: AnswersRecord | None = None

    @property
    def passed(self) -> bool:
        """Whether nothing refuses it."""
        return not any(check.refuses for check in self.checks)

    def to_json(self) -> Mapping[str, object]:
        """Return what ``--json`` prints of it."""
        return {
            "file": str(self.file),
            "name": self.name,
            "passed": self.passed,
            "checks": [check.record().model_dump() for check in self.checks],
        }


@dataclass(frozen=True)
class Verifier:
    """What submissions are verified with: the verifier's data (``source`` as it was given, and
    opened), plugins, and the entries of the board, if there is one. ``supersedes`` is what the
    verifier says, in the place of what a submission says. Under a ``view``, entries show what is
    made with its gold labels and rows; claims are held against the released ones all the same.
    ``terms`` are what a board says of itself."""

    registry: Registry
    source: str
    opened: OpenSource
    board: Sequence[Entry] | None = None
    supersedes: str = ""
    view: OpenView | None = None
    terms: Board | None = None

    def verify(self, path: Path) -> Report:
        """Check a submission. What is wrong with it is in the report; nothing is written."""
        try:
            submission = read_submission(path)
        except Unacceptable as refusal:
            return Report(path, [Check(refusal.check, False, str(refusal))])
        about = submission.about
        supersedes = self.supersedes or about.supersedes
        board = others(self.board or (), supersedes, submission.sha256)
        checks = [
            Check("archive", True, f"{submission.size:,} bytes, sha256 {submission.sha256}"),
            of_reasons(
                "files",
                [
                    f"{name}: changed after packing (another checksum than in submission.json)"
                    for name in submission.changed
                ],
                "the checksums are those of submission.json",
            ),
            Check("contents", True, "as the schema says"),
            source_check(submission, self.source, self.registry, self.opened),
            _terms_check(about, self.view.name if self.view else "", self.terms),
            superseded_check(about, supersedes, self.board),
            name_check(about.name, board),
            _completeness(submission),
            _harness_version(submission),
        ]
        context = self._context(about)
        joining, matched = match(submission, context)
        checks += joining
        remade, more = self._remade(submission, matched, context, board)
        checks += more
        report = Report(path, checks, about.name)
        if remade is None or not report.passed:
            return report
        entry = make_entry(
            submission,
            remade,
            self.registry,
            checks,
            unverified(submission.claims, self.registry),
            supersedes,
        )
        return Report(path, checks, about.name, entry, make_answers(remade, self.registry))

    def _context(self, about: About) -> Context:
        return Context(
            registry=self.registry,
            source=self.opened,
            split=about.split,
            seed=about.seed,
            shots=about.prompt.shots,
            repair_mojibake=about.repair_mojibake,
        )

    def _remade(
        self,
        submission: Submission,
        matched: Sequence[Matched],
        context: Context,
        board: Sequence[Entry],
    ) -> tuple[Remade | None, list[Check]]:
        """Make labels and scores again, as far as there are rows to make them from, and compare."""
        asked = submission.about.labeler.name
        try:
            spec = LabelerSpec.parse(asked, self.registry)
            if spec.argument:
                how = "asks a model" if spec.asks else "reads a file of the submitter's"
                raise HarnessError(
                    f"labeler '{shown(asked)}' {how}: its labels cannot be read again"
                )
        except HarnessError as error:
            return None, [Check("versions", False, str(error))]

        def versions(same_labels: bool) -> Check:
            return version_checks(submission, self.registry, spec.identity(), same_labels)

        if not matched:
            why = "no row could be joined with the data"
            return None, [versions(False), _not_done("predictions", why)]
        try:
            remade = remake(submission, matched, context, spec.name, self.view)
        except HarnessError as error:
            return None, [versions(False), Check("predictions", False, str(error))]
        predictions = prediction_check(matched, remade)
        checks = [versions(predictions.passed), predictions]
        if len(matched) == len(submission.datasets):
            checks += score_checks(submission, remade, self.registry)
        else:
            checks.append(
                _not_done("scores", "rows of a dataset could not be joined with the data")
            )
        checks += [
            reference_check(remade.columns),
            repetition_check(remade.columns),
            copied_check(remade.columns, board, submission.about.split),
        ]
        return remade, checks


def open_verifier(source: str, registry: Registry) -> Verifier:
    """Open the verifier's data.

    Raises:
        HarnessError: no such source.
    """
    given, opened = open_source(source, registry)
    return Verifier(registry, given, opened)


def _not_done(name: str, why: str) -> Check:
    return Check(name, False, f"not looked at: {why}")


def _terms_check(about: About, view: str, terms: Board | None) -> Check:
    """See that a submission is one that the board has tables for."""
    if terms is None:
        return Check("board", True, "no board.yaml to hold it against")
    asked = {
        "split": (about.split, terms.split),
        "labeler": (about.labeler.name, terms.labeler),
        "view": (view or OpenView.RELEASED, terms.view or OpenView.RELEASED),
        "posts": tuple(
            "fictional" if one else "real" for one in (about.synthetic, terms.synthetic)
        ),
    }
    reasons = [
        f"{name} {shown(given)}, and the board has {expected}"
        for name, (given, expected) in asked.items()
        if given != expected
    ]
    return of_reasons("board", reasons, "what the board is about")


def _completeness(submission: Submission) -> Check:
    about = submission.about
    reasons = []
    if about.limit is not None:
        reasons.append(f"at most {about.limit:,} examples of each dataset (shown as partial)")
    if about.unanswered:
        reasons.append(f"{about.unanswered:,} examples have no answer (shown as partial)")
    # What is said must be what is there.
    missing = sum(bool(row.error) for rows in submission.responses.values() for row in rows)
    if missing != about.unanswered:
        return Check(
            "completeness",
            False,
            f"submission.json says that {about.unanswered:,} examples are unanswered, the rows "
            f"say {missing:,}",
        )
    return warning("completeness", reasons, "all examples were asked and answered")


def _harness_version(submission: Submission) -> Check:
    here, theirs = version("imhi-harness"), submission.about.harness_version
    reasons = [] if here == theirs else [f"made with version {shown(theirs)}, verified with {here}"]
    return warning("harness version", reasons, f"version {here}")
