#!/usr/bin/env bash
# Hands hostfiles and numbers that chance made to the launch scripts, with stand-ins for mpirun, ssh and installers:
# nothing of them is executed, nothing is written elsewhere, nothing hangs, and each ends with the code that it must:
# 0, or 64 with a message of a few hundred bytes.
#   Tests/run-hostfile-fuzz.sh [SEED [COUNT]]        a number, so that a run can be repeated (2026); inputs (400)
# shellcheck source=Tests/harness.sh
. "$(dirname "$0")/harness.sh"
root=$(cd "$(dirname "$0")/.." && pwd)
seed=${1:-2026} count=${2:-400}
for number in "$seed" "$count"; do
    [[ $number =~ ^[1-9][0-9]{0,4}$ ]] || { echo "usage: Tests/run-hostfile-fuzz.sh [SEED [COUNT]], numbers from 1 to 99999" >&2; exit 64; }
done
begin_suite "hostfile fuzz"
passes_are_printed=''
RANDOM=$seed
echo "seed $seed, $count inputs"

# A checkout with scripts and an empty ballast.
copy=$work/checkout
mkdir -p "$copy/.build/release" "$work"/{bin,temporary,here,calls}
cp -r "$root/launch" "$root/hostfiles" "$copy"
stub() { # FILE, its text from standard input
    { echo '#!/usr/bin/env bash'; cat; } >"$1"
    chmod +x "$1"
}
stub "$copy/.build/release/ballast" </dev/null
# Notes what it got; a host that begins with - or holds what a shell reads must not come so far.
stub "$work/bin/mpirun" <<'END'
printf '%s\0' "$@" >"$CALLS/mpirun"
END
stub "$work/bin/agent" <<'END'
printf '%s\n' "$1" >>"$CALLS/agent"
cat >/dev/null
echo "cores 4"
END
stub "$work/bin/getent" <<'END'
exit 2
END
for name in swift apt-get sudo scontrol; do
    stub "$work/bin/$name" <<'END'
touch "$CALLS/installed"
exit 1
END
done
unset BALLAST_MPI_OPTIONS BALLAST_GRACE_SECONDS BALLAST_RESTARTS SLURM_RESTART_COUNT OMP_NUM_THREADS
export CALLS=$work/calls TMPDIR=$work/temporary BALLAST_RESTART_PAUSE=0 OMPI_MCA_plm_rsh_agent=agent
export SLURM_SUBMIT_DIR=$copy PATH=$work/bin:$PATH
cluster=$copy/launch/cluster.sh
: >"$work/victim"

