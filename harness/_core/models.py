"""Model names: ``SCHEME:TARGET,key=value,...`` or a preset, parsed and checked."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imhi._core.arguments import parse_arguments, parse_reference
from imhi._core.budget import Estimate
from imhi._core.declarations import ModelFamily, resolve
from imhi._core.errors import HarnessError, UnknownName
from imhi._core.fingerprints import FILE_PLUGIN_PREFIX, file_checksum
from imhi._core.registry import Registry

if TYPE_CHECKING:
    from imhi._core.context import Context
    from imhi._core.protocols import Model

CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True)
class ModelSpec:
    """A model as asked for. ``name`` is what tables show; ``arguments`` holds every declared
    argument, defaults included; ``given`` only those written out."""

    name: str
    family: ModelFamily
    target: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    prompt: str = ""

    @classmethod
    def parse(cls, text: str, registry: Registry) -> ModelSpec:
        """Read a model name.

        Raises:
            HarnessError: unknown scheme or preset, missing target, unknown argument, bad value.
        """
        asked = parse_reference(text)
        pairs = list(asked.pairs)
        prompt = ""
        if asked.value is None:
            preset = registry.presets.aliases.get(asked.name.lower())
            if preset is None:
                schemes = (f"{scheme}:" for scheme in registry.families.things)
                known = [*registry.presets.things, *schemes]
                raise UnknownName(
                    "model",
                    asked.name,
                    known,
                    f"expected a preset or SCHEME:TARGET, such as {_scheme(asked.name)}:{asked.name}",
                )
            declared = registry.presets.things[preset]
            prompt = declared.prompt
            asked = parse_reference(declared.model)
            pairs = [*asked.pairs, *pairs]
        family = registry.families.get(asked.name, "expected SCHEME:TARGET, for example hf:gpt2")
        if not asked.value:
            raise HarnessError(
                f"model '{text}': nothing after '{asked.name}:', expected {asked.name}:{family.target}"
            )
        # Any model may be given the name that tables show; it has no part in its identity.
        names = [pair.removeprefix("name=") for pair in pairs if pair.startswith("name=")]
        pairs = [pair for pair in pairs if not pair.startswith("name=")]
        given = parse_arguments(
            f"model '{text}'", f"{family.scheme}:", family.arguments, pairs, family.open_arguments
        )
        arguments = {argument.name: argument.default for argument in family.arguments} | given
        return cls(names[-1] if names else text, family, asked.value, arguments, given, prompt)

    def identity(self) -> dict[str, Any]:
        """Return what tells this model from others: arguments that cannot change an answer are
        left out, a group stands by its paths."""
        kept = dict(self.arguments)
        for argument in self.family.arguments:
            value = kept[argument.name]
            late = argument.added_later and value == argument.default
            if argument.group or late or not argument.changes_answers:
                del kept[argument.name]
            if argument.group and argument.changes_answers:
                kept |= {f"{argument.name}.{path}": one for path, one in value.items()}
        kept = dict(sorted(kept.items()))
        return {"scheme": self.family.scheme, "target": self.target, "arguments": kept}

    def fingerprint(self, context: Context) -> dict[str, Any]:
        """Return what the model's stored answers are keyed by."""
        extra = self.plugin_file()
        if self.family.fingerprint is not None:
            extra.update(resolve(self.family.fingerprint)(self, context))
        return {**self.identity(), **extra}

    def datasets(self) -> Sequence[str]:
        """Return the names of the datasets it can answer about; none: about any."""
        if self.family.datasets is None:
            return ()
        names: Sequence[str] = resolve(self.family.datasets)(self)
        return names

    def plugin_file(self) -> dict[str, Any]:
        """Return the checksum of the single-file plugin that makes the model, where it is one: a file
        under work has no version, and its text tells the model from an earlier one."""
        module = sys.modules.get(getattr(self.family.create, "__module__", None) or "")
        if module is None or not module.__name__.startswith(FILE_PLUGIN_PREFIX):
            return {}
        return {"plugin_file": file_checksum(Path(str(module.__file__)))}

    def create(self, context: Context) -> Model:
        """Make the model; this is where weights are loaded."""
        model: Model = resolve(self.family.create)(self, context)
        return model

    def estimate(self, prompts: Sequence[str], context: Context) -> Estimate:
        """Return about what asking these prompts would take; the model is not made."""
        if self.family.estimate is not None:
            made: Estimate = resolve(self.family.estimate)(self, prompts, context)
            return made
        # Four characters a token is the usual rule of thumb for English.
        tokens = sum(-(-len(prompt) // CHARACTERS_PER_TOKEN) for prompt in prompts)
        most = len(prompts) * (context.generation.max_new_tokens or 0)
        note = f"tokens by {CHARACTERS_PER_TOKEN} characters each"
        return Estimate(len(prompts), tokens, most, None, note)


def _scheme(name: str) -> str:
    """Return the scheme that somebody who left it out is likely to mean."""
    return "hf" if "/" in name or Path(name).exists() else "openai"
