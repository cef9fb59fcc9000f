import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";
import { z } from "zod";
import { deliveredStacksIn } from "../../configuration/delivery.ts";
import { platforms } from "../../toolchain/release/executable.ts";
import * as actions from "../../components/workflow/actions.ts";

const root = join(import.meta.dirname, "../..");
const folder = join(root, ".github/workflows");
const files = readdirSync(folder).sort();

const step = z.object({
    name: z.string(),
    uses: z.string().optional(),
    run: z.string().optional(),
    if: z.string().optional(),
    with: z.record(z.string(), z.unknown()).default({}),
    env: z.record(z.string(), z.string()).default({}),
});
const workflow = z.object({
    name: z.string(),
    on: z.record(z.string(), z.unknown()),
    permissions: z.strictObject({}),
    jobs: z.record(
        z.string(),
        z.object({
            if: z.string().optional(),
            needs: z.string().optional(),
            uses: z.string().optional(),
            environment: z.string().optional(),
            permissions: z.record(z.string(), z.enum(["read", "write"])),
            concurrency: z
                .object({ group: z.string(), "cancel-in-progress": z.boolean() })
                .optional(),
            strategy: z
                .object({
                    "fail-fast": z.boolean(),
                    matrix: z.object({
                        stack: z.array(z.string()).optional(),
                        include: z.array(z.record(z.string(), z.string())).optional(),
                    }),
                })
                .optional(),
            "timeout-minutes": z.int().optional(),
            with: z.record(z.string(), z.string()).default({}),
            steps: z.array(step).default([]),
        }),
    ),
});
type Job = z.infer<typeof workflow>["jobs"][string];

const text = (name: string): string => readFileSync(join(folder, `${name}.yml`), "utf8");
const read = (name: string) => workflow.parse(parse(text(name)));
const job = (name: string, id: string): Job => {
    const found = read(name).jobs[id];
    ok(found !== undefined, `${name} has no job ${id}`);
    return found;
};
const jobs = files.flatMap((file) =>
    Object.entries(read(file.replace(/\.yml$/, "")).jobs).map(([id, found]) => ({
        file,
        id,
        ...found,
    })),
);
const setUp = z
    .object({ runs: z.object({ steps: z.array(step) }) })
    .parse(parse(readFileSync(join(root, ".github/actions/set-up/action.yml"), "utf8"))).runs.steps;
const allSteps = [...jobs.flatMap(({ steps }) => steps), ...setUp];
/** Every stack that is delivered: one that is added has to be in each of these workflows. */
const stacks = deliveredStacksIn(root);

