import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import * as yaml from "yaml";
import { z } from "zod";
import { workflowBuild } from "../../../configuration/sections/service.ts";
import { parseStackConfig } from "../../../configuration/readStackConfig.ts";
import { matchesTag } from "../../../quay/api/tagPattern.ts";

/** The configuration of a stack's file, with the account filled in. */
function fileOf(stack: string): Record<string, unknown> {
    const text = readFileSync(`Pulumi.${stack}.yaml`, "utf8").replaceAll("YOUR-ACCOUNT", "alice");
    const { config } = z
        .object({ config: z.record(z.string(), z.unknown()) })
        .parse(yaml.parse(text));
    const own = Object.entries(config).filter(([key]) => key.startsWith("mlops:"));
    return Object.fromEntries(own.map(([key, value]) => [key.slice("mlops:".length), value]));
}

const service = { name: "digits", version: "1.0.0", context: "service" };

/** The configuration as Pulumi passes it on. */
function raw(sections: Record<string, unknown>, secretKeys: string[] = []) {
    const values = Object.entries(sections).map(([key, value]) => [
        `mlops:${key}`,
        typeof value === "string" ? value : JSON.stringify(value),
    ]);
    return { values: Object.fromEntries(values) as Record<string, string>, secretKeys };
}
const parse = (sections: Record<string, unknown>, secretKeys?: string[]) =>
    parseStackConfig(raw(sections, secretKeys), "local");

/** Returns the problems, a line each, without the heading and the commands. */
function problems(sections: Record<string, unknown>, secretKeys?: string[]): string[] {
    let lines: string[] = [];
    throws(
        () => parse(sections, secretKeys),
        (error: unknown) => {
            lines = error instanceof Error ? error.message.split("\n") : [];
            return true;
        },
    );
    return lines.filter((line) => line.startsWith("  mlops:")).map((line) => line.trim());
}

