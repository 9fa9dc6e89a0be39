# The one place that divides a machine's cores into ranks and threads. To be sourced:
#
#     . launch/threads.sh RANKS_ON_THIS_MACHINE
#
# Sets OMP_NUM_THREADS (oneDNN and Ballast's own loops) and OPENBLAS_NUM_THREADS for each rank, unless
# OMP_NUM_THREADS is set already, and lets OpenMPI run as root in a container.
ballast_ranks=${1:?ranks on this machine}
ballast_cores=$(nproc)
if [ -z "${OMP_NUM_THREADS:-}" ]; then
    OMP_NUM_THREADS=$((ballast_cores / ballast_ranks))
    [ "$OMP_NUM_THREADS" -ge 1 ] || OMP_NUM_THREADS=1
fi
export OMP_NUM_THREADS
export OPENBLAS_NUM_THREADS=$OMP_NUM_THREADS
# Options of mpirun: no rank is pinned to fewer cores than it has threads.
ballast_mpi_options=(--bind-to none)
if [ "$ballast_ranks" -gt "$ballast_cores" ]; then ballast_mpi_options+=(--oversubscribe); fi
if [ "$(id -u)" = 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
