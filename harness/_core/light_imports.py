"""Libraries imported without what they import and do not use."""

from __future__ import annotations

import sys


def import_sklearn() -> None:
    """Import scikit-learn without pandas, unless one of the two is there already.

    scikit-learn 1.9 imports pandas wherever it is installed (``sklearn/utils/fixes.py``), with it
    pyarrow: 70 MB and half a second, for a name that nothing in it uses
    (``findings/sklearn_imports_pandas.sh``). A data frame can be given to scikit-learn all the same.
    """
    if "sklearn" in sys.modules or "pandas" in sys.modules:
        return
    sys.modules["pandas"] = None  # type: ignore[assignment]  # makes the optional import fail
    try:
        import sklearn.utils.fixes  # noqa: F401
    finally:
        del sys.modules["pandas"]
