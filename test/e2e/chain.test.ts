import { deepEqual, doesNotMatch, equal, match, notEqual, ok, rejects } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { account, Chain, type EnvironmentName, environments } from "../../sandbox/demo/chain.ts";

const boardForm = z.tuple([z.object({ drift: z.array(z.unknown()) })]);

/** One sequence, from the first `up` to the end: each step continues from the previous one. */
describe("dev, staging and prod", () => {
    let chain: Chain;
    const digests: Record<string, string> = {};

    function write(content: string): void {
        writeFileSync(join(chain.service, "content"), content);
    }
    const release = (environment: EnvironmentName, version: string) =>
        chain.set(environment, "service.version", version);
    const workflow = (environment: EnvironmentName): string => {
        const [branch, path] =
            environment === "dev"
                ? ["api/github_action", "quay-deploy"]
                : ["main", `quay-release-${environment}`];
        return chain.repository.files(branch)[`.github/workflows/${path}.yml`] ?? "";
    };
    async function noChanges(environment: EnvironmentName): Promise<void> {
        for (const { changes, output } of [
            await chain.preview(environment),
            await chain.up(environment),
        ]) {
            deepEqual(Object.keys(changes), ["same"], output);
        }
    }
    const blobBytes = () =>
        chain.quay.requests().reduce((sum, { blobBytes }) => sum + blobBytes, 0);

    before(async () => {
        chain = await Chain.create();
    });
    after(async () => {
        const unknown = chain.github.unknown();
        await chain.remove();
        deepEqual(unknown, []);
    });

    it("refuse an empty passphrase; make up also refuses a missing one, with the commands that set one", async () => {
        const { PULUMI_CONFIG_PASSPHRASE: passphrase = "" } = chain.environment;
        const commands =
            /head -c 32 \/dev\/urandom \| base64 > ~\/\.mlops-passphrase\)[^]*export PULUMI_CONFIG_PASSPHRASE_FILE=~\/\.mlops-passphrase/;
        chain.setEnvironment("PULUMI_CONFIG_PASSPHRASE", "");
        await rejects(chain.preview("staging"), (error) => {
            match(String(error), /PULUMI_CONFIG_PASSPHRASE is empty/);
            match(String(error), commands);
            return true;
        });
        await rejects(chain.run("operations/up.sh", "dev"), commands);
        chain.setEnvironment("PULUMI_CONFIG_PASSPHRASE", passphrase);
        await chain.run("pulumi", "stack", "rm", "staging", "--yes", "--preserve-config");
        await chain.run("sed", "-i.made", "/^encryptionsalt:/d", "Pulumi.staging.yaml");
        deepEqual(chain.quay.requests(), []);
    });

    it("allow a preview of staging before dev exists, but no up", async () => {
        const { output } = await chain.preview("staging");
        match(
            output,
            /After dev: digest not yet known\. There is no tag "1\.0\.0" in .*mlops_python_2022_2023: there is no such repository/,
        );
        await rejects(
            chain.up("staging"),
            /There is no tag "1\.0\.0" in .*Publish it first, or give a version that is there\./,
        );
    });

    it("publish from dev", async () => {
        const before = await chain.preview("dev");
        const { changes } = await chain.up("dev");
        deepEqual(changes, before.changes);
        const outputs = chain.outputs("dev");
        digests["1.0.0"] = outputs.digest;
        const tags = await chain.tags("dev");
        deepEqual([tags["1.0.0"], tags["latest"]], [outputs.digest, outputs.digest]);
        match(workflow("dev"), /^# Managed by Pulumi: mlops\/dev\n/);
        await noChanges("dev");
    });

    it("build nothing more: a change of the sources is not a version", async () => {
        write("one and a half");
        chain.setEnvironment("DOCKER_HOST", "tcp://127.0.0.1:1");
        chain.quay.clearRequests();
        await noChanges("dev");
        const asked = chain.quay.requests().map(({ method, path }) => `${method} ${path}`);
        equal(asked.length, 2, asked.join("\n")); // what `latest` names, for preview and up
        chain.setEnvironment("DOCKER_HOST", process.env["DOCKER_HOST"] ?? "");
    });

    it("promote to staging and to prod by the digest, without transferring a layer", async () => {
        for (const environment of ["staging", "prod"] as const) {
            chain.quay.clearRequests();
            const before = await chain.preview(environment);
            const { changes } = await chain.up(environment);
            deepEqual(changes, before.changes);
            ok(blobBytes() < 20_000, "only the configuration is read, for its labels");
            const { digest, image, version } = chain.outputs(environment);
            deepEqual([digest, version], [digests["1.0.0"], "1.0.0"]);
            equal(
                image,
                `${chain.quay.registry}/alice/mlops_python_2022_2023_${environment}@${digest}`,
            );
            ok(workflow(environment).includes(digest));
            await noChanges(environment);
        }
    });

    it("store each environment's credentials on GitHub, which are valid for its repository only", async () => {
        for (const environment of environments) {
            const { QUAY_USER, ...others } = chain.repository.secrets(environment);
            equal(QUAY_USER, chain.outputs(environment).robotUsername);
            deepEqual(Object.keys(others), ["QUAY_PWD"]);
        }
        const { image } = chain.outputs("staging"); // it is private
        await chain.logIn("staging");
        await chain.docker("pull", image);
        await chain.logIn("dev");
        await rejects(chain.docker("pull", image.replace(/@.*/, ":latest")), /unauthorized|denied/);
    });

    it("protect production: a reviewer, immutable versions, no deletion", async () => {
        const prod = chain.repository.environments()["prod"];
        equal(prod?.reviewers.length, 1);
        const deleted = await fetch(
            `${chain.quay.url}/api/v1/repository/alice/mlops_python_2022_2023_prod/tag/1.0.0`,
            {
                method: "DELETE",
                headers: { authorization: `Bearer ${chain.environment["QUAY_TOKEN"] ?? ""}` },
            },
        );
        equal(deleted.status, 409);
        await rejects(chain.destroy("prod"), /protect/);
        await noChanges("prod");
    });

    it("refuse a version that was never published, and list the published ones", async () => {
        await release("prod", "3.0.0");
        await rejects(
            chain.preview("prod"),
            /There is no tag "3\.0\.0" in .*_staging: it has 1\.0\.0\. Publish it first/,
        );
        await release("prod", "1.0.0");
    });

    it("release a version with one line per environment; the preview shows both digests and no other change", async () => {
        await chain.publish("1.1.0");
        chain.setEnvironment("DOCKER_HOST", "tcp://127.0.0.1:1"); // nothing is built
        const found = await chain.preview("dev");
        deepEqual((await chain.up("dev")).changes, found.changes);
        await noChanges("dev");
        chain.setEnvironment("DOCKER_HOST", process.env["DOCKER_HOST"] ?? "");
        digests["1.1.0"] = chain.outputs("dev").digest;
        notEqual(digests["1.1.0"], digests["1.0.0"]);
        for (const environment of ["staging", "prod"] as const) {
            await release(environment, "1.1.0");
            const { output, changes } = await chain.preview(environment);
            match(output, /~ version: "1\.0\.0" => "1\.1\.0"/);
            match(
                output,
                new RegExp(`~ digest *: "${digests["1.0.0"] ?? ""}" => "${digests["1.1.0"]}"`),
            );
            const others = Object.fromEntries(
                Object.entries(changes).filter(([operation]) => operation !== "same"),
            );
            deepEqual(others, { update: 2 }, output); // the promotion and the workflow's file
            deepEqual((await chain.up(environment)).changes, changes);
            equal(chain.outputs(environment).digest, digests["1.1.0"]);
            ok(workflow(environment).includes(digests["1.1.0"]));
            await noChanges(environment);
        }
    });

    it("roll back with the same line, long after dev has continued", async () => {
        await chain.publish("1.2.0");
        await chain.up("dev");
        equal(chain.outputs("dev").digest, (await chain.tags("dev"))["1.2.0"]);
        await release("prod", "1.0.0");
        chain.quay.clearRequests();
        await chain.up("prod");
        equal(chain.outputs("prod").digest, digests["1.0.0"]);
        const tags = await chain.tags("prod");
        deepEqual(
            [tags["1.0.0"], tags["1.1.0"], tags["latest"]],
            [digests["1.0.0"], digests["1.1.0"], digests["1.0.0"]],
        );
        ok(blobBytes() < 20_000, "only the configuration is read, for its labels");
        await noChanges("prod");
    });

    it("rotate the credentials of every environment, while GitHub has credentials at every moment", async () => {
        for (const environment of environments) {
            const before = chain.repository.secrets(environment);
            chain.github.clearRequests();
            await chain.set(environment, "quay.rotation", "1");
            await chain.up(environment);
            deepEqual(chain.github.requests({ method: "DELETE" }), []);
            const after = chain.repository.secrets(environment);
            notEqual(after["QUAY_PWD"], before["QUAY_PWD"]);
            equal(after["QUAY_USER"], chain.outputs(environment).robotUsername);
            await chain.logIn(environment);
            await noChanges(environment);
        }
    });

    it("let no robot put another image under a version, and take a new one from it", async () => {
        await chain.run("tar", "--create", "--file=image.tar", "Pulumi.yaml");
        for (const environment of environments) {
            await chain.logIn(environment);
            const [repository = ""] = chain.outputs(environment).image.split("@");
            const before = await chain.tags(environment);
            const push = async (tag: string): Promise<void> => {
                const name = `${repository}:${tag}`;
                await chain.docker("import", join(chain.folder, "image.tar"), name);
                await chain.docker("push", "--quiet", name);
            };
            for (const version of ["1.0.0", "1.1.0"]) await rejects(push(version), /immutable/);
            deepEqual(await chain.tags(environment), before);
            for (const tag of ["2.0.0", "latest"]) await push(tag);
            const { latest, "2.0.0": made, ...others } = await chain.tags(environment);
            notEqual(latest, before["latest"]);
            ok(made !== undefined);
            deepEqual({ ...others, latest: before["latest"] }, before);
            await rejects(push("2.0.0"), /immutable/);
        }
    });

    it("leave staging and prod unchanged, including their rollback, when dev is destroyed", async () => {
        await chain.destroy("dev");
        for (const environment of ["staging", "prod"] as const) await noChanges(environment);
        await release("staging", "1.0.0");
        await chain.up("staging");
        equal(chain.outputs("staging").digest, digests["1.0.0"]);
        equal(workflow("dev"), "");
        ok(workflow("staging") !== "");
    });

    it("store no secret in clear text in any state", () => {
        const secrets = [...chain.quay.secrets(), ...chain.github.secrets()].filter(
            (secret) => secret.length > 8,
        );
        ok(secrets.length > 8);
        const names = environments.map(
            (environment) =>
                chain.repository.environments()[environment] &&
                chain.repository.secrets(environment)["QUAY_USER"],
        );
        for (const environment of environments) {
            const state = chain.storedState(environment);
            const found = secrets.filter(
                (secret) =>
                    !names.includes(secret) && !secret.includes("+") && state.includes(secret),
            );
            deepEqual(found, [], environment);
        }
    });
});

