"""The model ``imported:PATH``: answers each request with what the file holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from imhi import Context, Model, ModelSpec, Request, Response, file_checksum
from imhi.plugins.importing.columns import CHOSEN
from imhi.plugins.importing.files import Answer, AnswerFile, find_answer_files
from imhi.plugins.importing.joining import PREFIX, Joined, join


class Imported:
    """Stored answers, joined to the examples as the files are read."""

    def __init__(self, files: Mapping[str, AnswerFile], context: Context, rows: str) -> None:
        self.files = files
        self.context = context
        self.rows = rows

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        """Yield the stored answer to each request, an error where there is none.

        Raises:
            DataError: rows and examples do not fit each other.
            HarnessError: nothing shows that they do.
        """
        asked: dict[str, dict[str, str]] = {}
        for request in requests:
            asked.setdefault(request.dataset, {})[request.id] = request.prompt_hash
        for dataset, hashes in asked.items():
            yield from self._answers(dataset, hashes)

    def _answers(self, dataset: str, hashes: dict[str, str]) -> Iterator[Response]:
        file, context, joined = self.files[dataset], self.context, Joined()
        examples = context.examples(dataset, context.split)
        place = f"{dataset}/{context.split}"
        for id, answer in join(file, examples, place, self.rows, context.note, joined):
            if id in hashes:
                yield _response(id, dataset, hashes.pop(id), answer)
        for id, prompt_hash in hashes.items():
            yield Response(id, dataset, prompt_hash, error=f"no answer in {file.path}")
        self._note(dataset, joined)

    def _note(self, dataset: str, joined: Joined) -> None:
        note = self.context.note
        if not joined.posts:
            note(
                f"{dataset}: imported without --source, so questions and posts are unknown: intervals "
                "are over rows, and answers are read without their question"
            )
        if self.rows == PREFIX and joined.answers < joined.examples:
            note(
                f"{dataset}: the first {joined.answers:,} of {joined.examples:,} rows were imported"
            )
        if joined.unknown_ends:
            note(
                "some answers are empty; the files do not say why they ended, so whether they were cut "
                "off is unknown"
            )

    def describe(self) -> Mapping[str, object]:
        """Return what the files are called."""
        return {"files": {name: file.path.name for name, file in self.files.items()}}

    def close(self) -> None:
        """There is nothing to let go: no file is held open between calls."""


def _response(id: str, dataset: str, prompt_hash: str, answer: Answer) -> Response:
    parts = answer.parts
    if parts.error is not None:
        return Response(id, dataset, prompt_hash, error=f"{answer.where}: {parts.error}")
    return Response(
        id,
        dataset,
        prompt_hash,
        text=parts.text,
        finish_reason=parts.finish_reason,
        thought=parts.thought,
    )


def create(spec: ModelSpec, context: Context) -> Model:
    """Return the answers at a path as a model."""
    return Imported(_files(spec, context), context, spec.arguments["rows"])


def fingerprint(spec: ModelSpec, context: Context) -> dict[str, object]:
    """Imported answers are what their files hold, wherever these lie, read by their columns."""
    files = _files(spec, context)
    return {
        "target": "",
        "arguments": {"dataset": spec.arguments["dataset"], **_columns(spec)},
        "answers": {name: file_checksum(file.path) for name, file in sorted(files.items())},
    }


def _columns(spec: ModelSpec) -> dict[str, str]:
    return {role: spec.arguments[role] for role in CHOSEN if spec.arguments[role] is not None}


def _files(spec: ModelSpec, context: Context) -> Mapping[str, AnswerFile]:
    datasets = context.registry.dataset_map()
    named = spec.arguments["dataset"]
    formats = tuple(context.registry.thought_formats)
    return find_answer_files(Path(spec.target), datasets, named, _columns(spec), formats).files
