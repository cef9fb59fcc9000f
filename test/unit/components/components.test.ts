import { deepEqual, equal, match, notEqual, rejects } from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { IdentityProvider } from "../../../components/identityProvider.ts";
import { LocalService, type LocalServiceArgs } from "../../../components/localService.ts";
import { PromotedServiceImage } from "../../../components/promotedServiceImage.ts";
import { failOnProblem } from "../../../components/messages/failProgram.ts";
import { QuayRepository, type QuayRepositoryArgs } from "../../../components/quayRepository.ts";
import { RunningTag } from "../../../components/runningTag.ts";
import {
    type Publication,
    ServiceImage,
    type ServiceImageArgs,
} from "../../../components/serviceImage.ts";
import { declare, type Declared, digest, failureOf, insideSecret, only } from "../mocks.ts";

const image = "docker:index/remoteImage:RemoteImage";
const container = "docker:index/container:Container";

describe("components", () => {
    let folder: string;
    const home = process.cwd();
    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "components-"));
        mkdirSync(join(folder, "project/service"), { recursive: true });
        writeFileSync(join(folder, "project/service/Dockerfile"), "FROM scratch");
        process.chdir(join(folder, "project"));
    });
    afterEach(() => {
        process.chdir(home);
        rmSync(folder, { recursive: true });
    });

    describe("ServiceImage", () => {
        const args: ServiceImageArgs = { repository: "digits", context: "service" };
        const build = async (changed: Partial<ServiceImageArgs> = {}): Promise<Declared> =>
            only(await declare(() => new ServiceImage("digits", { ...args, ...changed })), image);

        it("names the image by its content and builds it again when that changes", async () => {
            const first = await build();
            match(String(first.inputs["name"]), /^digits:ctx-[0-9a-f]{20}$/);
            deepEqual(await build(), first);
            writeFileSync("service/boot.py", "print()");
            const second = await build();
            notEqual(second.inputs["name"], first.inputs["name"]);
            notDeepTriggers(second, first);
        });

        const changes: Record<string, Partial<ServiceImageArgs>> = {
            "a build argument": { buildArgs: { VERSION: "2" } },
            "the target": { target: "test" },
            "the platform": { platform: "linux/arm64" },
            "a build secret's id": { buildSecrets: { token: "TOKEN" } },
        };
        for (const [what, changed] of Object.entries(changes)) {
            it(`builds again when ${what} changes`, async () => {
                notDeepTriggers(await build(changed), await build());
            });
        }

        it("builds again, from new base images, when the digest of one changes", async () => {
            const [one, two] = [`sha256:${"1".repeat(64)}`, `sha256:${"2".repeat(64)}`];
            const first = await build({ baseImages: { a: one, b: two } });
            equal(pick(first.inputs, "build")["pullParent"], true);
            notDeepTriggers(await build({ baseImages: { a: two, b: two } }), first);
            notDeepTriggers(await build({ baseImages: { a: two, b: one } }), first);
            deepEqual(await build({ baseImages: { b: two, a: one } }), first);
        });

        it("does not pull base images, nor have another name, where it is not to", async () => {
            const { inputs } = await build();
            equal("pullParent" in pick(inputs, "build"), false);
            equal((await build({ baseImages: {} })).inputs["name"], inputs["name"]);
        });

        it("builds on another image where this machine has a stand-in, and says so", async () => {
            const had = process.env["MLOPS_BASE_IMAGE"];
            const on = (image: string): Promise<Declared> => {
                process.env["MLOPS_BASE_IMAGE"] = image;
                return build({ buildArgs: { VERSION: "1" } });
            };
            try {
                const official = await on("");
                deepEqual(pick(official.inputs, "build")["buildArgs"], { VERSION: "1" });
                const other = await on("stand-in:1");
                deepEqual(pick(other.inputs, "build")["buildArgs"], {
                    MLOPS_BASE_IMAGE: "stand-in:1",
                    VERSION: "1",
                });
                notEqual(other.inputs["name"], official.inputs["name"]);
            } finally {
                if (had === undefined) delete process.env["MLOPS_BASE_IMAGE"];
                else process.env["MLOPS_BASE_IMAGE"] = had;
            }
        });

        it("does not build again when the order of the build arguments changes", async () => {
            deepEqual(
                (await build({ buildArgs: { A: "1", B: "2" } })).inputs["name"],
                (await build({ buildArgs: { B: "2", A: "1" } })).inputs["name"],
            );
        });

        it("gives a secret's place, never its value", async () => {
            process.env["TOKEN_FOR_TEST"] = "hunter2";
            const { inputs } = await build({ buildSecrets: { token: "TOKEN_FOR_TEST" } });
            delete process.env["TOKEN_FOR_TEST"];
            deepEqual(pick(inputs, "build")["secrets"], [{ id: "token", env: "TOKEN_FOR_TEST" }]);
            equal(JSON.stringify(inputs).includes("hunter2"), false);
        });

        it("refuses a secret that is the deployment's: a variable, or all of them", async () => {
            const token = build({ buildSecrets: { token: "QUAY_TOKEN" } });
            await rejects(
                token,
                /"token" is QUAY_TOKEN, which holds credentials of the deployment/,
            );
            symlinkSync("/proc/self/environ", join(folder, "linked"));
            const up = (file: string) => {
                const buildSecrets = { all: { file: join(folder, file) } };
                const image = () => new ServiceImage("digits", { ...args, buildSecrets });
                return declare(image, {}, undefined, [], false);
            };
            writeFileSync(join(folder, "pip.conf"), "hunter2");
            await up("pip.conf");
            await rejects(up("linked"), /"all" is to come from the file .*, which cannot be read/);
        });

        it("has no absolute path in its inputs, wherever the context lies", async () => {
            cpSync("service", join(folder, "elsewhere"), { recursive: true });
            for (const context of ["service", join(folder, "elsewhere"), "../elsewhere"]) {
                const { inputs } = await build({ context });
                const { context: link, dockerfile } = pick(inputs, "build");
                deepEqual([link, dockerfile], [".build/unit/digits", "../digits.Dockerfile"]);
                equal(JSON.stringify(inputs).includes(folder), false);
            }
        });

        it("refuses a bad name and a missing Dockerfile", async () => {
            await rejects(build({ repository: "Digits:1" }), /"Digits:1" cannot name an image/);
            await rejects(build({ dockerfile: "nope" }), /There is no Dockerfile "nope"/);
        });

        it("refuses an absolute path of a Dockerfile", async () => {
            const dockerfile = join(folder, "project/service/Dockerfile");
            await rejects(build({ dockerfile }), /must be a path relative to the build context/);
        });

        it("builds with a Dockerfile outside of the context, whose change builds again", async () => {
            writeFileSync("Dockerfile.other", "FROM scratch");
            const changed = { dockerfile: "../Dockerfile.other" };
            const first = await build(changed);
            equal(pick(first.inputs, "build")["dockerfile"], "../digits.Dockerfile");
            writeFileSync("Dockerfile.other", "FROM busybox");
            notDeepTriggers(await build(changed), first);
        });

        it("takes a secret from a file, which its link alone names", async () => {
            writeFileSync(join(folder, "pip.conf"), "hunter2");
            const changed = { buildSecrets: { "pip.conf": { file: join(folder, "pip.conf") } } };
            const { inputs } = await build(changed);
            deepEqual(pick(inputs, "build")["secrets"], [
                { id: "pip.conf", src: ".build/unit/digits.secret.pip.conf" },
            ]);
            equal(JSON.stringify(inputs).includes(folder), false);
            equal(JSON.stringify(inputs).includes("hunter2"), false);
        });

        it("hands named contexts on, a folder by its link, and counts their content", async () => {
            mkdirSync(join(folder, "weights"));
            writeFileSync(join(folder, "weights/model"), "1");
            const model = { model: join(folder, "weights") };
            const base = "docker-image://python:3.13";
            const first = await build({ buildContexts: { base, ...model } });
            deepEqual(pick(first.inputs, "build")["additionalContexts"], [
                `base=${base}`,
                "model=.build/unit/digits.context.model",
            ]);
            deepEqual(await build({ buildContexts: { base, model: "../weights" } }), first);
            notDeepTriggers(
                await build({ buildContexts: { base: `${base}-slim`, ...model } }),
                first,
            );
            writeFileSync(join(folder, "weights/model"), "2");
            notDeepTriggers(await build({ buildContexts: { base, ...model } }), first);
        });

        it("refuses a named context that does not exist", async () => {
            const buildContexts = { model: "../nowhere" };
            await rejects(build({ buildContexts }), /"\.\.\/nowhere" is not a folder/);
        });

        it("hands caches on, which do not count", async () => {
            const cacheFrom = ["type=registry,ref=quay.io/alice/cache"];
            const cacheTo = ["type=inline"];
            const cached = await build({ cacheFrom, cacheTo });
            const { cacheFroms, cacheTos } = pick(cached.inputs, "build");
            deepEqual([cacheFroms, cacheTos], [cacheFrom, cacheTo]);
            equal(cached.inputs["name"], (await build()).inputs["name"]);
        });

        describe("with sources", () => {
            const counts: [sources: string[], file: string, isBuiltAgain: boolean][] = [
                [["app"], "service/app/main.py", true],
                [["app/"], "service/app/main.py", true],
                [["app"], "service/notes.md", false],
                [["app"], "service/application.py", false],
                [["app/*.py"], "service/app/main.py", true],
                [["app/*.py"], "service/app/notes.md", false],
                [["app", "notes.md"], "service/notes.md", true],
                [["."], "service/notes.md", true],
                [["app"], "service/Dockerfile", true],
                [["../shared"], "shared/lib.py", true],
                [["../shared"], "service/notes.md", true],
                [["app", "../shared"], "shared/lib.py", true],
                [["app", "../shared"], "service/notes.md", false],
            ];
            beforeEach(() => {
                for (const path of ["service/app", "shared"]) mkdirSync(path);
                const files = ["app/main.py", "app/notes.md", "notes.md", "application.py"];
                for (const file of files) writeFileSync(`service/${file}`, "1");
                writeFileSync("shared/lib.py", "1");
            });
            for (const [sources, file, isBuiltAgain] of counts) {
                const verb = isBuiltAgain ? "builds again" : "does not build again";
                it(`${sources.join(", ")}: ${verb} when ${file} changes`, async () => {
                    const { name } = (await build({ sources })).inputs;
                    writeFileSync(file, "FROM busybox");
                    const changed = (await build({ sources })).inputs["name"];
                    equal(changed !== name, isBuiltAgain);
                });
            }

            it("refuses one that does not exist, in the context and outside of it", async () => {
                const missing = /The source "ap" of the build is not in its context "service"/;
                await rejects(build({ sources: ["app", "ap"] }), missing);
                await rejects(build({ sources: ["../nowhere"] }), /nowhere" of the build does not/);
            });
        });
    });

    describe("LocalService", () => {
        const args: LocalServiceArgs = {
            image: "sha256:1",
            network: "net",
            port: { host: 18080, container: 8080 },
        };
        const run = async (
            changed: Partial<LocalServiceArgs> = {},
        ): Promise<Record<string, unknown>> =>
            only(
                await declare(() => new LocalService("digits", { ...args, ...changed })),
                container,
            ).inputs;

        it("runs without any power that a web service does not need", async () => {
            const inputs = await run();
            deepEqual(
                [
                    inputs["readOnly"],
                    inputs["capabilities"],
                    inputs["securityOpts"],
                    inputs["privileged"],
                ],
                [true, { drops: ["ALL"] }, ["no-new-privileges:true"], undefined],
            );
            deepEqual([inputs["memory"], inputs["memorySwap"], inputs["cpus"]], [512, 512, "1.0"]);
            deepEqual(inputs["logOpts"], { "max-size": "10m", "max-file": "3" });
            deepEqual(Object.keys(pick(inputs, "tmpfs")), ["/tmp"]);
        });

        it("runs as `docker run` does where it is not strict", async () => {
            const inputs = await run({ container: { strict: false } });
            const locked = ["readOnly", "capabilities", "securityOpts", "tmpfs", "user"];
            deepEqual(
                locked.map((key) => inputs[key]),
                locked.map(() => undefined),
            );
        });

        it("gives the container what it needs all the same", async () => {
            const inputs = await run({
                container: {
                    user: "10001",
                    tmp: { size: 200, exec: true },
                    shm: 256,
                    writable: ["/opt/data"],
                },
            });
            deepEqual(
                [inputs["user"], inputs["tmpfs"], inputs["shmSize"], inputs["volumes"]],
                [
                    "10001",
                    { "/tmp": "size=200m,mode=1777,nosuid,nodev,exec" },
                    256,
                    [{ containerPath: "/opt/data" }],
                ],
            );
        });

        it("publishes no port that it gets none for on this machine", async () => {
            deepEqual((await run({ port: { container: 9000 } }))["ports"], []);
        });

        it("publishes its port to this machine alone", async () => {
            deepEqual((await run())["ports"], [
                { internal: 8080, external: 18080, ip: "127.0.0.1" },
            ]);
        });

        it("keeps a secret variable secret", async () => {
            const inputs = await run({ env: pulumi.secret({ API_KEY: "hunter2", A: "1" }) });
            deepEqual(insideSecret(inputs["envs"]), ["A=1", "API_KEY=hunter2", "PORT=8080"]);
            deepEqual((await run({ env: { A: "1" } }))["envs"], ["A=1", "PORT=8080"]);
        });

        it("knows its URL", async () => {
            let url: string | undefined;
            await declare(() => {
                new LocalService("digits", args).serviceUrl.apply((value) => {
                    url = value;
                });
            });
            equal(url, "http://localhost:18080");
        });
    });

    describe("a published ServiceImage", () => {
        const publish = {
            version: "1.0.0",
            username: "alice+robot",
            password: pulumi.secret("hunter2"),
        };
        const build = (changed: Partial<Publication> = {}): Promise<Declared[]> =>
            declare(
                () =>
                    new ServiceImage("digits", {
                        repository: "quay.io/alice/digits",
                        context: "service",
                        publish: { ...publish, ...changed },
                    }),
            );

        it("is pushed under its content by the robot, and kept when it is replaced", async () => {
            const { inputs } = only(await build(), "docker:index/registryImage:RegistryImage");
            match(String(inputs["name"]), /^quay\.io\/alice\/digits:ctx-[0-9a-f]{20}$/);
            equal(inputs["keepRemotely"], true);
            const credentials = {
                address: "https://quay.io",
                username: "alice+robot",
                password: "hunter2",
            };
            deepEqual(insideSecret(inputs["authConfig"]), credentials);
        });

        it("gets its version and latest by the digest that was pushed", async () => {
            const { inputs } = only(await build(), "quay:index:PromotedImage");
            const repository = "quay.io/alice/digits";
            deepEqual(
                [
                    inputs["source"],
                    inputs["target"],
                    inputs["digest"],
                    inputs["tags"],
                    inputs["floatingTags"],
                ],
                [repository, repository, digest, ["1.0.0"], ["latest"]],
            );
        });

        for (const floatingTags of [[], ["latest", "1"]]) {
            it(`gets these floating tags: [${floatingTags.join(", ")}]`, async () => {
                const { inputs } = only(await build({ floatingTags }), "quay:index:PromotedImage");
                deepEqual([inputs["tags"], inputs["floatingTags"]], [["1.0.0"], floatingTags]);
            });
        }
    });

    describe("PromotedServiceImage", () => {
        const tagged: [given: string[] | undefined, floatingTags: string[]][] = [
            [undefined, ["latest"]],
            [[], []],
            [
                ["latest", "1"],
                ["latest", "1"],
            ],
        ];
        for (const [given, floatingTags] of tagged) {
            it(`sets these floating tags: [${floatingTags.join(", ")}]`, async () => {
                const declared = await declare(
                    () =>
                        new PromotedServiceImage("digits", {
                            repository: "quay.io/alice/prod",
                            version: "1.0.0",
                            from: { repository: "quay.io/alice/digits" },
                            floatingTags: given,
                        }),
                );
                const { inputs } = only(declared, "quay:index:PromotedImage");
                deepEqual([inputs["version"], inputs["floatingTags"]], ["1.0.0", floatingTags]);
            });
        }
    });

    describe("RunningTag", () => {
        const args = { repository: "alice/prod", digest };

        it("names the image that runs", async () => {
            const declared = await declare(
                () => new RunningTag("digits", { ...args, healthy: pulumi.output(undefined) }),
            );
            deepEqual(only(declared, "quay:index:FloatingTag").inputs, {
                repository: "alice/prod",
                tag: "running",
                digest,
            });
        });

        it("stays on the former image where the rollout fails", async () => {
            let declared: Declared[] = [];
            const error = await failureOf(
                declare(() => {
                    const healthy = failOnProblem(pulumi.output("no pod serves"));
                    new RunningTag("digits", { ...args, healthy });
                }).then((all) => (declared = all)),
            );
            match(String(error), /no pod serves/);
            deepEqual(
                declared.filter(({ type }) => type === "quay:index:FloatingTag"),
                [],
            );
        });
    });

    describe("QuayRepository", () => {
        const args: QuayRepositoryArgs = {
            namespace: "alice",
            repository: "digits",
            robot: "digits_robot",
        };
        const make = (changed: Partial<QuayRepositoryArgs> = {}): Promise<Declared[]> =>
            declare(() => new QuayRepository("digits", { ...args, ...changed }));
        const robots = (declared: Declared[]): unknown[] =>
            declared
                .filter(({ type }) => type === "quay:index:Robot")
                .map(({ inputs }) => inputs["name"]);

        it("gives its robot the right to write, on this repository alone", async () => {
            const declared = await make();
            deepEqual(robots(declared), ["digits_robot"]);
            deepEqual(only(declared, "quay:index:RepositoryPermission").inputs, {
                repository: "alice/digits",
                robot: "alice+digits_robot",
                role: "write",
            });
        });

        const rotations: [what: string, args: Partial<QuayRepositoryArgs>, names: string[]][] = [
            [
                "the first rotation keeps the robot of the configured name",
                { rotation: 1 },
                ["digits_robot_x1y2z3", "digits_robot"],
            ],
            [
                "a later one keeps the one before",
                { rotation: 7 },
                ["digits_robot_x1y2z3", "digits_robot_x1y2z3"],
            ],
            ["a retired one is gone", { rotation: 7, retire: true }, ["digits_robot_x1y2z3"]],
        ];
        for (const [what, changed, names] of rotations) {
            it(what, async () => {
                deepEqual(robots(await make(changed)).sort(), names.sort());
            });
        }

        it("hands out the current robot's credentials, the token as a secret", async () => {
            let username: string | undefined;
            let secret: boolean | undefined;
            await declare(async () => {
                const repository = new QuayRepository("digits", { ...args, rotation: 1 });
                repository.robotUsername.apply((value) => {
                    username = value;
                });
                secret = await pulumi.isSecret(repository.robotToken);
            });
            deepEqual([username, secret], ["alice+digits_robot_x1y2z3", true]);
        });

        it("is protected as its options say where it does not say so itself", async () => {
            const protectedBy = async (protect: boolean | undefined) => {
                const found: Record<string, boolean | undefined> = {};
                const transform = ({ type, opts }: pulumi.ResourceTransformationArgs) => {
                    found[type] = opts.protect;
                    return undefined;
                };
                await declare(
                    () =>
                        new QuayRepository(
                            "digits",
                            { ...args, protect },
                            { transformations: [transform] },
                        ),
                );
                return [found["quay:index:Repository"], found["quay:index:Robot"]];
            };
            deepEqual(await protectedBy(undefined), [undefined, undefined]);
            deepEqual(await protectedBy(true), [true, undefined]);
            deepEqual(await protectedBy(false), [false, undefined]);
        });

        it("declares pruning and immutability where they are asked for", async () => {
            const declared = await make({
                autoPrune: [{ tagPattern: "ctx-.*", keepFor: "4w" }, { keep: 20 }],
                immutableTags: "[0-9].*",
            });
            const policies = declared
                .filter(({ type }) => type === "quay:index:AutoPrunePolicy")
                .map(({ inputs }) => inputs);
            deepEqual(
                policies.sort((a, b) => String(b["value"]).localeCompare(String(a["value"]))),
                [
                    {
                        repository: "alice/digits",
                        method: "creation_date",
                        value: "4w",
                        tagPattern: "ctx-.*",
                        ifUnsupported: "warn",
                    },
                    {
                        repository: "alice/digits",
                        method: "number_of_tags",
                        value: "20",
                        ifUnsupported: "warn",
                    },
                ],
            );
            deepEqual(only(declared, "quay:index:TagImmutabilityPolicy").inputs, {
                repository: "alice/digits",
                tagPattern: "[0-9].*",
                ifUnsupported: "warn",
            });
        });
    });

    it("IdentityProvider makes its own client secret and publishes no port", async () => {
        const declared = await declare(
            () => new IdentityProvider("identity", { audience: "digits", network: "net" }),
        );
        const { inputs } = only(declared, container);
        deepEqual(inputs["ports"], []);
        deepEqual(inputs["networksAdvanced"], [{ name: "net", aliases: ["identity"] }]);
        const envs = insideSecret(inputs["envs"]);
        equal(
            Array.isArray(envs) &&
                envs.includes("CLIENT_SECRET=the-generated-password") &&
                envs.includes("AUDIENCE=digits"),
            true,
        );
    });
});

function pick(inputs: Record<string, unknown>, key: string): Record<string, unknown> {
    const value = inputs[key];
    if (typeof value !== "object" || value === null) throw new Error(`${key} is not an object`);
    return { ...value };
}

function notDeepTriggers(one: Declared, two: Declared): void {
    notEqual(pick(one.inputs, "triggers")["content"], pick(two.inputs, "triggers")["content"]);
}