describe("dev that pins a version", () => {
    let chain: Chain;
    const tagUrl = (tag: string): string =>
        `${chain.quay.url}/api/v1/repository/alice/mlops_python_2022_2023/tag/${tag}`;

    before(async () => {
        chain = await Chain.create();
        await chain.run("sed", "-i.made", "/follow: latest/d", "Pulumi.dev.yaml");
    });
    after(async () => {
        await chain.remove();
    });

    it("names no version itself once it has its first image, and follows or pins as it says", async () => {
        await chain.up("dev");
        const before = await chain.tags("dev");
        await chain.set("dev", "service.version", "1.0.1");
        await chain.set("dev", "service.follow", "latest");
        await chain.up("dev");
        deepEqual(await chain.tags("dev"), before);
        equal(chain.outputs("dev").digest, before["1.0.0"]);
        deepEqual(Object.keys((await chain.up("dev")).changes), ["same"]);
        await chain.run("sed", "-i.made", "/follow: latest/d", "Pulumi.dev.yaml");
        await chain.set("dev", "service.version", "1.0.0");
        await chain.up("dev");
        deepEqual(await chain.tags("dev"), before);
        equal(chain.outputs("dev").version, "1.0.0");
    });

    it("takes a version once its git tag has made it, and follows the branch from then on", async () => {
        await chain.set("dev", "service.version", "1.1.0");
        await rejects(
            chain.preview("dev"),
            /no tag "1\.1\.0" in .*: it has 1\.0\.0\. Publish it first \(git tag v1\.1\.0 && git push origin v1\.1\.0\)/,
        );
        await chain.publish("1.1.0");
        await chain.up("dev");
        await chain.publish("1.2.0");
        deepEqual(Object.keys((await chain.up("dev")).changes), ["same"]);
        const tags = await chain.tags("dev");
        equal(chain.outputs("dev").digest, tags["1.1.0"]);
        await chain.set("dev", "service.follow", "latest");
        await chain.up("dev");
        equal(chain.outputs("dev").digest, tags["latest"]);
        equal(tags["latest"], tags["1.2.0"]);
        deepEqual(await chain.tags("dev"), tags);
    });

    it("finds no drift once the tag has moved on, nor in the state of an earlier version", async () => {
        await chain.publish("1.3.0");
        const board = ["operations/board/main.ts", "--drift", "--json", "dev"];
        const drift = async (): Promise<unknown> =>
            boardForm.parse(JSON.parse(await chain.run(process.execPath, ...board)))[0].drift;
        deepEqual(await drift(), []);
        const file = join(chain.folder, "state.json");
        await chain.run("pulumi", "stack", "export", "--stack=dev", `--file=${file}`);
        const exported = readFileSync(file, "utf8");
        // Its images have no commit yet.
        const former = exported.replaceAll(/,\s*"commit": ""|"commit": "",\s*/g, "");
        notEqual(former, exported);
        writeFileSync(file, former);
        await chain.run("pulumi", "stack", "import", "--stack=dev", `--file=${file}`);
        deepEqual(await drift(), []);
    });

    it("goes back where somebody sets the tag back", async () => {
        const former = (await chain.tags("dev"))["1.1.0"];
        const headers = {
            authorization: `Bearer ${chain.environment["QUAY_TOKEN"] ?? ""}`,
            "content-type": "application/json",
        };
        const body = JSON.stringify({ manifest_digest: former });
        equal((await fetch(tagUrl("latest"), { method: "PUT", headers, body })).status, 201);
        const tags = await chain.tags("dev");
        await chain.up("dev");
        equal(chain.outputs("dev").digest, former);
        deepEqual(await chain.tags("dev"), tags);
    });

    it("says what the token lacks, or that Quay does not answer", async () => {
        await chain.set("dev", "quay.visibility", "private");
        await chain.up("dev");
        const { QUAY_TOKEN = "", QUAY_URL = "" } = chain.environment;
        const scopes = ["user:read"] as const;
        chain.setEnvironment("QUAY_TOKEN", chain.quay.createToken({ user: account, scopes }));
        const unknown = String.raw`error: mlops:service\.follow = "latest": what it names now is not known\.`;
        await rejects(chain.preview("dev"), new RegExp(`${unknown} .*repo:read`));
        chain.setEnvironment("QUAY_TOKEN", QUAY_TOKEN);
        chain.setEnvironment("QUAY_URL", "http://127.0.0.1:1");
        await rejects(chain.preview("dev"), new RegExp(`${unknown} .*127\\.0\\.0\\.1:1`));
        chain.setEnvironment("QUAY_URL", QUAY_URL);
    });

    it("says so where the tag that it follows is gone", async () => {
        const headers = { authorization: `Bearer ${chain.environment["QUAY_TOKEN"] ?? ""}` };
        equal((await fetch(tagUrl("latest"), { method: "DELETE", headers })).status, 204);
        await rejects(chain.preview("dev"), (error) => {
            match(
                String(error),
                /error: mlops:service\.follow = "latest": what it names now is not known\. There is no tag "latest" in alice\/mlops_python_2022_2023 on Quay at .*Without this key/,
            );
            doesNotMatch(String(error), /\n +at /);
            return true;
        });
    });
});

