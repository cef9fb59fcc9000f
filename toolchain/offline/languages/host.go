package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/blang/semver"
	"github.com/hashicorp/hcl/v2"
	"github.com/pulumi/pulumi/pkg/v3/codegen/hcl2/syntax"
	"github.com/pulumi/pulumi/pkg/v3/codegen/pcl"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
)

// language is what differs between the hosts.
type language interface {
	// generatePackage returns the files of an SDK.
	generatePackage(
		*schema.Package, *pulumirpc.GeneratePackageRequest, schema.ReferenceLoader,
	) (map[string][]byte, error)
	// generateProgram returns the files of a program.
	generateProgram(*pcl.Program) (map[string][]byte, hcl.Diagnostics, error)
	// generateProject writes a program with its project's files into a folder.
	generateProject(folder string, project workspace.Project, program *pcl.Program,
		localDependencies map[string]string) error
	// link makes the program depend on the SDK in a folder, and returns a line that imports it.
	link(ctx context.Context, info *pulumirpc.ProgramInfo, sdk *schema.Package, folder string,
	) (string, error)
	// install installs a program's or a plugin's dependencies.
	install(ctx context.Context, req *pulumirpc.InstallDependenciesRequest, out, err io.Writer,
	) error
	// run runs a program, and requiredPlugins finds the plugins of its packages.
	run(context.Context, *host, *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error)
	requiredPlugins(context.Context, *host, *pulumirpc.GetRequiredPluginsRequest,
	) (*pulumirpc.GetRequiredPluginsResponse, error)
}

// pluginRunner is a language whose plugins can be run from their sources.
type pluginRunner interface {
	plugin(context.Context, *pulumirpc.RunPluginRequest) (*exec.Cmd, error)
}

// host is the service that the engine calls. What is not here is answered with "not implemented",
// which the engine takes for an older host.
type host struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	language
	name, engine string
}

func (h *host) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{}, nil
}

func (h *host) Run(
	ctx context.Context, req *pulumirpc.RunRequest,
) (*pulumirpc.RunResponse, error) {
	return h.run(ctx, h, req)
}

func (h *host) GetRequiredPlugins(
	ctx context.Context, req *pulumirpc.GetRequiredPluginsRequest,
) (*pulumirpc.GetRequiredPluginsResponse, error) {
	return h.requiredPlugins(ctx, h, req)
}

func (h *host) RunPlugin(
	req *pulumirpc.RunPluginRequest, server pulumirpc.LanguageRuntime_RunPluginServer,
) error {
	runner, ok := h.language.(pluginRunner)
	if !ok || req.Kind != string(apitype.ResourcePlugin) {
		return h.UnimplementedLanguageRuntimeServer.RunPlugin(req, server)
	}
	command, err := runner.plugin(server.Context(), req)
	if err != nil {
		return err
	}
	closer, stdout, stderr, err := rpcutil.MakeRunPluginStreams(server, false)
	if err != nil {
		return err
	}
	defer closer.Close()
	command.Dir, command.Env = req.Pwd, req.Env
	command.Stdout, command.Stderr = stdout, stderr
	return command.Run()
}

func (h *host) InstallDependencies(
	req *pulumirpc.InstallDependenciesRequest,
	server pulumirpc.LanguageRuntime_InstallDependenciesServer,
) error {
	closer, stdout, stderr, err := rpcutil.MakeInstallDependenciesStreams(server, req.IsTerminal)
	if err != nil {
		return err
	}
	if err := h.install(server.Context(), req, stdout, stderr); err != nil {
		_ = closer.Close()
		return err
	}
	return closer.Close()
}

func (h *host) GeneratePackage(
	_ context.Context, req *pulumirpc.GeneratePackageRequest,
) (*pulumirpc.GeneratePackageResponse, error) {
	loader, err := schema.NewLoaderClient(req.LoaderTarget)
	if err != nil {
		return nil, err
	}
	defer loader.Close()
	var spec schema.PackageSpec
	if err := json.Unmarshal([]byte(req.Schema), &spec); err != nil {
		return nil, err
	}
	cached := schema.NewCachedLoader(loader)
	sdk, diagnostics, err := schema.BindSpec(spec, cached,
		schema.ValidationOptions{AllowDanglingReferences: true})
	if err != nil {
		return nil, err
	}
	response := &pulumirpc.GeneratePackageResponse{
		Diagnostics: plugin.HclDiagnosticsToRPCDiagnostics(diagnostics),
	}
	if diagnostics.HasErrors() {
		return response, nil
	}
	files, err := h.generatePackage(sdk, req, cached)
	if err != nil {
		return nil, err
	}
	return response, write(req.Directory, files)
}