describe("environment", () => {
    it("needs only the name, the version and the context", () => {
        deepEqual(parse({ service, oauth2: {}, env: {}, local: {} }), {
            kind: "local",
            service: {
                ...service,
                dockerfile: "Dockerfile",
                buildArgs: { VERSION: "1.0.0" },
                buildSecrets: {},
                buildContexts: {},
                cacheFrom: [],
                cacheTo: [],
                pull: false,
            },
            container: { strict: false, writable: [] },
            env: {},
            local: { port: 8080, memory: 512, cpus: 1, healthTimeout: 180 },
        });
    });

    it("makes versions immutable in every stack with a repository, and no tag that moves", () => {
        for (const stack of ["dev", "staging", "prod"]) {
            const config = parse(fileOf(stack));
            ok(config.kind !== "local");
            const { immutableTags } = config.quay;
            const isImmutable = (tag: string) => matchesTag(immutableTags, tag);
            for (const version of ["1.0.0", "10.20.30", "1.0.0-rc.1", "0.0.1_build"])
                ok(isImmutable(version), version);
            const content = `sha-${"1".repeat(40)}`;
            for (const tag of ["latest", "1", "1.0", content, `ctx-${"1".repeat(20)}`])
                ok(!isImmutable(tag), tag);
            const signature = `sha256-${"1".repeat(64)}.sig`;
            for (const tag of ["running", "buildcache", "buildcache-arm64", signature])
                ok(!isImmutable(tag), tag);
        }
    });

    it("leaves other programs' keys alone", () => {
        const config = raw({ service });
        equal(
            parseStackConfig(
                { ...config, values: { ...config.values, "docker:host": "x" } },
                "local",
            ).service.name,
            "digits",
        );
    });

    it("reports each problem with key, value, what is allowed and the command to fix it", () => {
        throws(
            () =>
                parse({
                    service: { ...service, name: "Digits", port: 80000 },
                    local: { port: "eighty", prot: 1 },
                }),
            {
                message: [
                    'The configuration of stack "local" has 4 problems (Pulumi.local.yaml):',
                    '  mlops:service.name = "Digits": must be an image name: lower-case letters, digits, . _ - within',
                    "      pulumi config set --path 'mlops:service.name' VALUE -s local",
                    "  mlops:service.port = 80000: must be at most 65535",
                    "      pulumi config set --path 'mlops:service.port' VALUE -s local",
                    '  mlops:local.port = "eighty": must be a number',
                    "      pulumi config set --path 'mlops:local.port' VALUE -s local",
                    "  mlops:local.prot = 1: there is no such key",
                    "      pulumi config rm --path 'mlops:local.prot' -s local",
                ].join("\n"),
            },
        );
    });

    const cases: [what: string, sections: Record<string, unknown>, problem: string][] = [
        [
            "a key that is not set",
            { service: { name: "a", version: "1" } },
            "mlops:service.context is not set: must be set",
        ],
        [
            "a version that is no tag",
            { service: { ...service, version: "1.0+x" } },
            'mlops:service.version = "1.0+x": must be an image tag: letters, digits, . _ -, at most 128 characters',
        ],
        [
            "a number for a version",
            { service: { ...service, version: 1 } },
            "mlops:service.version = 1: must be text, in quotes",
        ],
        [
            "a platform that is none",
            { service: { ...service, platform: "intel" } },
            'mlops:service.platform = "intel": must be a platform such as linux/amd64',
        ],
        [
            "an absolute path of a Dockerfile",
            { service: { ...service, dockerfile: "/srv/Dockerfile" } },
            'mlops:service.dockerfile = "/srv/Dockerfile": must be a path relative to the build context: an absolute one differs between machines',
        ],
        [
            "an absolute path of a source",
            { service: { ...service, sources: ["app", "~/lib"] } },
            'mlops:service.sources[1] = "~/lib": must be a path relative to the build context: an absolute one differs between machines',
        ],
        [
            "a source that is not in a list",
            { service: { ...service, sources: "app" } },
            'mlops:service.sources = "app": must be a list',
        ],
        [
            "an SSH agent for the build",
            { service: { ...service, buildSsh: ["default"] } },
            'mlops:service.buildSsh = ["default"]: not possible: the Docker provider cannot forward an SSH agent. Give the build the key as a secret: mlops:service.buildSecrets {id: {file: PATH}}',
        ],
        [
            "a build secret that is neither a variable's name nor a file",
            { service: { ...service, buildSecrets: { "pip.conf": { path: "pip.conf" } } } },
            `mlops:service.buildSecrets["pip.conf"] = {"path":"pip.conf"}: must be a variable's name, or a file: {file: PATH}`,
        ],
        [
            "a named context whose content may change",
            { service: { ...service, buildContexts: { lib: "https://github.com/a/b.git#main" } } },
            'mlops:service.buildContexts.lib = "https://github.com/a/b.git#main": must be a folder, docker-image://NAME, or a git repository at a commit, https://HOST/PATH.git#<40 hexadecimal digits>',
        ],
        [
            "a cache with a credential",
            { service: { ...service, cacheTo: ["type=s3,secret_access_key=hunter2"] } },
            'mlops:service.cacheTo[0] = "type=s3,secret_access_key=hunter2": must be a cache such as type=registry,ref=HOST/NAME, without a credential',
        ],
        [
            "an issuer that is no URL",
            { service, oauth2: { issuer: "me", audience: "a" } },
            'mlops:oauth2.issuer = "me": must be an http(s) URL',
        ],
        [
            "an issuer that is a word",
            { service, oauth2: "nobody" },
            'mlops:oauth2 = "nobody": must be none, or an issuer and an audience',
        ],
        [
            "a health path without a slash",
            { service: { ...service, healthPath: "health" } },
            'mlops:service.healthPath = "health": must start with / and have no spaces',
        ],
        [
            "a folder that is the whole container",
            { service, container: { writable: ["/opt/data", "/"] } },
            'mlops:container.writable[1] = "/": must be an absolute path of a folder in the container, as in /opt/app/data',
        ],
        [
            "root where the container is strict",
            { service, container: { strict: true, user: 0 } },
            "mlops:container.user = 0: must not be root where mlops:container.strict is true",
        ],
        [
            "a user with spaces",
            { service, container: { user: "a b" } },
            'mlops:container.user = "a b": must be a user, as in 10001 or 10001:10001',
        ],
        [
            "an unknown section",
            { service, locl: { port: 1 } },
            'mlops:locl = {"port":1}: there is no such key',
        ],
        [
            "a variable with a bad name",
            { service, env: { "A-B": "x" } },
            'mlops:env.A-B = "x": must be a variable name: letters, digits, underscores',
        ],
        [
            "a section that is not an object",
            { service: "digits" },
            'mlops:service = "digits": must be a mapping of keys',
        ],
    ];
    it("builds in the workflow what the program builds, with paths from the context", () => {
        const dev = fileOf("dev");
        const parsed = parse({
            ...dev,
            service: {
                ...service,
                pull: true,
                dockerfile: "../docker/Dockerfile",
                buildArgs: { MODEL: "small" },
                buildSecrets: { index: "PIP_INDEX_URL", "pip.conf": { file: "~/.pip/pip.conf" } },
                buildContexts: { base: "docker-image://python:3.13", model: "models/digits" },
            },
        });
        ok(parsed.kind === "built");
        const { pull, dockerfile, buildArgs, buildSecrets, buildSecretFiles, buildContexts } =
            workflowBuild(parsed.service);
        deepEqual(
            { pull, dockerfile, buildArgs, buildSecrets, buildSecretFiles, buildContexts },
            {
                buildArgs: { MODEL: "small" }, // a commit has no version yet
                pull: true,
                dockerfile: "../docker/Dockerfile",
                buildSecrets: { index: "PIP_INDEX_URL" },
                buildSecretFiles: { "pip.conf": "PIP_CONF" },
                buildContexts: { base: "docker-image://python:3.13", model: "../models/digits" },
            },
        );
    });

    it("lets git tags that name versions use the environment of a stack that builds", () => {
        const tagsOf = (stack: string, environment: object) => {
            const file = fileOf(stack);
            const github = { ...z.looseObject({}).parse(file["github"]), environment };
            const parsed = parse({ ...file, github });
            return parsed.kind === "local" ? undefined : parsed.github.environment?.tags;
        };
        const branches = ["*", "*/*"];
        deepEqual(
            [
                tagsOf("dev", { name: "dev" }),
                tagsOf("dev", { name: "dev", branches }),
                tagsOf("dev", { name: "dev", branches, tags: ["v1.*", "w"] }),
                tagsOf("prod", { name: "prod", branches }),
            ],
            [undefined, ["v*"], ["v1.*", "w"], undefined],
        );
    });

    it("accepts none for an issuer: the service accepts no tokens", () => {
        equal(parse({ service, oauth2: "none" }).oauth2, "none");
    });

    it("has no type for oauth2 in Pulumi.yaml: the CLI would refuse none", () => {
        const { config } = z
            .object({ config: z.record(z.string(), z.looseObject({})) })
            .parse(yaml.parse(readFileSync("Pulumi.yaml", "utf8")));
        deepEqual(Object.keys(config["oauth2"] ?? {}), ["description", "default"]);
    });

    it("accepts the container's user as a number too", () => {
        equal(parse({ service, container: { user: 10001 } }).container.user, "10001");
    });

    it("is strict where the image is published, unless the key says otherwise", () => {
        const dev = fileOf("dev");
        equal(parse(dev).container.strict, true);
        equal(parse(fileOf("prod")).container.strict, true);
        equal(parse({ ...dev, container: { strict: false } }).container.strict, false);
    });

    it("says where the workflow's health path has moved", () => {
        const { github, ...dev } = fileOf("dev");
        const { workflow } = z.object({ workflow: z.looseObject({}) }).parse(github);
        const moved = {
            ...z.looseObject({}).parse(github),
            workflow: { ...workflow, healthPath: "/up" },
        };
        throws(
            () => parse({ ...dev, github: moved }),
            /github.workflow.healthPath = "\/up": there is no such key: it is now mlops:service\.healthPath\n *pulumi config rm --path/,
        );
    });

    for (const [what, sections, problem] of cases) {
        it(`refuses ${what}`, () => {
            deepEqual(problems(sections), [problem]);
        });
    }

    it("names the keys of a section that is missing", () => {
        deepEqual(
            problems({}).map((problem) => problem.split(" ", 1).join()),
            ["mlops:service.name", "mlops:service.version", "mlops:service.context"],
        );
        ok(
            problems({
                service,
                quay: { namespace: "alice", repository: "a", robot: "the_robot" },
            }).some((one) => one.startsWith("mlops:github.repository is not set")),
        );
    });

    it("says how to set a string that looks like a number", () => {
        throws(() => parse({ service, env: { WORKERS: 2 } }), {
            message:
                /mlops:env\.WORKERS = 2: .*\n +pulumi config set --path 'mlops:env\.WORKERS' VALUE --type string -s local$/,
        });
    });

    it("never shows a secret's value", () => {
        deepEqual(problems({ service, env: { "A-B": "hunter2" } }, ["mlops:env"]), [
            "mlops:env.A-B = [secret]: must be a variable name: letters, digits, underscores",
        ]);
    });

    it("refuses a secret where the state would store it unencrypted", () => {
        deepEqual(
            problems({ service: { ...service, buildArgs: { TOKEN: "hunter2" } } }, [
                "mlops:service",
            ]),
            ["mlops:service = [secret]: must not hold a secret: it would be in clear in the state"],
        );
    });

    describe("of a promotion, with a signature", () => {
        const pair = generateKeyPairSync("ed25519");
        const publicKey = pair.publicKey.export({ type: "spki", format: "pem" }).toString();
        const privateKey = pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
        const promoteFrom = fileOf("staging")["promoteFrom"] as Record<string, unknown>;
        const signedBy = (key: string) => ({
            ...fileOf("staging"),
            promoteFrom: { ...promoteFrom, signature: { publicKey: key } },
        });
        const keyOf = (given: string) => {
            const parsed = parse(signedBy(given));
            return parsed.kind === "promoted" ? parsed.promoteFrom.signature?.publicKey : undefined;
        };

        it("accepts the key itself, or the path of its file", () => {
            const folder = mkdtempSync(join(tmpdir(), "mlops-key-"));
            try {
                writeFileSync(join(folder, "cosign.pub"), publicKey);
                equal(keyOf(publicKey), publicKey);
                equal(keyOf(join(folder, "cosign.pub")), publicKey);
            } finally {
                rmSync(folder, { recursive: true });
            }
        });

        it("refuses anything but a public key, and does not print a private one", () => {
            for (const wrong of ["missing.pub", privateKey]) {
                const [problem = ""] = problems(signedBy(wrong));
                match(problem, /^mlops:promoteFrom\.signature\.publicKey .*: a public key in PEM/);
                ok(!problem.includes(privateKey.split("\n")[1] ?? "-"));
            }
        });
    });

    describe("of a promotion of what has run", () => {
        const promoteFrom = fileOf("staging")["promoteFrom"] as Record<string, unknown>;
        const gated = (gate: Record<string, unknown>) => ({
            ...fileOf("staging"),
            promoteFrom: { ...promoteFrom, ...gate },
        });

        it("does not ask for it by default", () => {
            const parsed = parse(fileOf("staging"));
            ok(parsed.kind === "promoted");
            deepEqual(
                [parsed.promoteFrom.requireRunning, parsed.promoteFrom.soak],
                [false, undefined],
            );
        });

        for (const soak of ["1 h", "90", "0m", "1y", "1h30m", "53w"])
            it(`refuses the time ${JSON.stringify(soak)}`, () => {
                const [problem = ""] = problems(gated({ requireRunning: true, soak }));
                match(
                    problem,
                    /^mlops:promoteFrom\.soak = .*: must be an age such as .*, at most 52w$/,
                );
            });

        for (const soak of ["30s", "90m", "1h", "7d", "52w"])
            it(`accepts the time ${soak}`, () => {
                const parsed = parse(gated({ requireRunning: true, soak }));
                ok(parsed.kind === "promoted");
                equal(parsed.promoteFrom.soak, soak);
            });
    });

    describe("of the examples", () => {
        const kinds: Record<string, string> = {
            local: "local",
            dev: "built",
            staging: "promoted",
            prod: "promoted",
        };

        it("is complete but for the account", () => {
            deepEqual(
                readdirSync(".")
                    .flatMap((name) => /^Pulumi\.(\w+)\.yaml$/.exec(name)?.[1] ?? [])
                    .sort(),
                Object.keys(kinds).sort(),
            );
            for (const [stack, kind] of Object.entries(kinds))
                equal(parse(fileOf(stack)).kind, kind);
            const asTheyAre = {
                ...fileOf("dev"),
                quay: { namespace: "YOUR-ACCOUNT", repository: "a", robot: "the_robot" },
            };
            deepEqual(problems(asTheyAre).length, 1);
        });

        it("runs the service on a cluster, once the # of its lines are removed", () => {
            const ranges = ["dev", "staging", "prod"].map((stack) => {
                const [text = "", lines = ""] = readFileSync(`Pulumi.${stack}.yaml`, "utf8")
                    .replaceAll("YOUR-ACCOUNT", "alice")
                    .replaceAll("YOUR-NAMESPACE", "alice-dev")
                    .split(/^.*docs\/cluster\.md\.$/m);
                const { config } = z
                    .object({ config: z.record(z.string(), z.unknown()) })
                    .parse(yaml.parse(text + lines.replace(/^ {2}# /gm, "  ")));
                const values = Object.entries(config).map(
                    ([key, value]) =>
                        [key, typeof value === "string" ? value : JSON.stringify(value)] as const,
                );
                const found = parseStackConfig(
                    { values: Object.fromEntries(values), secretKeys: [] },
                    stack,
                );
                return found.kind === "local" ? undefined : found.cluster?.replicas;
            });
            deepEqual(ranges, [
                { min: 1, max: 1 },
                { min: 2, max: 2 },
                { min: 2, max: 6 },
            ]);
        });

        it("has a different path, repository, robot and environment for each stack", () => {
            for (const unique of [
                /path: (.*)/,
                /repository: (mlops.*)/,
                /robot: (.*)/,
                /environment:\n +name: (.*)/,
            ]) {
                const values = ["dev", "staging", "prod"].map(
                    (stack) => unique.exec(readFileSync(`Pulumi.${stack}.yaml`, "utf8"))?.[1],
                );
                equal(new Set(values).size, 3, String(values));
            }
        });

        /** Every key of the configuration, as a path: `quay.autoPrune.0.keepFor`. */
        function keysOf(value: unknown, path: string[] = []): string[][] {
            const inner =
                typeof value === "object" && value !== null
                    ? Object.entries(value).flatMap(([key, one]) => keysOf(one, [...path, key]))
                    : [];
            return path.length === 0 ? inner : [path, ...inner];
        }
        /** Returns the configuration with another value at the path; undefined removes the key. */
        function changed(value: unknown, [key = "", ...rest]: string[], to: unknown): unknown {
            const entries = Object.entries(value ?? {}).flatMap(
                ([name, one]: [string, unknown]) => {
                    if (name !== key) return [[name, one] as const];
                    const inner = rest.length === 0 ? to : changed(one, rest, to);
                    return inner === undefined ? [] : [[name, inner] as const];
                },
            );
            return Array.isArray(value)
                ? entries.map(([, one]) => one)
                : Object.fromEntries(entries);
        }
        /** As messages write it. Of the elements of a list the whole element may be named. */
        const textOf = (path: string[]) =>
            `mlops:${path.join(".").replace(/\.(\d+)(\..*)?$/, "[$1]")}`;
        const anyKey = fc.constantFrom(...Object.keys(kinds)).chain((stack) =>
            fc.record({
                stack: fc.constant(stack),
                path: fc.constantFrom(...keysOf(fileOf(stack))),
            }),
        );
        const sections = z.record(z.string(), z.unknown());

        it("has no key that accepts any value: an error names the key", () => {
            // Values that no key accepts.
            const wrong = fc.constantFrom<unknown>(
                null,
                -1.5,
                "",
                "\u0000",
                [[]],
                [{ a: { b: null } }],
            );
            fc.assert(
                fc.property(anyKey, wrong, ({ stack, path }, value) => {
                    const freeText = /^(service\.buildArgs|env)\./.test(path.join("."));
                    const found = problems(sections.parse(changed(fileOf(stack), path, value)));
                    ok(
                        freeText || found.some((problem) => problem.startsWith(textOf(path))),
                        found.join("\n"),
                    );
                }),
                { numRuns: 300 },
            );
        });

        it("works without a key, or reports that it must be set", () => {
            fc.assert(
                fc.property(anyKey, ({ stack, path }) => {
                    const without = sections.parse(changed(fileOf(stack), path, undefined));
                    try {
                        parse(without);
                    } catch (error) {
                        ok(
                            String(error).includes(path.length === 1 ? "problem" : textOf(path)),
                            String(error),
                        );
                    }
                }),
            );
        });

        it("refuses a key with a typing error", () => {
            fc.assert(
                fc.property(anyKey, ({ stack, path }) => {
                    const parent = path.slice(0, -1);
                    const at = parent.reduce<unknown>(
                        (value, key) => sections.safeParse(value).data?.[key],
                        fileOf(stack),
                    );
                    fc.pre(typeof at === "object" && at !== null && !Array.isArray(at));
                    fc.pre(!/^(service\.buildArgs|env)/.test(parent.join(".")));
                    const mistyped = { ...sections.parse(at), visibilty: 1 };
                    const config =
                        parent.length === 0
                            ? mistyped
                            : sections.parse(changed(fileOf(stack), parent, mistyped));
                    ok(
                        problems(config).some((problem) =>
                            problem.includes("visibilty = 1: there is no such key"),
                        ),
                        problems(config).join("\n"),
                    );
                }),
            );
        });
    });
});
