package main

import (
	"context"
	"fmt"
	"io"

	"github.com/hashicorp/hcl/v2"
	"github.com/pulumi/pulumi/pkg/v3/codegen/pcl"
	codegen "github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/pulumi/pulumi/sdk/v3/python/toolchain"
)

// python has the toolchain pip alone.
type python struct{ previous }

func newPython() python {
	return python{previous{func(info *pulumirpc.ProgramInfo) []string {
		return []string{"-root=" + info.RootDirectory, "-virtualenv=" + virtualenv(info)}
	}}}
}

func virtualenv(info *pulumirpc.ProgramInfo) string {
	folder, _ := info.Options.AsMap()["virtualenv"].(string)
	return folder
}

func pip(info *pulumirpc.ProgramInfo) (toolchain.Toolchain, error) {
	return toolchain.ResolveToolchain(toolchain.PythonOptions{
		Toolchain: toolchain.Pip, Root: info.RootDirectory, ProgramDir: info.ProgramDirectory,
		Virtualenv: virtualenv(info),
	})
}

func (python) generatePackage(
	sdk *schema.Package, req *pulumirpc.GeneratePackageRequest, loader schema.ReferenceLoader,
) (map[string][]byte, error) {
	return codegen.GeneratePackage("pulumi-language-python", sdk, req.ExtraFiles, loader)
}

func (python) generateProgram(
	program *pcl.Program,
) (map[string][]byte, hcl.Diagnostics, error) {
	return codegen.GenerateProgram(program)
}

func (python) generateProject(
	folder string, project workspace.Project, program *pcl.Program,
	localDependencies map[string]string,
) error {
	return codegen.GenerateProject(folder, project, program, localDependencies, "", "")
}

func (python) link(
	ctx context.Context, info *pulumirpc.ProgramInfo, sdk *schema.Package, folder string,
) (string, error) {
	err := sdk.ImportLanguages(map[string]schema.Language{"python": codegen.Importer})
	if err != nil {
		return "", err
	}
	name := codegen.PyPack(sdk.Namespace, sdk.Name)
	settings, _ := sdk.Language["python"].(codegen.PackageInfo)
	if settings.PackageName != "" {
		name = settings.PackageName
	}
	tools, err := pip(info)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("import %s", name),
		tools.LinkPackages(ctx, map[string]string{name: folder})
}

func (python) install(
	ctx context.Context, req *pulumirpc.InstallDependenciesRequest, stdout, stderr io.Writer,
) error {
	tools, err := pip(req.Info)
	if err != nil {
		return err
	}
	return tools.InstallDependencies(ctx, req.Info.ProgramDirectory, false, true, stdout, stderr)
}
