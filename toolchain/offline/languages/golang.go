package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/hashicorp/hcl/v2"
	codegen "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/pcl"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// golang has no previous host: a program is built and started here.
type golang struct{}

func (golang) generatePackage(
	sdk *schema.Package, req *pulumirpc.GeneratePackageRequest, _ schema.ReferenceLoader,
) (map[string][]byte, error) {
	return codegen.GeneratePackage("pulumi-language-go", sdk, req.LocalDependencies)
}

func (golang) generateProgram(
	program *pcl.Program,
) (map[string][]byte, hcl.Diagnostics, error) {
	return codegen.GenerateProgram(program)
}

func (golang) generateProject(
	folder string, project workspace.Project, program *pcl.Program,
	localDependencies map[string]string,
) error {
	return codegen.GenerateProject(folder, project, program, localDependencies)
}

func (golang) link(
	ctx context.Context, info *pulumirpc.ProgramInfo, sdk *schema.Package, folder string,
) (string, error) {
	err := sdk.ImportLanguages(map[string]schema.Language{"go": codegen.Importer})
	if err != nil {
		return "", err
	}
	module := codegen.ExtractModulePath(sdk.Reference())
	settings, _ := sdk.Language["go"].(codegen.GoPackageInfo)
	if settings.ModulePath != "" {
		module = settings.ModulePath
	}
	return fmt.Sprintf("import %q", codegen.ExtractImportBasePath(sdk.Reference())),
		goCommand(ctx, info.ProgramDirectory, io.Discard, os.Stderr,
			"mod", "edit", "-replace="+module+"=./"+filepath.ToSlash(folder))
}

func (golang) install(
	ctx context.Context, req *pulumirpc.InstallDependenciesRequest, stdout, stderr io.Writer,
) error {
	return goCommand(ctx, req.Info.ProgramDirectory, stdout, stderr, "mod", "tidy")
}

func goCommand(
	ctx context.Context, folder string, stdout, stderr io.Writer, args ...string,
) error {
	command := exec.CommandContext(ctx, "go", args...)
	command.Dir, command.Stdout, command.Stderr = folder, stdout, stderr
	return command.Run()
}

func (golang) requiredPlugins(
	context.Context, *host, *pulumirpc.GetRequiredPluginsRequest,
) (*pulumirpc.GetRequiredPluginsResponse, error) {
	return &pulumirpc.GetRequiredPluginsResponse{}, nil
}

func (golang) run(
	ctx context.Context, host *host, req *pulumirpc.RunRequest,
) (*pulumirpc.RunResponse, error) {
	folder, err := os.MkdirTemp("", "pulumi-go-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, "program")
	err = goCommand(ctx, req.Info.ProgramDirectory, os.Stdout, os.Stderr, "build", "-trimpath",
		"-o", file)
	if err != nil {
		return &pulumirpc.RunResponse{Error: "go build has failed"}, nil
	}
	program := exec.CommandContext(ctx, file)
	program.Dir, program.Stdout, program.Stderr = req.Pwd, os.Stdout, os.Stderr
	program.Env, err = environment(host, req)
	if err != nil {
		return nil, err
	}
	var failed *exec.ExitError
	if err = program.Run(); errors.As(err, &failed) {
		return &pulumirpc.RunResponse{Error: "the program has failed: " + err.Error()}, nil
	}
	return &pulumirpc.RunResponse{}, err
}

func environment(host *host, req *pulumirpc.RunRequest) ([]string, error) {
	config, err := json.Marshal(req.Config)
	if err != nil {
		return nil, err
	}
	secrets, err := json.Marshal(req.ConfigSecretKeys)
	return append(os.Environ(),
		pulumi.EnvOrganization+"="+req.Organization,
		pulumi.EnvProject+"="+req.Project,
		pulumi.EnvPulumiRootDirectory+"="+req.Info.RootDirectory,
		pulumi.EnvStack+"="+req.Stack,
		pulumi.EnvConfig+"="+string(config),
		pulumi.EnvConfigSecretKeys+"="+string(secrets),
		pulumi.EnvDryRun+"="+strconv.FormatBool(req.DryRun),
		pulumi.EnvParallel+"="+strconv.Itoa(int(req.Parallel)),
		pulumi.EnvMonitor+"="+req.MonitorAddress,
		pulumi.EnvEngine+"="+host.engine,
	), err
}
