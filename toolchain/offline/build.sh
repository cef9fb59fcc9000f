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

# go_build FOLDER OUT OPTION... PACKAGE: builds OUT from a package of the module in FOLDER.
go_build() {
    (
        cd "$1" && mkdir -p "${2%/*}" && export CGO_ENABLED=0 && total=$(
            go list -trimpath -deps -f '{{if .Stale}}{{.ImportPath}}{{end}}' "${@: -1}" 2> >(
                progress >&2
            ) | wc -w
        ) && go build -v -trimpath -ldflags '-s -w' -o "${@:2}" 2>&1 | progress "$total"
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
    local version="-s -w -X $sdk/go/common/version.Version"
    go_build toolchain/offline/pulumi "$1/bin/pulumi" -ldflags "$version=v$pulumi_version" \
        github.com/pulumi/pulumi/pkg/v3/cmd/pulumi &&
        go_build toolchain/offline/language-nodejs "$1/bin/pulumi-language-nodejs" . &&
        go_build toolchain/offline/language-nodejs "$1/bin/pulumi-language-nodejs-host" \
            -ldflags "$version=v3.68.0" $sdk/nodejs/cmd/pulumi-language-nodejs
}
build_plugin() { from_sources "$folder" compile_plugin "${plugin_sources[@]}"; }
compile_plugin() {
    go_build toolchain/offline/plugins "$1/pulumi-resource-$name" \
        -ldflags "-s -w -X main.version=$version" "./$name"
}
