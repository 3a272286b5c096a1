"""Transformers checkpoints: found, checked, loaded, prompted, batched. Public; see :mod:`imhi`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imhi._core.batching import (
        run_batches as run_batches,
        token_batches as token_batches,
    )
    from imhi._core.checkpoints import (
        Checkpoint as Checkpoint,
        Encoded as Encoded,
        Kind as Kind,
        Prompter as Prompter,
        check_complete as check_complete,
        check_tokenizer as check_tokenizer,
        choose_device as choose_device,
        explained as explained,
        find_checkpoint as find_checkpoint,
        folder_checksum as folder_checksum,
        free_memory as free_memory,
        is_out_of_memory as is_out_of_memory,
        kind_of as kind_of,
        memory_as_memory_error as memory_as_memory_error,
        out_of_memory_named as out_of_memory_named,
        quiet as quiet,
        require_package as require_package,
        require_safetensors as require_safetensors,
        window_of as window_of,
    )
else:
    from imhi._core.lazy import lazy_names

    __getattr__, __dir__ = lazy_names(__name__, __file__)
