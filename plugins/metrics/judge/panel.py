"""The judges that were named, each with a short name for its measures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from imhi import Context, HarnessError, ModelSpec


def parse_judges(names: Sequence[str], context: Context) -> list[tuple[ModelSpec, str]]:
    """Return the models named by ``--judge``, each with a short name for its measures.

    Raises:
        HarnessError: none, an unknown one, or one named twice.
    """
    if not names:
        raise HarnessError(
            "metric judge: no judge given, expected --judge MODEL (see: imhi models)"
        )
    specs = [ModelSpec.parse(name, context.registry) for name in names]
    for spec in specs:
        if [other.name for other in specs].count(spec.name) > 1:
            raise HarnessError(
                f"--judge {spec.name}: given twice, expected each judge once; to ask a judge several "
                "times write --metric judge:repeats=N,temperature=T"
            )
    shorts: list[str] = []
    for spec, name in zip(specs, names, strict=True):
        renamed = spec.name != name
        short = re.sub(r"[^\w.-]+", "-", spec.name if renamed else Path(spec.target).name).strip(
            "-."
        )
        short = short or spec.family.scheme
        taken = [s for s in shorts if s == short or re.fullmatch(rf"{re.escape(short)}-\d+", s)]
        shorts.append(f"{short}-{len(taken) + 1}" if taken else short)
    return list(zip(specs, shorts, strict=True))
