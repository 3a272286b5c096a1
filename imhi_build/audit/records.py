"""What an audit comes to. Plain values only: :meth:`Audit.to_json` is ``audit.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from imhi.build.audit.kinds import SEVERITIES, Severity, kinds

FORMAT = 1


@dataclass(frozen=True)
class Unit:
    """A split of a dataset; ``raw`` where its posts are known from raw rows only."""

    dataset: str
    split: str
    raw: bool = False


@dataclass(frozen=True)
class Finding:
    """One thing to know about a split.

    ``text`` is a sentence, without any post; ``figure`` its number (a share in percent unless the
    sentence says otherwise), ``count`` of ``total`` the rows it is about, ``rows`` their ids, and
    ``do`` what to do. Raw rows are named ``FILE:ROW``, rows from 0 without header.
    """

    dataset: str
    split: str
    kind: str
    severity: Severity
    text: str
    figure: float | None = None
    count: int = 0
    total: int = 0
    do: str = ""
    rows: tuple[str, ...] = ()


@dataclass(frozen=True)
class Value:
    """A weighted F1 (0 to 100) with its 95% interval over resampled posts. ``trained`` is the
    number of rows it was learnt from, 0 where it was cross-fitted on the split itself."""

    value: float
    low: float
    high: float
    trained: int | None = None


@dataclass(frozen=True)
class Join:
    """Released rows of a split against raw rows. ``matched`` = ``exact`` + ``normalised`` (white
    space and case do not count); ``differ`` of them have another label, ``changes`` counts which:
    ``"HUMAN -> RELEASED"``. ``agreement`` is the weighted F1 of the released against the human
    labels. ``unmatched`` and ``ambiguous`` rows have no human label."""

    matched: int
    exact: int
    normalised: int
    unmatched: int
    ambiguous: int
    differ: int
    changes: Mapping[str, int]
    agreement: float | None


@dataclass(frozen=True)
class Marker:
    """Answers in the completion files that begin with white space. ``precision`` and ``recall`` (in
    percent) are those of the marker as a sign that released and human label differ, on rows where
    both are known; ``differ`` of the ``known`` marked rows do. ``labels`` counts marked rows."""

    rows: int
    marked: int
    known: int
    differ: int
    precision: float | None
    recall: float | None
    labels: Mapping[str, int]


@dataclass(frozen=True)
class Power:
    """The smallest true differences that two models' scores show with 80% probability at 5%.

    ``measured``: of weighted F1, for two models that scatter as the bag of words and the majority
    do (``disagreement`` is the share of rows that only one of these gets right, in percent).
    ``assumed``: of accuracy, by an assumed such share (10, 20, 40); ``design`` is how many times
    the variance is that of independent rows, since rows about one post are not.
    """

    measured: float | None
    disagreement: float | None
    design: float
    assumed: Mapping[str, float]


@dataclass(frozen=True)
class SplitFigures:
    """The figures of one split. ``flagged`` counts rows by flag; ``experts`` is (compared,
    differing) rows. Floors and what depends on them are there for evaluated splits only."""

    dataset: str
    split: str
    rows: int
    posts: int
    labels: Mapping[str, int]
    flagged: Mapping[str, int] = field(default_factory=dict)
    majority: Value | None = None
    majority_by_question: Value | None = None
    post_words: Value | None = None
    explanation_words: Value | None = None
    join: Join | None = None
    marker: Marker | None = None
    experts: tuple[int, int] | None = None
    power: Power | None = None
    twin: str = ""


@dataclass(frozen=True)
class Shared:
    """How many of the ``posts`` (distinct ones) of one split stand in another, ``equal`` or
    ``nearly`` so (not counted twice). ``raw``: the other is, or is in part, known from raw rows
    only."""

    dataset: str
    split: str
    other: str
    other_split: str
    posts: int
    equal: int
    nearly: int
    raw: bool = False

    @property
    def share(self) -> float:
        """The share of the posts that stand there, in percent."""
        return 100 * (self.equal + self.nearly) / self.posts if self.posts else 0.0


@dataclass(frozen=True)
class RawFolder:
    """A folder of raw files, never where it lies: its preset and where its files are from; ``files``
    has path, SHA-256 and rows of each by split."""

    dataset: str
    preset: str
    preset_sha256: str
    url: str
    paper: str
    licence: str
    files: Mapping[str, Mapping[str, object]]


@dataclass(frozen=True)
class Audit:
    """A whole audit. ``leaks`` is, for each evaluated split, what it shares with the training rows of
    each dataset and of ``any``; ``shared`` what it shares with each other split. ``incomplete``
    are sentences on what could not be measured, ``notes`` on what a reader must know; ``environment``
    has the versions of packages and the checksums of the rows, ``flags`` what each means."""

    source: str
    synthetic: bool
    splits: tuple[SplitFigures, ...]
    leaks: tuple[Shared, ...]
    shared: tuple[Shared, ...]
    findings: tuple[Finding, ...]
    raw: tuple[RawFolder, ...] = ()
    notes: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()
    environment: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)

    def split(self, dataset: str, split: str) -> SplitFigures | None:
        """Return the figures of a split; None where it was not judged."""
        same = (one for one in self.splits if (one.dataset, one.split) == (dataset, split))
        return next(same, None)

    def counts(self) -> dict[str, int]:
        """Return how many findings there are of each severity, the gravest first."""
        return {
            severity: sum(finding.severity == severity for finding in self.findings)
            for severity in reversed(SEVERITIES)
        }

    def to_json(self) -> dict[str, object]:
        """Return what ``audit.json`` holds; the flags have a file of their own."""
        fields = asdict(self)
        del fields["flags"]
        return {"format": FORMAT, "counts": self.counts(), **fields}


def finding(
    kind: str,
    unit: Unit,
    text: str,
    count: int,
    total: int,
    rows: Sequence[str] = (),
    figure: float | None = None,
) -> Finding:
    """Return a finding of a declared kind; its severity is that of its share of the rows."""
    declared = kinds()[kind]
    share = 100 * count / total if total else 0.0
    return Finding(
        dataset=unit.dataset,
        split=unit.split,
        kind=kind,
        severity=declared.severity(count, total),
        text=text,
        figure=round(share if figure is None else figure, 3),
        count=count,
        total=total,
        do=declared.do,
        rows=tuple(rows),
    )
