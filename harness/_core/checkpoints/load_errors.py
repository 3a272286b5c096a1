"""What goes wrong while loading, in one line; and what is kept quiet."""

from __future__ import annotations

import contextlib
import importlib
import os
import warnings
from collections.abc import Iterator
from logging import getLogger
from typing import Any

from imhi._core.checkpoints.devices import is_out_of_memory
from imhi._core.errors import HarnessError
from imhi._core.installing import how_to_install


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep progress bars and warnings of transformers and its kin out of the harness's own output."""
    try:
        from transformers.utils import logging
    except ImportError:  # of an engine that does without
        yield
        return
    # Loading must not make transformers ask the hub's conversion bot for anything.
    os.environ.setdefault("DISABLE_SAFETENSORS_CONVERSION", "1")
    level = logging.get_verbosity()
    bars = logging.is_progress_bar_enabled()
    _without_recommendations()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def _without_recommendations() -> None:
    """Keep bitsandbytes, which peft imports, from recommending a package on every CPU at every start."""
    getLogger("bitsandbytes").setLevel("ERROR")


def require_package(name: str, needed_by: str, extra: str = "hf") -> Any:
    """Return an imported package; ``extra`` of the project brings it.

    Raises:
        HarnessError: it, or one that it needs, is not installed; says how to install it.
    """
    _without_recommendations()
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise HarnessError(
            f"{needed_by} needs the package '{error.name or name}', which is not installed: "
            f"{how_to_install(extra)}"
        ) from None


@contextlib.contextmanager
def explained(target: str, part: str, user: str, option: str) -> Iterator[None]:
    """Turn the many ways transformers and the hub say no into one line: ``USER:TARGET: ...``.
    ``option`` is how a setting is written: ``,{}`` behind a model's name, or ``--set base.{}``."""
    try:
        yield
    except HarnessError:
        raise
    except Exception as error:
        # Loading runs through many libraries, each with exceptions of its own.
        if is_out_of_memory(error):
            raise
        causes = set()
        cause: BaseException | None = error
        while cause is not None and cause not in causes:
            causes.add(cause)
            cause = cause.__cause__ or cause.__context__
        names = {type(cause).__name__ for cause in causes}
        text = " ".join(str(error).split())
        if "GatedRepoError" in names:
            reason = (
                "its owner asks for consent first: accept it on its hub page, then 'hf auth login'"
            )
        elif "trust_remote_code" in text and (user == "hf" or option != ",{}"):
            reason = (
                "it needs code that comes with the checkpoint; add "
                f"'{option.format('trust_remote_code=true')}' if you trust where it comes from"
            )
        elif names & {"LocalEntryNotFoundError", "OfflineModeIsEnabled", "ConnectError"}:
            reason = "it is not fully in the download cache and the hub cannot be reached"
        elif "safetensors" in text.lower() and isinstance(error, OSError):
            reason = (
                "it has no weights as safetensors; pickle weights can run code when loaded: add "
                f"'{option.format('safetensors=false')}' if you trust where they come from"
            )
        elif "SafetensorError" in names:
            reason = f"a weights file is damaged or torn ({text[:120]}); copy or download it again"
        elif part == "tokenizer":
            reason = (
                f"no tokenizer could be loaded from it ({text[:160]}); expected tokenizer.json or "
                "the like beside config.json: copy the files in from the base model"
            )
        else:
            reason = f"{type(error).__name__}: {text[:300]}"
        raise HarnessError(f"{user}:{target}: the {part} cannot be loaded: {reason}") from error
