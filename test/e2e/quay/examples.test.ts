import { deepEqual, ok } from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { cacheFolder } from "../../../toolchain/cacheFolder.ts";
import { type Scope, scopes } from "../../../sandbox/quay/model.ts";
import { type Quay, startQuay } from "../../../sandbox/quay/server.ts";
import { Api, expectReply } from "../../../sandbox/quayApi.ts";
import { pushImage } from "../../../sandbox/registryClient.ts";
import { languagesPath } from "../../languages.ts";
import { Project } from "./project.ts";
import { needsStandIn } from "./target.ts";

const root = join(import.meta.dirname, "../../..");
const folder = join(root, "examples/quay");
const names = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
);
const installation = readFileSync(join(root, "quay/docs/installation-configuration.md"), "utf8");

const sdk = pathToFileURL(join(root, "quay/sdk/index.ts")).href;

/** The commands of the page, of which the first adds the package to a project. */
const [add = "", ...blocks] = [...installation.matchAll(/```sh\n(.*?)```/gs)].map(
    ([, commands = ""]) => commands,
);

const schema = join(root, "quay/sdk/schema.json");
const plugins = { providers: [{ name: "quay", path: join(root, "quay") }] };

const section = z.record(z.string(), z.unknown()).default({});
const yamlProgram = z.object({
    config: section,
    variables: section,
    resources: section,
    outputs: section,
});

const exported = z.object({
    deployment: z.object({
        resources: z.array(
            z.object({
                urn: z.string(),
                type: z.string(),
                inputs: section,
                outputs: section,
            }),
        ),
    }),
});

/** What a program has registered and returned. */
interface Registered {
    readonly resources: Readonly<Record<string, unknown>>;
    readonly outputs: unknown;
}

/** A Quay with what the examples read, and a project on it. */
interface World {
    readonly server: Quay;
    readonly token: string;
    readonly project: Project;
}

/** All examples as one program. */
type Write = (world: World) => Promise<unknown>;

async function open(): Promise<World> {
    const server = await startQuay();
    server.createUser("alice", { superUser: true });
    server.createUser("bob");
    for (const organization of ["acme", "partner"])
        server.createOrganization(organization, "alice");
    const digest = await pushImage(server, "alice", "acme/shop_staging", ["1.4.0"]);
    await pushImage(server, "alice", "acme/website", ["2.0.0"]);
    server.setScan(digest, { status: "scanned", features: [] });
    const token = server.createToken({ user: "alice", scopes: scopesOf(installation) });
    const api = new Api(server.url, token);
    expectReply(await api.put("/organization/acme/robots/puller"), 201);
    const project = await Project.create({ PARTNER_QUAY_TOKEN: token, PATH: languagesPath() });
    const values = {
        slackUrl: { value: "https://hooks.slack.com/services/T0/B0/secret", secret: true },
        hubUsername: { value: "acme" },
        hubToken: { value: "the-token-of-the-hub", secret: true },
        partnerUrl: { value: server.url },
    };
    await project.stack.setAllConfig(values);
    // As the page says, but for the address.
    const commands = blocks.join("\n").replaceAll("https://quay.example.com", server.url);
    await project.shell(`${commands}\n[ "$QUAY_TOKEN" = "${token}" ]`, `${token}\n`);
    project.setEnvironment("QUAY_TOKEN", token);
    return { server, token, project };
}

/** The scopes that a page lists. */
function scopesOf(page: string): Scope[] {
    return scopes.filter((scope) => page.includes(`- \`${scope}\``));
}

