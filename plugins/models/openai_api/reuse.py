"""Why answers of a server are not kept across runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imhi import Context, ModelSpec


def cache_key(spec: ModelSpec, context: Context) -> str:
    """Return why the answer cache takes no answers of a server: a name at an address does not say which
    weights answer, and what a server says it served comes with an answer, when it is paid for."""
    return (
        "a name at an address does not say which weights answer, today or tomorrow; to share answers, go "
        "on in the same run (same --out), or ask the weights with hf:"
    )
