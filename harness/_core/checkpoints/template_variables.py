"""Variables of a chat template: ``template.enable_thinking=false``. transformers hands on whatever it
is given, and a template passes over what it does not read; so each is looked for first.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from imhi._core.checkpoints.template_environment import template_environment
from imhi._core.errors import HarnessError

if TYPE_CHECKING:
    from jinja2.nodes import Node

# What transformers gives every template besides.
_FUNCTIONS = {"raise_exception", "strftime_now"}


def checked_variables(
    variables: Mapping[str, Any], tokenizer: Any, template: str | None, name: str
) -> dict[str, Any]:
    """Return the variables a model's chat template is to be given.

    Raises:
        HarnessError: no template is in use, or it does not read one of them.
    """
    if not variables:
        return {}
    first = next(iter(variables))
    if template is None:
        raise HarnessError(
            f"{name}: template.{first} is set, but no chat template is in use; leave it out, or have "
            "one used (--chat-template on)"
        )
    known = read_variables(tokenizer, template, name)
    for variable in variables:
        if variable not in known:
            raise HarnessError(
                f"{name}: template.{variable} is set, but its chat template does not read it (it "
                f"reads: {', '.join(known) or 'no variable'}); leave it out"
            )
    return dict(variables)


def read_variables(tokenizer: Any, template: str, name: str) -> list[str]:
    """Return the variables that a chat template reads, sorted; not those that the messages, the
    tokenizer's special tokens and transformers itself give it.

    Raises:
        HarnessError: it is no template.
    """
    from jinja2 import TemplateError, meta

    try:
        parsed = template_environment().parse(template)
        found = meta.find_undeclared_variables(parsed)
    except TemplateError as error:
        raise HarnessError(
            f"{name}: its chat template cannot be read ({error}); correct its chat_template.jinja, or "
            "leave template.* out"
        ) from None
    # A name that is a parameter there would set that, and not reach the template as it was given.
    taken = set(inspect.signature(tokenizer.apply_chat_template).parameters)
    # What is set in one branch and read in another is found too, though it is the template's own.
    first: dict[str, str] = {}
    for variable, use in _uses(parsed):
        first.setdefault(variable, use)
    found = {variable for variable in found if first.get(variable) == "load"}
    return sorted(found - taken - {"messages", *tokenizer.special_tokens_map, *_FUNCTIONS})


def _uses(node: Node) -> Iterator[tuple[str, str]]:
    """Yield each name of a template with its use (load, store, param), in the order of evaluation."""
    from jinja2 import nodes

    if isinstance(node, nodes.Name):
        yield node.name, node.ctx
    children = list(node.iter_child_nodes())
    if isinstance(node, nodes.Assign | nodes.AssignBlock | nodes.For):
        children.remove(node.target)
        # The value, or what is looped over, is read before; a block is read whole.
        place = 1 if isinstance(node, nodes.For) else len(children)
        children.insert(place, node.target)
    for child in children:
        yield from _uses(child)
