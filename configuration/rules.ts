import { z } from "zod";
import { isObject, type Problem } from "./error.ts";
import { configOf, plainVariables } from "./file.ts";
import { isTag } from "../components/docker/reference.ts";
import { oauth2Variables } from "../components/docker/serviceContainer.ts";
import { environmentProblems } from "../components/github/environment.ts";
import { parseImageName } from "../quay/api/registry.ts";
import { compileTagPattern, matchesTag } from "../quay/api/tagPattern.ts";
import { environmentAdmits } from "../components/github/branchPolicy.ts";
import * as workflowNames from "../components/workflow/names.ts";

/** The sections of a stack's configuration: `service` → its value. */
export type Sections = Readonly<Record<string, unknown>>;

/** What the rules compare a configuration with. */
export interface Surroundings {
    readonly project: string;
    /** The stack's name. */
    readonly stack: string;
    /** The owner of its GitHub repository; undefined where the configuration does not say. */
    readonly owner: string | undefined;
    /** The host of the Quay that it publishes on. */
    readonly registry: string;
    /** The sections that are secret, wholly or in part. */
    readonly secretSections: readonly string[];
    /** The stacks' files, by stack; undefined where they are not known. */
    readonly files: Readonly<Record<string, string>> | undefined;
    /** Whether there is such a folder, from the project's; undefined where that is not known. */
    readonly isFolder: ((path: string) => boolean) | undefined;
    /** The day, YYYY-MM-DD, in UTC. */
    readonly today: string;
}

type Rule = (sections: Sections, at: Surroundings) => Problem[];

/**
 * A rule on keys that may contradict each other. It applies where the keys that its shape names are there and valid by themselves: what else
 * is wrong in a configuration keeps no rule from being checked.
 */
function rule<Shape extends z.ZodRawShape>(
    shape: Shape,
    check: (settings: z.output<z.ZodObject<Shape>>, at: Surroundings) => Problem[],
): Rule {
    const schema = z.object(shape);
    return (sections, at) => {
        const { data } = schema.safeParse(sections);
        return data === undefined ? [] : check(data, at);
    };
}

function problem(
    path: readonly PropertyKey[],
    message: string,
    advice: Problem["advice"] = "set",
): Problem {
    return { path, message, advice };
}

/** Every contradiction between keys of a configuration, and between it and those of the other stacks. */
export function findContradictions(sections: Sections, at: Surroundings): Problem[] {
    return rules.flatMap((check) => check(sections, at));
}

const text = z.string();
const pattern = text.refine((value) => compileTagPattern(value) !== undefined);
const version = z.object({ version: text.refine(isTag) });
const floatingTags = z.array(text).default(["latest"]);
const promoteFrom = z.object({ repository: text });

const tags = [
    rule(
        { service: version, quay: z.object({ immutableTags: pattern }) },
        ({ service: { version }, quay: { immutableTags } }) =>
            matchesTag(immutableTags, version)
                ? []
                : [
                      problem(
                          ["quay", "immutableTags"],
                          `must match the whole version "${version}": it does not, so that the version could be moved and deleted`,
                      ),
                  ],
    ),
    rule(
        { quay: z.object({ immutableTags: pattern, floatingTags }) },
        ({ quay: { immutableTags, floatingTags } }) =>
            floatingTags
                .filter((tag) => matchesTag(immutableTags, tag))
                .map((tag) =>
                    problem(
                        ["quay", "immutableTags"],
                        `must not match "${tag}", which moves with every version: Quay would refuse the next one. [0-9].* matches versions alone`,
                    ),
                ),
    ),
    rule(
        { service: version, quay: z.object({ floatingTags }) },
        ({ service: { version }, quay: { floatingTags } }) =>
            floatingTags.includes(version)
                ? [
                      problem(
                          ["quay", "floatingTags"],
                          `must not name the version "${version}": a version never moves`,
                      ),
                  ]
                : [],
    ),
    rule(
        {
            service: version,
            quay: z.object({
                immutableTags: text.optional(),
                floatingTags,
                autoPrune: z.array(
                    z.object({
                        keep: z.int().optional(),
                        keepFor: text.optional(),
                        tagPattern: text.default(".*"),
                    }),
                ),
            }),
        },
        ({ service: { version }, quay: { immutableTags, floatingTags, autoPrune } }) =>
            autoPrune.flatMap(({ keep, keepFor, tagPattern }, index) => {
                const deleted = [version, ...floatingTags].filter(
                    (tag) =>
                        matchesTag(tagPattern, tag) &&
                        (immutableTags === undefined || !matchesTag(immutableTags, tag)),
                );
                // Of a number of tags, more are pruned than there is room for.
                if (deleted.length <= (keepFor === undefined ? (keep ?? Infinity) : 0)) return [];
                const names = deleted.map((tag) => `"${tag}"`).join(" and ");
                return [
                    problem(
                        ["quay", "autoPrune", index],
                        `must leave ${names} alone: Quay would delete what is in use. A tagPattern such as ctx-.*|sha-.* takes contents and commits alone`,
                        { sentence: "Give it a tagPattern that does not match them." },
                    ),
                ];
            }),
    ),
    rule(
        { quay: z.object({ rotation: z.int().default(0), retire: z.literal(true) }) },
        ({ quay: { rotation } }) =>
            rotation === 0
                ? [
                      problem(
                          ["quay", "retire"],
                          "must be false while rotation is 0: there is no robot before the first",
                      ),
                  ]
                : [],
    ),
];

