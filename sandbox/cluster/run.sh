#!/usr/bin/env bash
# Runs a Kubernetes cluster of one node until standard input ends, so that it ends with the process
# that started it, too. It has namespaces of its own for processes, mounts and the network: the
# kernel ends and removes what is in them together with their first process, node.sh. What is left
# is removed here.
#   run.sh FOLDER NAME HOST NODE PORTS
#     FOLDER   its files: keeps the logs, and removes the rest at the end
#     NAME     its network interface on this machine, and its control group
#     HOST     the address of this machine on that interface
#     NODE     the address of the node, in the same network of four addresses
#     PORTS    the ports that the node relays to FOLDER/PORT.sock; may be empty
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=toolchain/common.sh
. toolchain/common.sh
mlops_arguments 5 "$@"
folder=$1 name=$2

# One control group in each hierarchy: one of version 2, or several of version 1.
mapfile -t hierarchies < <(findmnt -rn -t cgroup,cgroup2 -o TARGET)
remove() {
    local hierarchy
    for hierarchy in "${hierarchies[@]}"; do
        find "$hierarchy/$name" -depth -type d -exec rmdir {} + 2>/dev/null || true
    done
    rm -rf --one-file-system "$folder/data"
}
trap remove EXIT
for hierarchy in "${hierarchies[@]}"; do mkdir -p "$hierarchy/$name"; done

# This machine's network is descriptor 3.
unshare --fork --kill-child --pid --mount-proc --mount --net \
    sandbox/cluster/node.sh "$mlops_cache/cluster" "$@" 3</proc/self/ns/net
