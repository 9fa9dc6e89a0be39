#!/usr/bin/env bash
# Runs a command of Ballast on many machines:
#
#     launch/cluster.sh --hostfile hostfiles/NAME -n 8 [--sync] [--restarts 3] [--drop-failed-host] -- ballast train …
#
# Every host needs this checkout, its build and the data at the same path, and mpirun must reach it without a
# password (ssh, or the plm_rsh_agent of OpenMPI). Ranks are dealt evenly to the hosts; each gets the cores of
# its host divided by the ranks there, and as many threads as the host with the fewest can give.
#
# --sync                first copies the program, launch/, and the files that the command and its configuration name, to
#                       the hosts, by rsync, and says what differed.
# --restarts N          starts the job again, at most N times, when it ended with 75 (stopped after a checkpoint)
#                       or 76 (a rank or the network stalled or failed); `ballast train` then resumes.
# --drop-failed-host    leaves out hosts that do not answer, with as many ranks as fit on the others.
#
# TERM, INT (Ctrl-C) and USR1 end the restarts, and make `ballast train` save and end with 75, within
# BALLAST_GRACE_SECONDS (120); launch/jobs.sh says how, and what other codes there are.
# BALLAST_MPI_OPTIONS holds more options of mpirun, for example "--mca btl_tcp_if_include 10.0.0.0/24".
set -euo pipefail
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
# shellcheck source=launch/threads.sh
. "$root/launch/threads.sh"
# shellcheck source=launch/hosts.sh
. "$root/launch/hosts.sh"
# shellcheck source=launch/jobs.sh
. "$root/launch/jobs.sh"
# shellcheck source=launch/sync.sh
. "$root/launch/sync.sh"
ballast_script=launch/cluster.sh
ballast_open_streams

say() { ballast_say "$1"; }
wrong_use() {
    say "$1"
    echo "usage: launch/cluster.sh --hostfile FILE -n RANKS [--sync] [--restarts N] [--drop-failed-host] -- ballast COMMAND …" >&2 || true
    exit 64
}

hostfile='' ranks='' restarts=0 drop_failed_host='' sync=''
while [ $# -gt 0 ]; do
    case $1 in
    --hostfile | -n | --restarts)
        [ $# -gt 1 ] || wrong_use "$1 takes a value"
        case $1 in --hostfile) hostfile=$2 ;; -n) ranks=$2 ;; --restarts) restarts=$2 ;; esac
        shift 2 ;;
    --drop-failed-host) drop_failed_host=1; shift ;;
    --sync) sync=1; shift ;;
    --) shift; break ;;
    *) wrong_use "'$(ballast_shown "$1")' is no option" ;;
    esac
