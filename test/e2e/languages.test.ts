import { deepEqual, equal } from "node:assert/strict";
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { temporary } from "../../sandbox/project.ts";
import { pulumi, runPulumi } from "../../sandbox/pulumiCommand.ts";
import { type Quay, startQuay } from "../../sandbox/quay/server.ts";
import { Api } from "../../sandbox/quayApi.ts";
import { type GitServer, makeRepository, startGitServer } from "../gitServer.ts";
import { version } from "../../quay/api/version.ts";
import { languagesPath } from "../languages.ts";
import { root } from "../unit/files.ts";

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
    readonly devDependencies: Readonly<Record<string, string>>;
};
const goModule = (file: string) =>
    readFileSync(join(root, "toolchain/offline/languages", file), "utf8");

/** A program of a language. */
interface Program {
    readonly runtime: unknown;
    /** What is in its folder before the provider is added to it. */
    readonly project?: Readonly<Record<string, string>>;
    readonly name: string;
    readonly text: string;
}

const typeScript: Program = {
    runtime: "nodejs",
    project: {
        "package.json": JSON.stringify({
            name: "program",
            dependencies: { "@pulumi/pulumi": manifest.dependencies["@pulumi/pulumi"] },
            devDependencies: {
                "@types/node": manifest.devDependencies["@types/node"],
                typescript: manifest.devDependencies["typescript"],
            },
        }),
    },
    name: "index.ts",
    text: `import * as quay from "pulumi-quay";
const app = new quay.Repository("app", { namespace: "alice", name: "program" });
export const repository = app.fullName;
`,
};
const python: Program = {
    runtime: { name: "python", options: { virtualenv: "venv" } },
    project: {
        "requirements.txt": `pulumi==${manifest.dependencies["@pulumi/pulumi"] ?? ""}\n`,
    },
    name: "__main__.py",
    text: `import pulumi
import pulumi_quay as quay

app = quay.Repository("app", namespace="alice", name="program")
pulumi.export("repository", app.full_name)
`,
};
const yaml: Program = {
    runtime: "yaml",
    name: "Pulumi.yaml",
    text: `resources:
  app:
    type: quay:Repository
    properties: { namespace: alice, name: program }
outputs:
  repository: \${app.fullName}
`,
};
const goProgram = `package main

import (
	"example.com/pulumi-quay/sdk/go/quay"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		app, err := quay.NewRepository(ctx, "app", &quay.RepositoryArgs{
			Namespace: pulumi.String("alice"),
			Name:      pulumi.String("program"),
		})
		if err != nil {
			return err
		}
		ctx.Export("repository", app.FullName)
		return nil
	})
}
`;
const go: Program = {
    runtime: "go",
    project: {
        // The versions that the language hosts are built with: most of them is compiled already.
        "go.mod": goModule("go.mod").replace(/^module .*$/m, "module program"),
        "go.sum": goModule("go.sum"),
        // `go mod tidy` reads which packages the program imports.
        "main.go": goProgram,
    },
    name: "main.go",
    text: "",
};

describe("the Quay provider from its sources, in a program in another folder", () => {
    let quay: Quay;
    let git: GitServer;
    let token: string;
    /** A folder with a git repository that has the provider in quay/, and one for each program. */
    let folder: string;
    let source: string;

    const place = (name: string) => ({
        folder: join(folder, name),
        stack: "test",
        environment: {
            PATH: languagesPath(),
            PULUMI_HOME: join(folder, "home"),
            PULUMI_BACKEND_URL: `file://${folder}`,
            PULUMI_CONFIG_PASSPHRASE: "for the test",
            QUAY_URL: quay.url,
            QUAY_TOKEN: token,
            CGO_ENABLED: "0",
            ...(name === "yaml" && {
                HTTPS_PROXY: git.proxy,
                NO_PROXY: "127.0.0.1",
                SSL_CERT_FILE: join(folder, "certificate.pem"),
            }),
        },
    });
    /** Adds the provider to an empty project, and writes its program. */
    async function create(name: string, program: Program, from: string): Promise<void> {
        const { folder: own } = place(name);
        mkdirSync(own);
        const project = { name, runtime: program.runtime };
        for (const [file, text] of Object.entries({
            "Pulumi.yaml": stringify(project),
            ...program.project,
        }))
            writeFileSync(join(own, file), text);
        await pulumi(place(name), "package", "add", from);
        appendFileSync(join(own, program.name), program.text);
        await pulumi(place(name), "stack", "init", "test");
    }

    before(async () => {
        quay = await startQuay();
        quay.createUser("alice");
        token = quay.createToken({ user: "alice" });
        folder = temporary("languages");
        source = join(folder, "team/mlops.git");
        makeRepository(source, "quay");
        git = await startGitServer(folder);
        writeFileSync(join(folder, "certificate.pem"), git.certificate);
    });
    after(async () => {
        git.stop();
        await quay.stop();
        rmSync(folder, { recursive: true });
    });

    for (const [name, program, from] of [
        ["typescript", typeScript, "folder"],
        ["python", python, "folder"],
        ["go", go, "folder"],
        ["yaml", yaml, "repository"],
    ] as const)
        it(`is added from a ${from} by one command, and runs a program: ${name}`, async () => {
            const address = `git.example.com/team/mlops/quay@v${version}`;
            await create(name, program, from === "folder" ? join(source, "quay") : address);
            const repository = () => new Api(quay.url, token).get("/repository/alice/program");
            deepEqual((await runPulumi(place(name), "up")).changes, { create: 2 });
            equal(await pulumi(place(name), "stack", "output", "repository"), "alice/program\n");
            equal((await repository()).status, 200);
            deepEqual((await runPulumi(place(name), "preview")).changes, { same: 2 });
            await runPulumi(place(name), "destroy");
            equal((await repository()).status, 404);
        });
});
