import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { measure } from "../../bench/measure.ts";
import { readServices, type Service } from "../../configuration/services.ts";
import { type GitHub, startGitHub } from "../../sandbox/github/server.ts";
import { pulumiHome, temporary } from "../../sandbox/project.ts";
import { type Operation, pulumi, type Ran, runPulumi } from "../../sandbox/pulumiCommand.ts";
import { type Quay, startQuay } from "../../sandbox/quay/server.ts";
import { root } from "../unit/files.ts";
import { install, pack } from "./installed.ts";

/** The stacks, each of which is named after the owner of its services. */
const owners = ["alpha", "beta", "gamma"];

/** docs/performance.md: CPU seconds of a preview without changes of a stack of ten. */
const bound = 6;

describe("thirty services in one program, ten to a stack", () => {
    let quay: Quay;
    let github: GitHub;
    let folder: string;
    let tarball: string;
    let state: string;
    let services: Service[];

    const environment = (owner: string): Record<string, string> => ({
        PULUMI_HOME: pulumiHome(state),
        PULUMI_BACKEND_URL: `file://${state}`,
        PULUMI_CONFIG_PASSPHRASE: "for the test",
        QUAY_URL: quay.url,
        QUAY_TOKEN: quay.createToken({ user: `${owner}-models` }),
        GITHUB_BASE_URL: github.baseUrl,
        GITHUB_TOKEN: github.createToken({ user: owner }),
    });
    const runIn = (owner: string, operation: Operation): Promise<Ran> =>
        runPulumi({ folder, stack: owner, environment: environment(owner) }, operation);

    before(async () => {
        [tarball, quay, github] = await Promise.all([pack(), startQuay(), startGitHub()]);
        folder = temporary("platform");
        state = temporary("state");
        cpSync(join(root, "examples/platform"), folder, { recursive: true });
        await install(tarball, folder);
        github.limit({ primary: { requests: 1e9, seconds: 3600 } });
        const home = process.cwd();
        process.chdir(folder);
        services = owners.flatMap((owner) => readServices("services.csv", owner));
        process.chdir(home);
        for (const owner of owners) {
            quay.createUser(`${owner}-models`);
            github.createUser(owner, { plan: "enterprise" });
            const file = join(folder, `Pulumi.${owner}.yaml`);
            writeFileSync(file, readFileSync(file, "utf8").replace('"200"', '"1"'));
            await pulumi(
                { folder, stack: owner, environment: environment(owner) },
                ...["stack", "init", owner],
            );
        }
        for (const { owner, repository } of services)
            github.createRepository({ owner, name: repository });
    });
    after(async () => {
        await Promise.all([quay.stop(), github.stop()]);
        for (const one of [folder, dirname(tarball), state]) rmSync(one, { recursive: true });
    });

    it("is a program of ten lines", () => {
        const program = readFileSync(join(folder, "index.ts"), "utf8");
        ok(program.trimEnd().split("\n").length <= 10, program);
    });

    it("delivers each service of its owner: repository, robot, secrets, workflow", async () => {
        for (const owner of owners) equal((await runIn(owner, "up")).changes["update"], undefined);
        equal(services.length, 30);
        for (const { owner, repository, namespace, name } of services) {
            const sources = github.repository(`${owner}/${repository}`);
            const { QUAY_USER } = sources.secrets("quay");
            equal(QUAY_USER, `${namespace}+${name}`);
            const workflow = sources.files()[".github/workflows/quay-deploy.yml"];
            match(String(workflow), new RegExp(`${quay.registry}/${namespace}/${name}\\b`));
        }
    });

    it(`previews a stack in less than ${String(bound)} CPU seconds, and asks Quay nothing, and GitHub eleven times`, async () => {
        for (const owner of owners) {
            quay.clearRequests();
            github.clearRequests();
            const { cpu } = await measure({
                command: ["pulumi", "preview", "--stack", owner, "--expect-no-changes"],
                folder,
                environment: environment(owner),
            });
            ok(cpu < bound, `${owner}: ${String(cpu)} CPU seconds`);
            deepEqual(quay.requests({}), []);
            equal(github.requests().length, 11);
        }
    });

    /** Previews the stack of an owner with another table. */
    async function previewWith(edit: (table: string) => string, owner: string): Promise<Ran> {
        const file = join(folder, "services.csv");
        const table = readFileSync(file, "utf8");
        writeFileSync(file, edit(table));
        try {
            return await runIn(owner, "preview");
        } finally {
            writeFileSync(file, table);
        }
    }

    it("refuses a name in the table in every stack, with the row and the key", async () => {
        for (const owner of owners)
            await rejects(
                previewWith((table) => table.replace("offer-ranking,", "offer ranking,"), owner),
                /row 7 \(offer ranking\), name = "offer ranking": must be/,
            );
    });

    it("keeps what a stack has where its table is empty, and the repository of a lost row", async () => {
        const header = (table: string) => table.slice(0, table.indexOf("\n") + 1);
        await rejects(previewWith(header, "alpha"), /services\.csv has no service of alpha, as /);
        const without = (table: string) => table.replace(/^churn,.*\n/m, "");
        await rejects(
            previewWith(without, "alpha"),
            /quay:index:Repository::churn"? cannot be deleted/,
        );
    });
});
