"""Small fictional files in the layout of each of the presets, and what should become of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.imhi_build.raw.raw_tables import Table

ASPECTS = ("spiritual", "physical", "intellectual", "social", "vocational", "emotional")


@dataclass(frozen=True)
class Layout:
    """``files`` by name; ``labels`` by post and aspect; ``splits`` by post, where files or ranges of
    rows say them (else they are drawn)."""

    files: Mapping[str, Table]
    labels: Mapping[str, Mapping[str, str]]
    splits: Mapping[str, str] = field(default_factory=dict)


def _table(
    posts: Iterable[str], column: str, label: str, codes: list[Any], **more: Any
) -> list[dict[str, Any]]:
    """Return rows whose codes go round; further columns hold the same in each row."""
    return [{column: post, label: codes[n % len(codes)], **more} for n, post in enumerate(posts)]


def _numbered(first: str, count: int) -> list[str]:
    return [f"{first}, page {n} of the notebook" for n in range(count)]


def _drawn(name: str, column: str, label: str, meanings: dict[Any, str], **more: Any) -> Layout:
    posts = _numbered("A walk by the canal", 10 * len(meanings))
    codes = list(meanings)
    return Layout(
        {name: _table(posts, column, label, codes, **more)},
        {post: {"": meanings[codes[n % len(codes)]]} for n, post in enumerate(posts)},
    )


def _in_files(
    names: tuple[str, str, str], column: str, label: str, meanings: dict[Any, str]
) -> Layout:
    """Return a layout with a file per split, each with every label."""
    files, labels, splits = {}, {}, {}
    for name, split in zip(names, ("train", "val", "test"), strict=True):
        posts = _numbered(f"From {name}", len(meanings))
        files[name] = _table(posts, column, label, list(meanings))
        labels |= {p: {"": m} for p, m in zip(posts, meanings.values(), strict=True)}
        splits |= dict.fromkeys(posts, split)
    return Layout(files, labels, splits)


def _in_ranges(train: str, test: str, border: int, **more: Any) -> Layout:
    """Return a layout whose val is the first rows of the test file."""
    learnt, tested = _numbered("To learn from", 4), _numbered("To be tested", border + 2)
    codes = [1, 0]
    return Layout(
        {
            train: _table(learnt, "text", "label", codes, **more),
            test: _table(tested, "text", "label", codes, **more),
        },
        {
            post: {"": ("yes", "no")[n % 2]}
            for posts in (learnt, tested)
            for n, post in enumerate(posts)
        },
        dict.fromkeys(learnt, "train")
        | dict.fromkeys(tested[:border], "val")
        | dict.fromkeys(tested[border:], "test"),
    )


def _clp() -> Layout:
    training, testing = _numbered("Tweets of a user", 460), _numbered("Tweets of another", 2)

    def users(posts: list[str], first: int) -> Table:
        return [
            {
                "anonymized_screen_name": f"user{first + n}",
                "condition": ("depression", "control")[n % 2],
                "text": post,
            }
            for n, post in enumerate(posts)
        ]

    return Layout(
        {"clp_training.jsonl": users(training, 0), "clp_testing.jsonl": users(testing, 1000)},
        {
            p: {"": ("yes", "no")[n % 2]}
            for posts in (training, testing)
            for n, p in enumerate(posts)
        },
        dict.fromkeys(training[:457], "train")
        | dict.fromkeys(training[457:], "val")
        | dict.fromkeys(testing, "test"),
    )


def _irf() -> Layout:
    files: dict[str, Table] = {}
    labels: dict[str, Mapping[str, str]] = {}
    splits: dict[str, str] = {}
    for split in ("train", "val", "test"):
        posts = _numbered(f"For {split}", 4)
        files[f"{split}_data.csv"] = [
            {
                "": n + 7,
                "text": post,
                "belong": n % 2,
                "belong_exp": "nobody came" if n % 2 else "",
                "burden": n // 2,
                "burden_exp": "in their way" if n // 2 else "",
            }
            for n, post in enumerate(posts)
        ]
        for n, post in enumerate(posts):
            labels[post] = {
                "thwarted belongingness": ("no", "yes")[n % 2],
                "perceived burdensomeness": ("no", "yes")[n // 2],
            }
            splits[post] = split
    return Layout(files, labels, splits)


def _multiwd() -> Layout:
    learnt, tested = _numbered("To learn from", 7), _numbered("To be tested", 252)

    def rows(posts: list[str]) -> Table:
        return [
            {"text": post, **{a.capitalize(): int(n % 7 == i) for i, a in enumerate(ASPECTS)}}
            for n, post in enumerate(posts)
        ]

    return Layout(
        {"train_data.csv": rows(learnt), "test_data.csv": rows(tested)},
        {
            post: {a: ("no", "yes")[n % 7 == i] for i, a in enumerate(ASPECTS)}
            for posts in (learnt, tested)
            for n, post in enumerate(posts)
        },
        dict.fromkeys(learnt, "train")
        | dict.fromkeys(tested[:250], "val")
        | dict.fromkeys(tested[250:], "test"),
    )


_STRESSORS = {
    "School": "school",
    "Financial Problem": "financial problem",
    "Family Issues": "family issues",
    "Social Relationships": "social relationships",
    "Work": "work",
    "Health, Fatigue, or Physical Pain": "health issues",
    "Emotional Turmoil": "emotion turmoil",
    "Everyday Decision Making": "everyday decision making",
    "Other": "other",
}
_CAUSES = {
    0: "none",
    1: "bias or abuse",
    2: "jobs and career",
    3: "medication",
    4: "relationship",
    5: "alienation",
}
_SUBREDDITS = {
    "self.Anxiety": "anxiety",
    "self.bipolar": "bipolar disorder",
    "self.depression": "depression",
    "self.SuicideWatch": "suicide",
    "self.offmychest": "none",
}
_CONDITIONS = {
    "depression": "depression",
    "PTSD": "PTSD",
    "suicidal": "suicide or self-harm tendency",
    "control": "none",
}
_ONE_EACH = ("train.csv", "val.csv", "test.csv")

LAYOUTS: dict[str, Layout] = {
    "cams": _drawn("added_CAMS_data.csv", "selftext", "cause", _CAUSES, inference="the job"),
    "clp": _clp(),
    "dr": _drawn("dr.csv", "text", "label", {1: "yes", 0: "no"}),
    "dreaddit": _in_ranges("dreaddit-train.csv", "dreaddit-test.csv", 300, id=1, confidence=0.8),
    "dreaddit-hf": _in_ranges(
        "train-00000-of-00001.parquet", "test-00000-of-00001.parquet", 300, id=1
    ),
    "irf": _irf(),
    "loneliness": _drawn(
        "Lonesomenessdataset.csv", "text", "tb", {1: "yes", 0: "no"}, tb_exp="nobody came"
    ),
    "multiwd": _multiwd(),
    "sad": _drawn("SAD_v1.xlsx", "sentence", "original_label", _STRESSORS, sID=3),
    "sad-top-label": _drawn("SAD_v1.xlsx", "sentence", "top_label", _STRESSORS, sID=3),
    "swmh": _in_files(_ONE_EACH, "text", "label", _SUBREDDITS),
    "t-sid": _in_files(_ONE_EACH, "text", "label", _CONDITIONS),
}