func write(folder string, files map[string][]byte) error {
	for name, content := range files {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(file, content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (h *host) GenerateProgram(
	_ context.Context, req *pulumirpc.GenerateProgramRequest,
) (*pulumirpc.GenerateProgramResponse, error) {
	loader, err := schema.NewLoaderClient(req.LoaderTarget)
	if err != nil {
		return nil, err
	}
	defer loader.Close()
	parser := syntax.NewParser()
	for name, source := range req.Source {
		if err := parser.ParseFile(strings.NewReader(source), name); err != nil {
			return nil, err
		}
	}
	if parser.Diagnostics.HasErrors() {
		return nil, parser.Diagnostics
	}
	program, diagnostics, err := pcl.BindProgram(parser.Files, schema.NewCachedLoader(loader),
		bindOptions(req.Strict)...)
	if err != nil {
		return nil, err
	}
	var files map[string][]byte
	if !diagnostics.HasErrors() {
		var more hcl.Diagnostics
		if files, more, err = h.generateProgram(program); err != nil {
			return nil, err
		}
		diagnostics = append(diagnostics, more...)
	}
	return &pulumirpc.GenerateProgramResponse{
		Source:      files,
		Diagnostics: plugin.HclDiagnosticsToRPCDiagnostics(diagnostics),
	}, nil
}

func (h *host) GenerateProject(
	_ context.Context, req *pulumirpc.GenerateProjectRequest,
) (*pulumirpc.GenerateProjectResponse, error) {
	loader, err := schema.NewLoaderClient(req.LoaderTarget)
	if err != nil {
		return nil, err
	}
	defer loader.Close()
	var project workspace.Project
	if err := json.Unmarshal([]byte(req.Project), &project); err != nil {
		return nil, err
	}
	program, diagnostics, err := pcl.BindDirectory(req.SourceDirectory,
		schema.NewCachedLoader(loader), bindOptions(req.Strict)...)
	if err == nil && !diagnostics.HasErrors() {
		err = h.generateProject(req.TargetDirectory, project, program, req.LocalDependencies)
	}
	return &pulumirpc.GenerateProjectResponse{
		Diagnostics: plugin.HclDiagnosticsToRPCDiagnostics(diagnostics),
	}, err
}

func bindOptions(strict bool) []pcl.BindOption {
	options := []pcl.BindOption{pcl.PreferOutputVersionedInvokes}
	if !strict {
		options = append(options, pcl.NonStrictBindOptions()...)
	}
	return options
}

func (h *host) Link(
	ctx context.Context, req *pulumirpc.LinkRequest,
) (*pulumirpc.LinkResponse, error) {
	loader, err := schema.NewLoaderClient(req.LoaderTarget)
	if err != nil {
		return nil, err
	}
	defer loader.Close()
	var lines []string
	for _, dependency := range req.Packages {
		reference, err := schema.LoadPackageReferenceV2(ctx, schema.NewCachedLoader(loader),
			descriptor(dependency.Package))
		if err != nil {
			return nil, err
		}
		sdk, err := reference.Definition()
		if err != nil {
			return nil, err
		}
		line, err := h.link(ctx, req.Info, sdk, dependency.Path)
		if err != nil {
			return nil, err
		}
		lines = append(lines, "You can import the SDK in your code with: "+line)
	}
	return &pulumirpc.LinkResponse{ImportInstructions: strings.Join(lines, "\n")}, nil
}

func descriptor(dependency *pulumirpc.PackageDependency) *schema.PackageDescriptor {
	version, _ := semver.New(dependency.Version)
	return &schema.PackageDescriptor{
		Name: dependency.Name, Version: version, DownloadURL: dependency.Server,
	}
}
