#!/usr/bin/env bash
# codecarbon's offline tracker takes a country it does not know for the whole world, without an error.
#
# Expected: OfflineEmissionsTracker(country_iso_code="XXX") raises, or gives no emissions: its docstring points to
# global_energy_mix.json for the countries there are.
# Found: nothing is raised (an error is logged, below log_level="critical"). Energy is turned into CO2 with the average
# of the world, and the result says country_iso_code XXX.
#
# Output seen, codecarbon 3.3.2, Python 3.11:
#   XXX: raised nothing; 475 g CO2eq per kWh for a country that does not exist
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install -qq --disable-pip-version-check "codecarbon==3.3.2"
cat > "$place/nowhere.py" <<'PY'
import time

from codecarbon import OfflineEmissionsTracker

tracker = OfflineEmissionsTracker(
    country_iso_code="XXX", output_methods=[], measure_power_secs=1, log_level="critical"
)
tracker.start()
time.sleep(3)
tracker.stop()
found = tracker.final_emissions_data
assert found.country_iso_code == "XXX"
print(round(1000 * found.emissions / found.energy_consumed))
PY
grams=$(cd "$place" && "$place/env/bin/python" nowhere.py 2> "$place/errors" | tail -1)
if [[ "$grams" =~ ^[0-9]+$ && "$grams" -gt 0 ]]; then
  echo "XXX: raised nothing; $grams g CO2eq per kWh for a country that does not exist"
else
  echo "changed: it ended with '$grams' and"
  tail -3 "$place/errors"
  exit 1
fi
echo "as found"
