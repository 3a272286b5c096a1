"""The page: sections put together, with everything they need inside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from imhi import Comparison, HarnessError, Registry, ReportSection, UnknownName, faults_of, resolve
from imhi.plugins.report.html.assets import policy_hash, script, style
from imhi.plugins.report.html.material import Material
from imhi.plugins.report.html.sections import LAST, OURS
from imhi.plugins.report.html.templates import environment

GENERATOR = "imhi-harness report"


@dataclass(frozen=True)
class _Rendered:
    """A section as it stands in the page; ``html`` is taken as it is."""

    name: str
    title: str
    html: str


def page(material: Material) -> bytes:
    """Return the page; the same material makes the same bytes.

    Raises:
        HarnessError: a section fails; the package itables is of another kind than this version knows.
    """
    code = script()
    text: str = (
        environment()
        .get_template("page.html.jinja")
        .render(
            generator=GENERATOR,
            material=material,
            comparison=material.comparison,
            sources=_sources(material.comparison),
            version=(material.runs[0].manifest.environment.get("packages") or {}).get(
                "imhi-harness"
            ),
            style=style(),
            script=code,
            script_hash=policy_hash(code),
            sections=list(_rendered(material)),
        )
    )
    return text.encode("utf-8", "replace")


def _rendered(material: Material) -> Iterator[_Rendered]:
    """Yield the sections that have something to say."""
    owners = material.registry.report_sections.owners
    for section in _in_order(material.registry):
        owner = f"section {section.name} of the report (plugin '{owners[section.name]}')"
        with faults_of(owner):
            html = resolve(section.render)(material)
        if not isinstance(html, str):
            raise HarnessError(f"{owner} gave a {type(html).__name__}, expected HTML as a text")
        if html.strip():
            yield _Rendered(section.name, section.title, html)


def _in_order(registry: Registry) -> list[ReportSection]:
    """Return sections as they follow one another: ours as they are, others behind that which they
    name, or before the limits.

    Raises:
        UnknownName: one names a section that there is not.
    """
    known = registry.report_sections
    ordered = [known.get(name) for name in OURS]
    for section in known:
        if section.name in OURS:
            continue
        names = [one.name for one in ordered]
        try:
            after = known.get(section.after).name if section.after else ""
        except UnknownName as error:
            owner = known.owners[section.name]
            error.add_note_to_line(f"section {section.name} of plugin '{owner}' is to follow it")
            raise
        place = names.index(after) + 1 if after in names else names.index(LAST)
        while after and ordered[place].after == after:
            place += 1
        ordered.insert(place, section)
    return ordered


def _sources(comparison: Comparison) -> str:
    """Return the names of the sources, without the places they were read from."""
    return ", ".join(dict.fromkeys(s.partition(":")[0] for s in comparison.source.split("; ")))
