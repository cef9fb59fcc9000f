# Functions that the scripts share: environment, command lines, stacks' names, full disks. If a
# script that sources this file fails, its last lines name the disks that are full.
mlops_script=1 # silences env.sh
# shellcheck source=toolchain/env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

# The XDG specification says to ignore relative paths; Go refuses to build with one.
for mlops_xdg in XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME; do
    case ${!mlops_xdg:-/} in /*) ;; *) unset "$mlops_xdg" ;; esac
done

# npm and Go download into HOME, if it is writable.
if [[ ! -w $HOME ]]; then
    export npm_config_cache=${npm_config_cache:-$mlops_cache/npm}
    export GOPATH=${GOPATH:-$mlops_cache/go} GOCACHE=${GOCACHE:-$mlops_cache/go-build}
fi

# Prints the comment at the top of the script as its help. $0 is relative to the folder that the
# script was started in.
mlops_usage() { (cd "$OLDPWD" && sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"); }

# mlops_usage_error [REASON]: prints the reason and the usage, and exits with code 2.
mlops_usage_error() {
    {
        [[ $# == 0 ]] || printf '%s\n\n' "$*"
        mlops_usage
    } >&2
    exit 2
}

# mlops_arguments COUNT ARGUMENT...: exits with the usage for --help, an unknown option or a wrong
# number of arguments.
mlops_arguments() {
    local count=$1 argument
    shift
    for argument; do
        case $argument in
        -h | --help) mlops_usage && exit 0 ;;
        -*) mlops_usage_error "Unknown option: $argument" ;;
        esac
    done
    [[ $# == "$count" ]] || mlops_usage_error
}

# mlops_config STACK: prints the stack's file. STACK is NAME or ORGANIZATION/PROJECT/NAME.
mlops_config() { echo "Pulumi.${1##*/}.yaml"; }

# mlops_require_stack STACK: fails if the stack has no file, and lists the stacks that have one.
mlops_require_stack() {
    local config names
    config=$(mlops_config "$1")
    [[ ! -e $config ]] || return 0
    names=$(printf '%s ' Pulumi.*.yaml | sed 's/Pulumi\.//g; s/\.yaml//g; s/ $//')
    echo "There is no stack \"$1\": $config is missing. There are: $names" >&2
    return 1
}

# Prints one line for each full disk (less than 1 MiB free) that holds a folder of the project: the
# first such folder and the variable that moves it.
mlops_full_disks() {
    local variable folder
    # Not a here-document: bash writes those to TMPDIR.
    printf '%s\n' "TMPDIR=${TMPDIR:-/tmp}" "MLOPS_CACHE=$mlops_cache" "MLOPS_STATE=$mlops_state" \
        "PULUMI_HOME=$mlops_pulumi_home" "=$mlops_root" | while IFS='=' read -r variable folder; do
        [[ ! -d $folder ]] || df -Pk "$folder" 2>/dev/null |
            awk -v to="$variable" -v folder="$folder" '
            NR == 2 && $4 < 1024 { print $1 " " $6 "\t" to "\t" folder " has " $4 " KiB left" }'
    done | awk -F '\t' '!seen[$1]++ {
        printf "The disk is full: %s. Make room there", $3
        print $2 ? ", or set " $2 " to a folder on another disk." : "."
    }'
}
# Fails if a disk is full: before creating a resource that the state could not record, or rewriting
# a file that would be truncated.
mlops_require_room() { [[ -z $(mlops_full_disks) ]]; }
# mlops_ended STATUS: after a failure, names the full disks: they cause many other errors.
mlops_ended() { (($1 == 0)) || mlops_full_disks >&2; }
# Only the process that was started first prints it.
export MLOPS_WITHIN=${MLOPS_WITHIN:-$$}
[[ $MLOPS_WITHIN != "$$" ]] || trap 'mlops_ended $?' EXIT
