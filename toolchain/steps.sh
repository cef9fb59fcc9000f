# shellcheck shell=bash
# How the steps of the set-up are shown, locked and run. A step NAME is the functions NAME_found, which
# sets `found` to what there is, and NAME_install; NAME_missing says how to install it by hand.

say() { printf '%-12s %s\n' "$1" "$2"; }
die() {
    say "$1" "$2" >&2
    printf '%-12s %s\n' '' "→ $3" >&2
    exit 1
}

# long NAME WHAT COMMAND...: runs it with its output in the log; says how far it is, on a terminal all
# the time, else once a minute; shows the log's end if it fails.
long() {
    local name=$1 what=$2 started=$SECONDS said=0 now=0 pid rc=0 from width
    shift 2
    say "$name" "$what …"
    from=$(($(wc -c <"$log" 2>/dev/null || echo 0) + 1))
    width=$(tput cols 2>/dev/null || echo 80)
    # Before it starts: a signal in between would leave it behind. `$!` is the last job that was started.
    for signal in INT TERM HUP PIPE; do
        # shellcheck disable=SC2064 # which signal, and the job before
        trap "interrupt $signal '${!:-}'" "$signal"
    done
    # In a process group of its own, so that all of it ends when this script does; it keeps the lock until then.
    set -m
    { echo "== $name: $*"; "$@"; } >>"$log" 2>&1 &
    pid=$!
    set +m
    tell_waiting "$name: $what" "$pid"
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.2
        ((SECONDS - started > now)) || continue
        now=$((SECONDS - started))
        if [[ -t 1 ]]; then
            status=$(printf '%-12s %s … %d s%s' "$name" "$what" "$now" "$(progress "$from")")
            printf '\r\033[K%s' "${status:0:width - 1}"
        elif ((now - said >= 60)); then
            said=$now
            say "$name" "  $said s$(progress "$from")"
        fi
    done
    wait "$pid" || rc=$?
    trap - INT TERM HUP PIPE
    [[ -t 1 ]] && printf '\r\033[K'
    ((rc == 0)) || { tail -n 15 "$log" >&2; return "$rc"; }
    say "$name" "  done in $((SECONDS - started)) s"
}

# interrupt SIGNAL BEFORE: ends what a step has started since the job BEFORE, and then this script.
interrupt() {
    local group=${!:-}
    trap '' INT TERM HUP PIPE
    if [[ $group != "$2" ]]; then
        kill -TERM -- "-$group" 2>/dev/null || true
        for ((i = 0; i < 100; i++)); do
            kill -0 -- "-$group" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL -- "-$group" 2>/dev/null || true
    fi
    exit $((128 + $(kill -l "$1")))
}

# progress OFFSET: how far the Go builds are whose output begins there in the log; else nothing.
progress() {
    tail -c "+$1" "$log" | awk '
        /^go: downloading / { modules++ }
        /^go-packages [0-9]+$/ { built = total; total += $2; next }
        total && /^[^ :]+$/ && built < total { built++ }
        END {
            if (total) printf ", %d of %d Go packages", built, total
            else if (modules) printf ", %d Go modules downloaded", modules
        }'
}

need() { command -v "$2" >/dev/null || die "$1" "the command $2 is missing" "install the package $2"; }
reachable() { curl -fsSL --connect-timeout 5 --max-time 15 -o /dev/null "$1" 2>/dev/null 9>&-; }

# What was built on this machine is known by its sources, so that it is built again when those change;
# what was downloaded is known by its version.
sources_of() { cat "$@" | cksum; }
# is_current FOLDER SOURCE...: whether what was built there was built from these.
is_current() { [[ ! -e $1/.built-from || $(cat "$1/.built-from") == "$(sources_of "${@:2}")" ]]; }
# is_built FOLDER SOURCE...: whether it was built there, from these.
is_built() { [[ -e $1/.built-from ]] && is_current "$@"; }

# find_missing: sets `missing` to the steps that have something to install. With "say" it says what is there.
find_missing() {
    local step
    missing=()
    for step in "${steps[@]}"; do
        found=
        if ! "${step}_found"; then missing+=("$step"); elif [[ ${1:-} == say ]]; then say "$step" "$found"; fi
    done
}

# A lock on an open file: it goes with the process, however that ends. Perl has it on every system; flock(1) does not.
try_lock() { perl -e 'use Fcntl ":flock"; open(my $f, ">&=9"); exit !flock($f, LOCK_EX | LOCK_NB)'; }
lock() {
    local started=$SECONDS said=
    need setup perl
    exec 9>>"$mlops_cache/setup.lock"
    until try_lock; do
        # At once, and then each minute.
        if [[ -z $said ]] || ((SECONDS - said >= 60)); then
            said=$SECONDS
            say setup "waiting for another set-up on this machine$(holder), for $((SECONDS - started)) s"
        fi
        sleep 0.5
    done
    tell_waiting 'looks what is missing' $$
}
# tell_waiting WHAT GROUP: leaves a note for those who wait, of what is being done by which process group.
tell_waiting() {
    { true >&9; } 2>/dev/null || return 0 # without the lock nobody waits
    printf '%s\n' "$$" "$2" "$(date +%H:%M:%S)" "$root" "$1" >"$mlops_cache/setup.holder" || true
}
holder() {
    local pid group since where what
    { read -r pid && read -r group && read -r since && read -r where && read -r what; } \
        <"$mlops_cache/setup.holder" 2>/dev/null || return 0
    if kill -0 "$pid" 2>/dev/null; then
        echo ": process $pid in $where, since $since at $what"
    else
        echo ": process $pid in $where was killed, and what it started since $since still runs ($what; to end it: kill -- -$group)"
    fi
}

# setup [say]: installs what is missing. Looks first: only who has something to install takes the lock.
setup() {
    local step
    find_missing "$@"
    ((${#missing[@]} > 0)) || return 0
    case " ${missing[*]} " in
    *' folders '*) folders_install ;;
    *' cli '* | *' plugins '*)
        say setup "missing: ${missing[*]}. About 10 minutes where Pulumi and its plugins are built from source, else about 2."
        ;;
    esac
    lock
    : >"$log"
    for step in "${steps[@]}"; do
        found=
        "${step}_found" || { "${step}_install"; "${step}_found" || die "$step" 'still missing after its installation' "see $log"; }
        case " ${missing[*]} " in *" $step "*) say "$step" "$found" ;; esac
    done
}

doctor() {
    local missing=0 mend
    for step in "${steps[@]}"; do
        found=
        if "${step}_found"; then
            printf '✓ %-10s %s\n' "$step" "$found"
        else
            mend=${step}_missing missing=1
            [[ $step != folders ]] || folders_missing="set $folders_missing"
            printf '✗ %-10s missing → %s\n' "$step" "${!mend}"
        fi
    done
    echo 'and for the tests and the benchmark:'
    for step in "${test_steps[@]}" terraform providers; do
        found=
        if "${step}_found"; then
            printf '✓ %-10s %s\n' "$step" "$found"
        else
            mend=${step}_missing
            printf -- '- %-10s not there → %s\n' "$step" "${!mend}"
        fi
    done
    ((missing == 0)) || { echo; echo 'make up installs what it can of this.'; return 1; }
}
