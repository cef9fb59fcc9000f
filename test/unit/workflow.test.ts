import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { parse } from "yaml";
import { z } from "zod";
import { UserError } from "../../components/userError.ts";
import { isManagedBy } from "../../components/github/ownership.ts";
import { workflowFile } from "../../components/workflow/file.ts";
import * as names from "../../components/workflow/names.ts";
import type { BuildSettings, WorkflowSettings } from "../../components/workflow/settings.ts";

const golden = join(import.meta.dirname, "golden");
const digest = `sha256:${"0123456789abcdef".repeat(4)}`;

const common = {
    name: "MLOps 2022/2023 Docker Images CI",
    job: "build_api",
    path: ".github/workflows/quay-deploy.yml",
    branch: "api/github_action",
    environment: { name: "dev", branches: ["api/*"] },
    image: "quay.io/alice/mlops_python_2022_2023",
    version: "1.0.0",
    login: { usernameSecret: "QUAY_USER", passwordSecret: "QUAY_PWD" },
    health: {
        port: 8080,
        env: {
            OAUTH2_ISSUER: "https://tenant.eu.auth0.com/",
            OAUTH2_AUDIENCE: "https://my-api",
        },
    },
};
const prod = {
    ...common,
    name: "Release to production",
    job: "release",
    path: ".github/workflows/quay-release-prod.yml",
    branch: "main",
    environment: { name: "prod", protectedBranches: true },
    image: "quay.io/alice/mlops_python_2022_2023_prod",
};

/**
 * The files for reviewers: test/unit/golden/NAME.yml. `UPDATE_GOLDEN=1 npm run test:unit` writes
 * them.
 */
const examples: Record<string, WorkflowSettings> = {
    build: { ...common, build: { context: "service", buildArgs: { VERSION: "1.0.0" } } },
    "build-attested": {
        ...common,
        build: {
            target: "service",
            platform: "linux/amd64",
            buildSecrets: { index: "PIP_INDEX_URL" },
            attestation: true,
        },
    },
    "build-federated": {
        ...common,
        login: { robot: "alice+mlopspython_2022_2023_robot" },
        build: {},
    },
    "build-without-environment": {
        ...common,
        environment: undefined,
        image: "quay.example.com:8443/team/digits",
        health: {
            port: 5000,
            path: "/healthz",
            timeout: 300,
            passedOn: ["API_KEY", "GITHUB_TOKEN", "quay_pwd", "TIMEOUT"],
        },
        runner: "ubuntu-24.04-arm",
        build: {},
    },
    release: { ...prod, release: { digest } },
    "release-attested-and-tagged": {
        ...prod,
        release: { digest, attestedBy: common.path, tags: ["stable", "1.0"] },
    },
    "release-federated": {
        ...prod,
        login: { robot: "alice+robot" },
        release: { digest, attestedBy: common.path },
    },
};

const run = promisify(execFile);

/**
 * Files of a repository, with the output of a linter for all of them, which is empty without
 * findings.
 */
class Repository {
    readonly folder = mkdtempSync(join(tmpdir(), "workflows-"));
    readonly #files: string[] = [];

    add(name: string, content: string): void {
        const folder = join(this.folder, ".github/workflows");
        mkdirSync(folder, { recursive: true });
        writeFileSync(join(folder, `${name}.yml`), content);
        this.#files.push(join(folder, `${name}.yml`));
    }
    async actionlint(...options: string[]): Promise<string> {
        return this.#findings("actionlint", ["-no-color", ...options, ...this.#files]);
    }
    async zizmor(): Promise<string> {
        return this.#findings("zizmor", [
            "--offline",
            "--persona",
            "pedantic",
            "--no-progress",
            "--color",
            "never",
            ...this.#files,
        ]);
    }
    async schema(): Promise<string> {
        return this.#findings("check-jsonschema", [
            "--builtin-schema",
            "github-workflows",
            ...this.#files,
        ]);
    }
    remove(): void {
        rmSync(this.folder, { recursive: true });
    }
    async #findings(linter: string, args: string[]): Promise<string> {
        try {
            await run(linter, args, { cwd: this.folder, maxBuffer: 1 << 26 });
            return "";
        } catch (error) {
            const { stdout, stderr } = z
                .object({ stdout: z.string(), stderr: z.string() })
                .parse(error);
            return stdout + stderr;
        }
    }
}

