#!/usr/bin/env bash
# datasketch 2.0.0 gives other MinHash signatures than 1.10.0 for the same words and seed.
#
# Guessed: with a fixed seed a signature is a property of the words, so `datasketch>=1.6` finds the
# same near-duplicates whichever release is installed, and signatures can be kept between them.
# Found: 2.0.0 permutes otherwise by default (32-bit words; "legacy" is the way of 1.x), so values,
# dtype and the estimated similarity change, counts of near-duplicates with them, and comparing
# with a signature kept from 1.10.0 raises ValueError. scheme="legacy" gives the values of 1.x.
#
# Output seen, Python 3.11:
#   1.10.0 uint64 [582015671, 541048660, 626692779] similarity 0.671875
#   2.0.0 uint32 [366772879, 780180724, 15764678] similarity 0.656250
#   2.0.0 legacy: same values as 1.10.0 True
#   2.0.0 with a signature kept from 1.10.0: ValueError
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cat > "$place/sign.py" <<'PY'
import pickle, sys
from importlib.metadata import version
from datasketch import MinHash

def sign(text, **more):
    signature = MinHash(num_perm=128, seed=1, **more)
    for word in text.split():
        signature.update(word.encode())
    return signature

one, other = sign("slept badly again last night"), sign("slept badly again this night")
values = [int(value) for value in one.hashvalues[:3]]
print(version("datasketch"), one.hashvalues.dtype, values, f"similarity {one.jaccard(other):.6f}")
kept = sys.argv[1]
if version("datasketch").startswith("1."):
    pickle.dump(one, open(kept, "wb"))
else:
    earlier = pickle.load(open(kept, "rb"))
    legacy = sign("slept badly again last night", scheme="legacy")
    same = legacy.hashvalues.tolist() == earlier.hashvalues.tolist()
    print("2.0.0 legacy: same values as 1.10.0", same)
    try:
        print(one.jaccard(earlier))
    except Exception as error:
        print("2.0.0 with a signature kept from 1.10.0:", type(error).__name__)
PY
for version in 1.10.0 2.0.0; do
  python3 -m venv "$place/$version"
  "$place/$version/bin/pip" install -qq --disable-pip-version-check \
    "datasketch==$version" numpy==2.4.6 scipy==1.17.1
  "$place/$version/bin/python" "$place/sign.py" "$place/kept" | tee -a "$place/said"
done
diff "$place/said" - <<'SEEN'
1.10.0 uint64 [582015671, 541048660, 626692779] similarity 0.671875
2.0.0 uint32 [366772879, 780180724, 15764678] similarity 0.656250
2.0.0 legacy: same values as 1.10.0 True
2.0.0 with a signature kept from 1.10.0: ValueError
SEEN
echo "as found"