# What a hostfile can be made of, as printf writes it: good words, near misses and attacks. Each is one more word.
good=(a b-1 node7 10.0.0.1 me@c.example.org localhost x_y)
mapfile -t words <<'END'
a
node1
-oProxyCommand=touch${IFS}executed
x$(touch${IFS}executed)
x`touch${IFS}executed`
a[$(touch${IFS}executed)]
x'];touch${IFS}executed;'
../victim
../../victim
/etc/passwd
$HOME
~root
*
?
[a-z]
{a,b}
!!
&touch
|touch
;touch
>../victim
<../victim
a\\
a"b
a'b
\0
\001
\033[2J
\r
\t
\v
\f
\xff
\xef\xbb\xbf
\xc3\xa4
\xe2\x80\xae
a:4
::1
fe80::1
[::1]
a@b
@
a@
@b
a@-b
.
..
-
--
-n
:
_
^a
+n0
=
slots=1
slots=2
slots=99
slots=0
slots=-1
slots=01
slots=
slots
slots==2
slots=1.5
slots=0x10
slots=1e3
slots=18446744073709551616
slots=9223372036854775807
slots=PATH[$(touch${IFS}executed)]
slots=a[`touch${IFS}executed`]
slots=$((1+1))
slots=RANDOM
max_slots=4
max-slots=1
count=2
cpu=2
user=me
4
99999999999999999999
#
# comment
a#b
END
# Between them.
blanks=('\n' '\n' '\n' ' ' '  ' '\t' '\r\n' '\n\n' ' = ' '')
# One of the words behind. A function that printed it would draw in a shell of its own, which the next would repeat.
choose() { chosen=${*:RANDOM % $# + 1:1}; }

# Writes a hostfile: half of them of whole good lines with one thing changed, half of words as they come.
make_hostfile() { # FILE
    local text='' lines=$((RANDOM % 5)) i
    if ((RANDOM % 2)); then
        for ((i = 0; i <= lines; i++)); do
            choose "${good[@]}"
            text+="$chosen slots=$((RANDOM % 9 + 1))"
            choose '\n' '\n' '\r\n' ' # comment\n'
            text+=$chosen
        done
        if ((RANDOM % 4)); then
            choose "${words[@]}"
            i=$((RANDOM % (${#text} + 1)))
            text=${text:0:i}$chosen${text:i}
        fi
    else
        for ((i = 0; i < lines * 4; i++)); do
            choose "${words[@]}"
            text+=$chosen
            choose "${blanks[@]}"
            text+=$chosen
        done
    fi
    case $((RANDOM % 40)) in
    0) text=$(printf 'a%.0s' {1..5000}) ;;
    1) text+=$(printf ' %.0s' {1..5000})= ;;
    2) text+=$(printf 'h%d\\n' {1..20}) ;;
    esac
    # Changing one byte can split what printf reads as one: the shell then writes what it can.
    # shellcheck disable=SC2059 # The bytes are a format.
    printf "${text//%/%%}" >"$1" 2>/dev/null
}

# All that must not change: what is there at the root of the file system, and the files here.
state() { ls -A / && find "$work"/{bin,checkout,temporary,here,victim} -type f -printf '%p %s %T@\n' -o -printf '%p\n' | sort; }

# What is wrong after a script has ended with CODE and printed into $output; nothing if nothing is.
wrong() { # CODE ALLOWED…
    local code=$1
    shift
    if [ "$code" -ge 124 ]; then
        echo "hangs or died: exit code $code"
    elif [[ " $* " != *" $code "* ]]; then
        echo "exit code $code, expected $*"
    elif grep -aqE 'line [0-9]+: |syntax error|unbound variable|integer expression' "$output"; then
        echo "bash complains"
    elif [ "$code" -eq 64 ] && [ ! -s "$output" ]; then
        echo "64 without a message"
    elif [ "$(wc -c <"$output")" -gt 2500 ] || LC_ALL=C grep -aq $'[\x01-\x08\x0b-\x1f]' "$output"; then
        echo "more than 2,500 bytes, or control characters, are printed"
    elif [ -n "$(find "$work" -name 'executed*')" ] || [ -e "$CALLS/installed" ]; then
        echo "something was executed"
    elif [ "$(state)" != "$before" ]; then
        echo "files changed: $(diff <(echo "$before") <(state) | grep '^[<>]' | head -n 3)"
    elif [ -e "$CALLS/agent" ] && grep -aqvE '^([A-Za-z0-9._]+@)?[A-Za-z0-9._][A-Za-z0-9._-]*$' "$CALLS/agent"; then
        echo "a strange host was asked"
    elif [ "$code" -eq 0 ] && [ ! -e "$CALLS/mpirun" ]; then
        echo "0, and no job"
    elif [ "$code" -ne 0 ] && [ -e "$CALLS/mpirun" ]; then
        echo "a job, and $code"
    fi
}

# Runs a script on one input.
try() { # LABEL "CODES" COMMAND…
    local code=0 problem allowed
    read -r -a allowed <<<"$2"
    rm -f "$CALLS"/*
    before=$(state)
    { timeout --kill-after 2 30 env -C "$work/here" "${@:3}" >"$output" 2>&1 </dev/null || code=$?; } 2>/dev/null
    outcomes[code]=$((${outcomes[code]:-0} + 1))
    problem=$(wrong "$code" "${allowed[@]}")
    verdict "$1" "$problem"
    # What is found is not found again with each input.
    [ -z "$problem" ] || find "$work" -name 'executed*' -delete
}
outcomes=()
shown=("$output" "$work/hosts")

for ((input = 1; input <= count; input++)); do
    make_hostfile "$work/hosts"
    try "hostfile $input of seed $seed" "0 64" "$cluster" --hostfile "$work/hosts" -n "$((RANDOM % 4 + 1))" -- ballast train
done

# Numbers: what is one must be taken, and what is none must not.
shown=("$output")
mapfile -t numbers <<'END'
0
1
2
3
9
01
00
10
99999
100000
-1
+1
1.5
.5
1e3
0x10
1_000
1 2
a
RANDOM
$((1+1))
PATH[$(touch executed)]
a[`touch executed`]
1;touch executed
$(touch executed)
1-1
2**63
18446744073709551616
9223372036854775808
-9223372036854775808
١
∞
NaN
END
numbers+=('' ' 1' '1 ' $'1\n2' $'1\r')
echo 'a slots=1000' >"$work/hosts"
for ((input = 1; input <= count / 4; input++)); do
    choose "${numbers[@]}"
    number=$chosen
    if ((RANDOM % 3 == 0)); then number=$((RANDOM % 40 + 1)); fi
    case $((RANDOM % 7)) in
    0) minimum=1 maximum=99999 command=("$copy/launch/local.sh" -n "$number" -- ballast train) ;;
    1) minimum=1 maximum=1000 command=("$cluster" --hostfile "$work/hosts" -n "$number" -- ballast train) ;;
    2) minimum=0 maximum=99999 command=("$cluster" --hostfile "$work/hosts" -n 1 --restarts "$number" -- ballast train) ;;
    3) minimum=1 maximum=99999 command=(env "OMP_NUM_THREADS=$number" "$copy/launch/local.sh" -n 1 -- ballast train) ;;
    4) minimum=1 maximum=0 command=("$copy/launch/photos.sh" -n "$number" --seeds x) ;;
    5) minimum=1 maximum=99999
        command=(env SLURM_JOB_ID=1 SLURM_JOB_NUM_NODES=1 "SLURM_NTASKS_PER_NODE=$number" bash "$copy/launch/slurm.sbatch" train) ;;
    6) minimum=0 maximum=99999
        command=(env SLURM_JOB_ID=1 SLURM_JOB_NUM_NODES=1 SLURM_NTASKS_PER_NODE=1 "SLURM_RESTART_COUNT=$number"
            bash "$copy/launch/slurm.sbatch" train) ;;
    esac
    expected=64
    if [[ $number =~ ^(0|[1-9][0-9]{0,5})$ ]] && [ "$number" -ge "$minimum" ] && [ "$number" -le "$maximum" ]; then expected=0; fi
    # A variable that is empty counts as one that is not set.
    if [ -z "$number" ] && [[ ${command[*]} = *OMP_NUM_THREADS=* || ${command[*]} = *RESTART_COUNT=* ]]; then expected=0; fi
    try "number $input of seed $seed, $(printf '%q ' "${command[@]##*/}")" "$expected" "${command[@]}"
done

# Both kinds of end must have been tried.
verdict "hostfiles are taken and refused" "$([ "${outcomes[0]:-0}" -gt $((count / 10)) ] && [ "${outcomes[64]:-0}" -gt $((count / 10)) ] \
    || echo "${outcomes[0]:-0} ended with 0, ${outcomes[64]:-0} with 64")"
echo "exit codes: ${outcomes[0]:-0} times 0, ${outcomes[64]:-0} times 64"
expect_checks $((count + count / 4 + 1))
end_suite
