#!/bin/sh
# What docs/speed.md asks of a machine with NVIDIA GPUs, printed as Markdown; about ten minutes.
#
#     benchmarks/gpu.sh PYTHON [FOLDER]
#
# PYTHON: of the worker's environment. FOLDER: where 0.5 GB of micrographs are made (default: a temporary one).
# The goal: "prune against reading" at most 1.25 with one GPU, 4096 x 4096 px float32 micrographs with 300 picks each.
set -eu
python=${1:?usage: benchmarks/gpu.sh PYTHON [FOLDER]}
here=$(cd "$(dirname "$0")" && pwd)
PYTHONPATH=$(dirname "$here")/pickeroptimizer
export PYTHONPATH
if [ $# -gt 1 ]; then folder=$2; mkdir -p "$folder"; else folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; fi

nvidia-smi --query-gpu=index,name,memory.total,driver_version --format=csv
"$python" -c 'import torch; print("torch", torch.__version__, "GPUs", torch.cuda.device_count())'
grep -m1 'model name' /proc/cpuinfo; nproc

speed() { "$python" "$here/speed.py" --micrographs 96 --folder "$folder" "$@"; }
printf '\n## One GPU\n\n'
speed --device cuda:0
if [ "$("$python" -c 'import torch; print(torch.cuda.device_count())')" -gt 1 ]; then
    printf '\n## All visible GPUs\n\n'
    speed --device auto
fi
printf '\n## The same machine without its GPUs\n\n'
speed --device cpu

printf '\n## The same scores on CPU and GPU\n\n'
for device in cpu cuda:0 cuda:0; do
    number=$((${number:-0} + 1))
    "$python" -m worker prune --micrographs "$folder/micrographs.csv" --coordinates "$folder/coordinates.csv" \
        --model "$folder/model-64.safetensors" --output "$folder/scores-$number.csv" --device "$device" > /dev/null
done
"$python" - "$folder" <<'END'
import sys

import numpy as np

one, two, three = (np.genfromtxt(f'{sys.argv[1]}/scores-{i}.csv', delimiter=',', skip_header=1, usecols=range(1, 5))
                   for i in (1, 2, 3))
print(f'largest difference of a probability between CPU and GPU: {np.abs(one - two)[:, :3].max():.4f}; '
      f'picks of another class: {(one[:, :3].argmax(1) != two[:, :3].argmax(1)).sum()} of {len(one)}; '
      f'two runs on the GPU the same: {np.array_equal(two, three)}')
END

printf '\n## A memory that is nearly full (another program holds it): smaller batches, not a failure\n\n'
"$python" - "$folder" <<'END' &
import sys
import time

import torch

free, _ = torch.cuda.mem_get_info(0)
held = torch.empty(free - 1200 * 2 ** 20, dtype=torch.uint8, device='cuda:0')
open(f'{sys.argv[1]}/held', 'w').close()
time.sleep(90)
END
holder=$!
while [ ! -e "$folder/held" ] && kill -0 $holder 2> /dev/null; do sleep 1; done
"$python" -m worker prune --micrographs "$folder/micrographs.csv" --coordinates "$folder/coordinates.csv" \
    --model "$folder/model-64.safetensors" --output "$folder/scores-4.csv" --device cuda:0 --batch-size 16384 || true
kill $holder 2> /dev/null || true
rm -f "$folder/held"
