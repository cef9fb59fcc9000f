import { join } from "node:path";
import fc from "fast-check";
import type { z } from "zod";
import * as names from "../../../../components/workflow/names.ts";
import type { WorkflowSettings } from "../../../../components/workflow/settings.ts";

/** The folder of the files that a reviewer reads. */
export const golden = join(import.meta.dirname, "golden");
export const digest = `sha256:${"0123456789abcdef".repeat(4)}`;

export const common = {
    name: "MLOps 2022/2023 Docker Images CI",
    job: "build_api",
    path: ".github/workflows/quay-deploy.yml",
    branch: "api/github_action",
    environment: { name: "dev", branches: ["api/*"], tags: ["v*"] },
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
export const prod = {
    ...common,
    name: "Release to production",
    job: "release",
    path: ".github/workflows/quay-release-prod.yml",
    branch: "main",
    environment: { name: "prod", protectedBranches: true },
    image: "quay.io/alice/mlops_python_2022_2023_prod",
};

/**
 * The files that a reviewer reads: golden/NAME.yml. `UPDATE_GOLDEN=1 npm run test:unit` writes
 * them.
 */
export const examples: Record<string, WorkflowSettings> = {
    build: { ...common, build: { context: "service", buildArgs: { MODEL: "small" } } },
    "build-attested": {
        ...common,
        build: {
            target: "service",
            platform: "linux/amd64",
            buildSecrets: { index: "PIP_INDEX_URL" },
            attestation: true,
        },
    },
    "build-platforms": {
        ...common,
        build: {
            platforms: ["linux/amd64", "linux/arm64"],
            attestation: true,
            signature: "keyless",
        },
    },
    "build-federated": {
        ...common,
        login: { robot: "alice+mlopspython_2022_2023_robot" },
        build: { signature: "keyless" },
    },
    "build-and-deploy": {
        ...common,
        build: { deploy: { repository: "infrastructure", isOwn: false, stack: "dev" } },
    },
    "build-and-deploy-from-here": {
        ...common,
        environment: undefined,
        build: { deploy: { repository: "MLOpsPython", isOwn: true, stack: "dev" } },
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
    "release-tagged": { ...prod, release: { digest, tags: ["stable", "1.0"] } },
    "release-federated": {
        ...prod,
        login: { robot: "alice+robot" },
        release: { digest },
    },
};

/** Settings of every kind, that are right. */
export function settings(): fc.Arbitrary<WorkflowSettings> {
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
            platforms: fc.constant(["linux/arm64", "linux/amd64"]),
            buildArgs: variables,
            buildSecrets: fc.dictionary(
                fc.stringMatching(/^[a-z0-9_.-]{1,9}$/),
                word.map((name) => `OF_BUILD_${name}`),
                { maxKeys: 2 },
            ),
            attestation: fc.boolean(),
            signature: fc.constantFrom("none", "keyless"),
        },
        sometimes,
    );
    const release = fc.record(
        {
            digest: fc.stringMatching(/^sha256:[0-9a-f]{64}$/),
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
