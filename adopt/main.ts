/** Takes over what somebody made by hand, without making anything again: `make adopt STACK=dev`, or `node adopt/main.ts STACK`. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { UserError } from "../errors.ts";
import { parseEnvironment } from "../environment.ts";
import { QuayClient } from "../quay/client.ts";
import { QuayError } from "../quay/errors.ts";
import { getRepository } from "../quay/resources/repository.ts";
import { getRobot } from "../quay/resources/robot.ts";
import { clientOptions } from "../quay/settings.ts";

const run = promisify(execFile);
const project = "mlops";

/** What `pulumi preview --import-file` writes and `pulumi import --file` reads: components are there so that others can name them as parents. */
const importFile = z.looseObject({
    resources: z
        .array(z.looseObject({ type: z.string(), name: z.string(), id: z.string().optional(), component: z.boolean().optional() }))
        .default([]),
});
type ImportFile = z.infer<typeof importFile>;

try {
    const [stack, ...others] = process.argv.slice(2);
    if (stack === undefined || others.length > 0) throw new UserError("node adopt/main.ts STACK");
    await adopt(stack);
} catch (error) {
    if (!(error instanceof UserError || error instanceof QuayError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
}

async function adopt(stack: string): Promise<void> {
    const ids = await findByHand(stack);
    const folder = mkdtempSync(join(tmpdir(), "mlops-adopt-"));
    try {
        const file = join(folder, "import.json");
        await pulumi("preview", "--stack", stack, "--import-file", file);
        const { resources, ...rest } = importFile.parse(JSON.parse(readFileSync(file, "utf8")));
        const wanted = select(resources, ids);
        const count = wanted.filter(({ component }) => component !== true).length;
        if (count > 0) {
            writeFileSync(file, JSON.stringify({ ...rest, resources: wanted }));
            await pulumi("import", "--stack", stack, "--file", file, "--yes", "--protect=false", "--generate-code=false", "--skip-preview");
        }
        console.log(count === 0 ? "Quay has nothing that the stack does not know." : `${String(count)} of Quay's are the stack's now.`);
    } finally {
        rmSync(folder, { recursive: true });
    }
    await pulumi("config", "set", "--stack", stack, "--path", `${project}:github.adopt`, "true");
    console.log(
        `\nThe GitHub environment and the workflow file are taken over by the next \`up\` (${project}:github.adopt in Pulumi.${stack}.yaml; remove it ` +
            `afterwards), and its secrets get the same robot's credentials; secrets of the same names in the repository are yours to delete then.\n` +
            `See what that changes, then do it:\n\n  make preview STACK=${stack}\n  make up STACK=${stack}\n`,
    );
}

/** Type token → id of what exists on Quay by the names in the configuration. */
async function findByHand(stack: string): Promise<ReadonlyMap<string, string>> {
    const config = await readConfig(stack);
    const { quay } = publishing(config, stack);
    const url = config["quay:url"];
    const api = new QuayClient(clientOptions(url === undefined ? {} : { url }, process.env, new AbortController().signal));
    const repository = `${quay.namespace}/${quay.repository}`;
    const robot = `${quay.namespace}+${quay.robot}`;
    const [foundRepository, foundRobot] = await Promise.all([
        getRepository(api, repository),
        api.kindOf(quay.namespace).then((kind) => getRobot(api, robot, kind)),
    ]);
    console.log(`${foundRepository === undefined ? "There is no" : "Found the"} repository ${repository} on ${api.site.url}`);
    console.log(`${foundRobot === undefined ? "There is no" : "Found the"} robot ${robot}`);
    return new Map([
        ...(foundRepository === undefined ? [] : [["quay:index:Repository", repository] as const]),
        ...(foundRobot === undefined ? [] : [["quay:index:Robot", robot] as const]),
    ]);
}

function publishing(values: Record<string, string>, stack: string) {
    const environment = parseEnvironment({ values, secretKeys: [] }, project, stack);
    if (environment.kind !== "local") return environment;
    throw new UserError(`The stack "${stack}" runs on this machine: it has nothing on Quay or GitHub that could be taken over.`);
}

async function readConfig(stack: string): Promise<Record<string, string>> {
    const { stdout } = await pulumi("config", "--stack", stack, "--json");
    const entries = z.record(z.string(), z.object({ value: z.string().default("") })).parse(JSON.parse(stdout));
    return Object.fromEntries(Object.entries(entries).map(([key, { value }]) => [key, value]));
}

/** What exists, with its id, and the components, which are its parents. What the stack knows already is not in the file. */
function select(resources: ImportFile["resources"], ids: ReadonlyMap<string, string>): ImportFile["resources"] {
    return resources.flatMap((resource) => {
        if (resource.component === true) return [resource];
        const id = ids.get(resource.type);
        return id === undefined ? [] : [{ ...resource, id }];
    });
}

async function pulumi(...command: string[]): Promise<{ stdout: string }> {
    try {
        return await run("pulumi", ["--non-interactive", "--color", "never", ...command], { maxBuffer: 1 << 26 });
    } catch (error) {
        const { stdout, stderr } = z.object({ stdout: z.string(), stderr: z.string() }).parse(error);
        throw new UserError(`pulumi ${command.join(" ")} failed:\n${stdout}${stderr}`);
    }
}