const builds = [
    rule(
        { service: version.extend({ buildArgs: z.object({ VERSION: text }) }) },
        ({ service: { version, buildArgs } }) =>
            buildArgs.VERSION === version
                ? []
                : [
                      problem(
                          ["service", "buildArgs", "VERSION"],
                          `must be service.version, "${version}": it is passed by itself`,
                          "remove",
                      ),
                  ],
    ),
    rule(
        { service: z.object({ buildSecrets: z.record(text, z.unknown()) }) },
        ({ service: { buildSecrets } }) =>
            Object.entries(buildSecrets)
                .filter(([, variable]) => typeof variable === "string" && isOfDeployment(variable))
                .map(([id]) =>
                    problem(
                        ["service", "buildSecrets", id],
                        "must be a variable of the build's own: this one holds credentials of the deployment, which a Dockerfile must not get",
                    ),
                ),
    ),
    rule({ service: z.object({ context: text }) }, ({ service: { context } }, { isFolder }) =>
        isFolder === undefined || context === "" || isFolder(context)
            ? []
            : [problem(["service", "context"], "must be a folder: there is none of this name")],
    ),
    rule(
        {
            service: z.object({ platform: text }),
            github: z.object({ workflow: z.object({ runner: text.default("ubuntu-24.04") }) }),
        },
        ({ service: { platform }, github }) => {
            const { runner } = github.workflow;
            const architecture = architectureOf(runner);
            if (architecture === undefined || platform.startsWith(`linux/${architecture}`))
                return [];
            return [
                problem(
                    ["service", "platform"],
                    `must be linux/${architecture}, which the runner ${runner} can run, or github.workflow.runner another runner`,
                ),
            ];
        },
    ),
];

/** What the deployment itself logs in with: to Quay, GitHub, Pulumi, and to the clouds that hold states and keys. */
function isOfDeployment(variable: string): boolean {
    return (
        /^(QUAY|GITHUB|ACTIONS|PULUMI)_/i.test(variable) ||
        /^(AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)|GOOGLE_(APPLICATION_)?CREDENTIALS|(AZURE|ARM)_CLIENT_SECRET|AZURE_STORAGE_(KEY|SAS_TOKEN)|GH_TOKEN)$/i.test(
            variable,
        )
    );
}

/** Of GitHub's own runners; others have labels of any kind. */
function architectureOf(runner: string): "amd64" | "arm64" | undefined {
    const label = /^ubuntu-(?:latest|\d\d\.\d\d)(-arm)?$/.exec(runner);
    return label === null ? undefined : label[1] === undefined ? "amd64" : "arm64";
}

