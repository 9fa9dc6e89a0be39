# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # Tables of launch/hosts.sh, and one for launch/cluster.sh.
# Copies what a job needs to hosts that lack it, by rsync, and says what differed. To be sourced; defines
#
#     sync_paths COMMAND…         prints the paths that a command of Ballast needs, each with a zero byte behind it: the
#                                 program, launch/, what its arguments name, and for `train` what its configuration names
#     sync_hosts LIST AGENT…      copies the paths in a file to all hosts that could be asked and are not this machine;
#                                 fills host_sync_trouble. Returns 1 when the script gets a signal
#
# Paths are the same on every host. Files there that are not here stay; no link is followed, but what it leads to is
# copied too. With a file system that hosts share nothing differs, and nothing is written.
#
# Needs launch/hosts.sh, launch/jobs.sh, root, and say.
declare -A host_sync_trouble=() sync_process=()

# Prints a path that exists, and where it leads by way of links.
sync_path() { # PATH
    [ -e "$1" ] || return 0
    local path
    path=$(realpath -s -- "$1")
    # The whole of a file system is never meant.
    [ "$path" != / ] || return 0
    printf '%s\0' "$path" "$(realpath -- "$path")"
    if [ -d "$path" ]; then find -H "$path" -type l -exec realpath -z -e -- {} + 2>/dev/null || true; fi
}

# Prints the shards that a path with ranges of numbers in braces stands for: train-{000..009}.tar.
sync_shards() { # PATH
    local pattern='^([^{}]*)[{]([0-9]{1,9})[.][.]([0-9]{1,9})[}](.*)$' before first last rest number digits
    if ! [[ $1 =~ $pattern ]]; then
        sync_path "$1"
        return
    fi
    before=${BASH_REMATCH[1]} first=${BASH_REMATCH[2]} last=${BASH_REMATCH[3]} rest=${BASH_REMATCH[4]}
    for ((number = 10#$first; number <= 10#$last && number < 10#$first + 100000; number++)); do
        printf -v digits "%0${#first}d" "$number"
        sync_shards "$before$digits$rest"
    done
}

# Prints the images of a list, "path label" or "path label group" a line, or its shards; of IDX files, those beside it.
sync_list() { # FILE
    local line path folder files=()
    folder=$(dirname -- "$1")
    case ${1##*/} in
    *.safetensors) return ;;
    *-ubyte | *-ubyte.gz) files=("$folder"/*-ubyte*) ;;
    *)
        while IFS= read -r line || [ -n "$line" ]; do
            path=${line%$'\r'}
            case $path in
            /*'{'*.tar) sync_shards "$path" ;;
            *'{'*.tar) sync_shards "$folder/$path" ;;
            esac
            # A path can have spaces, a label cannot.
            for _ in 1 2; do
                path=${path%[$' \t']*}
                case $path in /*) ;; *) path=$folder/$path ;; esac
                if [ -f "$path" ]; then
                    files+=("$path")
                    break
                fi
            done
        done < <(tr -d '\0' <"$1") ;;
    esac
    [ ${#files[@]} -gt 0 ] || return 0
    printf '%s\0' "${files[@]}" | xargs -0 realpath -zs --
    printf '%s\0' "${files[@]}" | xargs -0 realpath -z --
}

sync_paths() { # COMMAND…
    local argument value key
    sync_path "$1"
    sync_path "$root/launch"
    for argument in "${@:3}"; do
        case $argument in output=* | -*) continue ;; esac
        sync_path "$argument"
        sync_path "${argument#*=}"
    done
    ballast_is_training "$@" || return 0
    # The configuration as it would run, with absolute paths.
    while IFS=: read -r key value; do
        value=${value# }
        if [[ $value = \"*\" ]]; then
            value=${value:1:-1}
            value=${value//\\\"/\"}
            value=${value//\\\\/\\}
        fi
        case $key:$value in
        *output:*) ;;
        *:/*)
            case $value in *'{'*.tar) sync_shards "$value" ;; *) sync_path "$value" ;; esac
            case $key in *train | *validation | *test) if [ -f "$value" ]; then sync_list "$value"; fi ;; esac ;;
        esac
    done < <("$@" --dry-run 2>/dev/null)
}

# Copies to one host, and prints what differed, a path a line.
sync_host() { # LIST HOST AGENT…
    # The job begins in this folder.
    "${@:3}" "$2" mkdir -p -- "$(printf %q "$PWD")" || return
    # Folders on the way to a path keep what they are on that host.
    exec rsync -rlpt --relative --no-implied-dirs --from0 --files-from="$1" --out-format=%n --timeout=60 \
        -e "${*:3}" -- / "$2:/"
}

sync_hosts() { # LIST AGENT…
    local list=$1 answers host number=0 code count names
    shift
    command -v rsync >/dev/null || { say "rsync, which --sync copies with, is missing here: install it"; exit 64; }
    answers=$(mktemp -d)
    sync_process=() host_sync_trouble=()
    for host in "${host_names[@]}"; do
        number=$((number + 1))
        if [ -n "${host_here[$host]}" ] || [[ ${host_trouble[$host]} = 'does not answer'* ]]; then continue; fi
        sync_host "$list" "$host" "$@" >"$answers/$number" 2>"$answers/$number.errors" </dev/null &
        sync_process[$host]=$!
    done
    number=0
    for host in "${host_names[@]}"; do
        number=$((number + 1))
        [ -n "${sync_process[$host]:-}" ] || continue
        code=0
        wait "${sync_process[$host]}" || code=$?
        if [ -n "$ballast_told" ]; then
            kill "${sync_process[@]}" 2>/dev/null || true
            wait
            rm -rf -- "$answers"
            return 1
        fi
        if [ "$code" -ne 0 ]; then
            host_sync_trouble[$host]="cannot be sent files, rsync ended with $code: $(ballast_shown "$(grep -v '^rsync error' "$answers/$number.errors" | tail -n 1)")"
            if grep -q 'rsync: .*not found' "$answers/$number.errors"; then host_sync_trouble[$host]="lacks rsync, which --sync copies with: install it there"; fi
            continue
        fi
        count=$(grep -vc '/$' "$answers/$number" || true)
        names=$(grep -v '/$' "$answers/$number" | head -n 3 | sed 's|^|/|' | paste -sd , | sed 's/,/, /g')
        case $count in
        0) say "host $host: nothing differed" ;;
        1) say "host $host: 1 file differed and was copied: $(ballast_shown "$names")" ;;
        [23]) say "host $host: $count files differed and were copied: $(ballast_shown "$names")" ;;
        *) say "host $host: $count files differed and were copied: $(ballast_shown "$names") and others" ;;
        esac
    done
    rm -rf -- "$answers"
}
