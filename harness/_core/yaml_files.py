"""YAML files that people write: read strictly, with errors that name the line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from imhi._core.errors import HarnessError


def read_yaml(path: Path, where: str) -> Any:
    """Return what a YAML file holds (None where it is empty).

    A key given twice is refused: YAML lets the last one win without a word.

    Raises:
        HarnessError: no such file, not readable, not UTF-8, not YAML, a doubled key; ``where`` is
            named.
    """
    import yaml

    class Strict(yaml.SafeLoader):
        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            seen = set()
            for key, _ in node.value:
                if key.value in seen and isinstance(key, yaml.ScalarNode):
                    line = key.start_mark.line + 1
                    raise HarnessError(
                        f"{where}: line {line}: found the key '{key.value}' a second time, "
                        "expected each once; remove one"
                    )
                if isinstance(key, yaml.ScalarNode):
                    seen.add(key.value)
            return super().construct_mapping(node, deep)

    try:
        # The loader is SafeLoader: it makes plain values only.
        return yaml.load(path.read_text(encoding="utf-8"), Strict)
    except FileNotFoundError:
        raise HarnessError(f"{where}: there is no such file; expected a YAML file") from None
    except OSError as error:
        raise HarnessError(f"{where}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise HarnessError(
            f"{where}: found byte 0x{byte:02x} at position {error.start}, expected UTF-8; save the "
            "file as UTF-8"
        ) from None
    except yaml.YAMLError as error:
        raise HarnessError(f"{where}: not YAML: {' '.join(str(error).split())}") from None
