"""Libraries imported without what they import and do not use."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType


class _Without(MetaPathFinder):
    """Lets one thread find no package of a name, and every other thread what is there."""

    def __init__(self, package: str) -> None:
        self.package, self.thread = package, threading.get_ident()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> None:
        if fullname == self.package and threading.get_ident() == self.thread:
            raise ModuleNotFoundError(f"No module named '{fullname}'", name=fullname)


def import_sklearn() -> None:
    """Import scikit-learn without pandas, unless one of the two is there already.

    scikit-learn 1.9 imports pandas wherever it is installed (``sklearn/utils/fixes.py``), with it
    pyarrow: 70 MB and half a second, for a name that nothing in it uses
    (``findings/sklearn_imports_pandas.sh``). A data frame can be given to scikit-learn all the same.
    """
    if "sklearn" in sys.modules or "pandas" in sys.modules:
        return
    finder = _Without("pandas")
    sys.meta_path.insert(0, finder)
    try:
        import sklearn.utils.fixes  # noqa: F401
    finally:
        sys.meta_path.remove(finder)
