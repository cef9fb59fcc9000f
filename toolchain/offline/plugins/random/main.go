// pulumi-resource-random serves the resources of @pulumi/random from the upstream provider. Tokens and names are those of
// github.com/pulumi/pulumi-random.
package main

import (
	"context"

	pfbridge "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	"github.com/terraform-providers/terraform-provider-random/shim"
)

var version string // set by -ldflags

func main() {
	info := tfbridge.ProviderInfo{
		P:                           pfbridge.ShimProvider(shim.Provider()),
		Name:                        "random",
		Version:                     version,
		EnableAccurateBridgePreview: true,
		EnableRawStateDelta:         true,
		MetadataInfo:                tfbridge.NewProviderMetadata([]byte("{}")), // which the plugin framework bridge insists on
	}
	standard := tokens.MakeStandard("random")
	info.MustComputeTokens(tokens.SingleModule("random_", "index", func(module, name string) (string, error) {
		return standard(module, "Random"+name)
	}))
	pfbridge.Main(context.Background(), "random", info, pfbridge.ProviderMetadata{
		PackageSchema: []byte(`{"name":"random","version":"` + version + `"}`),
	})
}
