#!/bin/bash
# One run over a Slurm array: sbatch examples/slurm/run.sh, then examples/slurm/merge.sh behind it:
#
#   job=$(sbatch --parsable examples/slurm/run.sh run.yaml)
#   sbatch --dependency=afterany:$job examples/slurm/merge.sh
#
# Each job of the array asks one part, into a folder of its own. A job that was killed, or ran out of
# time, goes on with the same command: sbatch --array=3 examples/slurm/run.sh run.yaml
# (the number of parts is PARTS, not the length of that array).
#SBATCH --job-name=imhi
#SBATCH --array=1-8
#SBATCH --gpus-per-task=1
#SBATCH --cpus-per-task=8
#SBATCH --time=04:00:00
#SBATCH --output=imhi-%A-%a.log
set -euo pipefail

PARTS=${PARTS:-8} # as many as --array says
OUT=${OUT:-runs}  # on a file system that all nodes see

exec imhi shard "${SLURM_ARRAY_TASK_ID:?start this with sbatch}/$PARTS" "$@" --out "$OUT"
