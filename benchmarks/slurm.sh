#!/usr/bin/env bash
# A real SLURM queue of two nodes on this machine, and the plugin's runs in it: what comes of a kill, a cancel, a limit.
#
#     bash benchmarks/slurm.sh FOLDER        (after `make demo`, which sets the environment up)
#
# Needs Debian's munge and slurm-wlm, and root. The queue has its own key, sockets and ports, all in FOLDER, listens on
# loopback alone and is ended with the script: a SLURM that the machine has goes on undisturbed. See slurm_runs.py.
set -euo pipefail
[ $# = 1 ] || { sed -n '2,8s/^# \?//p' "$0"; exit 2; }
for program in munged slurmctld slurmd sbatch; do
    PATH="$PATH:/usr/sbin" command -v "$program" >/dev/null \
        || { echo "There is no $program: apt-get install --no-install-recommends munge slurm-wlm"; exit 2; }
done
export PATH="$PATH:/usr/sbin"
here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)
queue=$folder/queue
rm -rf "$queue" && mkdir -p "$queue/state" "$queue/spool" && chmod 700 "$queue"

stop() {
    for pid in "$queue"/slurmd-*.pid "$queue/slurmctld.pid" "$queue/munged.pid"; do
        [ ! -s "$pid" ] || kill "$(cat "$pid")" 2>/dev/null || true
    done
}
trap stop EXIT

(umask 077 && head -c 1024 /dev/urandom >"$queue/munge.key")
munged --force --key-file="$queue/munge.key" --socket="$queue/munge.socket" --pid-file="$queue/munged.pid" \
    --log-file="$queue/munged.log" --seed-file="$queue/munge.seed"

cores=$(nproc)
cat >"$queue/slurm.conf" <<END
ClusterName=pickeroptimizer
SlurmctldHost=localhost
SlurmctldPort=16817
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$queue/munge.socket
CredType=cred/munge
StateSaveLocation=$queue/state
SlurmdSpoolDir=$queue/spool/%n
SlurmctldPidFile=$queue/slurmctld.pid
SlurmdPidFile=$queue/slurmd-%n.pid
SlurmctldLogFile=$queue/slurmctld.log
SlurmdLogFile=$queue/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=5
MpiDefault=none
NodeName=node[1-2] NodeHostname=localhost NodeAddr=127.0.0.1 Port=[16821-16822] CPUs=$cores State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=60 State=UP
END
export SLURM_CONF=$queue/slurm.conf
slurmctld
slurmd -N node1
slurmd -N node2

# What Scipion needs to know of it (docs/queues.md).
cat >"$queue/hosts.conf" <<'END'
[localhost]
PARALLEL_COMMAND = mpirun -np %_(JOB_NODES)d %_(COMMAND)s
NAME = SLURM
MANDATORY = False
SUBMIT_COMMAND = sbatch "%_(JOB_SCRIPT)s"
SUBMIT_TEMPLATE = #!/bin/bash
    #SBATCH --job-name=%_(JOB_NAME)s
    #SBATCH --partition=%_(JOB_QUEUE)s
    #SBATCH --ntasks=1
    #SBATCH --cpus-per-task=%_(JOB_THREADS)d
    #SBATCH --time=%_(JOB_MINUTES)s
    #SBATCH --output=%_(JOB_LOGS)s.out
    %_(JOB_COMMAND)s
CANCEL_COMMAND = scancel %_(JOB_ID)s
CHECK_COMMAND = squeue --noheader --jobs %_(JOB_ID)s
QUEUES = {"main": [["JOB_MINUTES", "60", "Minutes", "The run is ended after so many minutes; continue it then"]]}
QUEUES_DEFAULT = {"JOB_MINUTES": "60"}
END
for _ in $(seq 30); do
    [ "$(sinfo --noheader --format=%D --states=idle)" = 2 ] && break
    sleep 1
done
sinfo
rm -rf "$folder/runs" && mkdir "$folder/runs"
"$here/.scipion/scipion3" python "$here/benchmarks/slurm_runs.py" "$folder/runs" "$queue/hosts.conf"
