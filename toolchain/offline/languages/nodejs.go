package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"

	"github.com/hashicorp/hcl/v2"
	codegen "github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/pcl"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/pulumi/pulumi/sdk/v3/nodejs/npm"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

type nodejs struct{ previous }

func newNodejs() nodejs {
	return nodejs{previous{func(info *pulumirpc.ProgramInfo) (flags []string) {
		for name, value := range info.Options.AsMap() {
			switch name {
			case "typescript", "tsconfig", "nodeargs":
				flags = append(flags, fmt.Sprintf("-%s=%v", name, value))
			}
		}
		return flags
	}}}
}

func (nodejs) generatePackage(
	sdk *schema.Package, req *pulumirpc.GeneratePackageRequest, loader schema.ReferenceLoader,
) (map[string][]byte, error) {
	return codegen.GeneratePackage("pulumi-language-nodejs", sdk, req.ExtraFiles,
		req.LocalDependencies, req.Local, loader)
}

func (nodejs) generateProgram(
	program *pcl.Program,
) (map[string][]byte, hcl.Diagnostics, error) {
	return codegen.GenerateProgram(program)
}

func (nodejs) generateProject(
	folder string, project workspace.Project, program *pcl.Program,
	localDependencies map[string]string,
) error {
	return codegen.GenerateProject(folder, project, program, localDependencies, false, "nodejs")
}

func (nodejs) link(
	ctx context.Context, info *pulumirpc.ProgramInfo, sdk *schema.Package, folder string,
) (string, error) {
	err := sdk.ImportLanguages(map[string]schema.Language{"nodejs": codegen.Importer})
	if err != nil {
		return "", err
	}
	name := "@pulumi/" + sdk.Name
	if sdk.Namespace != "" {
		name = "@" + sdk.Namespace + "/" + sdk.Name
	}
	settings, _ := sdk.Language["nodejs"].(codegen.NodePackageInfo)
	if settings.PackageName != "" {
		name = settings.PackageName
	}
	manager, err := npm.ResolvePackageManager(npm.AutoPackageManager, info.ProgramDirectory)
	if err != nil {
		return "", err
	}
	line := fmt.Sprintf("import * as %s from %q;", strings.ReplaceAll(sdk.Name, "-", "_"), name)
	return line, manager.Link(ctx, info.ProgramDirectory, name, folder)
}

func (nodejs) install(
	ctx context.Context, req *pulumirpc.InstallDependenciesRequest, stdout, stderr io.Writer,
) error {
	folder, err := npm.FindWorkspaceRoot(req.Info.ProgramDirectory)
	if errors.Is(err, npm.ErrNotInWorkspace) {
		folder = req.Info.ProgramDirectory
	} else if err != nil {
		return err
	}
	_, err = npm.Install(ctx, npm.AutoPackageManager, folder, false, stdout, stderr)
	return err
}

// plugin returns the command that runs a plugin from its sources, which is a part of its
// @pulumi/pulumi.
func (nodejs) plugin(
	ctx context.Context, req *pulumirpc.RunPluginRequest,
) (*exec.Cmd, error) {
	const module = "@pulumi/pulumi/cmd/run-plugin"
	folder := req.Info.ProgramDirectory
	find := exec.CommandContext(ctx, "node", "-p", "require.resolve('"+module+"')")
	find.Dir = folder
	runner, err := find.Output()
	if err != nil {
		return nil, fmt.Errorf("%s is not installed. Have you run npm install in %s?",
			module, folder)
	}
	return exec.CommandContext(ctx, "node",
		append([]string{strings.TrimSpace(string(runner)), folder}, req.Args...)...), nil
}
