#!/usr/bin/env bash
# Checks the launch scripts themselves, with stand-ins for nproc, mpirun, ssh and scontrol: arguments, threads, the
# line that is run, new starts, signals, Slurm. Starts no rank and needs no build.
#   Tests/run-launch-checks.sh
# shellcheck source=Tests/harness.sh
. "$(dirname "$0")/harness.sh"
root=$(cd "$(dirname "$0")/.." && pwd)
begin_suite Launch
time_limit=30
shown=("$output" "$work/calls")
temporary=${TMPDIR:-/tmp}
unset OMP_NUM_THREADS BALLAST_STALL_SECONDS BALLAST_FAULTS BALLAST_GRACE_SECONDS BALLAST_RESTARTS BALLAST_MPI_OPTIONS LD_LIBRARY_PATH OMPI_MCA_plm_rsh_agent SLURM_RESTART_COUNT BALLAST_COLUMNS
export BALLAST_RESTART_PAUSE=0 STUBS=$work PATH=$work/bin:$PATH

# A checkout with scripts and an empty ballast, so that the one that is there is not needed.
copy=$work/checkout
mkdir -p "$copy/.build/release" "$work/bin"
cp -r "$root/launch" "$root/hostfiles" "$copy"
stub() { # FILE, its text from standard input
    { echo '#!/usr/bin/env bash'; cat; } >"$1"
    chmod +x "$1"
}
stub "$copy/.build/release/ballast" </dev/null
stub "$work/bin/nproc" <<'END'
echo "${STUB_CORES:-$(cat "$STUBS/cores")}"
END
# Answers as a host with the number of cores that ends its name, unless that host is down.
stub "$work/bin/agent" <<'END'
case $1 in
down*) exit 255 ;;
refused*) printf 'a greeting\nPermission denied\e[2J (publickey).\r\n' >&2; exit 255 ;;
esac
export STUB_CORES=${1##*-} ballast_cpu_max=/missing
shift
exec "$@"
END
# Notes its arguments and its hostfile, and ends with the next code of a list; "wait" ends with 75 after USR1, 1 after
# TERM; "deaf" ends after TERM only; "stuck" after nothing, and it has a rank; "zombie" does not see that its rank ended.
stub "$work/bin/mpirun" <<'END'
echo "threads=$OMP_NUM_THREADS,$OPENBLAS_NUM_THREADS $*" >>"$STUBS/calls"
echo "${BALLAST_COLUMNS:-none}" >"$STUBS/columns"
# As mpirun, it does not die of a closed pipe.
trap '' PIPE
echo "mpirun is here" >&2
if [[ $* =~ --hostfile\ ([^ ]*) ]]; then cp "${BASH_REMATCH[1]}" "$STUBS/hostfile"; fi
code=$(head -n 1 "$STUBS/codes")
sed -i 1d "$STUBS/codes"
if [ "$code" = wait ] || [ "$code" = deaf ]; then
    trap 'exit 75' USR1
    if [ "$code" = deaf ]; then trap 'touch "$STUBS/heard"' USR1; fi
    trap 'exit 1' TERM INT
    touch "$STUBS/waits"
    for ((i = 0; i < 100; i++)); do sleep 0.1; done
fi
if [ "$code" = stuck ]; then
    trap '' TERM INT
    trap 'touch "$STUBS/heard"' USR1
    sleep 600 &
    echo $! >"$STUBS/rank"
    touch "$STUBS/waits"
    for ((i = 0; i < 600; i++)); do sleep 0.1; done
fi
if [ "$code" = zombie ]; then
    sleep 0.1 &
    exec sleep 600
fi
if [ "$code" = killed ]; then kill -KILL $$; fi
exit "${code:-0}"
END
stub "$work/bin/scontrol" <<'END'
echo "$*" >>"$STUBS/requeued"
END

# Forgets earlier calls and sets what the next calls of mpirun end with.
codes() {
    rm -f "$work"/{calls,waits,heard,requeued}
    : >"$work/calls"
    printf '%s\n' "$@" >"$work/codes"
}
cores() { echo "$1" >"$work/cores"; }
count_calls() { wc -l <"$work/calls"; }

cores 8
codes 0
cluster=$copy/launch/cluster.sh
hosts=$work/hosts
printf '# two hosts\nhost-8 slots=2 # the larger\n\nhost-4 slots = 2 max_slots=3\n' >"$hosts"
export OMPI_MCA_plm_rsh_agent=agent

# These take their time: they run beside the others, and are looked at last. What mpirun does, the command, signals.
beside() { # NAME MPIRUN COMMAND SIGNAL…
    local folder=$work/$1 code=0 signal job began=$SECONDS
    mkdir "$folder"
    echo "$2" >"$folder/codes"
    # A shell ignores INT in what it starts in the background, and nohup HUP in all that it starts; env undoes that.
    STUBS=$folder STUB_CORES=8 env --default-signal=INT,HUP "$copy/launch/local.sh" -n 2 -- ballast "$3" \
        >"$folder/output" 2>&1 </dev/null &
    job=$!
    for signal in "${@:4}"; do
        for ((i = 0; i < 200; i++)); do [ ! -e "$folder/waits" ] || break; sleep 0.05; done
        kill -s "$signal" "$job"
        sleep 0.5
    done
    wait "$job" || code=$?
    echo "$code" >"$folder/code"
    echo $((SECONDS - began)) >"$folder/seconds"
}
beside hangs zombie train 2>/dev/null &
beside stuck-train stuck train TERM TERM 2>/dev/null &
beside stuck-other stuck evaluate INT 2>/dev/null &
beside stuck-thrice stuck train HUP INT TERM 2>/dev/null &

# mpirun hides the terminal from the ranks: they are told of it.
check "local.sh on a terminal" 0 "" env TERM=xterm script --quiet --return \
    --command "stty cols 97; $copy/launch/local.sh -n 2 -- ballast train" /dev/null
same "... says how wide it is" "$(cat "$work/columns")" 97
check "local.sh without one" 0 "" env TERM=xterm BALLAST_COLUMNS=97 "$copy/launch/local.sh" -n 2 -- ballast train
same "... says nothing" "$(cat "$work/columns")" none
codes 0

# Arguments.
check "local.sh without a command" 64 "usage" "$copy/launch/local.sh" -n 2
check "local.sh with a wrong number" 64 "not 'two'" "$copy/launch/local.sh" -n two -- ballast
check "local.sh without a number" 64 "takes a number of ranks" "$copy/launch/local.sh" -n
# Every option that takes a number.
long=18446744073709551616
read -r attack <<'END'
PATH[$(touch executed)]
END
for value in "$long" "-$long" 100000 -1 1.5 0x10 010 "1 2" 1e3 $'1\n2' "$attack"; do
    shown_value=$(printf '%q' "$value")
    check "local.sh -n $shown_value" 64 "takes a number of ranks" env -C "$work" "$copy/launch/local.sh" -n "$value" -- ballast
    check "cluster.sh -n $shown_value" 64 "takes a number of ranks" \
        env -C "$work" "$cluster" --hostfile "$hosts" -n "$value" -- ballast
    check "cluster.sh --restarts $shown_value" 64 "takes a number" \
        env -C "$work" "$cluster" --hostfile "$hosts" -n 2 --restarts "$value" -- ballast
    for option in -n --seeds; do
        check "photos.sh $option $shown_value" 64 "launch/photos.sh" env -C "$work" "$copy/launch/photos.sh" "$option" "$value"
    done
    for word in up hostfile; do
        check "namespaces.sh $word $shown_value" 64 "namespaces.sh" \
            env -C "$work" "$root/Tests/cluster/namespaces.sh" "$word" "$value"
    done
    check "local.sh with OMP_NUM_THREADS=$shown_value" 64 "OMP_NUM_THREADS is " \
        env -C "$work" "OMP_NUM_THREADS=$value" "$copy/launch/local.sh" -n 2 -- ballast train
done
for value in "$long" -1 soon 1e3 "$attack"; do
    check "local.sh with BALLAST_GRACE_SECONDS=$value" 64 "BALLAST_GRACE_SECONDS is '$value', expected a number of seconds" \
        env -C "$work" "BALLAST_GRACE_SECONDS=$value" "$copy/launch/local.sh" -n 2 -- ballast train
    check "cluster.sh with BALLAST_RESTART_PAUSE=$value" 64 "BALLAST_RESTART_PAUSE is '$value', expected a number of seconds" \
        env -C "$work" "BALLAST_RESTART_PAUSE=$value" "$cluster" --hostfile "$hosts" -n 2 -- ballast
done
for option in -n --seeds; do
    check "photos.sh $option without a value" 64 "launch/photos.sh" "$copy/launch/photos.sh" "$option"
done
check "race.sh with another network" 64 "no network of the race: resnet20" "$copy/launch/race.sh" --networks "resnet18 resnet20"
check "race.sh with a program that is missing" 64 "No such file" "$copy/launch/race.sh" --ballast "$work/none"
check "quickstart.sh with an argument" 64 "usage: launch/quickstart.sh" "$copy/launch/quickstart.sh" --help
check "photos.sh with a folder that is none" 64 "none has no folder train" "$copy/launch/photos.sh" "$work/none"
check "namespaces.sh with another subnet" 64 "BALLAST_TEST_SUBNET is" \
    env BALLAST_TEST_SUBNET='10.77.0 -x' "$root/Tests/cluster/namespaces.sh" options
check "a command that begins with -" 64 "usage" "$copy/launch/local.sh" -n 2 -- -np
same "no number was executed" "$(cd "$work" && ls executed 2>/dev/null)" ""

check "cluster.sh without a hostfile" 64 "--hostfile is missing" "$cluster" -n 2 -- ballast
check "cluster.sh without ranks" 64 "-n is missing" "$cluster" --hostfile "$hosts" -- ballast
check "cluster.sh with zero ranks" 64 "not '0'" "$cluster" --hostfile "$hosts" -n 0 -- ballast
check "cluster.sh without a command" 64 "command after -- is missing" "$cluster" --hostfile "$hosts" -n 2
check "cluster.sh with an unknown option" 64 "'--host' is no option" "$cluster" --host a
check "cluster.sh with wrong restarts" 64 "not 'many'" "$cluster" --hostfile "$hosts" -n 2 --restarts many -- ballast
check "a hostfile that is missing" 64 "none is missing" "$cluster" --hostfile "$work/none" -n 2 -- ballast
echo '# nobody' >"$work/empty"
check "a hostfile without hosts" 64 "names no hosts" "$cluster" --hostfile "$work/empty" -n 2 -- ballast
echo 'host-8 slot=2' >"$work/typo"
check "a hostfile with a wrong word" 64 "typo:1: 'slot=2' is not understood" "$cluster" --hostfile "$work/typo" -n 2 -- ballast
while read -r name; do
    echo "$name slots=2" >"$work/strange"
    check "a hostfile with the host $name" 64 "strange:1: '$name' is no host name: letters, digits and . _ - : @ are allowed, and no - at the beginning" \
        env -C "$work" "$cluster" --hostfile "$work/strange" -n 1 -- ballast
done <<'END'
x$(touch${IFS}executed)
x`touch${IFS}executed`
a[$(touch${IFS}executed)]
x'];touch${IFS}executed;'
../victim
/tmp/victim
-oProxyCommand=true
a,b
ä
END
same "nothing of a hostfile is executed" "$(cd "$work" && ls executed 2>/dev/null)" ""
mkdir "$work/answers"
echo kept >"$work/answers/victim"
# shellcheck source=launch/hosts.sh
# shellcheck disable=SC2030,SC2034 # A shell of its own for what is sourced; ask_hosts reads the names.
same "what a host answers is never written to a path made of its name" "$(
    . "$root/launch/hosts.sh"
    export TMPDIR=$work/answers
    host_names=(../victim) host_slots[../victim]=1
    ask_hosts / / false >/dev/null 2>&1
    cat "$work/answers/victim"
)" kept
printf 'node_1\nme@10.0.0.1\nA-b.example.org\n' >"$work/names"
# shellcheck source=launch/hosts.sh
same "names and addresses of hosts are read" "$(. "$root/launch/hosts.sh"; read_hostfile "$work/names" && echo "${host_names[*]}")" \
    "node_1 me@10.0.0.1 A-b.example.org"
