# shellcheck shell=bash
# What is made on a machine that cannot reach the host where it is downloaded: read in by the steps only
# there. Go modules and Debian packages are all that this needs.

need_go() {
    command -v go >/dev/null ||
        die "$1" 'it must be built from source here, and Go is missing' 'install Go 1.26: https://go.dev/dl'
}
# go_build FOLDER OPTION... PACKAGE: prints how many packages that are, and each that is compiled.
go_build() {
    (
        cd "$1" && shift && export CGO_ENABLED=0 &&
            echo "go-packages $(($(go list -deps "${@: -1}" | wc -l)))" && go build -v -trimpath "$@"
    )
}
build_cli() {
    local out=$mlops_pulumi.part/bin sdk=github.com/pulumi/pulumi/sdk/v3
    mkdir -p "$out" &&
        go_build toolchain/offline/pulumi -ldflags "-s -w -X $sdk/go/common/version.Version=v$pulumi_version" \
            -o "$out/pulumi" github.com/pulumi/pulumi/pkg/v3/cmd/pulumi &&
        go_build toolchain/offline/language-nodejs -ldflags "-s -w" -o "$out/pulumi-language-nodejs" . &&
        go_build toolchain/offline/language-nodejs -ldflags "-s -w -X $sdk/go/common/version.Version=v3.68.0" \
            -o "$out/pulumi-language-nodejs-host" $sdk/nodejs/cmd/pulumi-language-nodejs &&
        sources_of "${cli_sources[@]}" >"$mlops_pulumi.part/.built-from"
}

build_plugin() {
    local name=$1 version=$2 folder part
    folder=$(dirname "$(plugin_path "$name")")
    part=$plugin_dir/.part-$name
    rm -rf "$part" && mkdir -p "$part" &&
        go_build toolchain/offline/plugins -ldflags "-s -w -X main.version=$version" \
            -o "$part/pulumi-resource-$name" "./$name" &&
        sources_of $(plugin_sources "$name") >"$part/.built-from" && rm -rf "$folder" && mv "$part" "$folder"
}

build_image() {
    say image 'Docker Hub is out of reach: a STAND-IN for the base image is made from Debian packages'
    command -v debootstrap >/dev/null || long image 'installing the package debootstrap' apt_install debootstrap ||
        die image 'debootstrap could not be installed' 'apt-get install debootstrap'
    long image "the stand-in for $base_image" toolchain/offline/base-image.sh "$base_image" ||
        die image 'the stand-in failed' "see $log"
}
