// pulumi-resource-kubernetes is the plugin of @pulumi/kubernetes. Its own module has this program,
// too, but not as a package that builds from the module proxy: the two files that it embeds are
// made in its repository. Here the build takes them from the module (see offline/build.sh).
// Source: github.com/pulumi/pulumi-kubernetes, provider/cmd/pulumi-resource-kubernetes/main.go.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var terraformMapping []byte

func main() {
	provider.Serve("kubernetes", version.Version, schema, terraformMapping)
}