const variables = [
    // Without service.port, the Dockerfile's EXPOSE decides, which is not known here.
    rule(
        { service: z.object({ port: z.int() }), env: z.object({ PORT: text }) },
        ({ service: { port }, env }) =>
            env.PORT === String(port)
                ? []
                : [
                      problem(
                          ["env", "PORT"],
                          `must be service.port, ${String(port)}, which the service is asked on: set that instead`,
                          "remove",
                      ),
                  ],
    ),
    rule(
        {
            env: z.record(text, text),
            oauth2: z.object({
                issuer: text,
                audience: text,
                jwksUri: text.default(".well-known/jwks.json"),
            }),
        },
        ({ env, oauth2 }) =>
            Object.entries(oauth2Variables(oauth2))
                .filter(([name, value]) => (env[name] ?? value) !== value)
                .map(([name]) =>
                    problem(
                        ["env", name],
                        "must not be set beside mlops:oauth2, which sets it to another value",
                        "remove",
                    ),
                ),
    ),
    // The workflow file has them in clear, each in one line.
    rule(
        { env: z.record(text, text), github: z.looseObject({}) },
        // Secrets are left out of it.
        ({ env }, { files, project, secretSections, stack }) => {
            if (!secretSections.includes("env")) return notInWorkflow("env", env);
            const plain = plainVariables(files?.[stack], project);
            const shown = Object.entries(env).filter(([name, value]) => plain[name] === value);
            return notInWorkflow("env", Object.fromEntries(shown));
        },
    ),
    rule(
        {
            service: z.object({ buildArgs: z.record(text, text) }),
            github: z.looseObject({}),
        },
        ({ service: { buildArgs } }) =>
            notInWorkflow("buildArgs", buildArgs).map((found) => ({
                ...found,
                path: ["service", ...found.path],
            })),
    ),
];

function notInWorkflow(section: string, values: Readonly<Record<string, string>>): Problem[] {
    return Object.entries(values).flatMap(([name, value]) => {
        const [issue] =
            (value === "" ? undefined : workflowNames.text.safeParse(value).error?.issues) ?? [];
        if (issue === undefined) return [];
        const message = `${issue.message.replace(/^it /, "").replace(/\.$/, "")} (the workflow file has it)`;
        return [problem([section, name], message)];
    });
}

const environment = z.looseObject({
    name: text,
    reviewers: z
        .object({ users: z.array(text).optional(), teams: z.array(text).optional() })
        .optional(),
    preventSelfReview: z.boolean().optional(),
    branches: z.array(text).optional(),
    tags: z.array(text).optional(),
    protectedBranches: z.boolean().optional(),
    protectionRules: z.array(text).optional(),
});

const onGitHub = [
    rule({ github: z.object({ environment }) }, ({ github: { environment } }) =>
        environmentProblems(environment).map(({ key, message }) =>
            problem(["github", "environment", key], message),
        ),
    ),
    rule(
        { github: z.object({ branch: text, environment }) },
        ({ github: { branch, environment } }) => {
            if (environmentAdmits(environment, branch)) return [];
            const message = `must admit github.branch, "${branch}": the workflow's job would never start. Add that branch, or a pattern for it`;
            return [problem(["github", "environment", "branches"], message)];
        },
    ),
    rule(
        {
            github: z.object({
                federation: z.literal(true),
                environment: z.undefined().optional(),
            }),
        },
        () => [
            problem(
                ["github", "environment", "name"],
                "must be set with github.federation: it is part of the identity that the robot trusts",
            ),
        ],
    ),
    rule({ github: z.object({ secrets: secretNames() }) }, ({ github: { secrets } }) =>
        secrets.username.toUpperCase() === secrets.password.toUpperCase()
            ? [
                  problem(
                      ["github", "secrets", "password"],
                      "must be another name than that of github.secrets.username",
                  ),
              ]
            : [],
    ),
    rule(
        { github: z.object({ workflow: z.object({ path: text, attestedBy: text }) }) },
        ({ github: { workflow } }) =>
            workflow.attestedBy === workflow.path
                ? [
                      problem(
                          ["github", "workflow", "attestedBy"],
                          "must be the workflow that builds the image: this is the one that releases it",
                      ),
                  ]
                : [],
    ),
];

function secretNames() {
    return z
        .object({ username: text.default("QUAY_USER"), password: text.default("QUAY_PWD") })
        .prefault({});
}

