"""What the guide to leaderboards says of the files of a submission and of an entry."""

from __future__ import annotations

from docs.generator.markdown import markdown, table


def submission_fields() -> str:
    """Return the fields of the files of a submission."""
    from imhi.plugins.leaderboard.records import submission

    return "\n\n".join(
        _fields(record)
        for record in (
            submission.About,
            submission.ResponseRow,
            submission.PredictionRow,
            submission.Claims,
        )
    )


def entry_fields() -> str:
    """Return the fields of an entry."""
    from imhi.plugins.leaderboard.records.entry import EntryRecord

    return _fields(EntryRecord)


def _fields(record: type) -> str:
    from imhi.plugins.leaderboard.records.json_schemas import description_of

    rows = [
        (f"`{name}`", "yes" if field.is_required() else "", description_of(record, [name]))
        for name, field in record.model_fields.items()  # type: ignore[attr-defined]
    ]
    text = " ".join(markdown(record.__doc__ or "").split())
    return f"{text}\n\n{table(('field', 'required', 'what it is'), rows)}"