done
[ -n "$hostfile" ] || wrong_use "--hostfile is missing"
[ -n "$ranks" ] || wrong_use "-n is missing"
ballast_is count "$ranks" || wrong_use "-n takes a number of ranks, not '$(ballast_shown "$ranks")'"
ballast_is number "$restarts" || wrong_use "--restarts takes a number, not '$(ballast_shown "$restarts")'"
ballast_need seconds BALLAST_RESTART_PAUSE
[ $# -gt 0 ] || wrong_use "the command after -- is missing"

[ -r "$hostfile" ] || wrong_use "hostfile $(ballast_shown "$hostfile") is missing"
read_hostfile "$hostfile" || exit 64
[ ${#host_names[@]} -gt 0 ] || wrong_use "hostfile $(ballast_shown "$hostfile") names no hosts"

program=$1
if [ "$program" = ballast ]; then program=$root/.build/release/ballast; fi
command -v -- "$program" >/dev/null || { say "$program is missing; run: swift build -c release"; exit 64; }
program=$(command -v -- "$program")
# The same absolute path on every host.
program=$(CDPATH='' cd -- "$(dirname -- "$program")" && pwd)/${program##*/}
shift
command=("$program" "$@")
ballast_saves=''
if ballast_is_training "${command[@]}"; then ballast_saves=1; fi

read -r -d '' -a user_options <<<"${BALLAST_MPI_OPTIONS:-}" || true

# How mpirun starts a process on another host. ssh must not stop to ask for a password.
remote_shell=${OMPI_MCA_plm_rsh_agent:-}
for ((i = 0; i + 2 < ${#user_options[@]}; i++)); do
    if [ "${user_options[i + 1]}" = plm_rsh_agent ]; then remote_shell=${user_options[i + 2]}; fi
done
read -r -d '' -a agent <<<"${remote_shell%% :*}" || true
if [ ${#agent[@]} -eq 0 ]; then agent=(ssh -o BatchMode=yes -o ConnectTimeout=5); fi

# OpenMPI alone takes about eight minutes to see that a host is gone from the network; this takes half a minute.
watch_options=()
if [[ "${user_options[*]} $(env)" != *oob_tcp_keepalive* ]]; then
    watch_options=(--mca oob_tcp_keepalive_time 10 --mca oob_tcp_keepalive_intvl 5 --mca oob_tcp_keepalive_probes 4)
fi
# mpirun would cut node1.example.org and me@10.0.0.1 at the first dot. It refuses _ in names unless it passes them on
# as they are, and takes a user from a hostfile only.
name_options=() job_hostfile='' sync_file=''
for host in "${host_names[@]}"; do
    if [[ $host = *[A-Za-z]*.* ]] || [[ $host = *@*.* ]]; then name_options=(--mca orte_keep_fqdn_hostnames 1); fi
done
if [[ ${host_names[*]} = *_* ]]; then name_options+=(--mca regx naive); fi
trap 'rm -f -- "$job_hostfile" "$sync_file"' EXIT
ballast_note_terminal
ballast_export_options
# What the user set: what choose_threads sets for one start must not bind the next.
user_threads=${OMP_NUM_THREADS:-}

# Asks the hosts what they have.
ask() {
    ask_hosts "$PWD" "$program" "${agent[@]}" || { say "no folder for temporary files can be made: $(ballast_session_trouble)"; return 76; }
}

# Copies what the job needs to the hosts; each start may find other files here.
copy_files() {
    if [ -z "$sync_file" ]; then sync_file=$(mktemp); fi
    sync_paths "${command[@]}" | sort -zu >"$sync_file"
    sync_hosts "$sync_file" "${agent[@]}" || return 0
}

# Asks the hosts and deals out the ranks. Ends with 76 if hosts are missing, 64 if the job does not fit them.
#   prepare
prepare() {
    local host fitting=$ranks troubled=0 silent=''
    ask || return
    if [ -n "$sync" ]; then
        copy_files || return
        ask || return
    fi
    for host in "${host_names[@]}"; do
        if [ -n "${host_sync_trouble[$host]:-}" ]; then host_trouble[$host]=${host_sync_trouble[$host]}; fi
        [ -n "${host_trouble[$host]:-}" ] || continue
        case ${host_trouble[$host]} in
        has\ no*)
            say "host $host ${host_trouble[$host]}: every host needs the same paths"
            return 64 ;;
        does\ not\ answer*) silent=1 ;;
        esac
        troubled=1
        say "host $host ${host_trouble[$host]}${drop_failed_host:+ and is left out}"
    done
    if [ "$troubled" -eq 1 ] && [ -z "$drop_failed_host" ]; then
        if [ -n "$silent" ] && ! command -v -- "${agent[0]}" >/dev/null; then
            say "${agent[0]}, which reaches other hosts, is missing here: install it (openssh-client holds ssh)"
        else
            if [ -n "$silent" ]; then say "try '${agent[*]} HOST true'"; fi
            say "leave such hosts out with --drop-failed-host"
        fi
        return 76
    fi
    local slots
    slots=$(slots_in_all)
    if [ "$slots" -lt "$ranks" ]; then
        if [ "$troubled" -eq 0 ]; then
            say "$ranks ranks are more than the $slots slots in $hostfile"
            return 64
        elif [ "$slots" -eq 0 ]; then
            say "no host is left"
            return 76
        fi
        fitting=$slots
        say "$fitting ranks instead of $ranks; the global batch stays what it is"
    fi
    spread_ranks "$fitting"
    choose_threads
    choose_hosts
    line=(mpirun -np "$fitting" "${host_options[@]}" --map-by slot --wdir "$PWD" "${ballast_mpi_options[@]}"
        "${export_options[@]}" "${watch_options[@]}" "${name_options[@]}" "${user_options[@]}" "${command[@]}")
}

# What mpirun is told of the hosts that have ranks; and whether some of these ranks are on this machine.
choose_hosts() {
    local host list='' elsewhere=''
    ballast_ranks_here=''
    for host in "${host_names[@]}"; do
        [ -n "${host_ranks[$host]:-}" ] || continue
        list+=,$host:${host_ranks[$host]}
        if [ -n "${host_here[$host]}" ]; then ballast_ranks_here=1; else elsewhere=1; fi
    done
    host_options=(--host "${list#,}")
    if [[ $list = *@* ]]; then
        if [ -z "$job_hostfile" ]; then job_hostfile=$(mktemp); fi
        tr , '\n' <<<"${list#,}" | sed 's/:/ slots=/' >"$job_hostfile"
        host_options=(--hostfile "$job_hostfile")
    fi
    # On this machine alone no ssh is needed.
    if [ -z "$elsewhere" ] && [[ " ${user_options[*]} " != *" plm "* ]]; then host_options+=(--mca plm isolated); fi
}

# Threads for all ranks: what the host with the fewest cores a rank can give.
choose_threads() {
    local host threads='' options=()
    for host in "${!host_ranks[@]}"; do
        OMP_NUM_THREADS=$user_threads
        ballast_divide_cores "${host_ranks[$host]}" "${host_cores[$host]}"
        if [ -z "$threads" ] || [ "$OMP_NUM_THREADS" -lt "$threads" ]; then threads=$OMP_NUM_THREADS; fi
        # One host with more ranks than cores is enough for --oversubscribe.
        if [ ${#ballast_mpi_options[@]} -gt ${#options[@]} ]; then options=("${ballast_mpi_options[@]}"); fi
    done
    OMP_NUM_THREADS=$threads OPENBLAS_NUM_THREADS=$threads
    ballast_mpi_options=("${options[@]}")
}

ballast_trap_signals
for ((start = 0; ; start++)); do
    code=0
    if [ -z "$ballast_told" ]; then prepare || code=$?; fi
    if [ -n "$ballast_told" ]; then exit $((128 + $(kill -l "$ballast_told"))); fi
    if [ "$code" -eq 0 ]; then ballast_run_job "${line[@]}" || code=$?; fi
    if [ "$code" -ne 75 ] && [ "$code" -ne 76 ]; then exit "$code"; fi
    if [ -n "$ballast_told" ] || [ "$start" -ge "$restarts" ]; then exit "$code"; fi
    say "the job ended with $code: restart $((start + 1)) of $restarts"
    if [ -n "$ballast_saves" ] && [[ " ${command[*]} " != *" --resume"[\ =]* ]]; then command+=(--resume auto); fi
    # Time for a host to come back and for connections of the last job to end.
    ballast_pause "${BALLAST_RESTART_PAUSE:-5}" || true
done
