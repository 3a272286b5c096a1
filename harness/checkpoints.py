"""Transformers checkpoints: found, checked, loaded, prompted, batched. Public; see :mod:`imhi`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imhi._core.batching import run_batches as run_batches, token_batches as token_batches
    from imhi._core.checkpoints.adapter_base import (
        check_adapter_base as check_adapter_base,
        write_trained_on as write_trained_on,
    )
    from imhi._core.checkpoints.adapter_files import (
        AdapterFiles as AdapterFiles,
        open_adapter as open_adapter,
    )
    from imhi._core.checkpoints.adapter_fit import (
        apply_adapter as apply_adapter,
        past_embeddings as past_embeddings,
    )
    from imhi._core.checkpoints.adapter_shapes import check_lora as check_lora
    from imhi._core.checkpoints.adapter_tokenizer import (
        adapter_tokenizer as adapter_tokenizer,
        check_rows as check_rows,
        tokenizer_note as tokenizer_note,
    )
    from imhi._core.checkpoints.answer_facts import (
        answer_facts as answer_facts,
        engine_facts as engine_facts,
    )
    from imhi._core.checkpoints.architectures import (
        Kind as Kind,
        kind_of as kind_of,
        window_of as window_of,
    )
    from imhi._core.checkpoints.checkpoint import Checkpoint as Checkpoint
    from imhi._core.checkpoints.decoding import Decoder as Decoder
    from imhi._core.checkpoints.devices import (
        choose_device as choose_device,
        free_memory as free_memory,
        memory_as_memory_error as memory_as_memory_error,
    )
    from imhi._core.checkpoints.estimating import estimate as estimate
    from imhi._core.checkpoints.finding import find_checkpoint as find_checkpoint
    from imhi._core.checkpoints.identity import fingerprint as fingerprint
    from imhi._core.checkpoints.label_prompts import LabelPrompts as LabelPrompts
    from imhi._core.checkpoints.load_errors import (
        quiet as quiet,
        require_package as require_package,
    )
    from imhi._core.checkpoints.plain_generation import (
        ends_too as ends_too,
        plain_generation as plain_generation,
    )
    from imhi._core.checkpoints.prompting import (
        Continued as Continued,
        Encoded as Encoded,
        Prompter as Prompter,
    )
    from imhi._core.checkpoints.template_environment import (
        template_environment as template_environment,
    )
    from imhi._core.checkpoints.text_prompts import (
        TextPrompts as TextPrompts,
        cut_at as cut_at,
        failed as failed,
        request_seed as request_seed,
    )
    from imhi._core.checkpoints.weights import check_size as check_size
else:
    from imhi._core.lazy import lazy_names

    __getattr__, __dir__ = lazy_names(__name__, __file__)
