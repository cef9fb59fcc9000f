//go:build tools

// Package tools pins the Terraform providers that the benchmark's program uses: of the versions that the Pulumi providers are made from.
package tools

import (
	_ "github.com/integrations/terraform-provider-github/v6"
	_ "github.com/terraform-providers/terraform-provider-docker"
	_ "github.com/terraform-providers/terraform-provider-random"
)
