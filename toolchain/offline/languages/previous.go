package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// previous runs programs, and finds the plugins of their packages, with the language host that the
// module proxy serves: the file pulumi-language-NAME-host beside this one. It knows the options of
// a program as flags alone.
type previous struct {
	flags func(*pulumirpc.ProgramInfo) []string
}

func (p previous) run(
	ctx context.Context, host *host, req *pulumirpc.RunRequest,
) (response *pulumirpc.RunResponse, err error) {
	err = p.call(host, req.Info, func(client pulumirpc.LanguageRuntimeClient) (err error) {
		response, err = client.Run(ctx, req)
		return err
	})
	return response, err
}

func (p previous) requiredPlugins(
	ctx context.Context, host *host, req *pulumirpc.GetRequiredPluginsRequest,
) (response *pulumirpc.GetRequiredPluginsResponse, err error) {
	err = p.call(host, req.Info, func(client pulumirpc.LanguageRuntimeClient) (err error) {
		req.Program = req.Info.ProgramDirectory
		response, err = client.GetRequiredPlugins(ctx, req)
		return err
	})
	return response, err
}

// call starts the host in the program's folder, has it answer one request, and ends it.
func (p previous) call(
	host *host, info *pulumirpc.ProgramInfo, request func(pulumirpc.LanguageRuntimeClient) error,
) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	file := filepath.Join(filepath.Dir(self), "pulumi-language-"+host.name+"-host")
	command := exec.Command(file, append(p.flags(info), host.engine)...)
	command.Dir = info.ProgramDirectory
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	copied := make(chan error, 1)
	defer func() {
		_ = command.Process.Kill()
		<-copied
		_ = command.Wait()
	}()
	reader := bufio.NewReader(output)
	port, err := reader.ReadString('\n')
	// What the program prints comes after the port.
	go func() { _, err := io.Copy(os.Stdout, reader); copied <- err }()
	if err != nil {
		return fmt.Errorf("%s has not started: %w", file, err)
	}
	connection, err := grpc.NewClient("127.0.0.1:"+strings.TrimSpace(port),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	return request(pulumirpc.NewLanguageRuntimeClient(connection))
}
