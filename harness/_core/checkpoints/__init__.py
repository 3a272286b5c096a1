"""Checkpoints of transformers models, for whichever plugin loads them: found, checked, told apart.

torch and transformers are imported inside the calls that need them.
"""

from imhi._core.checkpoints.architectures import Kind, kind_of, window_of
from imhi._core.checkpoints.devices import (
    choose_device,
    free_memory,
    is_out_of_memory,
    memory_as_memory_error,
    out_of_memory_named,
)
from imhi._core.checkpoints.finding import (
    Checkpoint,
    find_checkpoint,
    folder_checksum,
    hub_commit,
    model_files,
    require_safetensors,
)
from imhi._core.checkpoints.load_errors import explained, quiet
from imhi._core.checkpoints.prompting import Encoded, Prompter, longest_that_fits
from imhi._core.checkpoints.soundness import check_complete, check_tokenizer, require_package

__all__ = [
    "Checkpoint",
    "Encoded",
    "Kind",
    "Prompter",
    "check_complete",
    "check_tokenizer",
    "choose_device",
    "explained",
    "find_checkpoint",
    "folder_checksum",
    "free_memory",
    "hub_commit",
    "is_out_of_memory",
    "kind_of",
    "longest_that_fits",
    "memory_as_memory_error",
    "model_files",
    "out_of_memory_named",
    "quiet",
    "require_package",
    "require_safetensors",
    "window_of",
]
