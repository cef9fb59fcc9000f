/** Imports resources that were made by hand into a stack: `make adopt STACK=dev`. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { pulumi, readConfig, requireStack } from "./pulumiCli.ts";
import { runCommand } from "./commandLine.ts";
import { type HandMadeRoute, takeRoute } from "./handMadeRoute.ts";
import { KubectlError, kubectlIn } from "../components/kubernetes/kubectl.ts";
import { ownerOf } from "../components/kubernetes/names.ts";
import { foreign } from "../quay/api/text.ts";
import { UserError } from "../components/messages/userError.ts";
import { parseStackConfig } from "../configuration/readStackConfig.ts";
import type { StackConfigOf } from "../configuration/stackConfig.ts";
import { accountIn } from "../components/github/account.ts";
import { GitHubClient, readToken } from "../components/github/client.ts";
import { findExisting } from "../components/github/existing.ts";
import { QuayClient } from "../quay/api/client.ts";
import { QuayError } from "../quay/api/errors.ts";
import { getRepository } from "../quay/resources/repository.ts";
import { getRobot } from "../quay/resources/robot.ts";
import { clientOptions } from "../quay/provider/settings.ts";

const deploymentPolicyType =
    "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy";

/**
 * The file that `pulumi preview --import-file` writes and `pulumi import --file` reads. It lists
 * components so that other resources can name them as parents, by `name`. `name` is unique in the
 * file; `logicalName` is the resource's name in the program, if the two differ.
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
type DeliveredConfig = StackConfigOf<"built" | "promoted">;

const usage = `Imports what was made by hand into a stack, without creating anything.

  node operations/adopt.ts STACK

  STACK    the stack; its repository, robot, environment and rules are looked up on Quay and GitHub,
           and on its cluster the Route that mlops:cluster.expose.name names
  --help   this text

It needs QUAY_TOKEN and GITHUB_TOKEN, as \`pulumi up\` does.`;

await runCommand({ usage, options: {}, arguments: [1, 1] }, async (_, [stack = ""]) => {
    await requireStack(stack);
    try {
        await adopt(stack);
    } catch (error) {
        const isKnown = error instanceof QuayError || error instanceof KubectlError;
        throw isKnown ? new UserError(error.message) : error;
    }
});

async function adopt(stack: string): Promise<void> {
    const values = await readConfig(stack);
    const config = parseStackConfig({ values, secretKeys: [] }, stack);
    if (config.kind === "local") {
        throw new UserError(
            `The stack "${stack}" runs on this machine: it has nothing on Quay or GitHub to adopt.`,
        );
    }
    const route = await adoptRoute(stack, values, config.cluster);
    const idOf = await findExistingIds(stack, values, config, route);
    const folder = mkdtempSync(join(tmpdir(), "mlops-adopt-"));
    try {
        const file = join(folder, "import.json");
        await pulumi(["preview", "--stack", stack, "--import-file", file]);
        const { resources, ...rest } = importFile.parse(JSON.parse(readFileSync(file, "utf8")));
        const wanted = selectExisting(resources, idOf);
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
        for (const { type, id } of found) console.log(`  ${type} ${foreign(id ?? "")}`);
        console.log(
            found.length === 0
                ? "Nothing to adopt: the stack has everything that exists."
                : `${String(found.length)} of them imported into the stack.`,
        );
    } finally {
        rmSync(folder, { recursive: true });
    }
    await pulumi(["config", "set", "--stack", stack, "--path", "mlops:github.adopt", "true"]);
    console.log(
        `\nThe next \`up\` overwrites the workflow file (mlops:github.adopt in ` +
            `Pulumi.${stack}.yaml; remove it afterwards) and writes the robot's credentials to ` +
            `the environment's secrets. ` +
            `Delete the repository's secrets of the same names then.\n` +
            (route === undefined ? "" : adviceOn(route)) +
            `Preview the changes, then apply them:\n\n` +
            `  make preview STACK=${stack}\n  make up STACK=${stack}\n`,
    );
}

/** Says what happens to what the Route leads to. */
function adviceOn({ host, deletion }: HandMadeRoute): string {
    const old =
        deletion === undefined
            ? ""
            : ` What was made by hand serves until then. Delete it afterwards:\n\n  ${deletion}\n`;
    return `It has the Route of ${host} lead to the new pods once they serve.${old}\n`;
}

/**
 * Hands the Route over to the stack that its configuration names, and writes the Route's host into
 * the configuration: else the stack would make a Route with another host of it.
 *
 * @returns undefined if the configuration names none, or there is none of that name.
 */
async function adoptRoute(
    stack: string,
    values: Readonly<Record<string, string>>,
    cluster: DeliveredConfig["cluster"],
): Promise<HandMadeRoute | undefined> {
    if (cluster?.expose?.kind !== "route") return undefined;
    const { name, host } = cluster.expose;
    if (name === undefined) return undefined;
    const { namespace } = cluster;
    const place = { context: values["kubernetes:context"] ?? "", namespace };
    // "mlops" is the name in Pulumi.yaml.
    const owner = ownerOf("mlops", stack.split("/").at(-1) ?? stack);
    const route = await takeRoute(kubectlIn(place), { ...place, name, host, owner });
    if (route !== undefined && host === undefined) {
        const key = "mlops:cluster.expose.host";
        await pulumi(["config", "set", "--stack", stack, "--path", key, route.host]);
    }
    return route;
}

/**
 * Looks up on Quay and GitHub what the configuration names.
 *
 * @param route the Route that is handed over, if any.
 * @returns a function that returns a resource's id, or undefined if the resource does not exist.
 */
async function findExistingIds(
    stack: string,
    values: Readonly<Record<string, string>>,
    config: DeliveredConfig,
    route: HandMadeRoute | undefined,
): Promise<(type: string, name: string) => string | undefined> {
    const { service, quay, github } = config;
    const url = values["quay:url"];
    const api = new QuayClient(
        clientOptions(url === undefined ? {} : { url }, process.env, new AbortController().signal),
    );
    const account = accountIn((key) => values[`github:${key}`], stack);
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
                return existing?.ownerMark;
            case "kubernetes:route.openshift.io/v1:Route":
                return route?.id;
            case deploymentPolicyType:
                return existing?.rules.get(name.slice(`${service.name}-`.length));
            default:
                return undefined;
        }
    };
}

/**
 * Returns the resources that exist, with their ids, and all components, which are their parents.
 */
function selectExisting(
    resources: ImportFile["resources"],
    idOf: (type: string, name: string) => string | undefined,
): ImportFile["resources"] {
    return resources.flatMap((resource) => {
        if (resource.component === true) return [resource];
        const id = idOf(resource.type, resource.logicalName ?? resource.name);
        return id === undefined ? [] : [{ ...resource, id }];
    });
}
