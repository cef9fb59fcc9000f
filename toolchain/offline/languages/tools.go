//go:build tools

// The programs that are built with this one, so that go.mod and go.sum have what they need.
package main

import (
	_ "github.com/pulumi/pulumi-yaml/cmd/pulumi-converter-yaml"
	_ "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml"
)