describe("the workflows of this project", function () {
    this.timeout(120_000);

    it("pass actionlint with shellcheck, zizmor (pedantic) and the JSON schemas", async () => {
        const run = promisify(execFile);
        const workflows = files.map((file) => join(folder, file));
        const linters: [string, string[]][] = [
            ["actionlint", ["-no-color"]],
            [
                "zizmor",
                [
                    "--offline",
                    "--persona",
                    "pedantic",
                    "--no-progress",
                    "--color",
                    "never",
                    ".github",
                ],
            ],
            ["check-jsonschema", ["--builtin-schema", "github-workflows", ...workflows]],
            [
                "check-jsonschema",
                [
                    "--builtin-schema",
                    "github-actions",
                    ".github/actions/set-up/action.yml",
                    "components/workflow/pins/action.yml",
                ],
            ],
            ["check-jsonschema", ["--builtin-schema", "dependabot", ".github/dependabot.yml"]],
        ];
        for (const [linter, args] of linters) await run(linter, args, { cwd: root });
    });

    it("are exactly these, and have exactly these triggers", () => {
        deepEqual(files, [
            "board.yml",
            "check.yml",
            "codeql.yml",
            "dependency-review.yml",
            "deploy-stack.yml",
            "deploy.yml",
            "drift.yml",
            "preview.yml",
            "promote.yml",
            "publish-packages.yml",
            "review.yml",
            "scorecard.yml",
        ]);
        const triggers = Object.fromEntries(
            files.map((file) => [file, Object.keys(read(file.replace(/\.yml$/, "")).on)]),
        );
        deepEqual(triggers, {
            "board.yml": ["workflow_run", "schedule", "workflow_dispatch"],
            "check.yml": ["push", "pull_request"],
            "codeql.yml": ["push", "pull_request", "schedule"],
            "dependency-review.yml": ["pull_request"],
            "deploy-stack.yml": ["workflow_call"],
            "deploy.yml": ["push", "workflow_dispatch"],
            "drift.yml": ["schedule", "workflow_dispatch"],
            "preview.yml": ["pull_request"],
            "promote.yml": ["schedule", "workflow_dispatch"],
            "publish-packages.yml": ["push"],
            "review.yml": ["workflow_run"],
            "scorecard.yml": ["push", "branch_protection_rule", "schedule"],
        });
    });

    it("pin each action to one commit, the same as in the workflows that stacks deliver", () => {
        const used = allSteps.flatMap(({ uses }) =>
            uses === undefined || uses.startsWith("./") ? [] : [uses],
        );
        for (const uses of used) match(uses, /^[\w-]+\/[\w/-]+@[0-9a-f]{40}$/);
        const commits = new Map<string, string>();
        const delivered = Object.values(actions).map(
            ({ repository, commit }) => `${repository}@${commit}`,
        );
        for (const uses of [...used, ...delivered]) {
            const [path = "", commit = ""] = uses.split("@");
            const repository = path.split("/", 2).join("/");
            equal(commits.get(repository) ?? commit, commit, repository);
            commits.set(repository, commit);
        }
    });

    it("limit each job's time, do not persist the checkout's token, and use no expression in a script", () => {
        for (const { file, id, uses, "timeout-minutes": minutes } of jobs)
            ok(uses !== undefined || minutes !== undefined, `${file}: ${id}`);
        for (const { uses, with: given } of allSteps)
            if (uses?.startsWith("actions/checkout@")) equal(given["persist-credentials"], false);
        for (const { run } of allSteps) ok(!run?.includes("${{"), run);
    });

    it("have only the write permissions that they need", () => {
        const writing = jobs.flatMap(({ file, id, permissions }) =>
            Object.entries(permissions).flatMap(([name, level]) =>
                level === "write" ? [`${file} ${id} ${name}`] : [],
            ),
        );
        deepEqual(writing, [
            "board.yml make id-token",
            "board.yml publish id-token",
            "board.yml publish pages",
            "codeql.yml analyze security-events",
            "deploy-stack.yml deploy id-token",
            "deploy.yml supersede actions",
            "deploy.yml dev id-token",
            "deploy.yml staging id-token",
            "deploy.yml prod id-token",
            "drift.yml drift id-token",
            "drift.yml report issues",
            "publish-packages.yml release attestations",
            "publish-packages.yml release contents",
            "publish-packages.yml release id-token",
            "publish-packages.yml npm id-token",
            "publish-packages.yml pypi id-token",
            "review.yml review pull-requests",
            "review.yml review statuses",
            "scorecard.yml rate security-events",
        ]);
    });

    it("use secrets only in jobs with a protected environment", () => {
        ok(!text("check").includes("secrets."));
        for (const { file, id, environment, uses, steps } of jobs) {
            const has = JSON.stringify(steps).includes("secrets.");
            ok(!has || (environment !== undefined && uses === undefined), `${file}: ${id}`);
        }
        const environments = jobs.flatMap(({ environment }) => environment ?? []);
        deepEqual([...new Set(environments)].sort(), [
            "board",
            "deploy-${{ inputs.stack }}",
            "drift",
            "github-pages",
            "packages",
            "preview",
            "promote",
        ]);
    });

    it("publish packages only of a git tag that was merged, once each platform's was tried, and with approval", () => {
        const { on, jobs: all } = read("publish-packages");
        deepEqual(on, { push: { tags: ["v*"] } });
        const made = job("publish-packages", "make").steps.map(({ run, uses }) => run ?? uses);
        const order = ["check-tag.sh", "main.ts", "compare-node.sh", "upload-artifact@"];
        const found = order.map((name) => made.findIndex((step) => step?.includes(name)));
        deepEqual(
            found,
            found.filter((index) => index >= 0).toSorted((a, b) => a - b),
        );
        deepEqual(
            Object.entries(all).map(([id, { needs, environment }]) => [id, needs, environment]),
            [
                ["make", undefined, undefined],
                ["try", "make", undefined],
                ["release", "try", "packages"],
                ["npm", "release", "packages"],
                ["pypi", "release", "packages"],
            ],
        );
        const tried = job("publish-packages", "try").strategy?.matrix.include ?? [];
        deepEqual(
            tried.map(({ platform }) => platform),
            platforms,
        );
        ok(!text("publish-packages").includes("secrets."));
    });

    it("run what was not compared with its review only where nothing opens anything", () => {
        for (const [name, id] of [
            ["preview", "preview"],
            ["deploy-stack", "verify"],
        ] as const) {
            const { environment, permissions, steps } = job(name, id);
            equal(environment, "preview");
            for (const level of Object.values(permissions)) equal(level, "read");
            const texts = JSON.stringify(steps);
            const secrets = [...texts.matchAll(/secrets\.(\w+)/g)].map(([, secret]) => secret);
            deepEqual([...new Set(secrets)], ["QUAY_TOKEN", "READ_GITHUB_TOKEN"]);
            ok(!texts.includes("vars"), "it logs in nowhere");
        }
        for (const [id, found] of Object.entries(read("deploy-stack").jobs))
            equal(found.needs, id === "verify" ? undefined : "verify");
        const { steps } = job("deploy-stack", "refused");
        deepEqual(
            steps.map(({ uses }) => uses?.split("@")[0]),
            ["actions/create-github-app-token", undefined],
            "it has no file of the repository",
        );
        const granted = Object.keys(steps[0]?.with ?? {}).filter((key) => /^permission-/.test(key));
        deepEqual(granted, ["permission-statuses"]);
    });

    it("read the snapshots that only the default branch has written", () => {
        const steps = (action: string) =>
            jobs.flatMap(({ file, id, steps }) =>
                steps
                    .filter(({ uses }) => uses?.startsWith(`actions/cache/${action}@`))
                    .map(({ with: given }) => ({
                        job: `${file} ${id}`,
                        ...given,
                    })),
            );
        deepEqual(
            steps("save").map(({ job }) => job),
            ["deploy-stack.yml deploy", "drift.yml drift"],
        );
        deepEqual(
            steps("restore").map(({ job }) => job),
            ["deploy-stack.yml verify", "preview.yml preview"],
        );
        const kept = z.looseObject({ path: z.string(), key: z.string() });
        for (const { path, key } of [...steps("save"), ...steps("restore")].map((step) =>
            kept.parse(step),
        )) {
            const stack = path.slice("snapshots/".length);
            equal(path, `snapshots/${stack}`);
            ok(key.startsWith(`snapshot-${stack}-`));
        }
    });

    it("preview all stacks in parallel, only for this repository's branches, without a Docker engine", () => {
        const { if: condition = "", strategy, steps } = job("preview", "preview");
        equal(condition, "github.event.pull_request.head.repo.full_name == github.repository");
        deepEqual(strategy, { "fail-fast": false, matrix: { stack: stacks } });
        equal(
            steps.find(({ name }) => name === "Preview")?.env["DOCKER_HOST"],
            "tcp://127.0.0.1:1",
        );
        ok(!text("preview").includes("APP_PRIVATE_KEY"));
    });

    it("review a preview by the default branch's code, and only of this repository's branches", () => {
        const { name, on } = read("review");
        deepEqual(on, {
            workflow_run: { workflows: [read("preview").name], types: ["requested", "completed"] },
        });
        equal(name, "Review");
        const { if: condition = "", steps, permissions } = job("review", "review");
        const is = "github.event.workflow_run";
        deepEqual(condition.split(" && "), [
            `${is}.event == 'pull_request'`,
            `${is}.head_repository.full_name == github.repository`,
            `${is}.conclusion != 'cancelled'`,
        ]);
        // Nothing of the pull request comes in, but its previews, beside the sources.
        const uses = steps.map(({ uses }) => uses?.split("@")[0]);
        deepEqual(uses, [
            "actions/checkout",
            "./.github/actions/set-up",
            "actions/download-artifact",
            undefined,
            "actions/upload-artifact",
        ]);
        const [checkout, setUp, download, step] = steps;
        deepEqual(checkout?.with, { "persist-credentials": false });
        deepEqual(setUp?.with, { tools: "packages" });
        const { path, pattern, "run-id": run } = download?.with ?? {};
        const previews = "${{ runner.temp }}/previews";
        deepEqual([path, pattern, run], [previews, "preview-*", `\${{ ${is}.id }}`]);
        deepEqual(step?.env, { GITHUB_TOKEN: "${{ github.token }}", PREVIEWS: previews });
        deepEqual(permissions, {
            actions: "read",
            contents: "read",
            "pull-requests": "write",
            statuses: "write",
        });
        ok(!text("review").includes("secrets."));
        // No other workflow of this project could make what its pull requests are judged by.
        for (const { file, permissions: others } of jobs)
            ok(file === "review.yml" || others["statuses"] !== "write", file);
    });

    it("deploy one stack after the other, only from the default branch, and cancel no deployment", () => {
        const { supersede, ...chain } = read("deploy").jobs;
        equal(supersede?.if, "github.event_name == 'push'");
        deepEqual(
            Object.entries(chain).map(([id, { needs, with: given }]) => [
                id,
                needs,
                given["stack"],
            ]),
            stacks.map((stack, index) => [stack, stacks[index - 1], stack]),
        );
        match(chain["dev"]?.if ?? "", /default_branch$/);
        deepEqual(job("deploy-stack", "deploy").concurrency, {
            group: "stack-${{ inputs.stack }}",
            "cancel-in-progress": false,
        });
        for (const { permissions } of Object.values(chain))
            deepEqual(permissions, job("deploy-stack", "deploy").permissions);
    });

    it("check all stacks for drift, only on the default branch", () => {
        const { if: condition = "", strategy } = job("drift", "drift");
        match(
            condition,
            /^github\.event_name == 'schedule' \|\| github\.ref_name == .*\.default_branch$/,
        );
        deepEqual(strategy?.matrix.stack, stacks);
    });

    it("make the board after a deployment, with tokens that read, and publish it only if asked to", () => {
        const { on, jobs: found } = read("board");
        deepEqual(on["workflow_run"], {
            workflows: [read("deploy").name],
            types: ["completed"],
            branches: ["main"],
        });
        const { make, publish } = found;
        ok(make && publish);
        match(make.if ?? "", /^github\.event_name != 'workflow_dispatch' \|\| .*\.default_branch$/);
        equal(make.environment, "board");
        const texts = JSON.stringify(make.steps);
        const secrets = [...texts.matchAll(/secrets\.(\w+)/g)].map(([, secret]) => secret);
        deepEqual(secrets, ["KUBECONFIG", "QUAY_TOKEN"]);
        ok(!texts.includes("workflow_run"), "it uses nothing of the run before");
        const step = make.steps.find(({ name }) => name === "Make the page");
        equal(step?.run, `operations/deliver.sh board ${stacks.join(" ")}`);
        // GitHub's pages are public: a variable has to ask for that.
        const pages = /^actions\/(?:upload-pages-artifact|deploy-pages)@/;
        const open = Object.values(found).flatMap((job) =>
            job.steps
                .filter(({ uses }) => pages.test(uses ?? ""))
                .map(({ if: condition }) => condition ?? job.if),
        );
        deepEqual(open, Array(2).fill("vars.BOARD_PAGES == 'true'"));
        deepEqual(publish.permissions, { "id-token": "write", pages: "write" });
        equal(publish.steps.length, 1);
    });

    it("pass on the results of failed jobs, but not of skipped ones", () => {
        equal(job("drift", "report").if, "${{ !cancelled() && needs.drift.result != 'skipped' }}");
        for (const name of ["preview", "drift"]) {
            const upload = job(name, name).steps.find(({ uses }) =>
                uses?.startsWith("actions/upload-artifact@"),
            );
            match(upload?.if ?? "", /!cancelled\(\)/);
        }
    });

    it("write the kubeconfig where the job's steps read it, for their user alone", () => {
        const action = readFileSync(join(root, ".github/actions/set-up/action.yml"), "utf8");
        const { steps } = z
            .object({ runs: z.object({ steps: z.array(step.partial()) }) })
            .parse(parse(action)).runs;
        const script = steps.find(({ name }) => name === "Write the kubeconfig")?.run ?? "";
        const temp = mkdtempSync(join(tmpdir(), "workflows-"));
        const content = "apiVersion: v1\nkind: Config\n# 100% 'quoted'";
        spawnSync("bash", ["-c", script], { env: { RUNNER_TEMP: temp, CONTENT: content } });
        const file = join(temp, "kubeconfig");
        equal(readFileSync(file, "utf8"), `${content}\n`);
        equal(statSync(file).mode & 0o777, 0o600);
        rmSync(temp, { recursive: true });
        const readers = allSteps.flatMap(({ env }) => env["KUBECONFIG"] ?? []);
        deepEqual(readers, Array(4).fill("${{ runner.temp }}/kubeconfig"));
    });

    it("run only the project's scripts, with commands that these know", () => {
        const commands = allSteps.flatMap(({ run }) => (run === undefined ? [] : [run]));
        const known =
            /^(jq --null-input [^]* curl [^]*|sudo --preserve-env=MLOPS_CLUSTER env "PATH=\$PATH" make test|toolchain\/audit\.sh|toolchain\/release\/(check-tag|compare-node|try|publish-github|publish-npm)\.sh .*|\. toolchain\/env\.sh && node toolchain\/release\/main\.ts .*|umask 077 && printf .*|sudo apt-get .*|toolchain\/setup\.sh "\$TOOLS"|\. toolchain\/env\.sh && node operations\/log-in\.ts|\. toolchain\/env\.sh && pulumi org set-default "\$ORGANIZATION")$/;
        const deliver = commands.filter((command) => !known.test(command));
        const form = new RegExp(
            `^operations/deliver\\.sh (\\w+)(?: "\\$STACK"(?: "\\$\\w+")*| ${stacks.join(" ")})?$`,
        );
        const used = deliver.map((command) => form.exec(command)?.[1]);
        deepEqual(used.toSorted(), [
            "board",
            "deploy",
            "drift",
            "find",
            "find",
            "preview",
            "promote",
            "report",
            "review",
            "snapshot",
            "snapshot",
            "status",
            "supersede",
            "verify",
        ]);
        const { stderr, status } = spawnSync(join(root, "operations/deliver.sh"), {
            encoding: "utf8",
        });
        equal(status, 2);
        for (const command of used) match(stderr, new RegExp(`deliver\\.sh ${String(command)} `));
        notEqual(spawnSync(join(root, "operations/deliver.sh"), ["destroy", "prod"]).status, 0);
    });
});
