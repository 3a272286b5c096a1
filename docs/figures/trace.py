"""Lists every figure of the pages with its source: page and line, figure, source, command, commit.

    python docs/figures/trace.py [PAGE ...] [--untraced]

Figures of generated parts are not listed: what writes them is in docs/generate.py. Ends with 1 if a
figure has no source.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from docs.generator.figures import ROOT, pages, traced, untraced  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pages", nargs="*", type=Path, metavar="PAGE", help="default: all pages")
    parser.add_argument("--untraced", action="store_true", help="only figures without a source")
    given = parser.parse_args()
    with_source = without = 0
    for page in given.pages or pages():
        text = page.read_text(encoding="utf-8")
        for one in () if given.untraced else traced(page, text):
            line = text.count("\n", 0, one.start) + 1
            shown = " ".join(text[one.start : one.end].split())
            made = f"\t{one.command}\t{one.commit}" if one.command else ""
            print(f"{one.page}:{line}\t{shown}\t{one.source}{made}")
        with_source += len(traced(page, text))
        for line, figure in untraced(page, text):
            print(f"{page.resolve().relative_to(ROOT)}:{line}\t{figure}\tNO SOURCE")
            without += 1
    print(f"{with_source} figures with a source, {without} without", file=sys.stderr)
    return 1 if without else 0


if __name__ == "__main__":
    sys.exit(main())
