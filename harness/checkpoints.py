"""Transformers checkpoints: found, checked, loaded, prompted, batched. Public; see :mod:`imhi`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imhi._core.batching import (
        run_batches as run_batches,
    )
    from imhi._core.batching import (
        token_batches as token_batches,
    )
    from imhi._core.checkpoints import (
        Checkpoint as Checkpoint,
    )
    from imhi._core.checkpoints import (
        Encoded as Encoded,
    )
    from imhi._core.checkpoints import (
        Kind as Kind,
    )
    from imhi._core.checkpoints import (
        Prompter as Prompter,
    )
    from imhi._core.checkpoints import (
        check_complete as check_complete,
    )
    from imhi._core.checkpoints import (
        check_tokenizer as check_tokenizer,
    )
    from imhi._core.checkpoints import (
        choose_device as choose_device,
    )
    from imhi._core.checkpoints import (
        explained as explained,
    )
    from imhi._core.checkpoints import (
        find_checkpoint as find_checkpoint,
    )
    from imhi._core.checkpoints import (
        folder_checksum as folder_checksum,
    )
    from imhi._core.checkpoints import (
        free_memory as free_memory,
    )
    from imhi._core.checkpoints import (
        is_out_of_memory as is_out_of_memory,
    )
    from imhi._core.checkpoints import (
        kind_of as kind_of,
    )
    from imhi._core.checkpoints import (
        memory_as_memory_error as memory_as_memory_error,
    )
    from imhi._core.checkpoints import (
        out_of_memory_named as out_of_memory_named,
    )
    from imhi._core.checkpoints import (
        quiet as quiet,
    )
    from imhi._core.checkpoints import (
        require_package as require_package,
    )
    from imhi._core.checkpoints import (
        require_safetensors as require_safetensors,
    )
    from imhi._core.checkpoints import (
        window_of as window_of,
    )
else:
    from imhi._core.lazy import lazy_names

    __getattr__, __dir__ = lazy_names(__name__, __file__)