const promotions = [
    rule(
        {
            promoteFrom: promoteFrom.extend({
                maxSeverity: z.undefined().optional(),
                severityException: z.looseObject({}),
            }),
        },
        () => [
            problem(
                ["promoteFrom", "maxSeverity"],
                "must be set with severityException: without it scans do not matter, and nothing is excepted",
            ),
        ],
    ),
    rule(
        {
            promoteFrom: z.object({
                severityException: z.object({ expires: z.string().pipe(z.iso.date()) }),
            }),
        },
        ({ promoteFrom: { severityException } }, { today }) =>
            severityException.expires < today
                ? [
                      problem(
                          ["promoteFrom", "severityException", "expires"],
                          `must be today (${today}) or later: the exception has ended. Remove severityException, or decide on another day`,
                      ),
                  ]
                : [],
    ),
    rule(
        { promoteFrom, quay: z.object({ namespace: text, repository: text }) },
        ({ promoteFrom, quay }, { registry }) =>
            promoteFrom.repository === `${registry}/${quay.namespace}/${quay.repository}`
                ? [
                      problem(
                          ["promoteFrom", "repository"],
                          "must be another repository than the stack's own, mlops:quay.repository",
                      ),
                  ]
                : [],
    ),
    rule(
        { promoteFrom: promoteFrom.extend({ maxSeverity: text }) },
        ({ promoteFrom: { repository } }, { registry }) => {
            const host = parseImageName(repository)?.host ?? registry;
            if (host === registry) return [];
            const message = `must be left out: only ${registry} is asked for scans, and the image comes from ${host}`;
            return [problem(["promoteFrom", "maxSeverity"], message, "remove")];
        },
    ),
    rule(
        { promoteFrom: promoteFrom.extend({ environment: text }) },
        ({ promoteFrom: { repository, environment } }, at) => {
            const path = ["promoteFrom", "environment"];
            if (environment === at.stack) return [problem(path, "must be another stack")];
            if (at.files === undefined) return [];
            const file = at.files[environment];
            if (file === undefined) {
                const others = otherStacks(at).join(", ");
                return [problem(path, `must be a stack with a file: one of ${others}`)];
            }
            const { quay } = readStack(file, at);
            if (quay === undefined) {
                const message = `must be a stack that publishes an image: Pulumi.${environment}.yaml has no mlops:quay`;
                return [problem(path, message)];
            }
            const theirs = `${quay.namespace}/${quay.repository}`;
            if (
                hasPlaceholder(theirs) ||
                hasPlaceholder(repository) ||
                parseImageName(repository)?.path === theirs
            )
                return [];
            const message = `must be where ${environment} publishes: ${theirs} by Pulumi.${environment}.yaml`;
            return [problem(["promoteFrom", "repository"], message)];
        },
    ),
];

/** What a stack has for itself alone, so that no other may have the same. */
const claims = z.object({
    quay: z
        .object({ namespace: text, repository: text, robot: text.optional() })
        .optional()
        .catch(undefined),
    github: z
        .object({
            repository: text,
            branch: text,
            environment: z.object({ name: text }).optional(),
            secrets: secretNames(),
            federation: z.boolean().default(false),
            workflow: z.object({ path: text, attestation: z.boolean().default(false) }),
        })
        .optional()
        .catch(undefined),
    owner: text.optional(),
    registry: text,
});

