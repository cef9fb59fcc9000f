#!/usr/bin/env bash
# The first process of a cluster's namespaces (see run.sh): sets them up and starts the programs.
set -euo pipefail
programs=$1 folder=$2 name=$3 host=$4 node=$5 ports=$6
export PATH=$programs/bin:$programs/usr/bin:$programs/usr/sbin:$PATH
data=$folder/data
mkdir -p "$data"

# The folders of this machine that the programs write to, whatever they are told.
mount -t tmpfs tmpfs /run
for part in lib log; do
    mkdir "/run/$part" "/run/$part.work"
    mount -t overlay overlay \
        -o "lowerdir=/var/$part,upperdir=/run/$part,workdir=/run/$part.work" "/var/$part"
done
# kubelet sets these for the whole machine. A file over each has the value that it wants.
set_apart() { echo "$2" >"/run/${1//\//.}" && mount --bind "/run/${1//\//.}" "/proc/sys/$1"; }
set_apart vm/overcommit_memory 1
set_apart kernel/panic 10
set_apart kernel/panic_on_oops 1

on_machine() { nsenter --net=/proc/self/fd/3 "$@"; }
on_machine ip link add "$name" type veth peer name eth0 netns 1
on_machine ip address add "$host/30" dev "$name"
on_machine ip link set "$name" up
exec 3<&-
ip link set lo up
ip address add "$node/30" dev eth0
ip link set eth0 up
echo 1 >/proc/sys/net/ipv4/ip_forward
# A client uses a port again after a minute, when its former pod may have ended.
echo 1 >/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_time_wait

cat >"$data/containerd.toml" <<END
version = 2
root = "$data/containerd"
state = "/run/containerd"
[grpc]
address = "$data/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "localhost/pause:1"
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "$folder/registries"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "$programs/usr/lib/cni"
conf_dir = "$data/cni"
END
mkdir "$data/cni"
cat >"$data/cni/pods.conflist" <<END
{
    "cniVersion": "0.4.0",
    "name": "pods",
    "plugins": [{
        "type": "ptp",
        "ipMasq": true,
        "ipam": {
            "type": "host-local",
            "ranges": [[{ "subnet": "10.244.0.0/16" }]],
            "routes": [{ "dst": "0.0.0.0/0" }]
        }
    }]
}
END
# Who reaches this port is on this machine, and an administrator of it.
cat >"$data/kubelet.yaml" <<END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
containerRuntimeEndpoint: unix://$data/containerd.sock
authentication: { anonymous: { enabled: true }, webhook: { enabled: false } }
authorization: { mode: AlwaysAllow }
cgroupDriver: cgroupfs
cgroupRoot: /$name
failCgroupV1: false
failSwapOn: false
resolvConf: ""
podLogsDir: $data/pods
volumePluginDir: $data/volume-plugins
imageGCHighThresholdPercent: 100
evictionHard: { nodefs.available: 1%, imagefs.available: 1%, nodefs.inodesFree: 1% }
END
# Zero: leaves the machine's limits of the connection table as they are.
cat >"$data/kube-proxy.yaml" <<END
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: { kubeconfig: "$folder/kubeconfig" }
hostnameOverride: node
mode: iptables
clusterCIDR: 10.244.0.0/16
conntrack:
    maxPerCore: 0
    min: 0
    tcpEstablishedTimeout: 0s
    tcpCloseWaitTimeout: 0s
END

# start PROGRAM ARGUMENT...: runs it, and again where it ends because another one is not up yet.
start() {
    while true; do "$@" >>"$folder/$1.log" 2>&1 || sleep 0.5; done &
}
for port in $ports; do
    start node sandbox/cluster/relayToMachine.ts "$port" "$folder/$port.sock"
done
start etcd --data-dir "$data/etcd" --unsafe-no-fsync
start kube-apiserver --etcd-servers http://127.0.0.1:2379 --advertise-address "$node" \
    --cert-dir "$folder/certificates" --token-auth-file "$folder/tokens.csv" \
    --authorization-mode RBAC --service-cluster-ip-range 10.96.0.0/16 --allow-privileged \
    --service-account-issuer https://kubernetes.default.svc \
    --service-account-key-file "$folder/service-accounts.pem" \
    --service-account-signing-key-file "$folder/service-accounts.pem" \
    --kubelet-preferred-address-types InternalIP
start kube-controller-manager --kubeconfig "$folder/kubeconfig" --leader-elect=false \
    --root-ca-file "$folder/certificates/apiserver.crt" \
    --service-account-private-key-file "$folder/service-accounts.pem"
start kube-scheduler --kubeconfig "$folder/kubeconfig" --leader-elect=false
start containerd --config "$data/containerd.toml"
start kubelet --config "$data/kubelet.yaml" --kubeconfig "$folder/kubeconfig" \
    --root-dir "$data/kubelet" --hostname-override node --node-ip "$node"
start kube-proxy --config "$data/kube-proxy.yaml"
start metrics-server --kubeconfig "$folder/kubeconfig" \
    --authentication-kubeconfig "$folder/kubeconfig" --authentication-skip-lookup \
    --authorization-kubeconfig "$folder/kubeconfig" --cert-dir "$data/metrics-server" \
    --bind-address 127.0.0.1 --secure-port 4443 --metric-resolution 15s \
    --kubelet-insecure-tls --kubelet-preferred-address-types InternalIP
until kubectl --kubeconfig "$folder/kubeconfig" apply --filename sandbox/cluster/metrics.yaml \
    >>"$folder/metrics.log" 2>&1; do sleep 0.5; done &
{
    until kubectl --kubeconfig "$folder/kubeconfig" apply --filename "$programs/routes.crd.yaml" \
        --filename sandbox/cluster/openshift.yaml >>"$folder/routes.log" 2>&1; do sleep 0.5; done
    start node sandbox/cluster/router.ts "$folder/kubeconfig" "$node"
    wait
} &
until ctr --address "$data/containerd.sock" --namespace k8s.io images import \
    "$programs/pause.tar" >>"$folder/pause.log" 2>&1; do sleep 0.5; done &

cat >/dev/null
