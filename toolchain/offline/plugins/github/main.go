// pulumi-resource-github serves the resources of @pulumi/github from the upstream provider. Tokens, names and defaults are
// those of github.com/pulumi/pulumi-github.
package main

import (
	"github.com/integrations/terraform-provider-github/v6/github"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
)

var version string // set by -ldflags

func main() {
	secret := true
	info := tfbridge.ProviderInfo{
		P:                              shimv2.NewProvider(github.NewProvider(version, "")()),
		Name:                           "github",
		Version:                        version,
		EnableAccurateBridgePreview:    true,
		EnableRawStateDelta:            true,
		EnableZeroDefaultSchemaVersion: true,
		Config: map[string]*tfbridge.SchemaInfo{
			"token": {Secret: &secret, Default: &tfbridge.DefaultInfo{EnvVars: []string{"GITHUB_TOKEN"}}},
			"base_url": {Default: &tfbridge.DefaultInfo{
				EnvVars: []string{"GITHUB_BASE_URL"}, Value: "https://api.github.com/",
			}},
		},
		Resources: map[string]*tfbridge.ResourceInfo{
			"github_actions_environment_secret": {DeleteBeforeReplace: true},
		},
	}
	info.MustComputeTokens(tokens.SingleModule("github_", "index", tokens.MakeStandard("github")))
	info.SetAutonaming(255, "-")
	tfbridge.Main("github", version, info, []byte(`{"name":"github","version":"`+version+`"}`))
}
