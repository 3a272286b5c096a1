"""Fixtures: the audit of a task with one fault of each kind."""

from __future__ import annotations

import pytest

from tests.imhi_build.audit.audit_moods import Audited, audit_rows, mood_rows


@pytest.fixture(scope="session")
def mood(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    """The audit of a task with one fault of each kind."""
    return audit_rows(tmp_path_factory.mktemp("mood"), mood_rows())
