#!/usr/bin/env bash
# openpyxl 3.1.0 and 3.1.1 print on standard output when they load a sheet whose head row is repeated.
#
# Guessed: any openpyxl 3.1 reads a workbook in silence, so a command that reads one can print JSON.
# Found: where a sheet has print titles (rows repeated on each printed page), load_workbook prints the
# sheet's name, and what a program prints after it is no JSON any more. 3.1.2 prints nothing. A lower
# bound of 3.1 was false. A second guess, that defined names are printed, was wrong too.
#
# Output seen, Python 3.11:
#   3.1.0 prints 'marks'
#   3.1.1 prints 'marks'
#   3.1.2 prints ''
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cat > "$place/read.py" <<'PY'
import contextlib, io, sys
from importlib.metadata import version
from openpyxl import Workbook, load_workbook

book = Workbook()
book.active.title = "marks"
book.active.append(["id", "mark"])
book.active.print_title_rows = "1:1"
book.save(sys.argv[1])
printed = io.StringIO()
with contextlib.redirect_stdout(printed):
    load_workbook(sys.argv[1])
print(version("openpyxl"), "prints", repr(printed.getvalue().strip()))
PY
for version in 3.1.0 3.1.1 3.1.2; do
  python3 -m venv "$place/$version"
  "$place/$version/bin/pip" install -qq --disable-pip-version-check "openpyxl==$version"
  "$place/$version/bin/python" "$place/read.py" "$place/book.xlsx" | tee -a "$place/said"
done
diff "$place/said" - <<'SEEN'
3.1.0 prints 'marks'
3.1.1 prints 'marks'
3.1.2 prints ''
SEEN
echo "as found"
