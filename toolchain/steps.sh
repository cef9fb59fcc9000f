# shellcheck shell=bash
# Runs the steps of the set-up. A step NAME is three things: NAME_found, which fails or describes in
# `found` what is installed; NAME_install; and NAME_fix, which says how to install it otherwise than
# with setup.sh.
log=$mlops_cache/setup.log

say() { printf '%-12s %s\n' "$step" "$1"; }
die() {
    say "$1" >&2
    printf '%-12s → %s\n' '' "$2" >&2
    exit 1
}

need() { command -v "$1" >/dev/null || die "the command $1 is missing" "install the package $1"; }

# long WHAT COMMAND...: runs COMMAND with its output in the log; if it fails, shows the log's end.
# COMMAND reports its progress on descriptor 3.
long() {
    local started=$SECONDS
    say "$1 …"
    # In a process group of its own, which `interrupted` ends. It keeps the lock until it ends.
    set -m
    { echo "== $step: $*" && "${@:2}"; } 3>&1 >>"$log" 2>&1 &
    set +m
    echo "process $$ in $mlops_root, since $(date +%T) at $step: $1 (to end it: kill -- -$!)" \
        >"$mlops_cache/setup.lock" || true
    wait "$!" || { tail -n 15 "$log" >&2; return 1; }
    say "  done in $((SECONDS - started)) s"
}
# interrupted SIGNAL: ends what `long` has started, and the set-up. A second signal does not wait.
interrupted() {
    local group
    trap - INT TERM HUP PIPE
    for group in $(jobs -p); do
        kill -TERM -- "-$group" 2>/dev/null || true
        while kill -0 -- "-$group" 2>/dev/null; do sleep 0.1; done
    done
    exit $((128 + $(kill -l "$1")))
}

# make_folder FOLDER COMMAND...: runs COMMAND PART, and renames the folder PART once it is complete.
make_folder() {
    local part=${1%/*}/.part-${1##*/}
    rm -rf "$part" && mkdir -p "$part" && "${@:2}" "$part" && rm -rf "$1" && mv "$part" "$1"
}
# build FOLDER SOURCE...: has build_STEP build FOLDER from the sources.
build() {
    . toolchain/offline/build.sh
    long 'built from source' from_sources "$1" "build_$step" "${@:2}"
}
# What was built is known by the checksum of its sources, so that it is built again after a change.
checksum() { cat "$@" | cksum; }
# is_built FOLDER SOURCE...: whether FOLDER was built from these sources.
is_built() { [[ $(cat "$1/.built-from" 2>/dev/null) == "$(checksum "${@:2}")" ]]; }
# is_current FOLDER SOURCE...: the same; true as well for what was downloaded.
is_current() { [[ ! -e $1/.built-from ]] || is_built "$@"; }

# Waits for the lock on an open file, which a process loses however it ends. Not every system has
# flock(1).
lock() {
    local holder=''
    need perl
    exec 9>>"$mlops_cache/setup.lock"
    until perl -e 'use Fcntl ":flock"; open(my $f, ">&=9"); exit !flock($f, LOCK_EX | LOCK_NB)'; do
        if [[ $holder != "$(<"$mlops_cache/setup.lock")" ]]; then
            holder=$(<"$mlops_cache/setup.lock")
            say "waiting for another set-up on this machine: $holder"
        fi
        sleep 0.5
    done
    : >"$mlops_cache/setup.lock"
}

# The first step of every set-up.
folders_found() {
    local folder folders=("MLOPS_CACHE=$mlops_cache" "PULUMI_HOME=$mlops_pulumi_home")
    [[ ${PULUMI_BACKEND_URL:-} != "file://$mlops_state/backend" ]] ||
        folders+=("MLOPS_STATE=$mlops_state")
    folders_fix='' found=$mlops_cache
    for folder in "${folders[@]}"; do
        { mkdir -p "${folder#*=}" 2>/dev/null && [[ -w ${folder#*=} ]]; } ||
            folders_fix+="${folders_fix:+, }set ${folder%%=*} to a folder instead of ${folder#*=}"
    done
    [[ -z $folders_fix ]]
}

# setup [say]: installs what is missing; with `say`, says what is installed. Takes the lock only if
# something is missing.
setup() {
    local missing='' signal fix
    for step in "${steps[@]}"; do
        found=
        if ! "${step}_found"; then missing+=" $step"; elif [[ $# == 1 ]]; then say "$found"; fi
    done
    [[ $missing ]] || return 0
    step=folders
    folders_found || die "some folders are not writable (HOME is $HOME)" "$folders_fix"
    step=setup
    [[ ! $missing =~ cli|plugins ]] || say "missing:$missing. A first set-up takes about 2 minutes,\
 or 15 on two cores where Pulumi and its plugins have to be built."
    lock
    for signal in INT TERM HUP PIPE; do
        # shellcheck disable=SC2064 # the present value
        trap "interrupted $signal" "$signal"
    done
    : >"$log"
    for step in "${steps[@]}"; do
        found=
        if ! "${step}_found"; then
            fix=${step}_fix
            { "${step}_install" && . toolchain/env.sh && "${step}_found"; } ||
                die "could not be installed; see $log" "${!fix:-toolchain/setup.sh}"
        fi
        [[ " $missing " != *" $step "* ]] || say "$found"
    done
}

# list MARK STEP...: lists the steps, with MARK what is missing; fails if something is.
list() {
    local fix status=0
    for step in "${@:2}"; do
        found=
        fix=${step}_fix
        if "${step}_found"; then
            printf '✓ %-10s %s\n' "$step" "$found"
        else
            printf '%s %-10s missing → %s\n' "$1" "$step" "${!fix:-toolchain/setup.sh}"
            status=1
        fi
    done
    return "$status"
}
doctor() {
    local status=0
    list ✗ "${steps[@]}" || status=1
    echo 'and for the tests and the benchmark:'
    list - "${test_steps[@]}" || true
    bench/setup.sh doctor
    ((status == 0)) || { echo && echo 'make up installs what it can of this.' && return 1; }
}
