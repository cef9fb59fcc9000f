//go:build tools

// Package tools pins the linter of workflows that is a Go program.
package tools

import _ "github.com/rhysd/actionlint/cmd/actionlint"
