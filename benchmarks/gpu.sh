#!/bin/sh
# What docs/speed.md asks of a machine with NVIDIA GPUs, printed as Markdown; about five minutes with 16 processors.
#
#     benchmarks/gpu.sh PYTHON [FOLDER]
#
# PYTHON: of the worker's environment. FOLDER: where 0.5 GB of micrographs are made (default: a temporary one).
# DEVICE (default cuda:0): the one to measure; cpu shows whether the script itself runs. MICROGRAPHS (default 288).
# The goals: "prune against reading" at most 1.25 with one GPU, 4096 x 4096 px float32 micrographs with 300 picks each;
# fine-tune with 90 labels in at most 10 s, apart from the start of Python and torch.
set -eu
python=${1:?usage: benchmarks/gpu.sh PYTHON [FOLDER]}
device=${DEVICE:-cuda:0}
here=$(cd "$(dirname "$0")" && pwd)
PYTHONPATH=$(dirname "$here")/pickeroptimizer${PYTHONPATH:+:$PYTHONPATH}
export PYTHONPATH
if [ $# -gt 1 ]; then folder=$2; mkdir -p "$folder"; else folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; fi

[ "$device" = cpu ] || nvidia-smi --query-gpu=index,name,memory.total,driver_version --format=csv
"$python" -c 'import torch; print("torch", torch.__version__, "GPUs", torch.cuda.device_count())'
grep -m1 'model name' /proc/cpuinfo; nproc

speed() { "$python" "$here/speed.py" --micrographs "${MICROGRAPHS:-288}" --folder "$folder" --repeat 3 "$@"; }
seconds() {     # COMMAND...: runs it, its output to $folder/log, and prints how long it took
    "$python" -c 'import subprocess, sys, time
start = time.perf_counter()
with open(sys.argv[1], "w") as log:
    code = subprocess.call(sys.argv[2:], stdout=log, stderr=log)
print(f"{time.perf_counter() - start:.1f} s, exit code {code}")' "$@"
}
finetune() {    # NAME [arguments]: fine-tunes with 90 labels
    name=$1; shift
    seconds "$folder/$name.log" "$python" -m worker finetune --micrographs "$folder/small/micrographs.csv" \
        --labels "$folder/labels.csv" --box-angstrom 200 --output "$folder/$name.safetensors" "$@"
}
prune() {       # NAME [arguments]: prunes with the model of the first measurement
    name=$1; shift
    seconds "$folder/$name.log" "$python" -m worker prune --micrographs "$folder/micrographs.csv" \
        --coordinates "$folder/coordinates.csv" --model "$folder/model-64.safetensors" \
        --output "$folder/$name.csv" "$@"
}
compare() {     # NAME NAME: how far two tables of scores are apart
    "$python" - "$folder/$1.csv" "$folder/$2.csv" <<'END'
import sys

import numpy as np

with open(sys.argv[1]) as stream:
    novelty = stream.readline().split(',').index('novelty')
one, two = (np.genfromtxt(path, delimiter=',', skip_header=1, usecols=range(1, novelty + 1)) for path in sys.argv[1:])
same = np.array_equal(one, two, equal_nan=True)
one, two = (numbers[~np.isnan(numbers).any(axis=1)] for numbers in (one, two))      # picks outside have none
classes = slice(0, novelty - 1)
print(f'largest difference of a probability: {np.abs(one - two)[:, classes].max():.4f}; picks of another class: '
      f'{(one[:, classes].argmax(1) != two[:, classes].argmax(1)).sum()} of {len(one)}; '
      f'the same to the last bit: {same}')
END
}
full() {        # MIB COMMAND...: runs it while another program leaves so much of the GPU's memory free
    "$python" - "$folder/held" "$1" "$device" <<'END' &
import sys
import time

import torch

free, _ = torch.cuda.mem_get_info(sys.argv[3])
held = torch.empty(free - int(sys.argv[2]) * 2 ** 20, dtype=torch.uint8, device=sys.argv[3])
open(sys.argv[1], 'w').close()
time.sleep(120)
END
    holder=$!
    shift
    while [ ! -e "$folder/held" ] && kill -0 $holder 2> /dev/null; do sleep 0.2; done
    "$@"
    kill $holder 2> /dev/null || true
    wait $holder 2> /dev/null || true
    rm -f "$folder/held"
}
warnings() { grep -h -i -E 'warning|error|full|memory|Traceback' "$folder/$1.log" | sort | uniq -c | head -12 || true; }

printf '\n## One device: %s\n\n' "$device"
speed --device "$device"
if [ "$("$python" -c 'import torch; print(torch.cuda.device_count())')" -gt 1 ]; then
    printf '\n## All visible GPUs\n\n'
    speed --device auto
fi
printf '\n## The same machine without its GPUs\n\n'
speed --device cpu

printf '\n## Fine-tune with 90 labels: whole command, its cross-validation, the command on the processor\n\n'
finetune learnt --device "$device"; finetune learnt-again --device "$device"
tail -n 12 "$folder/learnt.log"
cmp "$folder/learnt.safetensors" "$folder/learnt-again.safetensors" && echo 'two runs give the same file'
finetune learnt-alone --device "$device" --folds 0
finetune learnt-cpu --device cpu

printf '\n## The same scores: processor against device, two runs, small batches\n\n'
prune processor --device cpu; prune one --device "$device"; prune two --device "$device"
prune small-batches --device "$device" --batch-size 100
compare processor one; compare one two; compare one small-batches

printf '\n## Two runs on one device at once\n\n'
prune first --device "$device" & prune second --device "$device"; wait
compare one first; compare one second

printf '\n## A memory that is nearly full (another program holds it): smaller batches, not a failure\n\n'
if [ "$device" != cpu ]; then
    for free in 1500 900 500; do
        printf '%s MiB free. prune with batches of 16384: ' $free
        full $free prune "tight-$free" --device "$device" --batch-size 16384
        warnings "tight-$free"
        [ ! -e "$folder/tight-$free.csv" ] || compare one "tight-$free"
        printf 'fine-tune: '
        full $free finetune "tight-$free" --device "$device"
        warnings "tight-$free"
    done
fi
