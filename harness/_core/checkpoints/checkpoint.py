"""A model or adapter on disk or on the hub: known exactly, checked, and loaded with plain errors."""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imhi._core.checkpoints.devices import out_of_memory_named
from imhi._core.checkpoints.load_errors import explained, quiet
from imhi._core.errors import HarnessError
from imhi._core.fingerprints import digest, file_checksum

_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack", ".gguf")
_TEXTS = (".json", ".model", ".txt", ".jinja", ".py", ".tiktoken", ".spm", ".vocab", ".bpe")
# Left behind by training; they say nothing about what the model answers.
_LEFTOVERS = re.compile(
    r"optimizer|scheduler|rng_state|training_args|trainer_state|scaler|all_results|"
    r"(train|eval)_results|README|.*\.log"
)
_SENTENCE = "Does the poster suffer from stress?"
# Buffers that are computed, not learnt, can be missing in old checkpoints.
_COMPUTED = ("position_ids", "inv_freq")


@dataclass(frozen=True)
class Checkpoint:
    """A model or adapter: a local folder, or a hub id with the commit it stands at.

    ``user`` is who needs it (``hf``, a metric): errors begin with ``USER:WRITTEN``. ``option`` is how
    a setting of it is written: ``,{}`` behind a model's name, or something else. ``file`` is the GGUF
    file in it that holds the whole model, where that is meant.
    """

    written: str
    folder: Path | None = None
    commit: str | None = None
    user: str = "hf"
    option: str = ",{}"
    file: str | None = None

    @property
    def location(self) -> str:
        """What ``from_pretrained`` takes."""
        return str(self.folder) if self.folder else self.written

    def checksum(self) -> str:
        """Return the SHA-256 over names and contents of the folder's model files, or of ``file``.

        Contents are hashed again only if size or time of change moved since (gigabytes of weights are
        read once per process).
        """
        assert self.folder is not None
        if self.file is not None:
            stat = (self.folder / self.file).stat()
            return _checksum_at(self.folder / self.file, stat.st_size, stat.st_mtime_ns)
        parts = []
        for path in _model_files(self.folder):
            stat = path.stat()
            content = _checksum_at(path, stat.st_size, stat.st_mtime_ns)
            parts.append([path.relative_to(self.folder).as_posix(), content])
        return digest(parts)

    def identity(self) -> str:
        """Return what changes when the answers may: the hash of the folder's model files, or the
        commit."""
        return f"sha256:{self.checksum()}" if self.folder else f"commit:{self.commit}"

    @contextlib.contextmanager
    def loading(self, part: str = "model", device: str = "") -> Iterator[None]:
        """Load ``part`` of it in here: libraries keep quiet, and what goes wrong is said in one line.

        Raises:
            HarnessError: it is gated, damaged, not there ..., or does not fit the memory of
                ``device``, where one is given.
        """
        named = out_of_memory_named(self.written, device, self.user)
        memory = named if device else contextlib.nullcontext()
        with quiet(), explained(self.written, part, self.user, self.option), memory:
            yield

    def require_safetensors(self, what: str = "model") -> None:
        """Refuse a local folder whose weights exist in pickle form only.

        Raises:
            HarnessError: with what to write to load it all the same.
        """
        if self.folder is None or self.file is not None:
            return
        names = [path.name for path in _model_files(self.folder)]
        if any(name.endswith(".safetensors") for name in names):
            return
        pickles = [name for name in names if name.endswith(_WEIGHTS)]
        if not pickles:
            raise HarnessError(
                f"{self.user}:{self.written}: the {what} folder holds no weights (found: "
                f"{', '.join(names[:6]) or 'nothing'}); expected .safetensors files"
            )
        raise HarnessError(
            f"{self.user}:{self.written}: found weights in pickle form only ({pickles[0]}), "
            "which can run code when loaded; expected .safetensors; convert them, or add "
            f"'{self.option.format('safetensors=false')}' if you trust where they come from"
        )

    def check_tokenizer(self, tokenizer: Any, config: Any) -> None:
        """Refuse a tokenizer that knows no words or more tokens than the model.

        Without tokenizer files transformers may build an empty tokenizer instead of failing.

        Raises:
            HarnessError: with which files to copy.
        """
        ids = tokenizer.encode(_SENTENCE, add_special_tokens=False)
        if not set(ids) - {tokenizer.unk_token_id}:
            raise HarnessError(
                f"{self.user}:{self.written}: the tokenizer knows no words; the checkpoint lacks its "
                "tokenizer files (tokenizer.json or the like): copy them in from the base model"
            )
        vocabulary = getattr(config.get_text_config(), "vocab_size", None)
        highest = max(tokenizer.encode(_SENTENCE))
        if vocabulary is not None and highest >= vocabulary:
            raise HarnessError(
                f"{self.user}:{self.written}: the tokenizer gives token {highest}, but the model knows "
                f"{vocabulary} tokens; they do not belong together: use the tokenizer the model was "
                "trained with"
            )

    def check_complete(
        self, info: Mapping[str, Any], kind: str, unused: Collection[str] = ()
    ) -> None:
        """Refuse weights that were not in the checkpoint: transformers fills them in at random.

        Args:
            info: what ``from_pretrained(output_loading_info=True)`` returned beside the model.
            kind: of model, for the message.
            unused: parts of the model, as they stand between the dots of names, that are not looked
                at.

        Raises:
            HarnessError: some are missing.
        """
        missing = [
            name
            for name in sorted(map(str, info.get("missing_keys", ())))
            if not name.endswith(_COMPUTED) and not {*name.split(".")} & {*unused}
        ]
        if missing:
            raise HarnessError(
                f"{self.user}:{self.written}: {len(missing)} weights are not in the checkpoint "
                f"({missing[0]}, ...) and would be random; expected a complete {kind}: train it, or "
                "give the one that was"
            )


def _model_files(folder: Path) -> list[Path]:
    """Return the files of a folder that make up the model, in order of their names: weights,
    configs, tokenizer, templates, code; not what training left behind."""
    chosen = [
        path
        for path in folder.iterdir()
        if path.is_file()
        and path.suffix in (*_WEIGHTS, *_TEXTS)
        and not path.name.startswith(".")
        and not _LEFTOVERS.match(path.name)
    ]
    templates = folder / "additional_chat_templates"
    if templates.is_dir():
        chosen += [path for path in templates.iterdir() if path.suffix == ".jinja"]
    return sorted(chosen, key=lambda path: path.relative_to(folder).as_posix())


@functools.lru_cache(maxsize=1024)
def _checksum_at(path: Path, size: int, changed: int) -> str:
    return file_checksum(path)
