// pulumi-language-nodejs starts the Node.js language host that the module proxy still serves (v3.68), which takes its options as
// flags, while today's engine sends them in a request that it does not read: without this, it always runs ts-node. So the
// runtime options of the project in the working directory become flags here. The official host needs none of this.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"gopkg.in/yaml.v3"
)

type project struct {
	Runtime struct {
		Options struct {
			TypeScript *bool  `yaml:"typescript"`
			NodeArgs   string `yaml:"nodeargs"`
		} `yaml:"options"`
	} `yaml:"runtime"`
}

func main() {
	self, err := os.Executable()
	if err != nil {
		fail(err)
	}
	args := []string{"pulumi-language-nodejs-host"}
	options := readProject("Pulumi.yaml").Runtime.Options
	if options.TypeScript != nil {
		args = append(args, fmt.Sprintf("-typescript=%t", *options.TypeScript))
	}
	if options.NodeArgs != "" {
		args = append(args, "-nodeargs="+options.NodeArgs)
	}
	fail(syscall.Exec(filepath.Join(filepath.Dir(self), args[0]), append(args, os.Args[1:]...), os.Environ()))
}

// readProject reads the project file; a runtime written as a plain string ("runtime: nodejs") has no options.
func readProject(file string) (p project) {
	if text, err := os.ReadFile(file); err == nil {
		_ = yaml.Unmarshal(text, &p)
	}
	return p
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "pulumi-language-nodejs:", err)
	os.Exit(1)
}
