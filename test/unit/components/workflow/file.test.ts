import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parse } from "yaml";
import { z } from "zod";
import { UserError } from "../../../../components/messages/userError.ts";
import { isManagedBy } from "../../../../components/github/ownership.ts";
import { workflowFile } from "../../../../components/workflow/file.ts";
import type { BuildSettings } from "../../../../components/workflow/settings.ts";
import { common, digest, examples, golden, prod, settings } from "./examples.ts";

/** What is looked at of a workflow. */
const form = z.object({
    name: z.string(),
    on: z.object({
        push: z.object({
            branches: z.array(z.string()).length(1),
            tags: z.array(z.string()).optional(),
        }),
        workflow_dispatch: z.null(),
    }),
    permissions: z.strictObject({}),
    concurrency: z.strictObject({
        group: z.string(),
        "cancel-in-progress": z.boolean(),
        queue: z.string().optional(),
    }),
    jobs: z.record(
        z.string(),
        z.object({
            needs: z.array(z.string()).default([]),
            if: z.string(),
            "runs-on": z.string(),
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
    for (const [name, settings] of Object.entries(examples)) {
        it(`is as reviewed: ${name}`, () => {
            const file = join(golden, `${name}.yml`);
            const content = workflowFile(settings, "mlops/dev");
            if (process.env["UPDATE_GOLDEN"]) writeFileSync(file, content);
            equal(content, readFileSync(file, "utf8"));
        });
    }

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

    it("runs for its branch alone: a run on demand may be for another one", () => {
        const branch = "it's";
        for (const kind of [{ build: {} }, { release: { digest } }]) {
            const file = workflowFile(
                { ...common, branch, environment: undefined, ...kind },
                "m/d",
            );
            const [job] = Object.values(form.parse(parse(file)).jobs);
            const ofVersion = " || startsWith(github.ref, 'refs/tags/v')";
            equal(job?.if, `github.ref == 'refs/heads/it''s'${"build" in kind ? ofVersion : ""}`);
        }
    });

    it("is not held up by a release that nobody approves, nor by a run for another branch", () => {
        const of = (kind: { build: BuildSettings } | { release: { digest: string } }) =>
            form.parse(parse(workflowFile({ ...common, ...kind }, "m/d"))).concurrency;
        const group = "environment-dev-${{ github.ref_name }}";
        deepEqual(
            [of({ build: {} }), of({ release: { digest } })],
            [
                { group, "cancel-in-progress": false, queue: "max" },
                { group, "cancel-in-progress": true },
            ],
        );
    });

    it("has no key that an Enterprise Server may not know", () => {
        const file = workflowFile({ ...common, build: {} }, "m/d", "https://github.example.com");
        equal("queue" in form.parse(parse(file)).concurrency, false);
    });

    it("runs for git tags where it builds, and never for another stack's version", () => {
        const of = (kind: { build: BuildSettings } | { release: { digest: string } }) =>
            form.parse(parse(workflowFile({ ...common, ...kind }, "m/d"))).on.push.tags;
        deepEqual([of({ build: {} }), of({ release: { digest } })], [["v*"], undefined]);
    });

    it("builds a commit, which has no version yet", () => {
        const argsOf = (build: BuildSettings) =>
            stepsOf(build)("Build and push")?.with?.["build-args"];
        deepEqual([{}, { buildArgs: { A: "1" } }, { buildArgs: { VERSION: "2" } }].map(argsOf), [
            "VERSION=sha-${{ github.sha }}",
            "A=1\nVERSION=sha-${{ github.sha }}",
            "VERSION=2",
        ]);
    });

    it("keeps a private repository's build cache and details out of a public registry", () => {
        const of = (build: BuildSettings): unknown[] => {
            const step = stepsOf(build)("Build and push");
            return [step?.with?.["provenance"], step?.with?.["cache-to"]];
        };
        const cache =
            "type=registry,ref=quay.io/alice/mlops_python_2022_2023:buildcache,mode=max," +
            "image-manifest=true,oci-mediatypes=true";
        const kept = [
            "mode=${{ github.event.repository.private && 'min' || 'max' }}",
            `\${{ !github.event.repository.private && '${cache}' || '' }}`,
        ];
        deepEqual(of({}), kept);
        deepEqual(of({ visibility: "public" }), kept);
        deepEqual(of({ visibility: "private" }), ["mode=max", cache]);
    });

    it("has no secret but by name, no expression in a script, no action that is not pinned", () => {
        fc.assert(
            fc.property(settings(), (sample) => {
                const content = workflowFile(sample, "mlops/dev");
                const workflow = form.parse(parse(content));
                equal(workflow.name, sample.name);
                const names = (job: { readonly steps: readonly { name: string }[] }): boolean =>
                    job.steps.some(({ name }) => name === "Tag the image");
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
                        ("build" in sample &&
                            names(job) &&
                            (sample.build.attestation === true ||
                                sample.build.signature === "keyless"));
                    equal(job.permissions["id-token"], federated ? "write" : undefined);
                    for (const { name, uses, run, env } of job.steps) {
                        ok((uses === undefined) !== (run === undefined));
                        if (uses !== undefined) match(uses, /^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
                        equal(run?.includes("${{") ?? false, false);
                        for (const [variable, value] of Object.entries(env ?? {})) {
                            if (!value.includes("secrets.")) continue;
                            if (name === "Log in to the registry") continue;
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

    it("signs only images that have passed, once, and with the permissions that this needs", () => {
        const job = (build: BuildSettings) => {
            const jobs = Object.values(
                form.parse(parse(workflowFile({ ...common, build }, "mlops/dev"))).jobs,
            );
            equal(jobs.length, 1);
            const names = jobs.flatMap(({ steps }) => steps).map(({ name }) => name);
            return {
                signs: names.slice(
                    names.indexOf("Smoke-test the image") + 1,
                    names.indexOf("Tag the image"),
                ),
                permissions: Object.keys(jobs[0]?.permissions ?? {}),
            };
        };
        const attests = [
            "Attest the build provenance",
            "Write the list of packages to a file",
            "Attest the list of packages",
        ];
        const signs = ["Install cosign", "Sign the image with the job's identity"];
        deepEqual(job({ signature: "none" }), { signs: [], permissions: ["contents"] });
        deepEqual(job({ attestation: true }), {
            signs: attests,
            permissions: ["contents", "id-token", "attestations"],
        });
        deepEqual(job({ signature: "keyless" }), {
            signs,
            permissions: ["contents", "id-token"],
        });
        deepEqual(job({ attestation: true, signature: "keyless" }).signs, [...attests, ...signs]);
    });

    it("builds and tests each platform on its own runner, and signs and names them joined", () => {
        const build: BuildSettings = {
            platforms: ["linux/amd64", "linux/arm64"],
            platform: "linux/arm64",
            attestation: true,
        };
        const file = workflowFile({ ...common, job: "make", build }, "mlops/dev");
        const { jobs } = form.parse(parse(file));
        const found = Object.entries(jobs).map(([id, job]) => {
            const step = (name: string) => job.steps.find((one) => one.name === name);
            const { platforms, "cache-from": cache } = step("Build and push the image")?.with ?? {};
            const ends = ["Smoke-test the image", "Tag the image"].map((name) => !!step(name));
            return [id, job.needs, job["runs-on"], job.permissions, platforms, cache, ends];
        });
        const cache = (architecture: string) =>
            `type=registry,ref=${common.image}:buildcache-${architecture}`;
        const read = { contents: "read" };
        const signs = { ...read, "id-token": "write", attestations: "write" };
        const [amd, arm] = ["ubuntu-24.04", "ubuntu-24.04-arm"];
        const tested = [true, false];
        deepEqual(found, [
            ["make_amd64", [], amd, read, "linux/amd64", cache("amd64"), tested],
            ["make_arm64", [], arm, read, "linux/arm64", cache("arm64"), tested],
            ["make", ["make_amd64", "make_arm64"], amd, signs, undefined, undefined, [false, true]],
        ]);
    });

    for (const floatingTags of [[], ["latest", "1"]]) {
        it(`sets these floating tags, which name no version: [${floatingTags.join(", ")}]`, () => {
            const step = stepsOf({ floatingTags });
            deepEqual(
                [step("Tag")?.env?.["TAGS"], step("Check the version")?.env?.["FLOATING_TAGS"]],
                [floatingTags.join(" "), floatingTags.join(" ")],
            );
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

        it("the memory that it has on its cluster, without swap", () => {
            const { options } = smokeTestOf({ memory: 512 * 2 ** 20 });
            deepEqual(
                options.filter((option) => option.startsWith("--memory")),
                ["--memory=536870912", "--memory-swap=536870912"],
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
            [step?.with?.["secret-envs"], step?.env?.["PIP_CONF"], step?.with?.["secrets"]],
            ["pip.conf=PIP_CONF", "${{ secrets.PIP_CONF }}", undefined],
        );
    });

    describe("settings that would be refused", () => {
        const refused: [what: string, changed: Record<string, unknown>, message: RegExp][] = [
            ["a branch", { branch: "api..x" }, /branch = "api\.\.x": must be a branch/],
            [
                "a folder below the workflows'",
                { path: ".github/workflows/sub/x.yml" },
                /path = .*must be \.github\/workflows\/NAME\.yml/,
            ],
            ["a path elsewhere", { path: "../.github/workflows/x.yml" }, /path = /],
            [
                "an environment's name",
                { environment: { name: "a\nb" } },
                /environment\.name = "a\\nb": .*line breaks/,
            ],
            ["a longer one", { environment: { name: "x".repeat(256) } }, /at most 255/],
            ["a job's id", { job: "1build" }, /job = "1build": must be letters/],
            [
                "a secret's name",
                { login: { usernameSecret: "GITHUB_USER", passwordSecret: "QUAY_PWD" } },
                /login\.usernameSecret = "GITHUB_USER": must be letters, digits and _/,
            ],
            [
                "a login of neither kind",
                { login: { username: "alice" } },
                /login = \{"username":"alice"\}: must have usernameSecret and passwordSecret/,
            ],
            [
                "a robot",
                { login: { robot: "robot" } },
                /login\.robot = "robot": must be NAMESPACE\+NAME/,
            ],
            [
                "an expression",
                { name: "${{ github.token }}" },
                /name = "\$\{\{ github\.token \}\}": .*take it for an expression/,
            ],
            [
                "an image with a tag",
                { image: "quay.io/alice/digits:1" },
                /image = "quay\.io\/alice\/digits:1": must be HOST\/NAMESPACE\/NAME/,
            ],
            ["an image of no host", { image: "alice/digits/x" }, /image = /],
            ["a port", { health: { port: 0 } }, /health\.port = 0/],
            [
                "a context elsewhere",
                { build: { context: "../service" } },
                /build\.context = "\.\.\/service": must be a path in the repository/,
            ],
            [
                "a Dockerfile outside of the repository",
                { build: { context: "service", dockerfile: "../../Dockerfile" } },
                /build\.dockerfile = .*must be in the GitHub repository.* it is outside/,
            ],
            [
                "a named context outside of the repository",
                { build: { buildContexts: { model: "../models" } } },
                /build\.buildContexts\.model = .*must be in the GitHub repository.* it is outside/,
            ],
            [
                "an address as a context",
                { build: { context: "https://github.com/evil/x.git" } },
                /build\.context = ".*": must be a path in the repository, not an address/,
            ],
            [
                "a named context that becomes an address",
                { build: { buildContexts: { model: "github.com/evil/x" } } },
                /build\.buildContexts\.model = .*must be a path in the repository, not an address/,
            ],
            [
                "the deployment's token for the Dockerfile",
                { build: { buildSecrets: { a: "Quay_Token" } } },
                /build\.buildSecrets\.a = "Quay_Token": must be a secret of the build's own/,
            ],
            [
                "the robot's password for the Dockerfile, under another name",
                {
                    login: { usernameSecret: "ROBOT", passwordSecret: "ROBOT_PASSWORD" },
                    build: { buildSecretFiles: { a: "Robot_password" } },
                },
                /build\.buildSecretFiles\.a = "Robot_password": must be a secret of the build's own/,
            ],
            [
                "a platform without a runner of its own",
                { build: { platforms: ["linux/amd64", "linux/riscv64"] } },
                /build\.platforms\.1 = "linux\/riscv64": must be linux\/amd64 or linux\/arm64: GitHub/,
            ],
            [
                "one platform as several",
                { build: { platforms: ["linux/arm64"] } },
                /build\.platforms = \["linux\/arm64"\]: must be at least two/,
            ],
            [
                "a platform twice",
                { build: { platforms: ["linux/arm64", "linux/arm64"] } },
                /build\.platforms = .*: must not have the same one twice/,
            ],
            [
                "a floating tag that is no tag",
                { build: { floatingTags: ["latest", "a:b"] } },
                /build\.floatingTags\.1 = "a:b": must be a tag/,
            ],
            [
                "a value of two lines",
                { build: { buildArgs: { A: "1\n2" } } },
                /build\.buildArgs\.A = "1\\n2"/,
            ],
            [
                "a policy that does not allow the branch",
                { environment: { name: "dev", branches: ["main", "api/*/*"] } },
                /environment\.branches = \["main","api\/\*\/\*"\]: must allow the workflow's branch "api\/github_action"/,
            ],
            [
                "a policy of tags alone",
                { environment: { name: "dev", tags: ["v*"] } },
                /must allow/,
            ],
            [
                "an identity without an environment",
                { environment: undefined, login: { robot: "a+b" } },
                /environment: must be set for a login without a password/,
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
                        {
                            ...prod,
                            job: "a b",
                            version: "1 b",
                            release: { digest: "sha256:1", tags: ["a:b"] },
                        },
                        "mlops/dev",
                    ),
                /cannot be delivered:\n {2}job = .*\n {2}version = "1 b": .*\n {2}release\.digest = "sha256:1": .*\n {2}release\.tags\.0 = "a:b": /,
            );
        });
    });
});
