#!/bin/bash
# Puts the parts of examples/slurm/run.sh together; says which are missing, and leaves with 1 then.
#SBATCH --job-name=imhi-merge
#SBATCH --cpus-per-task=2
#SBATCH --time=00:30:00
#SBATCH --output=imhi-merge-%j.log
set -euo pipefail

OUT=${OUT:-runs}

exec imhi merge "$OUT/shards" --out "$OUT" "$@"
