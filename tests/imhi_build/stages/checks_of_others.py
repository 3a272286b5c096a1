"""A plugin of somebody else: a check of rows, a check of the corpus, and a format for builds."""

from __future__ import annotations

import json
from collections import Counter

from pydantic import BaseModel, ConfigDict, Field

from imhi import BuildCheck, BuildFormat, Finding, hookimpl


class ShortSettings(BaseModel):
    """``words``: an explanation with fewer is short."""

    model_config = ConfigDict(extra="forbid")

    words: int = Field(default=5, ge=1)


def find_short(rows, settings):
    return [
        Finding("short", row.dataset, row.id, f"{len(row.explanation.split())} words")
        for row in rows
        if len(row.explanation.split()) < settings.words
    ]


def find_worn(corpus, settings):
    """Yield the rows whose explanation begins as another one does."""
    for dataset in corpus.datasets:
        openings = Counter(row.explanation[:20] for row in corpus.rows(dataset))
        corpus.details[dataset] = {"openings": len(openings)}
        for row in corpus.rows(dataset):
            if openings[row.explanation[:20]] > 1:
                yield Finding("worn", dataset, row.id, "it begins as another one does")


class JsonLines:
    """One JSON object per row, in a file per dataset."""

    def __init__(self, folder):
        self.folder = folder
        self.files, self.notes = {}, []

    def begin(self, dataset):
        self.name = f"{dataset.name}.jsonl"
        self.files[self.name] = 0
        self.stream = (self.folder / self.name).open("w", encoding="utf-8")

    def add(self, row):
        self.stream.write(json.dumps({"query": row.query, "answer": row.answer}) + "\n")
        self.files[self.name] += 1

    def end(self):
        self.stream.close()

    def finish(self, summary):
        self.notes.append(f"jsonl: {summary.counters.rows} rows, gold: {summary.facts.gold}")

    def abort(self):
        self.stream.close()


@hookimpl
def imhi_build_checks():
    settings = ShortSettings
    yield BuildCheck("short", "Explanations of a few words", find_short, settings=settings)
    yield BuildCheck("worn", "Openings that come twice", find_worn, kind="corpus")


@hookimpl
def imhi_build_formats():
    yield BuildFormat("jsonl", "A JSON object per row", create=JsonLines, packages=("json",))