describe("dev where only attested images count", () => {
    let chain: Chain;

    before(async () => {
        chain = await Chain.create();
        await chain.set("dev", "github.workflow.attestation", "true");
        chain.setEnvironment("DOCKER_HOST", "tcp://127.0.0.1:1"); // nothing is built
    });
    after(async () => {
        await chain.remove();
    });

    it("makes the workflow first, and says what to push", async () => {
        const { output } = await chain.preview("dev");
        match(output, /After a push to api\/github_action: digest not yet known\./);
        await rejects(chain.up("dev"), /Publish it first \(git push origin api\/github_action\)/);
        const files = chain.repository.files("api/github_action");
        match(files[".github/workflows/quay-deploy.yml"] ?? "", /Attest the build provenance/);
    });

    it("takes the image once it is there", async () => {
        chain.setEnvironment("DOCKER_HOST", process.env["DOCKER_HOST"] ?? "");
        await chain.logIn("dev");
        await chain.run("tar", "--create", "--file=image.tar", "Pulumi.yaml");
        const name = `${chain.quay.registry}/alice/mlops_python_2022_2023:latest`;
        await chain.docker("import", join(chain.folder, "image.tar"), name);
        await chain.docker("push", "--quiet", name);
        await chain.up("dev");
        equal(chain.outputs("dev").digest, (await chain.tags("dev"))["latest"]);
        deepEqual(Object.keys((await chain.up("dev")).changes), ["same"]);
    });
});