async function registered({ server, project }: World): Promise<Registered> {
    const shown = JSON.stringify(await project.stack.exportStack());
    const hidden = server
        .secrets()
        .reduce((text, secret) => text.replaceAll(secret, "SECRET"), shown);
    const same = hidden.replaceAll(server.registry, "REGISTRY").replace(/sha256:\w{64}/g, "DIGEST");
    const { resources } = exported.parse(JSON.parse(same)).deployment;
    return {
        resources: Object.fromEntries(
            resources
                .filter(({ type }) => type.startsWith("quay:index:"))
                .map(({ urn, inputs }) => [
                    urn,
                    Object.entries(inputs)
                        .filter(([key]) => !key.startsWith("__"))
                        .sort(([one], [other]) => one.localeCompare(other)),
                ]),
        ),
        outputs: resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs,
    };
}

/** Creates everything, sees that nothing is left to do, and removes it. */
async function run(write: Write): Promise<Registered> {
    const world = await open();
    const { server, project } = world;
    try {
        await write(world);
        const { changes } = await project.up();
        ok((changes["create"] ?? 0) > names.length, JSON.stringify(changes));
        deepEqual((await project.preview()).changes, {});
        const result = await registered(world);
        deepEqual(await project.destroy(), { delete: changes["create"] });
        return result;
    } finally {
        await project.remove();
        await server.stop();
    }
}

/** Where TypeScript programs find the package. */
registerHooks({
    resolve: (specifier, context, next) =>
        next(specifier === "pulumi-quay" ? sdk : specifier, context),
});

let runs = 0;
const typescript: Write = ({ project }) => {
    project.program(async () => {
        const loading = String(++runs);
        const outputs: Record<string, unknown> = {};
        for (const name of names) {
            const file = pathToFileURL(join(folder, name, "index.ts"));
            const exports: unknown = await import(`${file.href}?${loading}`);
            Object.assign(outputs, exports);
        }
        return outputs;
    });
    return Promise.resolve();
};

const yaml: Write = async ({ project }) => {
    const program: z.output<typeof yamlProgram> = yamlProgram.parse({});
    for (const name of names) {
        const one = yamlProgram.parse(
            parse(readFileSync(join(folder, name, "Pulumi.yaml"), "utf8")),
        );
        for (const part of yamlProgram.keyof().options) {
            const twice = Object.keys(one[part]).filter((key) => Object.hasOwn(program[part], key));
            deepEqual(part === "config" ? [] : twice, [], `${name}: ${part} of another example`);
            Object.assign(program[part], one[part]);
        }
    }
    await project.files({
        "Pulumi.yaml": stringify({ name: "e2e", runtime: "yaml", plugins, ...program }),
    });
    await project.shell(add.replace("PATH/TO", join(root, "quay")));
};

const python: Write = async ({ project }) => {
    const packages = join(cacheFolder(), "python-examples");
    await project.shell(`
        export PYTHONPATH='${join(cacheFolder(), "python")}'
        python3 -m ruff check '${folder}'
        python3 -m ruff format --check '${folder}'`);
    const pip = "python3 -m pip install --quiet --disable-pip-version-check --no-deps";
    project.setEnvironment("PYTHONPATH", packages);
    await project.shell(`
        pulumi package gen-sdk '${schema}' --language python --out generated
        ${pip} --no-build-isolation --target sdk generated/python`);
    project.setEnvironment("PYTHONPATH", `${join(project.folder, "sdk")}:${packages}`);
    const files = names.map((name) => join(folder, name, "__main__.py"));
    return project.files({
        "Pulumi.yaml": stringify({ name: "e2e", runtime: "python", plugins }),
        "__main__.py": `import runpy
for file in ${JSON.stringify(files)}:
    runpy.run_path(file)
`,
    });
};

describe("the examples of the Quay provider", function () {
    this.timeout(120_000);
    let expected: Registered;

    before(needsStandIn("an organization, another user and a super user"));

    it("run in TypeScript, with the token and the scopes that the page names", async () => {
        expected = await run(typescript);
        ok(Object.keys(expected.resources).length > names.length);
    });

    it("register the same in YAML, after the page's command", async () => {
        deepEqual(await run(yaml), expected);
    });

    it("register the same in Python", async () => {
        deepEqual(await run(python), expected);
    });
});
