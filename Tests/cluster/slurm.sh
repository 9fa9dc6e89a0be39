#!/usr/bin/env bash
# A real Slurm over the namespaces of namespaces.sh: munge, a controller in ballast1, and a node daemon in each. Needs
# root, slurm-wlm and munge.
#
#     slurm.sh up FOLDER NODES      starts it; what it keeps lies in FOLDER
#     slurm.sh down FOLDER          ends its daemons
#     slurm.sh run FOLDER -- COMMAND…   runs a command of Slurm, or another, in ballast1
#
# Partitions: main, whose jobs go back into the queue when a job of the partition urgent needs their nodes. How the
# script of a job ended is in FOLDER/slurmd-NODE.log.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
namespaces=$here/namespaces.sh
subnet=${BALLAST_TEST_SUBNET:-10.77.0}

usage() { sed -n '2,/^set/s/^#\( \|$\)//p' "$0" >&2; exit 64; }

configuration() { # FOLDER NODES
    cat <<END
ClusterName=ballast
SlurmctldHost=ballast1($subnet.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
# How long a job that goes back into the queue waits there, two minutes without this.
AuthInfo=socket=$1/munge.socket,cred_expire=5
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
StateSaveLocation=$1/state
SlurmdSpoolDir=$1/spool-%n
SlurmctldPidFile=$1/slurmctld.pid
SlurmdPidFile=$1/slurmd-%n.pid
SlurmctldLogFile=$1/slurmctld.log
SlurmdLogFile=$1/slurmd-%n.log
MailProg=/bin/true
ReturnToService=1
SlurmdTimeout=10
KillWait=5
SlurmdDebug=debug
UnkillableStepTimeout=20
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SchedulerParameters=sched_interval=2,sched_min_interval=200000,bf_interval=2
# Else TERM goes to mpirun's daemons, without which it ends with 76, although the ranks save.
SlurmctldParameters=preempt_send_user_signal
# Nodes may have more processors than this machine, so that jobs lie side by side.
SlurmdParameters=config_overrides
# PMIx keeps files of a node there under names of the job alone, and the nodes share one file system.
TmpFS=$1/tmp-%n
NodeName=ballast[1-$2] NodeAddr=$subnet.[1-$2] CPUs=8 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES PriorityTier=1 GraceTime=30 MaxTime=60 State=UP
PartitionName=urgent Nodes=ALL PriorityTier=10 PreemptMode=OFF MaxTime=60 State=UP
END
}

up() { # FOLDER NODES
    local folder=$1 number
    mkdir -p "$folder/state"
    chmod 755 "$folder"
    "$namespaces" up "$2"
    configuration "$folder" "$2" >"$folder/slurm.conf"
    # Nothing is held in control groups, which a namespace does not see.
    echo "CgroupPlugin=cgroup/v1" >"$folder/cgroup.conf"
    (umask 077; head -c 1024 /dev/urandom >"$folder/munge.key")
    munged --force --key-file "$folder/munge.key" --socket "$folder/munge.socket" --pid-file "$folder/munge.pid" \
        --log-file "$folder/munge.log" --seed-file "$folder/munge.seed"
    export SLURM_CONF=$folder/slurm.conf
    "$namespaces" run ballast1 -- slurmctld
    for ((number = 1; number <= $2; number++)); do
        mkdir -p "$folder/tmp-ballast$number"
        "$namespaces" run "ballast$number" -- slurmd -N "ballast$number" || {
            echo "slurm.sh: slurmd does not start: $(tail -n 1 "$folder/slurmd-ballast$number.log")" >&2
            return 1
        }
    done
    for _ in {1..100}; do
        if "$namespaces" run ballast1 -- sinfo --noheader --format '%T %D' 2>/dev/null | grep -qx "idle $2"; then return; fi
        sleep 0.2
    done
    echo "slurm.sh: the nodes do not come up: $("$namespaces" run ballast1 -- sinfo 2>&1 | tail -n 3)" >&2
    return 1
}

down() { # FOLDER
    local file
    for file in "$1"/*.pid; do
        if [ -e "$file" ]; then kill "$(cat "$file")" 2>/dev/null || true; fi
    done
    "$namespaces" down
}

case ${1:-} in
up) [ $# -eq 3 ] || usage; up "$2" "$3" ;;
down) [ $# -eq 2 ] || usage; down "$2" ;;
run)
    { [ $# -gt 3 ] && [ "$3" = -- ]; } || usage
    export SLURM_CONF=$2/slurm.conf
    shift 3
    exec "$namespaces" run ballast1 -- "$@"
    ;;
*) usage ;;
esac
