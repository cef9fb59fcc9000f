import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { type GitHub, startGitHub } from "../../sandbox/github/server.ts";
import { pulumiHome, run, temporary } from "../../sandbox/project.ts";
import { pulumi, runPulumi } from "../../sandbox/pulumiCommand.ts";
import { type Quay, startQuay } from "../../sandbox/quay/server.ts";
import { Api } from "../../sandbox/quayApi.ts";
import { type GitServer, makeRepository, startGitServer } from "../gitServer.ts";
import { version } from "../../quay/api/version.ts";
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
    let git: GitServer;
    let environment: Record<string, string>;
    before(async () => {
        folder = temporary("yaml");
        [quay, github, git] = await Promise.all([
            startQuay(),
            startGitHub(),
            startGitServer(folder),
        ]);
        quay.createUser("alice");
        github.createUser("alice");
        github.createRepository({ owner: "alice", name: "scores-api", private: false });
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
        git.stop();
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

    it("say in one line what is wrong with an argument", async () => {
        const place = { folder: temporary("wrong"), stack: "wrong", environment };
        const preview = async (type: "scores" | "data", properties: object) => {
            const { [type]: resource } = program.resources;
            const wrong = { ...resource, properties: { ...resource.properties, ...properties } };
            writeFileSync(
                join(place.folder, "Pulumi.yaml"),
                stringify({
                    ...program,
                    resources: { other: program.resources.data, [`${type}-2`]: wrong },
                    outputs: {},
                }),
            );
            return runPulumi(place, "preview").then(({ output }) => output, String);
        };
        await pulumi({ ...place, folder }, "stack", "init", "wrong");
        const both = await preview("data", { autoPrune: [{ keep: 3, keepFor: "4w" }] });
        match(both, /autoPrune\[0\] .* must have either keep \(a number of tags\) or keepFor/);
        doesNotMatch(both, /^\s+at /m);
        const output = await preview("scores", { repository: "${other.fullName}" });
        match(output, /'scores-2' has a problem: wrong inputs\s+- property repository with value/);
        match(output, / has a problem: must be plain: it cannot be an output\./);
        rmSync(place.folder, { recursive: true });
    });

    it("are added from a clone that gives the provider for Quay, too", async () => {
        const clone = join(folder, "clone");
        makeRepository(clone);
        const own = join(folder, "both");
        mkdirSync(own);
        const file = join(own, "Pulumi.yaml");
        writeFileSync(file, stringify({ name: "both", runtime: "yaml" }));
        const place = { folder: own, stack: "dev", environment };
        for (const name of ["quay", "components"])
            await pulumi(place, "package", "add", join(clone, name));
        const properties = { namespace: "alice", repository: "both", robot: "both_robot" };
        const resources = {
            data: { ...program.resources.data, properties },
            robot: { type: "quay:Robot", properties: { namespace: "alice", name: "other" } },
        };
        appendFileSync(file, stringify({ resources }));
        await pulumi(place, "stack", "init", "dev");
        const { changes } = await runPulumi(place, "up");
        // The stack, the component with a repository, a robot and a permission, and the robot.
        deepEqual(changes, { create: 6 });
    });

    it("are added from the repository by one command", async () => {
        makeRepository(join(folder, "team/mlops.git"));
        writeFileSync(join(folder, "certificate.pem"), git.certificate);
        const own = join(folder, "added");
        mkdirSync(own);
        const { name, runtime, plugins, resources } = program;
        const file = join(own, "Pulumi.yaml");
        writeFileSync(file, stringify({ name: `${name}-added`, runtime, plugins }));
        const place = {
            folder: own,
            stack: "dev",
            environment: {
                ...environment,
                // Without the plugins of the machine, which may have this version from before.
                PULUMI_HOME: join(own, "home"),
                HTTPS_PROXY: git.proxy,
                NO_PROXY: "127.0.0.1",
                SSL_CERT_FILE: join(folder, "certificate.pem"),
            },
        };
        await pulumi(place, "package", "add", `git.example.com/team/mlops/components@v${version}`);
        const data = { ...resources.data.properties, repository: "more", robot: "more_robot" };
        appendFileSync(
            file,
            stringify({ resources: { more: { ...resources.data, properties: data } } }),
        );
        await pulumi(place, "stack", "init", "dev");
        await runPulumi(place, "up");
        const answer = await new Api(quay.url, environment["QUAY_TOKEN"] ?? "").get(
            "/repository/alice/more",
        );
        equal(answer.status, 200);
    });
});
