// Package shim hands out the Docker provider, which its module keeps in an internal package. Go decides by import path who
// may see an internal package, hence this module's name.
package shim

import (
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/terraform-providers/terraform-provider-docker/internal/provider"
)

// Provider is the upstream provider, as @pulumi/docker wraps it.
func Provider() *schema.Provider { return provider.New("dev")() }
