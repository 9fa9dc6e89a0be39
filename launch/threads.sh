# shellcheck shell=bash
# The one place that divides a machine's cores into ranks and threads. To be sourced; defines
#
#     ballast_cores                                  prints how many cores of this machine are ours
#     ballast_divide_cores [--anew] RANKS [CORES]    divides the cores of a machine by the ranks on it
#
# The second sets OMP_NUM_THREADS (oneDNN and Ballast's own loops) unless it is set already, with --anew whatever it
# is, and OPENBLAS_NUM_THREADS for each rank, fills the array ballast_mpi_options, and lets OpenMPI run as root in a
# container.

ballast_cores() {
    local cores quota period
    # nproc would print OMP_NUM_THREADS if that is set.
    cores=$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc)
    # A container can be allowed less time than it sees cores: "200000 100000" is two cores, "max" is all.
    # Anything but numbers counts as no limit: arithmetic would execute what it finds in a subscript.
    if read -r quota period 2>/dev/null <"${ballast_cpu_max:-/sys/fs/cgroup/cpu.max}" &&
        [[ $quota,$period =~ ^[1-9][0-9]{0,17},[1-9][0-9]{0,17}$ ]]; then
        if [ $((quota / period)) -lt "$cores" ]; then cores=$((quota / period)); fi
        if [ "$cores" -lt 1 ]; then cores=1; fi
    fi
    echo "$cores"
}

ballast_divide_cores() {
    if [ "$1" = --anew ]; then
        OMP_NUM_THREADS=''
        shift
    fi
    local ranks=$1 cores=${2:-$(ballast_cores)}
    # What was set by others: not arithmetic, which would execute what it finds in a subscript.
    if [ -n "${OMP_NUM_THREADS:-}" ] && [[ ! $OMP_NUM_THREADS =~ ^[1-9][0-9]{0,4}$ ]]; then
        echo "OMP_NUM_THREADS is ${OMP_NUM_THREADS@Q}, expected a number of threads from 1 to 99999" >&2
        exit 64
    fi
    if [ -z "${OMP_NUM_THREADS:-}" ]; then
        OMP_NUM_THREADS=$((cores / ranks))
        if [ "$OMP_NUM_THREADS" -lt 1 ]; then OMP_NUM_THREADS=1; fi
    fi
    export OMP_NUM_THREADS
    export OPENBLAS_NUM_THREADS=$OMP_NUM_THREADS
    # No rank is pinned to fewer cores than it has threads, as mpirun would do by itself.
    ballast_mpi_options=(--bind-to none)
    if [ "$ranks" -gt "$cores" ]; then ballast_mpi_options+=(--oversubscribe); fi
    if [ "$(id -u)" = 0 ]; then
        export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    fi
}