# Bytes of a hostfile, as printf writes them, and what is read or what is said.
while IFS='|' read -r bytes expected; do
    # shellcheck disable=SC2059 # The bytes are a format.
    printf "$bytes" >"$work/form"
    # shellcheck source=launch/hosts.sh
    # shellcheck disable=SC2030 # A shell of its own for what is sourced.
    actual=$(
        cd "$work" || exit
        . "$root/launch/hosts.sh"
        read_hostfile form 2>&1 || exit 0
        for name in "${host_names[@]}"; do printf '%s ' "$name=${host_slots[$name]}"; done
    )
    same "hostfile $(printf '%q' "$bytes")" "${actual% }" "$expected"
done <<'END'
a slots=2\r\nb\r\n|a=2 b=
a slots=2\r|a=2
a slots=2|a=2
a slots=2  \t\n  \t\n\tb slots=1|a=2 b=1
\xef\xbb\xbfa slots=2\n|a=2
\xef\xbb\xbf# only a comment\r\n\r\na|a=
a#comment\nb slots=3#another\n|a= b=3
a slots = 2\n|a=2
a count=2\nb cpu=3 max_slots=4\n|a=2 b=3
\n\n|
\xff\xfea\x00\n\x00|form is UTF-16: save it as plain text, UTF-8
a\x00b\n|form:1: '$'a\001b'' is no host name: letters, digits and . _ - : @ are allowed, and no - at the beginning
a\rb slots=2\n|form:1: '$'a\rb'' is no host name: letters, digits and . _ - : @ are allowed, and no - at the beginning
a\n\x1b[2J\n|form:2: '$'\E[2J'' is no host name: letters, digits and . _ - : @ are allowed, and no - at the beginning
me@-x\n|form:1: 'me@-x' is no host name: letters, digits and . _ - : @ are allowed, and no - at the beginning
@a\n|form:1: '@a' is no host name: it is user@host
a:4\n|form:1: 'a:4' is not understood; a line is: host slots=N, so: a slots=4
fe80::1 slots=1\n|form:1: 'fe80::1' is an IPv6 address, which OpenMPI does not take; a name for it does, from /etc/hosts for example
a 4\n|form:1: '4' is not understood; a line is: host slots=N, so: a slots=4
a slot=2\n|form:1: 'slot=2' is not understood; a line is: host slots=N, so: a slots=2
a user=me\n|form:1: 'user=me' is not understood; a line is: host slots=N, and the user stands before the host: me@a
a slots=0\n|form:1: 'slots=0' is not a number of slots from 1 to 999999
a slots=18446744073709551616\n|form:1: 'slots=18446744073709551616' is not a number of slots from 1 to 999999
a slots=PATH[$(touch${IFS}executed)]\n|form:1: 'slots=PATH[$(touch${IFS}executed)]' is not a number of slots from 1 to 999999
a slots=3 max_slots=2\n|form:1: slots=3 is more than the 2 that the same line allows
END
same "nothing of these is executed" "$(cd "$work" && ls executed 2>/dev/null)" ""
printf 'a%.0s' {1..300} >"$work/long"
check "a long name" 64 "is no host name" "$cluster" --hostfile "$work/long" -n 1 -- ballast
head -c 2000 /dev/zero | tr '\0' ' ' >"$work/long"
check "a long line" 64 "long:1: a line of 2000 bytes" "$cluster" --hostfile "$work/long" -n 1 -- ballast
check "a hostfile without an end" 64 "/dev/zero is larger than 1 MiB" "$cluster" --hostfile /dev/zero -n 1 -- ballast
check "a folder as a hostfile" 64 "is a folder, not a hostfile" "$cluster" --hostfile "$work" -n 1 -- ballast
mkfifo "$work/pipe"
check "a pipe that nobody writes to" 64 "cannot be read within 10 s" "$cluster" --hostfile "$work/pipe" -n 1 -- ballast
seq -f 'h%.0f' 5000 >"$work/many"
check "thousands of hosts" 64 "many:4097: more than 4096 hosts" "$cluster" --hostfile "$work/many" -n 1 -- ballast

# No room for the files of OpenMPI's session; a limit on the size of files is like a full disk.
for line in "$copy/launch/local.sh" "$cluster --hostfile $copy/hostfiles/one-machine"; do
    read -r -a script <<<"$line"
    name=$(basename "${script[0]}")
    check "$name where TMPDIR is missing" 76 "$work/none, does not exist" env TMPDIR="$work/none" "${script[@]}" -n 2 -- ballast
    check "$name where nothing can be written to TMPDIR" 76 "cannot be written in /proc" env TMPDIR=/proc "${script[@]}" -n 2 -- ballast
    # shellcheck disable=SC2016 # The inner shell expands its arguments.
    check "$name where TMPDIR has no room" 76 "no room for session files of OpenMPI in $temporary: 10 MiB are needed" \
        bash -c 'ulimit -f 64; exec "$@"' - "${script[@]}" -n 2 -- ballast
done

check "more ranks than slots" 64 "5 ranks are more than the 4 slots" "$cluster" --hostfile "$hosts" -n 5 -- ballast
check "a program that is missing" 64 "/none/ballast is missing" "$cluster" --hostfile "$hosts" -n 2 -- /none/ballast
same "none of these started a job" "$(count_calls)" 0
for file in "$root"/hostfiles/*; do
    # shellcheck source=launch/hosts.sh
    same "hostfile $(basename "$file") is read" "$(. "$root/launch/hosts.sh"; read_hostfile "$file" && [ ${#host_names[@]} -gt 0 ] && echo yes)" yes
done

# Threads: cores, ranks, what OMP_NUM_THREADS was, threads and options to be expected.
while read -r core_count rank_count before threads options; do
    anew=() ranks=${rank_count#anew,}
    if [ "$ranks" != "$rank_count" ]; then anew=(--anew); fi
    cores "$core_count"
    # shellcheck source=launch/threads.sh
    # shellcheck disable=SC2030,SC2031 # A shell of its own for what is sourced.
    actual=$(
        if [ "$before" != - ]; then export OMP_NUM_THREADS=$before; fi
        . "$root/launch/threads.sh"
        ballast_cpu_max=/missing
        ballast_divide_cores "${anew[@]}" "$ranks"
        echo "$OMP_NUM_THREADS $OPENBLAS_NUM_THREADS ${ballast_mpi_options[*]}"
    )
    same "$core_count cores, $rank_count ranks, OMP_NUM_THREADS $before" "$actual" "$threads $threads $options"
done <<'END'
8 1 - 8 --bind-to none
8 2 - 4 --bind-to none
8 3 - 2 --bind-to none
8 8 - 1 --bind-to none
8 9 - 1 --bind-to none --oversubscribe
1 1 - 1 --bind-to none
8 2 3 3 --bind-to none
8 anew,2 3 4 --bind-to none
8 anew,16 many 1 --bind-to none --oversubscribe
END
cores 64
while read -r limit expected; do
    echo "${limit/,/ }" >"$work/cpu.max"
    # shellcheck source=launch/threads.sh
    same "64 cores with the limit $limit" "$(cd "$work" || exit; . "$root/launch/threads.sh"; ballast_cpu_max=$work/cpu.max ballast_cores)" "$expected"
done <<'END'
PATH[$(touch${IFS}executed)],100000 64
100000,0 64
max,100000 64
400000,100000 4
50000,100000 1
9900000,100000 64
END
same "a limit is never executed" "$(cd "$work" && ls executed 2>/dev/null)" ""

# The line that is run.
cores 8
codes 0 0
check "local.sh prints its line" 0 "mpirun -np 2 --host localhost:2 --mca plm isolated --mca ras \\^slurm\\,gridengine\\,tm\\,lsf --bind-to none $copy/.build/release/ballast train --config a\\ b.yaml" \
    env ballast_cpu_max=/missing "$copy/launch/local.sh" -n 2 -- ballast train --config "a b.yaml"
holds "local.sh gives each rank its threads" "$work/calls" "threads=4,4 -np 2"
codes 0
check "cluster.sh ends with the job's code" 0 "mpirun -np 3 --host host-8:2\\,host-4:1 --map-by slot --wdir" \
    env BALLAST_MPI_OPTIONS="--mca btl_tcp_if_include 10.0.0.0/24" "$cluster" --hostfile "$hosts" -n 3 -- ballast train
holds "ranks are dealt evenly, threads are those of the smallest share" "$work/calls" "threads=4,4 -np 3 --host host-8:2,host-4:1"
holds "threads go to the other hosts" "$work/calls" "-x OMP_NUM_THREADS -x OPENBLAS_NUM_THREADS"
same "faults and the limit of a stall do not, unless they are set" "$(grep -c -e BALLAST_ "$work/calls")" 0
codes 0
BALLAST_STALL_SECONDS=30 BALLAST_FAULTS=x "$cluster" --hostfile "$hosts" -n 3 -- ballast train >"$output" 2>&1
holds "... then they do" "$work/calls" "-x BALLAST_STALL_SECONDS -x BALLAST_FAULTS"
codes 0
BALLAST_MPI_OPTIONS="--mca btl_tcp_if_include 10.0.0.0/24" "$cluster" --hostfile "$hosts" -n 3 -- ballast train >"$output" 2>&1
holds "options of the user stand last" "$work/calls" "--mca btl_tcp_if_include 10.0.0.0/24 $copy/.build/release/ballast train"
holds "a lost host is noticed" "$work/calls" "--mca oob_tcp_keepalive_time 10"
codes 0
BALLAST_MPI_OPTIONS="--mca oob_tcp_keepalive_time 99" "$cluster" --hostfile "$hosts" -n 4 -- ballast evaluate >"$output" 2>&1
same "what the user says about lost hosts holds" "$(grep -o 'oob_tcp_keepalive[^ ]* [0-9]*' "$work/calls" | paste -sd ,)" "oob_tcp_keepalive_time 99"
same "short names need no option" "$(grep -c keep_fqdn "$work/calls")" 0
echo 'node.example.org-8 slots=2' >"$work/long-names"
codes 0
check "long names stay whole" 0 "--mca orte_keep_fqdn_hostnames 1" "$cluster" --hostfile "$work/long-names" -n 2 -- ballast
printf 'host-3\nhost-4 slots=1\n' >"$work/no-slots"
codes 0
check "a host without slots takes as many ranks as cores" 0 "host-3:3\\,host-4:1" "$cluster" --hostfile "$work/no-slots" -n 4 -- ballast
printf 'host-8 slots=1\nhost-4 slots=1\nhost-8 slots=1\n' >"$work/twice"
codes 0
check "a host named twice has the slots of both lines" 0 "host-8:2\\,host-4:1" "$cluster" --hostfile "$work/twice" -n 3 -- ballast

echo 'my_host-8 slots=2' >"$work/low-line"
codes 0
check "names with _ are passed on as they are" 0 "--mca regx naive" "$cluster" --hostfile "$work/low-line" -n 2 -- ballast
printf 'me@host-8 slots=2\nhost-4 slots=1\n' >"$work/users"
codes 0
check "a user goes to mpirun in a hostfile" 0 "mpirun -np 2 --hostfile" "$cluster" --hostfile "$work/users" -n 2 -- ballast
same "... which says what is dealt out" "$(paste -sd , "$work/hostfile")" "me@host-8 slots=1,host-4 slots=1"
same "... and is removed" "$(sed -n 's/.*--hostfile \([^ ]*\).*/\1/p' "$work/calls" | xargs ls 2>/dev/null)" ""
codes 0
check "cluster.sh needs no ssh on this machine alone" 0 "--host localhost:2 --mca plm isolated" \
    "$cluster" --hostfile "$copy/hostfiles/one-machine" -n 2 -- ballast
check "a host that is not this machine needs it" 76 "nossh, which reaches other hosts, is missing here" \
    env OMPI_MCA_plm_rsh_agent=nossh "$cluster" --hostfile "$hosts" -n 2 -- ballast
codes 0
check "options of the user on several lines" 0 "--mca a 1 --mca b 2 $copy" \
    env BALLAST_MPI_OPTIONS=$'--mca a 1\n--mca b 2' "$cluster" --hostfile "$hosts" -n 3 -- ballast train

# Closed streams, and a reader that has seen enough.
for line in "$copy/launch/local.sh" "$cluster --hostfile $hosts"; do
    for closed in '2>&-' '<&-' '<&- >&- 2>&-' '2>&1 | :' '2>&1 | head -n 1'; do
        codes 65
        check "$(basename "${line%% *}") ... $closed" 65 "" bash -c "set -o pipefail; $line -n 2 -- ballast train $closed"
        same "... runs the job" "$(count_calls)" 1
    done
done

# New starts: codes of the job, --restarts, exit code and number of starts to be expected.
while read -r list restarts expected starts; do
    IFS=, read -r -a ends_with <<<"$list"
    codes "${ends_with[@]}"
    check "job ends with $list, --restarts $restarts" "$expected" "mpirun" \
        "$cluster" --hostfile "$hosts" -n 2 --restarts "$restarts" -- ballast train --config c.yaml
    same "... is started $starts times" "$(count_calls)" "$starts"
done <<'END'
0 3 0 1
75 0 75 1
75,0 1 0 2
76,75,0 3 0 3
76,76,76 2 76 3
killed,0 1 0 2
205,0 1 0 2
64,0 3 64 1
70,0 3 70 1
1,0 3 1 1
END
codes 76 0
"$cluster" --hostfile "$hosts" -n 2 --restarts 1 -- ballast train --config c.yaml >"$output" 2>&1
same "the first start does not resume" "$(head -n 1 "$work/calls" | grep -c -- --resume)" 0
same "the second does" "$(tail -n 1 "$work/calls" | grep -c -- 'c.yaml --resume auto$')" 1
codes 76 0
"$cluster" --hostfile "$hosts" -n 2 --restarts 1 -- ballast train --resume none >"$output" 2>&1
same "--resume of the user holds" "$(tail -n 1 "$work/calls" | grep -c -- 'train --resume none$')" 1
codes 76 0
"$cluster" --hostfile "$hosts" -n 2 --restarts 1 -- ballast evaluate >"$output" 2>&1
same "only train resumes" "$(grep -c -- --resume "$work/calls")" 0

codes 76
: >"$output" # holds what the last command said, and is looked at from the outset
BALLAST_RESTART_PAUSE=60 "$cluster" --hostfile "$hosts" -n 2 --restarts 1 -- ballast train >"$output" 2>&1 &
for ((i = 0; i < 200; i++)); do ! grep -q "restart 1 of 1" "$output" || break; sleep 0.05; done
began=$SECONDS code=0
kill -s TERM $!
wait $! || code=$?
same "TERM ends the pause before a new start" "$code $((SECONDS - began < 10))" "143 1"

# Hosts that do not answer.
printf 'host-8 slots=2\ndown-8 slots=2\n' >"$work/down"
codes 0
check "a host that does not answer" 76 "host down-8 does not answer" "$cluster" --hostfile "$work/down" -n 4 -- ballast
echo "refused-8 slots=2" >"$work/refused"
check "a host that refuses" 76 "host refused-8 does not answer: $'Permission denied\\E[2J (publickey).'" \
    "$cluster" --hostfile "$work/refused" -n 2 -- ballast
same "... starts nothing" "$(count_calls)" 0
check "a host left out" 0 "2 ranks instead of 4" "$cluster" --hostfile "$work/down" -n 4 --drop-failed-host -- ballast
holds "... gets no rank" "$work/calls" "-np 2 --host host-8:2 "
codes 0
check "a host left out that is not needed" 0 "is left out" "$cluster" --hostfile "$work/down" -n 2 --drop-failed-host -- ballast
echo 'down-8 slots=2' >"$work/all-down"
codes 0
check "no host left" 76 "no host is left" "$cluster" --hostfile "$work/all-down" -n 2 --drop-failed-host -- ballast

# What the scripts end with where mpirun ends with a code of its own.
while read -r code expected text; do
    for script in "$copy/launch/local.sh" "$cluster --hostfile $hosts"; do
        codes "$code"
        # shellcheck disable=SC2086 # A script and its options.
        check "$(basename "${script%% *}") ends with $expected when mpirun ends with $code" "$expected" "$text" \
            $script -n 2 -- ballast evaluate
    done
done <<'END'
0 0 mpirun
1 1 mpirun
65 65 mpirun
75 75 mpirun
76 76 mpirun
137 76 mpirun ended with 137: a rank was killed (SIGKILL)
139 76 mpirun ended with 139: a rank was ended by SIGSEGV
143 76 mpirun ended with 143: a rank was ended by SIGTERM
205 76 mpirun ended with 205: a host, or the network to it, is gone
255 76 mpirun ended with 255: a host could not be reached
killed 76 mpirun ended with 137: a rank was killed (SIGKILL)
END

# Signals to a script, which runs a command: what mpirun does, the signals, the exit code to be expected. A training
# job gets USR1 so that it saves, and TERM when the script gets another signal; other jobs get TERM at once.
until_there() { for ((i = 0; i < 200; i++)); do [ ! -e "$work/$1" ] || return 0; sleep 0.05; done; }
signalled() { # LABEL MPIRUN SIGNALS EXPECTED COMMAND…
    local label="$1 gets $3 while mpirun is ${2/wait/ready to save}" signals=$3 expected=$4 code=0 job
    codes "$2" 0
    shift 4
    # A shell ignores INT in what it starts in the background, and nohup HUP in all that it starts; env undoes that.
    env --default-signal=INT,HUP "$@" >"$output" 2>&1 </dev/null &
    job=$!
    until_there waits
    kill -s "${signals%%,*}" "$job"
    if [[ $signals = *,* ]]; then
        until_there heard
        kill -s "${signals##*,}" "$job"
    fi
    wait "$job" || code=$?
    same "$label" "$code" "$expected"
    same "... and nothing is started again" "$(count_calls)" 1
}
on_cluster=("$cluster" --hostfile "$hosts" -n 2 --restarts 3 -- ballast)
here=("$copy/launch/local.sh" -n 2 -- ballast)
while read -r mpirun signals expected command; do
    signalled "local.sh ... $command" "$mpirun" "$signals" "$expected" "${here[@]}" "$command"
    signalled "cluster.sh ... $command" "$mpirun" "$signals" "$expected" "${on_cluster[@]}" "$command"
done <<'END'
wait USR1 75 train
wait TERM 75 train
wait INT 75 train
wait HUP 75 train
deaf TERM,TERM 143 train
deaf INT,INT 130 train
wait TERM 143 evaluate
wait INT 130 evaluate
END

# The job does not save in time.
export BALLAST_GRACE_SECONDS=0
signalled "local.sh ... train" deaf TERM 143 "${here[@]}" train
holds "... which says why" "$output" "the job did not end within 0 s: ending it"
unset BALLAST_GRACE_SECONDS

# The script itself is killed: mpirun must not stay, nor what watches it.
codes wait
"${here[@]}" train >"$output" 2>&1 </dev/null &
job=$!
until_there waits
mapfile -t pids < <(pgrep -P "$job")
kill -KILL "$job"
wait "$job" 2>/dev/null
for ((i = 0; i < 200; i++)); do kill -0 "${pids[@]}" 2>/dev/null || break; sleep 0.1; done
same "mpirun and what watches it end with a script that is killed" \
    "${#pids[@]} $(ps -o pid= -p "$(IFS=,; echo "${pids[*]}")" | wc -l)" "2 0"
# Whoever starts the script may block signals; what is left open would hold up the reader.
codes 65
began=$SECONDS
check "a script that cannot hear TERM" 65 "" \
    bash -c "set -o pipefail; env --block-signal=TERM $copy/launch/local.sh -n 2 -- ballast train | cat"
same "... leaves nothing behind" "$((SECONDS - began < 10))" 1

# Slurm.
export SLURM_SUBMIT_DIR=$copy SLURM_NTASKS_PER_NODE=2 SLURM_CPUS_PER_TASK=16 SLURM_JOB_NUM_NODES=4 SLURM_JOB_ID=4711
batch=$work/slurm_script
cp "$root/launch/slurm.sbatch" "$batch"
same "Slurm's options stand before the first command" \
    "$(sed '/^[^#]/,$d' "$batch" | grep -cE '^#SBATCH --(nodes|ntasks-per-node|cpus-per-task|signal=B:USR1@120|requeue)')" 5
codes 0
check "a job of Slurm" 0 "mpirun -np 8 --map-by ppr:2:node" bash "$batch" train --config c.yaml
holds "... has the threads of a task" "$work/calls" "threads=16,16 -np 8"
same "... is not put into the queue again" "$(cat "$work/requeued" 2>/dev/null)" ""
codes 0
SLURM_RESTART_COUNT=1 bash "$batch" train --config c.yaml >"$output" 2>&1
holds "... resumes when Slurm starts it again" "$work/calls" "c.yaml --resume auto"
codes 0
env -u SLURM_NTASKS_PER_NODE -u SLURM_CPUS_PER_TASK BALLAST_RANKS_PER_NODE=2 SLURM_CPUS_ON_NODE=32 \
    bash "$batch" train >"$output" 2>&1
holds "a job of Slurm with a range of nodes" "$work/calls" "threads=16,16 -np 8"
codes 70
check "a job of Slurm that fails" 70 "mpirun" bash "$batch" train
same "... is not put into the queue again either" "$(cat "$work/requeued" 2>/dev/null)" ""
# What mpirun does, the signal, how often the job was started again, the exit code, and whether it is put into the
# queue again.
while read -r mpirun signal count expected requeue; do
    export SLURM_RESTART_COUNT=$count
    if [ "$signal" = - ]; then
        codes "$mpirun"
        code=0
        bash "$batch" train >"$output" 2>&1 || code=$?
        same "a job of Slurm ends with $mpirun after $count new starts" "$code" "$expected"
    else
        signalled "a job of Slurm" "$mpirun" "$signal" "$expected" bash "$batch" train
    fi
    same "... is put into the queue again: $requeue" "$(cat "$work/requeued" 2>/dev/null)" "${requeue/yes/requeue 4711}"
done <<'END'
wait USR1 0 75 yes
wait TERM 0 75
75 - 99 75 yes
76 - 0 76 yes
76 - 19 76 yes
76 - 20 76
137 - 0 76 yes
64 - 0 64
END
unset SLURM_RESTART_COUNT
codes
for name in SLURM_NTASKS_PER_NODE SLURM_CPUS_PER_TASK SLURM_JOB_NUM_NODES SLURM_RESTART_COUNT BALLAST_RESTARTS \
    BALLAST_RANKS_PER_NODE SLURM_CPUS_ON_NODE; do
    for value in "$long" "$attack"; do
        check "a job of Slurm with $name=$value" 64 "$name is '$value', expected a number from" \
            env -C "$work" "$name=$value" bash "$batch" train
    done
done
check "a job of Slurm that does not say how many ranks" 64 "set BALLAST_RANKS_PER_NODE" \
    env -u SLURM_NTASKS_PER_NODE bash "$batch" train
check "a job of Slurm that sbatch did not start" 64 "SLURM_JOB_ID is not set" env -u SLURM_JOB_ID bash "$batch" train
same "none of these is executed or starts a job" "$(cd "$work" && ls executed 2>/dev/null)$(count_calls)" 0
check "a job of Slurm that knows no folder" 64 "SLURM_SUBMIT_DIR is not set: submit with sbatch" \
    env -u SLURM_SUBMIT_DIR bash "$batch" train
check "a job of Slurm submitted from a folder that is no checkout" 64 "is no checkout of Ballast" \
    env SLURM_SUBMIT_DIR="$work" bash "$batch" train
check "a job of Slurm without a command" 64 "usage" bash "$batch"
rm "$copy/.build/release/ballast"
check "a job of Slurm submitted from elsewhere" 64 "submit from the checkout" bash "$batch" train

# What ran beside the others: its exit code and what is said.
wait
while IFS='|' read -r name expected message; do
    same "$name" "$(cat "$work/$name/code")" "$expected"
    holds "... says so" "$work/$name/output" "$message"
    rank=$(cat "$work/$name/rank" 2>/dev/null)
    same "... and leaves nothing of its session behind" "$([ -z "$rank" ] || ps -o args= -p "$rank")" ""
    same "... within half a minute" "$(($(cat "$work/$name/seconds") <= 30))" 1
done <<'END'
hangs|76|mpirun does not see that its ranks have ended
stuck-train|143|mpirun does not end: killing it
stuck-other|130|mpirun does not end: killing it
stuck-thrice|129|told to stop again: ending the job
END

expect_checks 391
end_suite
