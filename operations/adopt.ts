/** Takes over what somebody made by hand, without making anything again: `make adopt STACK=dev`, or `node operations/adopt.ts STACK`. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { pulumi, readConfig, requireStack } from "./pulumiCli.ts";
import { runCommand } from "./commandLine.ts";
import { UserError } from "../components/userError.ts";
import { parseEnvironment } from "../configuration/stack.ts";
import { accountIn } from "../components/github/account.ts";
import { GitHubClient, readToken } from "../components/github/client.ts";
import { findExisting } from "../components/github/existing.ts";
import { QuayClient } from "../quay/api/client.ts";
import { QuayError } from "../quay/api/errors.ts";
import { getRepository } from "../quay/resources/repository.ts";
import { getRobot } from "../quay/resources/robot.ts";
import { clientOptions } from "../quay/provider/settings.ts";

const project = "mlops";

/**
 * What `pulumi preview --import-file` writes and `pulumi import --file` reads. Components are there so that others can name them as parents, by
 * `name`, which is the file's own where several resources have one name.
 */
const importFile = z.looseObject({
    resources: z
        .array(
            z.looseObject({
                type: z.string(),
                name: z.string(),
                logicalName: z.string().optional(),
                id: z.string().optional(),
                component: z.boolean().optional(),
            }),
        )
        .default([]),
});
type ImportFile = z.infer<typeof importFile>;

const usage = `Takes over what somebody made by hand, without making anything again.

  node operations/adopt.ts STACK

  STACK    whose repository, robot, environment and rules are looked up on Quay and GitHub
  --help   this text

It takes QUAY_TOKEN and GITHUB_TOKEN, as \`pulumi up\` does.`;

await runCommand({ usage, options: {}, arguments: [1, 1] }, async (_, [stack = ""]) => {
    await requireStack(stack);
    try {
        await adopt(stack);
    } catch (error) {
        throw error instanceof QuayError ? new UserError(error.message) : error;
    }
});

async function adopt(stack: string): Promise<void> {
    const idOf = await findByHand(stack);
    const folder = mkdtempSync(join(tmpdir(), "mlops-adopt-"));
    try {
        const file = join(folder, "import.json");
        await pulumi(["preview", "--stack", stack, "--import-file", file]);
        const { resources, ...rest } = importFile.parse(JSON.parse(readFileSync(file, "utf8")));
        const wanted = select(resources, idOf);
        const found = wanted.filter(({ component }) => component !== true);
        if (found.length > 0) {
            writeFileSync(file, JSON.stringify({ ...rest, resources: wanted }));
            await pulumi([
                "import",
                "--stack",
                stack,
                "--file",
                file,
                "--yes",
                "--protect=false",
                "--generate-code=false",
                "--skip-preview",
            ]);
        }
        for (const { type, id } of found) console.log(`  ${type} ${id ?? ""}`);
        console.log(
            found.length === 0
                ? "There is nothing that the stack does not know."
                : `${String(found.length)} of them are the stack's now.`,
        );
    } finally {
        rmSync(folder, { recursive: true });
    }
    await pulumi(["config", "set", "--stack", stack, "--path", `${project}:github.adopt`, "true"]);
    console.log(
        `\nThe workflow file is overwritten by the next \`up\` (${project}:github.adopt in Pulumi.${stack}.yaml; remove it afterwards), and the ` +
            `environment's secrets get the same robot's credentials; secrets of the same names in the repository are yours to delete then.\n` +
            `See what that changes, then do it:\n\n  make preview STACK=${stack}\n  make up STACK=${stack}\n`,
    );
}

/** Finds what exists by the names in the configuration. @returns the id of a declared resource; undefined where it does not exist */
async function findByHand(
    stack: string,
): Promise<(type: string, name: string) => string | undefined> {
    const config = await readConfig(stack);
    const environment = parseEnvironment({ values: config, secretKeys: [] }, project, stack);
    if (environment.kind === "local") {
        throw new UserError(
            `The stack "${stack}" runs on this machine: it has nothing on Quay or GitHub that could be taken over.`,
        );
    }
    const { service, quay, github } = environment;
    const url = config["quay:url"];
    const api = new QuayClient(
        clientOptions(url === undefined ? {} : { url }, process.env, new AbortController().signal),
    );
    const account = accountIn((key) => config[`github:${key}`], stack);
    const names = {
        repository: `${quay.namespace}/${quay.repository}`,
        robot: `${quay.namespace}+${quay.robot}`,
    };
    const [repository, robot, existing] = await Promise.all([
        getRepository(api, names.repository),
        api.kindOf(quay.namespace).then((kind) => getRobot(api, names.robot, kind)),
        github.environment &&
            findExisting(
                new GitHubClient(account, readToken(account)),
                account.owner,
                github.repository,
                github.environment.name,
            ),
    ]);
    return (type, name) => {
        switch (type) {
            case "quay:index:Repository":
                return repository && names.repository;
            case "quay:index:Robot":
                return robot && name === service.name ? names.robot : undefined;
            case "github:index/repositoryEnvironment:RepositoryEnvironment":
                return existing?.environment;
            case "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable":
                return existing?.note;
            case "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy":
                return existing?.rules.get(name.slice(`${service.name}-`.length));
            default:
                return undefined;
        }
    };
}

/** What exists, with its id, and the components, which are its parents. What the stack knows already is not in the file. */
function select(
    resources: ImportFile["resources"],
    idOf: (type: string, name: string) => string | undefined,
): ImportFile["resources"] {
    return resources.flatMap((resource) => {
        if (resource.component === true) return [resource];
        const id = idOf(resource.type, resource.logicalName ?? resource.name);
        return id === undefined ? [] : [{ ...resource, id }];
    });
}
