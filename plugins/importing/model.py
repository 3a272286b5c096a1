"""The model ``imported:PATH``: answers each request with what the file holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from imhi import (
    Context,
    DataError,
    Example,
    Model,
    ModelSpec,
    Request,
    Response,
    answer_format,
    file_checksum,
)
from imhi.plugins.importing.files import Answer, AnswerFile, find_answer_files


class Imported:
    """Stored answers, joined to the examples when they are first asked for."""

    def __init__(self, files: Mapping[str, AnswerFile], context: Context) -> None:
        self.files = files
        self.context = context
        self._texts: dict[str, dict[str, str]] = {}

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        """Yield the stored answer to each request, an error where there is none.

        Raises:
            DataError: rows and examples do not fit each other.
        """
        for request in requests:
            if request.dataset not in self._texts:
                self._texts[request.dataset] = self._join(request.dataset)
            text = self._texts[request.dataset].get(request.id)
            yield Response(
                id=request.id,
                dataset=request.dataset,
                prompt_hash=request.prompt_hash,
                text=text or "",
                error=f"no answer in {self.files[request.dataset].path}" if text is None else None,
            )

    def _join(self, dataset: str) -> dict[str, str]:
        """Return the answers by example id.

        Raises:
            DataError: rows and examples do not fit each other.
        """
        file = self.files[dataset]
        answers = list(file.answers())
        examples = list(self.context.examples(dataset, self.context.split))
        if not any(example.post for example in examples):
            self.context.note(
                f"{dataset}: imported without --source, so questions and posts are unknown: intervals "
                "are over rows, and answers are read without their question"
            )
        if file.by_id:
            known = {example.id for example in examples}
            for answer in answers:
                if answer.key not in known:
                    raise DataError(
                        f"{answer.where}: found id {answer.key}, expected an id of "
                        f"{dataset}/{self.context.split} such as {examples[0].id}; check --split"
                    )
            return {answer.key: answer.text for answer in answers}
        if len(answers) != len(examples):
            raise DataError(
                f"{file.path}: found {len(answers)} answers, expected {len(examples)}, a row for each "
                f"row of {dataset}/{self.context.split}; check --source and --split"
            )
        for answer, example in zip(answers, examples, strict=True):
            _same_gold(answer, example, file)
        return {e.id: answer.text for answer, e in zip(answers, examples, strict=True)}

    def describe(self) -> Mapping[str, object]:
        """Return what the files are called."""
        return {"files": {name: file.path.name for name, file in self.files.items()}}

    def close(self) -> None:
        """Let the answers go."""
        self._texts.clear()


def _same_gold(answer: Answer, example: Example, file: AnswerFile) -> None:
    label, explanation = answer_format.gold_label(answer.gold, file.dataset)
    if label != example.label or explanation.split() != example.explanation.split():
        what = f"label '{label}'" if label != example.label else "another explanation"
        expected = f"'{example.label}'" if label != example.label else "the same text"
        raise DataError(
            f"{answer.where}: the reference answer in the file has {what}, that of example "
            f"{example.id} has {expected}; the file was made from other data or another order: "
            "check --source and --split"
        )


def create(spec: ModelSpec, context: Context) -> Model:
    """Return the answers at a path as a model."""
    return Imported(_files(spec, context), context)


def fingerprint(spec: ModelSpec, context: Context) -> dict[str, object]:
    """Imported answers are what their files hold, wherever these lie."""
    files = _files(spec, context)
    return {
        "target": "",
        "answers": {name: file_checksum(file.path) for name, file in sorted(files.items())},
    }


def _files(spec: ModelSpec, context: Context) -> dict[str, AnswerFile]:
    datasets = context.registry.dataset_map()
    return find_answer_files(Path(spec.target), datasets, spec.arguments["dataset"])
