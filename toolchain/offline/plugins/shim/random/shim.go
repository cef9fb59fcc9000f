// Package shim hands out the random provider, which its module keeps in an internal package. Go decides by import path who
// may see an internal package, hence this module's name.
package shim

import (
	"github.com/hashicorp/terraform-plugin-framework/provider"
	random "github.com/terraform-providers/terraform-provider-random/internal/provider"
)

// Provider is the upstream provider, as @pulumi/random wraps it.
func Provider() provider.Provider { return random.New() }
