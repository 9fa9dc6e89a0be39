# shellcheck shell=bash
# Whether OpenMPI can write its session files, without which mpirun hangs and is deaf to signals. To be sourced, and to
# be sent to other hosts; defines
#
#     ballast_write                 writes zeros to see whether there is room
#     ballast_session_trouble       prints what is wrong with the folder for them; nothing if nothing is

ballast_write() { # KIBIBYTES FILE; removes the file
    local code=0
    exec 3>"$2"
    rm -f -- "$2"
    head -c "${1}K" /dev/zero >&3 || code=1
    exec 3>&-
    return "$code"
}

ballast_session_trouble() {
    # 8.1 MiB for 1 to 24 ranks on a machine.
    local needed=10240 folder file free
    folder=${OMPI_MCA_orte_tmpdir_base:-${TMPDIR:-${TEMP:-${TMP:-/tmp}}}}
    if [ ! -d "$folder" ]; then
        echo "the folder for session files of OpenMPI, $folder, does not exist: make it, or set TMPDIR to another"
    elif ! file=$(mktemp -- "$folder/ballast-XXXXXXXXXX" 2>&1); then
        echo "session files of OpenMPI cannot be written in $folder (${file##*: }): set TMPDIR to another folder"
    elif ! ballast_write "$needed" "$file" 2>/dev/null; then
        free=$(df --output=avail -k -- "$folder" 2>/dev/null | tail -n 1)
        echo "no room for session files of OpenMPI in $folder: $((needed / 1024)) MiB are needed, ${free//[!0-9]/} KiB are free: make room, or set TMPDIR to another folder"
    fi
}
