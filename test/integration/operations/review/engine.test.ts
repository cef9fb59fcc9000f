import { deepEqual, doesNotMatch, match } from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { driftOf } from "../../../../operations/review/engine.ts";
import { renderTerminal } from "../../../../operations/review/terminal.ts";
import { type GitHub, startGitHub } from "../../../../sandbox/github/server.ts";
import { Commands } from "../commands.ts";
import { preview, recorded, step, succeeded } from "../../../unit/operations/review/previews.ts";

const environmentType = "github:index/repositoryEnvironment:RepositoryEnvironment";
const inputs = { repository: "service", environment: "dev", waitTimer: 5 };

describe("the review of a stack that does not exist", () => {
    const commands = new Commands();
    const message = 'The stack "dev" does not exist yet. Create it: pulumi stack init dev';

    before(() => {
        const missing = "echo \"error: no stack named 'dev' found\" >&2; exit 255";
        commands.install(
            "pulumi",
            `case "$*" in *"--stack dev"*) ${missing};; esac\necho '${succeeded}'`,
        );
    });
    after(() => {
        commands.remove();
    });

    for (const command of ["preview", "drift"])
        it(`is one message, which has the command that creates it: ${command}`, async () => {
            deepEqual(await commands.run("review/main.ts", command, "dev"), {
                code: 1,
                stdout: `dev\n  ${message}\n`,
                stderr: "",
            });
        });

    it("stands beside the preview of another stack, and has no risk", () => {
        const release = recorded("release");
        const absent = { ...preview([]), stack: "dev", errors: [message] };
        const printed = renderTerminal([absent, release], false);
        match(printed, /^stack +risk .*\ndev +failed .*\nprod +careful .*\n\ncareful: /);
        match(printed, /\ndev\n {2}The stack "dev" does not exist yet\./);
        doesNotMatch(printed, /\nroutine: /);
    });
});

describe("the review of a stack whose tokens are not set", () => {
    it("says so below, where up would change something", async () => {
        const commands = new Commands();
        const created = step("create", environmentType, {}, { inputs });
        commands.install("pulumi", `cat ${commands.file("events", `${created}\n${succeeded}`)}`);
        const { code, stderr } = await commands.run("review/main.ts", "preview", "dev");
        const local = await commands.run("review/main.ts", "preview", "local");
        commands.remove();
        deepEqual([code, local.stderr], [0, ""]);
        match(stderr, /^`pulumi up` needs what is not set here: QUAY_TOKEN/);
    });
});

describe("the review of a stack whose token GitHub refuses", () => {
    it("names the variable that holds it", async () => {
        const commands = new Commands();
        const message =
            'failed to lookup organization "demo": GET https://api.github.com/orgs/demo: ' +
            "401 Bad credentials []";
        const diagnostic = JSON.stringify({ diagnosticEvent: { severity: "error", message } });
        commands.install("pulumi", `cat ${commands.file("events", diagnostic)}; exit 255`);
        const { code, stdout } = await commands.run("review/main.ts", "preview", "dev");
        commands.remove();
        deepEqual(code, 1);
        match(
            stdout,
            /401 Bad credentials \[\]\n {2}GitHub refuses the token in GITHUB_TOKEN: set another one\.\n/,
        );
    });
});

describe("a check for drift of a stack with an environment on GitHub", () => {
    let github: GitHub;
    let folder: string;
    let token: string;
    let before: NodeJS.ProcessEnv;

    /** A `pulumi` whose refresh finds no difference: the check's own question to GitHub decides. */
    const installPulumi = () => {
        const resource = { urn: `urn:pulumi:dev::p::${environmentType}::e`, type: environmentType };
        const answers = {
            refresh: [step("same", environmentType, { inputs }, { inputs }), succeeded].join("\n"),
            stack: JSON.stringify({ deployment: { resources: [{ ...resource, inputs }] } }),
            config: JSON.stringify({
                "github:owner": { value: "alice" },
                "github:baseUrl": { value: github.baseUrl },
            }),
        };
        for (const [command, answer] of Object.entries(answers))
            writeFileSync(join(folder, command), answer);
        const script =
            '#!/bin/sh\ncd "$(dirname "$0")"\nprintf "%s\\n" "$@" >"$1.args"\nexec cat "$1"\n';
        writeFileSync(join(folder, "pulumi"), script, { mode: 0o755 });
    };

    beforeEach(async () => {
        before = { ...process.env };
        folder = mkdtempSync(join(tmpdir(), "mlops-drift-"));
        github = await startGitHub();
        github.createUser("alice");
        github.createRepository({ owner: "alice", name: "service", private: false });
        token = github.createToken({ user: "alice" });
        const environment = await fetch(`${github.url}/repos/alice/service/environments/dev`, {
            method: "PUT",
            headers: { authorization: `Bearer ${token}` },
            body: JSON.stringify({ wait_timer: 5 }),
        });
        deepEqual(environment.status, 200);
        installPulumi();
        process.env["PATH"] = `${folder}${delimiter}${process.env["PATH"] ?? ""}`;
        process.env["GITHUB_TOKEN"] = token;
        for (const name of ["GITHUB_OWNER", "GITHUB_ORGANIZATION"])
            Reflect.deleteProperty(process.env, name);
    });
    afterEach(async () => {
        process.env = before;
        rmSync(folder, { recursive: true });
        const unknown = github.unknown();
        await github.stop();
        deepEqual(unknown, []);
    });

    it("leaves out the images of a Docker engine, and passes on further options", async () => {
        await driftOf("dev", ["--target", "urn"]);
        const args = readFileSync(join(folder, "refresh.args"), "utf8").split("\n");
        const valuesOf = (option: string) => args.filter((_, index) => args[index - 1] === option);
        deepEqual(valuesOf("--exclude"), [
            "**docker:index/registryImage:RegistryImage**",
            "**docker:index/remoteImage:RemoteImage**",
        ]);
        deepEqual(valuesOf("--target"), ["urn"]);
    });

    it("is complete where GitHub answers", async () => {
        const { errors, changes, unchecked } = await driftOf("dev");
        deepEqual([errors, changes, unchecked], [[], [], undefined]);
    });

    const failures: Readonly<Record<string, [prepare: () => void, message: RegExp]>> = {
        "there is no token": [
            () => {
                Reflect.deleteProperty(process.env, "GITHUB_TOKEN");
            },
            /GITHUB_TOKEN is not set/,
        ],
        "the token is not valid": [
            () => {
                github.revokeToken(token);
            },
            /answered 401 \(Bad credentials\) to GET /,
        ],
        "GitHub is not reached": [
            () => {
                github.faults.add({ path: "/environments/", reset: "before" });
            },
            /gives no answer/,
        ],
        "a proxy answers with a page": [
            () => {
                github.faults.add({ path: "/environments/", answer: "html" });
            },
            /something that is not GitHub's/,
        ],
    };
    for (const [what, [prepare, message]] of Object.entries(failures))
        it(`says what it could not check where ${what}`, async () => {
            prepare();
            const { errors, changes, unchecked = [] } = await driftOf("dev");
            deepEqual([errors, changes, unchecked.length], [[], [], 1]);
            match(unchecked[0] ?? "", /^The rules of the environments on GitHub: /);
            match(unchecked[0] ?? "", message);
        });
});
