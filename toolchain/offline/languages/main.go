// pulumi-language-nodejs, -python and -go stand in for Pulumi's language hosts, which the module
// proxy serves only in an old version (see toolchain/README.md). The program's name says which of
// them it is. What the old hosts lack comes from the modules of the CLI that this one belongs to.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

var languages = map[string]language{"nodejs": newNodejs(), "python": newPython(), "go": golang{}}

func main() {
	if err := serve(); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", filepath.Base(os.Args[0]), err)
		os.Exit(1)
	}
}

// serve answers the engine, whose address is the last argument, until the engine ends.
func serve() error {
	name := strings.TrimPrefix(filepath.Base(os.Args[0]), "pulumi-language-")
	host := &host{name: name, language: languages[name], engine: os.Args[len(os.Args)-1]}
	if host.language == nil || len(os.Args) < 2 {
		return fmt.Errorf("usage: pulumi-language-{nodejs,python,go} [-FLAG]... ENGINE_ADDRESS")
	}
	ctx, ended := context.WithCancel(context.Background())
	cancel := make(chan bool)
	go func() { <-ctx.Done(); close(cancel) }()
	if err := rpcutil.Healthcheck(ctx, host.engine, 5*time.Minute, ended); err != nil {
		return err
	}
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: cancel,
		Init: func(server *grpc.Server) error {
			pulumirpc.RegisterLanguageRuntimeServer(server, host)
			return nil
		},
	})
	if err != nil {
		return err
	}
	fmt.Println(handle.Port)
	return <-handle.Done
}
