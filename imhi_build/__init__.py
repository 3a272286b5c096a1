"""From raw datasets to the IMHI instruction set: ``imhi build``, and the source ``built:FOLDER``;
what a set is worth: ``imhi audit``.

Raw posts and labels are read by presets (``presets/*.yaml``), explained by a model that is shown
the label and expert examples, checked by machine and by people, and written in the published
templates.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from imhi import AuditFlag, BuildCheck, BuildFormat, Source, View, hookimpl


@hookimpl
def imhi_commands(app: Any) -> None:
    from imhi.build.audit.audit_command import add_command
    from imhi.build.commands import add_commands

    add_commands(app)
    add_command(app)


@hookimpl
def imhi_views() -> Iterator[View]:
    from imhi.build.audit.views import VIEWS

    yield from VIEWS


@hookimpl
def imhi_audit_flags() -> Iterator[AuditFlag]:
    from imhi.build.audit.flags import FLAGS

    yield from FLAGS


@hookimpl
def imhi_build_checks() -> Iterator[BuildCheck]:
    from imhi.build.checks.catalogue import built_in_checks

    yield from built_in_checks()


@hookimpl
def imhi_build_formats() -> Iterator[BuildFormat]:
    from imhi.build.writing.formats import FORMATS

    yield from FORMATS


@hookimpl
def imhi_sources() -> Iterator[Source]:
    yield Source(
        "built",
        "A build (imhi build): its rows with an explanation that no check keeps out",
        open="imhi.build.source:open_built",
        argument="FOLDER",
    )
