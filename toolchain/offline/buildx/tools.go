//go:build tools

// Package tools pins buildx, which the workflows' scripts need where they are tested.
package tools

import _ "github.com/docker/buildx/cmd/buildx"
