import { deepEqual, equal, match, ok } from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { type GitHub, startGitHub } from "../../sandbox/github/server.ts";
import { pulumiHome, run, temporary } from "../../sandbox/project.ts";
import { pulumi, runPulumi } from "../../sandbox/pulumiCommand.ts";
import { type Quay, startQuay } from "../../sandbox/quay/server.ts";
import { languagesPath } from "../languages.ts";
import { root } from "../unit/files.ts";

/** A program in YAML that declares a service of its own, and a repository. */
const program = {
    name: "scores",
    runtime: "yaml",
    plugins: { providers: [{ name: "quay", path: join(root, "quay") }] },
    packages: { mlops: join(root, "components") },
    resources: {
        scores: {
            type: "mlops:platform:DeliveredService",
            properties: { namespace: "alice", repository: "scores-api", port: 9090 },
        },
        data: {
            type: "mlops:quay:QuayRepository",
            properties: {
                namespace: "alice",
                repository: "data",
                robot: "data_robot",
                autoPrune: [{ keepFor: "30d", tagPattern: "ctx-.*" }],
            },
        },
    },
    outputs: { image: "${scores.image}", token: "${data.robotToken}" },
};

describe("the components, from a program in another language", () => {
    let folder: string;
    let quay: Quay;
    let github: GitHub;
    let environment: Record<string, string>;
    before(async () => {
        [quay, github] = await Promise.all([startQuay(), startGitHub()]);
        quay.createUser("alice");
        github.createUser("alice");
        github.createRepository({ owner: "alice", name: "scores-api", private: false });
        folder = temporary("yaml");
        const state = join(folder, "state");
        mkdirSync(state);
        environment = {
            PATH: languagesPath(),
            PULUMI_HOME: pulumiHome(folder),
            PULUMI_BACKEND_URL: `file://${state}`,
            PULUMI_CONFIG_PASSPHRASE: "for the test",
            GITHUB_OWNER: "alice",
            QUAY_URL: quay.url,
            QUAY_TOKEN: quay.createToken({ user: "alice" }),
            GITHUB_BASE_URL: github.baseUrl,
            GITHUB_TOKEN: github.createToken({ user: "alice" }),
        };
        writeFileSync(join(folder, "Pulumi.yaml"), stringify(program));
    });
    after(async () => {
        await Promise.all([quay.stop(), github.stop()]);
        rmSync(folder, { recursive: true });
    });

    it("are what pulumi package get-schema says of the folder components/", async () => {
        const { stdout } = await run(
            "pulumi",
            ["package", "get-schema", join(root, "components")],
            { cwd: folder, env: { ...process.env, ...environment } },
        );
        const { resources } = JSON.parse(stdout) as { resources: object };
        deepEqual(Object.keys(resources).sort(), [
            "mlops:platform:DeliveredService",
            "mlops:quay:PullRobot",
            "mlops:quay:QuayRepository",
        ]);
    });

    it("deliver a service of a program in YAML, which a second preview does not change", async () => {
        const place = { folder, stack: "dev", environment };
        await pulumi(place, "stack", "init", "dev");
        const { output } = await runPulumi(place, "up");
        match(output, new RegExp(`image: "${quay.registry}/alice/scores"`));
        match(output, /token: \[secret\]/);
        const sources = github.repository("alice/scores-api");
        equal(sources.secrets("quay")["QUAY_USER"], "alice+scores");
        match(String(sources.files()[".github/workflows/quay-deploy.yml"]), /9090/);
        const { changes } = await runPulumi(place, "preview");
        deepEqual(Object.keys(changes), ["same"]);
        ok((changes["same"] ?? 0) > 15);
    });
});
