# shellcheck shell=bash
# Builds from Go modules what cannot be downloaded, and what the tests need. A step sources this.
command -v go >/dev/null ||
    die 'must be built from source here, and Go is missing' 'install Go 1.26: https://go.dev/dl'

# from_sources FOLDER COMMAND SOURCE...: has COMMAND make FOLDER, and records the sources in it.
from_sources() { make_folder "$1" record "${@:2}"; }
record() {
    local part=${*: -1}
    "$1" "$part" && checksum "${@:2:$#-2}" >"$part/.built-from"
}

# go_build FOLDER OUT [-ldflags FLAGS] PACKAGE...: builds OUT, which is a folder if it ends with a
# slash, from packages of the module in FOLDER.
go_build() {
    local flags='-s -w'
    [[ $3 != -ldflags ]] || { flags+=" $4" && set -- "$1" "$2" "${@:5}"; }
    (
        cd "$1" && mkdir -p "${2%/*}" && export CGO_ENABLED=0 && total=$(
            go list -trimpath -deps -f '{{if .Stale}}{{.ImportPath}}{{end}}' "${@:3}" 2> >(
                progress >&2
            ) | wc -w
        ) && go build -v -trimpath -ldflags "$flags" -o "${@:2}" 2>&1 | progress "$total"
    )
}
# progress [TOTAL]: copies the output of go. Reports the modules that are downloaded and, in tenths,
# the packages that are compiled, of TOTAL.
progress() {
    local line modules=0 packages=0
    while IFS= read -r line; do
        echo "$line"
        case $line in
        'go: downloading '*)
            ((++modules % 100)) || say "  $modules modules downloaded" >&3
            ;;
        *[": "]*) ;;
        *)
            ((++packages % (${1:-0} / 10 + 10))) ||
                say "  $packages of ${1:-0} packages compiled" >&3
            ;;
        esac
    done
}

build_cli() { from_sources "$mlops_pulumi" compile_cli "${cli_sources[@]}"; }
compile_cli() {
    local sdk=github.com/pulumi/pulumi/sdk/v3
    local version="-X $sdk/go/common/version.Version"
    go_build toolchain/offline/pulumi "$1/bin/pulumi" -ldflags "$version=v$pulumi_version" \
        github.com/pulumi/pulumi/pkg/v3/cmd/pulumi &&
        go_build toolchain/offline/language-nodejs "$1/bin/pulumi-language-nodejs" . &&
        go_build toolchain/offline/language-nodejs "$1/bin/pulumi-language-nodejs-host" \
            -ldflags "$version=v3.68.0" $sdk/nodejs/cmd/pulumi-language-nodejs
}
# The CLI together with its language hosts, as in Pulumi's archive: it warns of hosts elsewhere. The
# programs of three hosts are one file, which knows by its name which one it is.
build_languages() {
    local module=toolchain/offline/languages hosts="$1/bin/pulumi-language" sdk
    sdk=$(cd "$module" && go list -m -f '{{.Dir}}' github.com/pulumi/pulumi/sdk/v3) &&
        go_build "$module" "$1/bin/" . \
            github.com/pulumi/pulumi-yaml/cmd/pulumi-{language,converter}-yaml &&
        mv "$1/bin/languages" "$hosts-nodejs" && ln "$hosts-nodejs" "$hosts-python" &&
        ln "$hosts-nodejs" "$hosts-go" &&
        install -m 755 "$sdk/python/cmd/pulumi-language-python-exec" "$1/bin/" &&
        cp "$(command -v pulumi)" "$1/bin/" || return
    for sdk in nodejs python; do
        go_build toolchain/offline/language-nodejs "$hosts-$sdk-host" \
            "github.com/pulumi/pulumi/sdk/v3/$sdk/cmd/pulumi-language-$sdk" || return
    done
}
build_plugin() { from_sources "$folder" compile_plugin "${plugin_sources[@]}"; }
compile_plugin() {
    if [[ $name == kubernetes ]]; then
        compile_kubernetes "$1"
    else
        go_build toolchain/offline/plugins "$1/pulumi-resource-$name" \
            -ldflags "-X main.version=$version" "./$name"
    fi
}
# The program embeds two files of its module, the schema with the version that is built. An overlay
# has the compiler read them as if they were beside main.go.
compile_kubernetes() {
    local main=toolchain/offline/kubernetes embedded="$1/.embedded" module files
    module=github.com/pulumi/pulumi-kubernetes/provider/v4
    files=$(cd "$main" && go mod download "$module" && go list -m -f '{{.Dir}}' "$module") &&
        files+=/cmd/pulumi-resource-kubernetes && mkdir "$embedded" &&
        sed "1s/{/{ \"version\": \"$version\",/" "$files/schema.json" >"$embedded/schema.json" &&
        printf '{ "Replace": { "%s": "%s", "%s": "%s" } }\n' \
            "$PWD/$main/schema.json" "$embedded/schema.json" \
            "$PWD/$main/terraform-mapping.json" "$files/terraform-mapping.json" \
            >"$embedded/overlay.json" &&
        GOFLAGS="$(go env GOFLAGS) '-overlay=$embedded/overlay.json'" \
            go_build "$main" "$1/pulumi-resource-kubernetes" \
            -ldflags "-X $module/pkg/version.Version=$version" . &&
        rm -r "$embedded"
}

# In one folder: the programs of Kubernetes, pause, the Debian packages of what they need, and the
# definition of OpenShift's Routes. One build of all programs keeps the cores busy.
build_cluster() {
    local main=toolchain/offline/cluster module=k8s.io/kubernetes openshift=github.com/openshift/api
    local version minor flags setting
    version=$(cd "$main" && go list -m -f '{{.Version}}' "$module") &&
        openshift=$(cd "$main" && go mod download "$openshift" &&
            go list -m -f '{{.Dir}}' "$openshift") &&
        cp "$openshift/route/v1/zz_generated.crd-manifests/routes.crd.yaml" "$1/" &&
        apt_extract "$1" containerd runc containernetworking-plugins || return
    minor=${version#v1.}
    flags="-X k8s.io/client-go/pkg/version.gitVersion=$version"
    for setting in gitVersion="$version" gitMajor=1 gitMinor="${minor%%.*}"; do
        flags+=" -X k8s.io/component-base/version.$setting"
    done
    go_build "$main" "$1/bin/" -ldflags "$flags" ./pause \
        "$module"/cmd/{kube-{apiserver,controller-manager,scheduler,proxy},kubelet,kubectl} \
        sigs.k8s.io/metrics-server/cmd/metrics-server go.etcd.io/etcd/server/v3 &&
        mv "$1/bin/server" "$1/bin/etcd" && pack_pause "$1"
}
# The image localhost/pause:1, as an archive in the format of `docker save`.
pack_pause() {
    local image="$1/pause" layer
    mkdir "$image" && tar -C "$1/bin" --owner=0 --group=0 -cf "$image/layer.tar" pause &&
        layer=$(sha256sum <"$image/layer.tar") &&
        printf '{"os":"linux","architecture":"%s","config":{"Entrypoint":["/pause"]},%s}' \
            "$(go env GOARCH)" '"rootfs":{"type":"layers","diff_ids":["sha256:'"${layer%% *}"'"]}' \
            >"$image/config.json" &&
        printf '[{"Config":"config.json","RepoTags":["%s"],"Layers":["layer.tar"]}]' \
            localhost/pause:1 >"$image/manifest.json" &&
        tar -C "$image" -cf "$1/pause.tar" manifest.json config.json layer.tar &&
        rm -r "$image" "$1/bin/pause"
}
