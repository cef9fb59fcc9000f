# What the scripts here share: the environment, their command lines, the stacks' names, full disks.
# Where a script that sources this fails, its last lines name the disks that are full.
mlops_script=1 # env.sh is silent then
# shellcheck source=toolchain/env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

# The XDG specification has relative paths ignored; Go refuses to build with one.
for mlops_xdg in XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME; do
    case ${!mlops_xdg:-/} in /*) ;; *) unset "$mlops_xdg" ;; esac
done

# The comment at the top of the script, which is its help.
mlops_usage() {
    local folder script
    for folder in operations toolchain toolchain/offline; do
        script=$mlops_root/$folder/${0##*/}
        [[ ! -e $script ]] || break
    done
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$script"
}

# Ends the script for a wrong command line, with a reason if there is one to give.
mlops_usage_error() {
    {
        [[ $# == 0 ]] || printf '%s\n\n' "$*"
        mlops_usage
    } >&2
    exit 2
}

# mlops_arguments COUNT ARGUMENT...: ends the script where its usage is asked for, where an option is
# unknown, and where the number of arguments is wrong.
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

# The configuration file of a stack, whose name may have its organization and project before it.
mlops_config() { echo "Pulumi.${1##*/}.yaml"; }

# mlops_require_stack STACK: fails where there is no such stack, and lists those that there are.
mlops_require_stack() {
    local config names
    config=$(mlops_config "$1")
    [[ ! -e $config ]] || return 0
    names=$(printf '%s ' Pulumi.*.yaml | sed 's/Pulumi\.//g; s/\.yaml//g; s/ $//')
    echo "There is no stack \"$1\": $config is missing. There are: $names" >&2
    return 1
}

# The disks of the project's folders that are full, one a line: that have less than 1 MiB. Each with the
# first of these folders on it, and the variable that says where another one is.
mlops_full_disks() {
    local variable folder
    # Not a here-document: bash keeps those in TMPDIR.
    printf '%s\n' "TMPDIR=${TMPDIR:-/tmp}" "MLOPS_CACHE=$mlops_cache" "MLOPS_STATE=$mlops_state" \
        "PULUMI_HOME=$mlops_pulumi_home" "=$mlops_root" | while IFS='=' read -r variable folder; do
        [[ ! -d $folder ]] || df -Pk "$folder" 2>/dev/null | awk -v to="$variable" -v folder="$folder" '
            NR == 2 && $4 < 1024 { print $1 " " $6 "\t" to "\t" folder " has " $4 " KiB left" }'
    done | awk -F '\t' '!seen[$1]++ {
        printf "The disk is full: %s. Make room there", $3
        print $2 ? ", or set " $2 " to a folder on another disk." : "."
    }'
}
# Fails where a disk is full: before something is made that could not be noted in the state, and before
# a file is written again that would be cut.
mlops_require_room() { [[ -z $(mlops_full_disks) ]]; }
# mlops_ended STATUS: names the full disks where the status is a failure: they cause many others.
mlops_ended() { (($1 == 0)) || mlops_full_disks >&2; }
# The script that was started first says it, once.
if [[ -z ${MLOPS_WITHIN:-} ]]; then
    export MLOPS_WITHIN=1
    trap 'mlops_ended $?' EXIT
fi