/** What is looked at of a workflow. */
const form = z.object({
    name: z.string(),
    on: z.object({
        push: z.object({ branches: z.array(z.string()).length(1) }),
        workflow_dispatch: z.null(),
    }),
    permissions: z.strictObject({}),
    concurrency: z.object({ "cancel-in-progress": z.literal(false) }),
    jobs: z.record(
        z.string(),
        z.object({
            environment: z.object({ name: z.string() }).optional(),
            permissions: z.record(z.string(), z.enum(["read", "write"])),
            steps: z.array(
                z.object({
                    name: z.string(),
                    uses: z.string().optional(),
                    with: z.record(z.string(), z.unknown()).optional(),
                    env: z.record(z.string(), z.string()).optional(),
                    run: z.string().optional(),
                }),
            ),
        }),
    ),
});

describe("the workflow file", function () {
    this.timeout(120_000);
    let repository: Repository;
    beforeEach(() => {
        repository = new Repository();
    });
    afterEach(() => {
        repository.remove();
    });

    for (const [name, settings] of Object.entries(examples)) {
        it(`is as reviewed: ${name}`, () => {
            const file = join(golden, `${name}.yml`);
            const content = workflowFile(settings, "mlops/dev");
            if (process.env["UPDATE_GOLDEN"]) writeFileSync(file, content);
            equal(content, readFileSync(file, "utf8"));
        });
    }

    it("has nothing that a linter finds: actionlint with shellcheck, zizmor at its most pedantic, the schema", async () => {
        for (const name of Object.keys(examples))
            repository.add(name, readFileSync(join(golden, `${name}.yml`), "utf8"));
        deepEqual(
            [await repository.actionlint(), await repository.zizmor(), await repository.schema()],
            ["", "", ""],
        );
    });

    it("is looked at by linters that find things", async () => {
        const good = readFileSync(join(golden, "release.yml"), "utf8");
        repository.add(
            "bad",
            good
                .replace(/@[0-9a-f]{40} # \S+/, "@v4")
                .replace('pull --quiet "$IMAGE"', "pull --quiet $IMAGE"),
        );
        match(await repository.zizmor(), /unpinned-uses/);
        match(await repository.actionlint(), /SC2086/);
        equal(await repository.schema(), "");
        repository.add("worse", good.replace("runs-on", "run-on"));
        match(await repository.schema(), /run-on/);
    });

    it("says who manages it, and is known by that", () => {
        const file = workflowFile({ ...common, build: {} }, "mlops/dev");
        equal(isManagedBy(file, "mlops/dev"), true);
        equal(isManagedBy(file.replaceAll("\n", "\r\n"), "mlops/dev"), true);
        for (const other of ["mlops/de", "mlops/dev2", "mlops/staging"])
            equal(isManagedBy(file, other), false);
        for (const content of ["", "on: push\n", `name: x\n${file}`])
            equal(isManagedBy(content, "mlops/dev"), false);
    });

    it("means a branch by its name alone, whatever filter patterns make of its characters", () => {
        const file = workflowFile(
            { ...common, branch: "feat+x!]", environment: { name: "dev" }, build: {} },
            "mlops/dev",
        );
        deepEqual(form.parse(parse(file)).on.push.branches, ["feat\\+x\\!]"]);
    });

    it("is right for every combination of settings", async () => {
        const samples = fc.sample(settings(), { numRuns: 80, seed: 20222023 });
        for (const [index, sample] of samples.entries()) {
            const content = workflowFile(sample, "mlops/dev");
            equal(
                workflowFile(structuredClone(sample), "mlops/dev"),
                content,
                "the same bytes for the same settings",
            );
            repository.add(String(index), content);
        }
        // Shellcheck has seen the scripts: they are the same in each.
        deepEqual(
            [
                await repository.actionlint("-shellcheck="),
                await repository.zizmor(),
                await repository.schema(),
            ],
            ["", "", ""],
        );
    });

    it("has no secret but by name, no expression in a script, no action that is not pinned", () => {
        fc.assert(
            fc.property(settings(), (sample) => {
                const content = workflowFile(sample, "mlops/dev");
                const workflow = form.parse(parse(content));
                equal(workflow.name, sample.name);
                const allowed = [
                    ...("robot" in sample.login
                        ? []
                        : [sample.login.usernameSecret, sample.login.passwordSecret]),
                    ...("build" in sample ? Object.values(sample.build.buildSecrets ?? {}) : []),
                    ...(sample.health.passedOn ?? []),
                ];
                for (const [, secret = ""] of content.matchAll(/secrets\.(\w+)/g))
                    ok(allowed.includes(secret), secret);
                for (const job of Object.values(workflow.jobs)) {
                    equal(job.environment?.name, sample.environment?.name);
                    const federated =
                        "robot" in sample.login ||
                        ("build" in sample && sample.build.attestation === true);
                    equal(job.permissions["id-token"], federated ? "write" : undefined);
                    for (const { name, uses, run, env } of job.steps) {
                        ok((uses === undefined) !== (run === undefined));
                        if (uses !== undefined) match(uses, /^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
                        equal(run?.includes("${{") ?? false, false);
                        for (const [variable, value] of Object.entries(env ?? {})) {
                            if (!value.includes("secrets.")) continue;
                            equal(name, "Smoke-test the image");
                            equal(value, `\${{ secrets.${variable} }}`);
                            ok(sample.health.passedOn?.includes(variable));
                        }
                    }
                }
            }),
            { numRuns: 300 },
        );
    });

    /** The steps of a workflow that builds, by their names' first words. */
    const stepsOf = (build: BuildSettings) => {
        const file = form.parse(parse(workflowFile({ ...common, build }, "mlops/dev")));
        const steps = Object.values(file.jobs).flatMap((job) => job.steps);
        return (start: string) => steps.find(({ name }) => name.startsWith(start));
    };

    for (const [floatingTags, name] of [
        [[], "Tag with the version (if free)"],
        [["latest", "1"], "Tag with the version (if free) and latest, 1"],
    ] as const) {
        it(`sets these floating tags: [${floatingTags.join(", ")}]`, () => {
            const tagging = stepsOf({ floatingTags })("Tag with");
            deepEqual([tagging?.name, tagging?.env?.["TAGS"]], [name, floatingTags.join(" ")]);
        });
    }

    describe("gives the service in its smoke test", () => {
        const smokeTestOf = (health: object, changed: object = {}) => {
            const settings = {
                ...prod,
                ...changed,
                health: { port: 9090, ...health },
                release: { digest },
            };
            const content = workflowFile(settings, "mlops/dev");
            const { jobs } = form.parse(parse(content));
            const env = jobs["release"]?.steps.find(
                ({ name }) => name === "Smoke-test the image",
            )?.env;
            const [, comment] = / # (The service runs without .*)/.exec(content) ?? [];
            return { env, options: env?.["RUN_OPTIONS"]?.split("\n") ?? [], comment };
        };

        it("its port as PORT", () => {
            const { env, options } = smokeTestOf({});
            deepEqual(
                [env?.["CONTAINER_PORT"], options.includes("--env=PORT=9090")],
                ["9090", true],
            );
        });

        it("its variables, the secret ones by name, from the GitHub secrets of their names", () => {
            const { env, options, comment } = smokeTestOf({
                env: { MODE: "fast" },
                passedOn: ["API_KEY"],
            });
            deepEqual(
                options.filter((option) => option.startsWith("--env=")),
                ["--env=API_KEY", "--env=MODE=fast", "--env=PORT=9090"],
            );
            deepEqual([env?.["API_KEY"], comment], ["${{ secrets.API_KEY }}", undefined]);
        });

        const leftOut: [what: string, name: string][] = [
            ["which no GitHub secret can have as its name", "GITHUB_TOKEN"],
            ["whose name is the registry password's", "quay_pwd"],
            ["whose name is that of a variable of the step", "IMAGE"],
            ["that would change the docker command", "DOCKER_HOST"],
        ];
        for (const [what, name] of leftOut) {
            it(`no secret ${what}, and a comment that says so: ${name}`, () => {
                const { env, options, comment } = smokeTestOf({ passedOn: ["API_KEY", name] });
                match(String(comment), new RegExp(`^The service runs without ${name}: `));
                equal(options.includes(`--env=${name}`), false);
                equal(env?.["API_KEY"], "${{ secrets.API_KEY }}");
                equal(JSON.stringify(env).split("secrets.").length, 2);
            });
        }

        it("a secret of the name of the password that a federated login does not have", () => {
            const federated = { login: { robot: "alice+robot" } };
            const { env } = smokeTestOf({ passedOn: ["QUAY_PWD"] }, federated);
            equal(env?.["QUAY_PWD"], "${{ secrets.QUAY_PWD }}");
        });
    });

    it("finds a Dockerfile and a named context beside the context, from the repository's root", () => {
        const step = stepsOf({
            context: "service/api",
            dockerfile: "../Dockerfile",
            buildContexts: { base: "docker-image://python:3.13", model: "../../models" },
        })("Build and push");
        deepEqual(
            [step?.with?.["file"], step?.with?.["build-contexts"]],
            ["service/Dockerfile", "base=docker-image://python:3.13\nmodel=models"],
        );
    });

    it("asks for newer base images where it is to, and only there", () => {
        const pullOf = (build: BuildSettings) => stepsOf(build)("Build and push")?.with?.["pull"];
        deepEqual([{}, { pull: false }, { pull: true }].map(pullOf), [undefined, undefined, true]);
    });

    it("gives a secret that is a file by a variable of the step, whatever is in it", () => {
        const step = stepsOf({ buildSecretFiles: { "pip.conf": "PIP_CONF" } })("Build and push");
        deepEqual(
            [step?.with?.["secret-envs"], step?.env, step?.with?.["secrets"]],
            ["pip.conf=PIP_CONF", { PIP_CONF: "${{ secrets.PIP_CONF }}" }, undefined],
        );
    });

    describe("settings that would be refused", () => {
        const refused: [what: string, changed: Record<string, unknown>, message: RegExp][] = [
            ["a branch", { branch: "api..x" }, /branch = "api\.\.x": it has to be a branch/],
            [
                "a folder below the workflows'",
                { path: ".github/workflows/sub/x.yml" },
                /path = .*it has to be \.github\/workflows\/NAME\.yml/,
            ],
            ["a path elsewhere", { path: "../.github/workflows/x.yml" }, /path = /],
            [
                "an environment's name",
                { environment: { name: "a\nb" } },
                /environment\.name = "a\\nb": .*line breaks/,
            ],
            ["a longer one", { environment: { name: "x".repeat(256) } }, /at most 255/],
            ["a job's id", { job: "1build" }, /job = "1build": it has to be letters/],
            [
                "a secret's name",
                { login: { usernameSecret: "GITHUB_USER", passwordSecret: "QUAY_PWD" } },
                /login\.usernameSecret = "GITHUB_USER": it has to be letters, digits and _/,
            ],
            [
                "a login of neither kind",
                { login: { username: "alice" } },
                /login = \{"username":"alice"\}: it has to have usernameSecret and passwordSecret/,
            ],
            [
                "a robot",
                { login: { robot: "robot" } },
                /login\.robot = "robot": it has to be NAMESPACE\+NAME/,
            ],
            [
                "an expression",
                { name: "${{ github.token }}" },
                /name = "\$\{\{ github\.token \}\}": .*take it for an expression/,
            ],
            [
                "an image with a tag",
                { image: "quay.io/alice/digits:1" },
                /image = "quay\.io\/alice\/digits:1": it has to be HOST\/NAMESPACE\/NAME/,
            ],
            ["an image of no host", { image: "alice/digits/x" }, /image = /],
            [
                "a version",
                { version: "1.0 beta" },
                /version = "1\.0 beta": it has to be an image tag/,
            ],
            ["a port", { health: { port: 0 } }, /health\.port = 0/],
            [
                "a context elsewhere",
                { build: { context: "../service" } },
                /build\.context = "\.\.\/service": it has to be a path in the repository/,
            ],
            [
                "a Dockerfile outside of the repository",
                { build: { context: "service", dockerfile: "../../Dockerfile" } },
                /build\.dockerfile = .*it lies outside of the GitHub repository/,
            ],
            [
                "a named context outside of the repository",
                { build: { buildContexts: { model: "../models" } } },
                /build\.buildContexts\.model = .*it lies outside of the GitHub repository/,
            ],
            [
                "a floating tag that is no tag",
                { build: { floatingTags: ["latest", "a:b"] } },
                /build\.floatingTags\.1 = "a:b": it has to be an image tag/,
            ],
            [
                "a value of two lines",
                { build: { buildArgs: { A: "1\n2" } } },
                /build\.buildArgs\.A = "1\\n2"/,
            ],
            [
                "a policy that does not admit the branch",
                { environment: { name: "dev", branches: ["main", "api/*/*"] } },
                /environment\.branches = \["main","api\/\*\/\*"\]: the environment "dev" does not admit the workflow's branch "api\/github_action"/,
            ],
            [
                "a policy of tags alone",
                { environment: { name: "dev", tags: ["v*"] } },
                /does not admit/,
            ],
            [
                "an identity without an environment",
                { environment: undefined, login: { robot: "a+b" } },
                /environment: a login without a password needs one/,
            ],
        ];
        for (const [what, changed, message] of refused) {
            it(what, () => {
                throws(
                    () => workflowFile({ ...common, build: {}, ...changed }, "mlops/dev"),
                    (error) => error instanceof UserError && message.test(error.message),
                );
            });
        }
        it("a digest, and a list of all there is", () => {
            throws(
                () =>
                    workflowFile(
                        { ...prod, job: "a b", release: { digest: "sha256:1", tags: ["a:b"] } },
                        "mlops/dev",
                    ),
                /cannot be delivered:\n {2}job = .*\n {2}release\.digest = "sha256:1": .*\n {2}release\.tags\.0 = "a:b": /,
            );
        });
    });
});

/** Settings of every kind, that are right. */
function settings(): fc.Arbitrary<WorkflowSettings> {
    const passes = (schema: z.ZodType) => (value: string) => schema.safeParse(value).success;
    const line = fc.oneof(
        fc.string({ minLength: 1, unit: "grapheme", maxLength: 40 }).filter(passes(names.text)),
        fc.constantFrom(
            "on",
            "yes",
            "null",
            "1.10",
            "0x1F",
            "1e3",
            "~",
            "- a",
            "a: b",
            "# no comment",
            "'",
            '"',
            " padded ",
            "{a}",
            "%x",
            "@x",
            "`",
        ),
    );
    const word = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,20}$/);
    const secret = word.filter(passes(names.secretName));
    const path = fc.stringMatching(/^[a-z][a-z0-9_-]{0,10}(\/[a-z][a-z0-9_-]{0,10})?$/);
    const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/);
    const branch = fc
        .oneof(fc.string({ unit: "grapheme-ascii", maxLength: 20 }), path)
        .filter(passes(names.branch));
    const image = fc
        .tuple(
            fc.constantFrom("quay.io", "quay.example.com:8443", "127.0.0.1:5000", "localhost:80"),
            fc.stringMatching(/^[a-z]{2,9}\/[a-z][a-z0-9]{0,9}$/),
        )
        .map((parts) => parts.join("/"));
    const variables = fc.dictionary(word, fc.oneof(line, fc.constant("")), { maxKeys: 3 });
    const passedOn = fc.uniqueArray(
        fc.oneof(word, fc.constantFrom("GITHUB_TOKEN", "IMAGE", "QUAY_PWD")),
        { maxLength: 3 },
    );
    const sometimes = { requiredKeys: [] } satisfies { requiredKeys: [] };
    const build = fc.record(
        {
            context: path,
            dockerfile: path,
            target: word,
            platform: fc.constantFrom("linux/amd64", "linux/arm64/v8"),
            buildArgs: variables,
            buildSecrets: fc.dictionary(fc.stringMatching(/^[a-z0-9_.-]{1,9}$/), secret, {
                maxKeys: 2,
            }),
            attestation: fc.boolean(),
        },
        sometimes,
    );
    const release = fc.record(
        {
            digest: fc.stringMatching(/^sha256:[0-9a-f]{64}$/),
            attestedBy: fc.constant(common.path),
            tags: fc.array(tag, { maxLength: 3 }),
        },
        { requiredKeys: ["digest"] },
    );
    const base = {
        name: line,
        job: word,
        path: fc.stringMatching(/^\.github\/workflows\/[a-z][a-z0-9_.-]{0,20}\.ya?ml$/),
        branch,
        image,
        version: tag,
        health: fc.record(
            {
                port: fc.integer({ min: 1, max: 65535 }),
                path: fc.constantFrom("/", "/health", "/a?b=c&d"),
                timeout: fc.integer({ min: 1, max: 600 }),
                env: variables,
                passedOn,
            },
            { requiredKeys: ["port"] },
        ),
        runner: fc.constantFrom("ubuntu-24.04", "ubuntu-24.04-arm", undefined),
    };
    const environment = fc.record({ name: fc.oneof(line, word) });
    const passwords = fc.record({ usernameSecret: secret, passwordSecret: secret });
    const robot = fc.record({
        robot: fc.stringMatching(/^[a-z][a-z0-9]{1,9}\+[a-z][a-z0-9_]{1,9}$/),
    });
    const login = fc.oneof(
        fc.record({ login: passwords, environment: fc.option(environment, { nil: undefined }) }),
        fc.record({ login: robot, environment }),
    );
    const kind = fc.oneof(fc.record({ build }), fc.record({ release }));
    return fc.tuple(fc.record(base), login, kind).map(([a, b, c]) => ({ ...a, ...b, ...c }));
}