const amongStacks: Rule[] = [
    (sections, at) => {
        const ours = claims.parse({ ...sections, owner: at.owner, registry: at.registry });
        return otherStacks(at).flatMap((stack) => {
            const theirs = readStack(at.files?.[stack] ?? "", at);
            const taken = `must be another than in Pulumi.${stack}.yaml: the two stacks would undo each other's`;
            return [
                ...(ours.registry === theirs.registry
                    ? sharedOnQuay(ours.quay, theirs.quay).map((key) =>
                          problem(["quay", key], taken),
                      )
                    : []),
                ...(ours.owner?.toLowerCase() === theirs.owner?.toLowerCase()
                    ? sharedOnGitHub(ours.github, theirs.github).map((path) =>
                          problem(["github", ...path], taken),
                      )
                    : []),
            ];
        });
    },
    rule(
        {
            github: z.object({
                repository: text,
                workflow: z.object({ attestedBy: text }),
            }),
        },
        ({ github: { repository, workflow } }, at) =>
            otherStacks(at).flatMap((stack) => {
                const { github, owner } = readStack(at.files?.[stack] ?? "", at);
                const isIt =
                    github?.workflow.path === workflow.attestedBy &&
                    github.repository.toLowerCase() === repository.toLowerCase() &&
                    owner?.toLowerCase() === at.owner?.toLowerCase();
                if (!isIt || github.workflow.attestation) return [];
                const message = `must be a workflow that attests what it builds: Pulumi.${stack}.yaml does not set github.workflow.attestation`;
                return [problem(["github", "workflow", "attestedBy"], message)];
            }),
    ),
];

type Claims = z.output<typeof claims>;

function sharedOnQuay(ours: Claims["quay"], theirs: Claims["quay"]): string[] {
    if (ours === undefined || ours.namespace !== theirs?.namespace) return [];
    if (hasPlaceholder(ours.namespace)) return [];
    return (["repository", "robot"] as const).filter(
        (key) => ours[key] !== undefined && ours[key] === theirs[key],
    );
}

function sharedOnGitHub(ours: Claims["github"], theirs: Claims["github"]): string[][] {
    if (ours === undefined || ours.repository.toLowerCase() !== theirs?.repository.toLowerCase())
        return [];
    const isSame = (one: string | undefined, other: string | undefined): boolean =>
        one?.toLowerCase() === other?.toLowerCase();
    const passwords = [ours, theirs].every(
        ({ environment, federation }) => environment === undefined && !federation,
    );
    return [
        ...(ours.branch === theirs.branch && ours.workflow.path === theirs.workflow.path
            ? [["workflow", "path"]]
            : []),
        ...(ours.environment !== undefined &&
        isSame(ours.environment.name, theirs.environment?.name)
            ? [["environment", "name"]]
            : []),
        ...(["username", "password"] as const)
            .filter((key) => passwords && isSame(ours.secrets[key], theirs.secrets[key]))
            .map((key) => ["secrets", key]),
    ];
}

function otherStacks({ files = {}, stack }: Surroundings): string[] {
    return Object.keys(files).filter((name) => name !== stack);
}

/** What another stack's file claims; nothing where it cannot be read, which that stack's own commands say. */
function readStack(file: string, { project }: Surroundings): Claims {
    const config = configOf(file);
    const sections = Object.fromEntries(
        ["quay", "github"].map((name) => [name, config[`${project}:${name}`] ?? config[name]]),
    );
    const owner = config["github:owner"];
    return claims.parse({
        ...sections,
        ...(typeof owner === "string" && { owner }),
        registry: registryOf(config["quay:url"]),
    });
}

/** The host of the Quay that a stack's `quay:url` is, or the environment says. */
export function registryOf(url: unknown): string {
    const chosen = typeof url === "string" ? url : (process.env["QUAY_URL"] ?? "");
    return URL.parse(chosen)?.host ?? "quay.io";
}

const rules: readonly Rule[] = [
    ...tags,
    ...builds,
    ...variables,
    ...onGitHub,
    ...promotions,
    ...amongStacks,
];

/** What the examples have where an account has to be filled in. */
const placeholder = /(^|\/)YOUR-ACCOUNT(\/|$)/;

function hasPlaceholder(value: string): boolean {
    return placeholder.test(value);
}

/** Every value in which the account has not been filled in. */
export function findPlaceholders(
    value: unknown,
    path: readonly (string | number)[] = [],
): Problem[] {
    if (typeof value === "string") {
        return hasPlaceholder(value)
            ? [problem(path, "must name your account in place of YOUR-ACCOUNT")]
            : [];
    }
    if (Array.isArray(value))
        return value.flatMap((inner, index) => findPlaceholders(inner, [...path, index]));
    if (!isObject(value)) return [];
    return Object.entries(value).flatMap(([key, inner]) => findPlaceholders(inner, [...path, key]));
}
