import { existsSync, readFileSync } from "node:fs";
import { isAbsolute, relative, resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { isConfigSecret } from "@pulumi/pulumi/runtime/config.js";
import { z } from "zod";
import { configurationError, explain, isObject, type Problem, problemsOf } from "./error.ts";
import { configOf, findRewritten, plainVariables, readStackFiles } from "./file.ts";
import { findContradictions, findPlaceholders, registryOf } from "./rules.ts";
import { isRoot } from "../components/docker/dockerfile.ts";
import { isBuildContext, isFolder } from "../components/docker/namedContext.ts";
import { isRepository, isTag } from "../components/docker/reference.ts";
import { configuredPort, portOf } from "../components/docker/serviceContainer.ts";
import { UserError } from "../components/userError.ts";
import * as names from "../quay/api/names.ts";
import { parseImageName } from "../quay/api/registry.ts";
import { severities } from "../quay/api/severity.ts";
import { compileTagPattern } from "../quay/api/tagPattern.ts";
import * as workflowNames from "../components/workflow/names.ts";
import { parsePublicKey } from "../quay/api/signature.ts";

declare module "@pulumi/pulumi/runtime/config.js" {
    /** Whether a configuration key holds a secret; the SDK has it, but its type declarations leave it out. */
    export function isConfigSecret(key: string): boolean;
}

const port = z.int().min(1).max(65535);
const variableName = z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be a variable name: letters, digits, underscores");
const text = z.string().regex(/^[^\p{Cc}]+$/u, "must be text in one line, not empty");
const pattern = text
    .max(256, "must have at most 256 characters")
    .refine(
        (value) => compileTagPattern(value) !== undefined,
        "must be a regular expression, as Python has them",
    );
const tag = z
    .string()
    .refine(isTag, "must be an image tag: letters, digits, . _ -, at most 128 characters");

/** A path that is the same on every machine. */
const relativePath = text.refine(
    (path) => !isAbsolute(path) && !path.startsWith("~"),
    "must be a path relative to the build context: an absolute one differs between machines",
);
/** A cache of BuildKit's. The configuration is in clear, and so is the state. */
const cache = text.refine(
    (value) => !/(secret|token|password|account_?key)\w*=/i.test(value),
    "must be a cache such as type=registry,ref=HOST/NAME, without a credential",
);

/** What is delivered. */
const service = z.strictObject({
    /** The image's name on this machine, and of what the stack declares: without registry, account and tag. */
    name: z
        .string()
        .refine(
            (name) => isRepository(name) && !name.includes("/"),
            "must be an image name: lower-case letters, digits, . _ - within",
        ),
    /** The version that this environment is at, as an image tag. */
    version: tag,
    /**
     * The port that the service listens on; its variable PORT. Default: the only port that its
     * Dockerfile EXPOSEs, else 8080.
     */
    port: port.optional(),
    /**
     * The path that answers with a success (2xx, 3xx) once the service works. Default: the image's
     * HEALTHCHECK decides, and where it has none, the port has to answer.
     */
    healthPath: text.regex(/^\/\S*$/, "must start with / and have no spaces").optional(),
});

/** How its image is built, where the environment builds it. It always gets its version as a build argument. */
const builtService = service
    .extend({
        /** The folder that Docker builds, relative to the project; it may lie anywhere. */
        context: text,
        /** The Dockerfile, relative to the context; it may lie outside of it. */
        dockerfile: relativePath.default("Dockerfile"),
        /** The stage of the Dockerfile to build. Default: the last. */
        target: text.optional(),
        /** The platform to build for, as in `linux/amd64`. Default: the Docker engine's. */
        platform: z
            .string()
            .regex(/^[a-z0-9]+\/[a-z0-9]+(\/v[0-9]+)?$/, "must be a platform such as linux/amd64")
            .optional(),
        /** Build arguments. They stay in the image's history: nothing secret. */
        buildArgs: z.record(variableName, z.string()).default({}),
        /** Build secrets by id: the NAME of a variable, or the file that holds each. */
        buildSecrets: z
            .record(
                z.string().regex(/^[\w.-]+$/, "must be a secret's id: letters, digits, . _ -"),
                z.union(
                    [variableName, z.strictObject({ file: text })],
                    "must be a variable's name, or a file: {file: PATH}",
                ),
            )
            .default({}),
        /** The Docker provider's build has no SSH mounts. */
        buildSsh: z
            .never(
                "not possible: the Docker provider cannot forward an SSH agent. Give the build " +
                    "the key as a secret: mlops:service.buildSecrets {id: {file: PATH}}",
            )
            .optional(),
        /** Named contexts: a folder, or an image, `docker-image://NAME`. */
        buildContexts: z
            .record(
                z
                    .string()
                    .regex(/^[a-z0-9][\w.-]*$/, "must be a context's name: letters, digits, . _ -"),
                text.refine(
                    isBuildContext,
                    "must be a folder, docker-image://NAME, or a git repository at a commit, " +
                        "https://HOST/PATH.git#<40 hexadecimal digits>",
                ),
            )
            .default({}),
        /** Where BuildKit reads layers from, and writes them to: https://docs.docker.com/build/cache/backends */
        cacheFrom: z.array(cache).default([]),
        cacheTo: z.array(cache).default([]),
        /** The paths, from the context, whose change builds the image again. Default: all of the context. */
        sources: z.array(relativePath).optional(),
        /** Whether the image is built again when a base image has changed at its registry. */
        pull: z.boolean().default(false),
        /** How many minutes building and pushing may take. */
        buildTimeout: z.int().min(1).max(1440).optional(),
    })
    .transform((built) => ({
        ...built,
        buildArgs: { VERSION: built.version, ...built.buildArgs },
    }));

/** The service's environment variables. */
const env = z.record(variableName, z.string()).default({});

/**
 * The issuer whose access tokens the service accepts (RFC 9068), or `none` where it takes no tokens
 * (`parseEnvironment` puts null in its place: a union would hide the problems of an issuer).
 */
const oauth2 = z
    .strictObject(
        {
            /** The token's `iss`, as in https://tenant.eu.auth0.com/ */
            issuer: z
                .string()
                .refine(
                    (issuer) => /^https?:\/\/\S+$/i.test(issuer) && URL.canParse(issuer),
                    "must be an http(s) URL",
                ),
            /** The token's `aud`. */
            audience: text,
            /** Where the issuer's keys are; relative to the issuer, or a URL. */
            jwksUri: text
                .refine(isHttp, "must be an http(s) URL, or relative to the issuer")
                .default(".well-known/jwks.json"),
        },
        {
            error: ({ code }) =>
                code === "invalid_type" ? "must be none, or an issuer and an audience" : undefined,
        },
    )
    .nullable()
    .transform((issuer) => issuer ?? ("none" as const))
    .optional();

/** The user as `docker run --user` takes it: a name or a number, and perhaps a group. */
const user = z
    .union([z.int().min(0), z.string()])
    .transform(String)
    .refine(
        (name) => /^[\w.-]+(:[\w.-]+)?$/.test(name),
        "must be a user, as in 10001 or 10001:10001",
    );

/** A folder of the container's, not all of it. */
const folder = text.regex(
    /^\/[^:,/][^:,]*$/,
    "must be an absolute path of a folder in the container, as in /opt/app/data",
);

/**
 * What the service's container needs, wherever it runs.
 *
 * @param strict the default of `strict`.
 */
function containerSection(strict: boolean) {
    return z
        .strictObject({
            /** Locked down: ContainerSettings in components/docker/serviceContainer.ts says how. */
            strict: z.boolean().default(strict),
            /** The user, in the place of the image's: `USER` or `USER:GROUP`. */
            user: user.optional(),
            /** /tmp in memory: its size in MiB, and whether programs may be loaded from it. */
            tmp: z
                .strictObject({
                    size: z.int().min(1).default(64),
                    exec: z.boolean().default(false),
                })
                .optional(),
            /** The size of /dev/shm in MiB. Default: Docker's, 64. */
            shm: z.int().min(1).optional(),
            /** Folders that it may write to although the root file system is read-only. */
            writable: z.array(folder).default([]),
        })
        .refine(({ strict, user }) => !strict || user === undefined || !isRoot(user), {
            path: ["user"],
            error: "must not be root where mlops:container.strict is true",
        })
        .prefault({});
}

/** How the service runs on this machine's Docker engine. */
const local = z
    .strictObject({
        /** The port on this machine, http://localhost:PORT. */
        port: port.default(8080),
        /** Memory limit in MiB. */
        memory: z.int().min(16).default(512),
        /** CPU limit, in cores. */
        cpus: z.number().min(0.1).default(1),
        /** How many seconds the service, or the identity provider, may take until it works. */
        healthTimeout: z.int().min(1).max(3600).default(180),
        /**
         * An example request, printed once the service works: a shell command in which `{url}` is
         * the service's URL and `{token}` an access token.
         */
        example: text.optional(),
    })
    .prefault({});

const pruned = z
    .string()
    .regex(/^[1-9]\d*[smhdwy]$/, "must be an age such as 30d or 4w (s, m, h, d, w, y)");

/** The repository on Quay and its robot; as `QuayRepository` takes it. */
const quay = z.strictObject({
    /** The user or organization. */
    namespace: names.namespace,
    repository: names.repositoryInNamespace,
    /** The robot's name, without the `NAMESPACE+`. */
    robot: names.robotInNamespace,
    visibility: z.enum(["public", "private"]).default("private"),
    /** Markdown, on the repository's page. */
    description: z.string().min(1).optional(),
    /** Raised by one, the robot is rotated. */
    rotation: z.int().min(0).default(0),
    /** Removes the robot before the current one. */
    retire: z.boolean().default(false),
    /** Which tags Quay deletes by itself. */
    autoPrune: z
        .array(
            z.union(
                [
                    z.strictObject({ keep: z.int().min(1), tagPattern: pattern.optional() }),
                    z.strictObject({ keepFor: pruned, tagPattern: pattern.optional() }),
                ],
                "must have either keep (a number of tags) or keepFor (an age), and a tagPattern",
            ),
        )
        .default([]),
    /** Tags that never change once they are set, as a regular expression for the whole tag. */
    immutableTags: pattern.optional(),
    /** Tags that always name the published image. */
    floatingTags: z.array(tag).default(["latest"]),
    /** Whether the repository is protected from deletion and replacement. */
    protect: z.boolean().default(false),
});

/** The GitHub repository that the image is built in, or released from, and how that is declared there. */
const github = z.strictObject({
    /** The repository's name; its owner is `github:owner`. */
    repository: z
        .string()
        .regex(
            /^[A-Za-z0-9._-]{1,100}$/,
            "must be a repository's name without its owner: letters, digits, . _ -",
        ),
    /** The branch that the workflow file is on, and whose pushes build the image. */
    branch: workflowNames.branch,
    /** How the workflow file gets there: a commit to the branch, or a pull request where the branch is protected. */
    delivery: z.enum(["commit", "pullRequest"]).default("commit"),
    /** Whether a file, or an environment, that this stack did not make is taken over. */
    adopt: z.boolean().default(false),
    /** The GitHub environment that the credentials belong to. Default: they are secrets of the repository. */
    environment: z
        .strictObject({
            name: workflowNames.environmentName,
            /** Who has to approve a run: users by login, teams by slug; six at most. */
            reviewers: z
                .strictObject({ users: z.array(text).optional(), teams: z.array(text).optional() })
                .optional(),
            /** Minutes that a run waits. */
            waitTimer: z.int().min(1).max(43200).optional(),
            preventSelfReview: z.boolean().optional(),
            /** The branches whose runs may use it, as names or patterns. Default: all. */
            branches: z.array(workflowNames.refPattern).optional(),
            tags: z.array(workflowNames.refPattern).optional(),
            protectedBranches: z.boolean().optional(),
            /** Whether administrators may bypass the rules. Default: as it is on GitHub. */
            administratorsBypass: z.boolean().optional(),
            /** The GitHub Apps that have to approve, by slug. Default: as it is on GitHub. */
            protectionRules: z.array(workflowNames.appSlug).optional(),
        })
        .optional(),
    /** The names of the secrets that the robot's credentials are in. */
    secrets: z
        .strictObject({
            username: workflowNames.secretName.default("QUAY_USER"),
            password: workflowNames.secretName.default("QUAY_PWD"),
        })
        .prefault({}),
    /** Whether jobs log in with their OIDC token: there is no password then. The Quay has to have robot federation. */
    federation: z.boolean().default(false),
});

/** The workflow file. */
const workflow = z.strictObject({
    path: workflowNames.workflowPath,
    /** Its name, as GitHub shows it. */
    name: workflowNames.text,
    /** The id of its job. */
    job: workflowNames.jobId,
    /** The label of the runner. Default: the newest Ubuntu that this project was tried with. */
    runner: workflowNames.text.optional(),
});
const buildWorkflow = workflow.extend({
    /** The folder that is built, from the root of the GitHub repository. */
    context: workflowNames.pathInRepository.default("."),
    /** Whether where it was built is attested; a private GitHub repository needs GitHub Enterprise Cloud. */
    attestation: z.boolean().default(false),
});
const releaseWorkflow = workflow.extend({
    /** The path of the workflow that has to have built and attested the image. Default: it may come from anywhere. */
    attestedBy: workflowNames.workflowPath.optional(),
});

/** A public key in PEM, or the path of a PEM file in the project. */
const publicKey = z
    .string()
    .transform((given) => {
        const isFile = !given.includes("-----BEGIN") && existsSync(given);
        return isFile ? readFileSync(given, "utf8") : given;
    })
    .refine(
        (pem) => parsePublicKey(pem) !== undefined,
        "a public key in PEM (ECDSA, Ed25519 or RSA), or the path of a PEM file in the project",
    );

/** Where the image comes from, in an environment that does not build it. */
const promoteFrom = z.strictObject({
    /** The repository of the environment before, with its registry: quay.io/account/name. */
    repository: z
        .string()
        .refine(
            (name) => parseImageName(name) !== undefined,
            "must be a repository with its registry, as in quay.io/account/name",
        ),
    /** The stack that publishes there: a preview awaits a version that its Pulumi.<stack>.yaml names. Default: versions are there already. */
    environment: text.optional(),
    /** Only an image that Quay has scanned, and found nothing of this severity or worse in, is promoted. */
    maxSeverity: z.enum(severities).optional(),
    /** Lets one digest pass all the same. */
    severityException: z
        .strictObject({
            digest: names.digest,
            reason: text,
            // Without quotes YAML makes a time of it, in words of its own.
            expires: z
                .string()
                .transform((day) => day.replace(/ 00:00:00 \+0000 UTC$/, ""))
                .pipe(z.iso.date("must be a day, YYYY-MM-DD: the last on which it holds")),
        })
        .optional(),
    /** Only an image whose digest cosign has signed with this key is promoted. Default: signatures do not matter. */
    signature: z.strictObject({ publicKey }).optional(),
});

/** The sections that are there say which kind it is. */
const environment = z.discriminatedUnion("kind", [
    /** The service runs on this machine. */
    z.strictObject({
        kind: z.literal("local"),
        service: builtService,
        container: containerSection(false),
        env,
        oauth2,
        local,
    }),
    /** The image is built, and published on Quay. */
    z.strictObject({
        kind: z.literal("built"),
        service: builtService,
        container: containerSection(true),
        env,
        oauth2,
        quay,
        github: github.extend({ workflow: buildWorkflow }),
    }),
    /** The image is promoted from the environment before. */
    z.strictObject({
        kind: z.literal("promoted"),
        service,
        container: containerSection(true),
        env,
        oauth2,
        quay,
        github: github.extend({ workflow: releaseWorkflow }),
        promoteFrom,
    }),
]);
type Parsed = z.infer<typeof environment>;
type WithSecrets<T> = T extends unknown
    ? Omit<T, "env"> & { readonly env: Readonly<Record<string, string | pulumi.Output<string>>> }
    : never;

/** The configuration of one stack: all that differs between environments. A variable in `env` is an output, and secret, where the configuration's is. */
export type Environment = WithSecrets<Parsed>;
/** That of a stack with a given kind. */
export type EnvironmentOf<Kind extends Environment["kind"]> = Extract<Environment, { kind: Kind }>;

/** A configuration as Pulumi hands it over: `mlops:service` → its value as a string, objects as JSON. */
export interface RawConfig {
    readonly values: Readonly<Record<string, string>>;
    /** The keys whose values are secret, wholly or in part. */
    readonly secretKeys: readonly string[];
    /** The text of the stacks' files, by stack, for what the values do not tell. Default: they are not known. */
    readonly files?: Readonly<Record<string, string>> | undefined;
}

/** Reads and checks the configuration of the current stack. @throws UserError with every problem in it, or where nothing encrypts its secrets. */
export function readEnvironment(): Environment {
    requirePassphrase(`Pulumi.${pulumi.getStack()}.yaml`);
    const project = pulumi.getProject();
    const values = pulumi.runtime.allConfig();
    const secretKeys = Object.keys(values).filter((key) => isConfigSecret(key));
    const files = readStackFiles(".");
    const stack = pulumi.getStack();
    const parsed = parseEnvironment({ values, secretKeys, files }, project, stack);
    if (!secretKeys.includes(`${project}:env`)) return parsed;
    const plain = plainVariables(files[stack], project);
    const env = Object.entries(parsed.env).map(([name, value]) => [
        name,
        plain[name] === value ? value : pulumi.secret(value),
    ]);
    return { ...parsed, env: Object.fromEntries(env) as Environment["env"] };
}

/** The CLI takes an empty passphrase, with which anyone can read the robots' tokens in the state; that there is none at all, it says itself. */
function requirePassphrase(file: string): void {
    const { PULUMI_CONFIG_PASSPHRASE: passphrase, PULUMI_BACKEND_URL: backend = "" } = process.env;
    if (passphrase !== "") return; // the CLI looks at PULUMI_CONFIG_PASSPHRASE_FILE only where this one is not set at all
    const settings = existsSync(file) ? readFileSync(file, "utf8") : "";
    // The salt is in the file or in the state alone; Pulumi Cloud and a KMS need no passphrase, and a variable that is empty means nothing there.
    const isUsed =
        /^encryptionsalt:/m.test(settings) ||
        (/^(file|s3|gs|azblob):/.test(backend) && !/^secretsprovider:/m.test(settings));
    if (!isUsed) return;
    throw new UserError(
        "PULUMI_CONFIG_PASSPHRASE is empty: anyone could read the secrets in the state. Make a passphrase, and say where it is:\n" +
            "  (umask 077 && head -c 32 /dev/urandom | base64 > ~/.mlops-passphrase)\n" +
            "  unset PULUMI_CONFIG_PASSPHRASE; export PULUMI_CONFIG_PASSPHRASE_FILE=~/.mlops-passphrase\n" +
            "A stack that was made with the empty one is moved to it by: pulumi stack change-secrets-provider passphrase",
    );
}

/**
 * Checks a configuration. Its sections say what kind of environment it is. Unknown keys are refused too: a key with a typing error would
 * silently be the default.
 *
 * @throws UserError that lists every problem: the key, its value (unless it is secret), what is allowed, and the command that fixes it.
 */
export function parseEnvironment(
    config: RawConfig,
    project: string,
    stack: string,
): Environment & { readonly env: Record<string, string> } {
    const own = Object.entries(config.values).filter(([key]) => key.startsWith(`${project}:`));
    const sections = Object.fromEntries(
        own
            .map(([key, value]) => [key.slice(project.length + 1), fromJson(value)] as const)
            .filter(([, value]) => !isEmpty(value))
            .map(([key, value]) => [key, key === "oauth2" ? nullForNone(value) : value]),
    );
    const secretKeys = config.secretKeys.filter((key) => key.startsWith(`${project}:`));
    const secretSections = secretKeys.map((key) => key.slice(project.length + 1));
    const misplaced = Object.keys(sections).filter(
        (section) => section !== "env" && secretSections.includes(section),
    );
    const kind =
        "promoteFrom" in sections
            ? "promoted"
            : "quay" in sections || "github" in sections
              ? "built"
              : "local";
    // Of a section that is missing, the keys that have to be set are named, one by one.
    const needed =
        kind === "local" ? { service: {} } : { service: {}, quay: {}, github: { workflow: {} } };
    const input = { ...needed, ...sections, kind };
    const { data, error } = environment.safeParse(input, { error: explain });
    const { "github:owner": owner = process.env["GITHUB_OWNER"], "quay:url": url } = config.values;
    const contradictions = findContradictions(sections, {
        project,
        stack,
        owner,
        registry: registryOf(url),
        secretSections,
        files: config.files,
        isFolder: config.files && ((path) => existsSync(path)),
        today: new Date().toISOString().slice(0, 10),
    });
    const all = { ...sections, ...(owner === undefined ? {} : { "github:owner": owner }) };
    const schemaProblems = (error?.issues ?? []).flatMap((issue) =>
        problemsOf(issue, sections, project),
    );
    const problems = [
        ...firstOfEach([
            ...findPlaceholders(all),
            ...findRewritten(
                config.files?.[stack],
                project,
                sections,
                schemaProblems,
                secretSections,
            ),
            ...schemaProblems,
        ]),
        ...misplaced.map((section) => misplacedSecret(section, project)),
        ...contradictions,
    ];
    if (data !== undefined && problems.length === 0) return data;
    throw configurationError({ project, stack, sections: all, secretSections, problems });
}

/** One problem for each key: what was found first explains what follows. */
function firstOfEach(problems: readonly Problem[]): Problem[] {
    const keys = problems.map(({ path }) => JSON.stringify(path));
    return problems.filter((_, index) => keys.indexOf(keys[index] ?? "") === index);
}

/** Only environment variables are handled as secrets. */
function misplacedSecret(section: string, project: string): Problem {
    const sentence =
        `Move the value that says "secure:" in the file to ${project}:env, or to an environment variable that ` +
        `${project}:service.buildSecrets names.`;
    return {
        path: [section],
        message: "must not hold a secret: it would be in clear in the state",
        advice: { sentence },
    };
}

/**
 * Who is about to publish the version that this environment is to promote: for a preview of a change to both. Undefined in an `up`, which
 * needs it published, and where the configuration of the environment before names another version.
 */
export function publisherOf({
    service,
    promoteFrom,
}: EnvironmentOf<"promoted">): string | undefined {
    const { environment } = promoteFrom;
    if (environment === undefined || !pulumi.runtime.isDryRun()) return undefined;
    const theirs = z.object({ version: z.string() }).safeParse(sectionOf(environment, "service"));
    return theirs.data?.version === service.version ? environment : undefined;
}

/**
 * The port of a service whose image is promoted: the configured one, or that of the nearest stack
 * before it whose file configures one, or 8080. Dockerfiles do not count: they may be elsewhere, or
 * of a later version.
 */
export function promotedPortOf(environment: EnvironmentOf<"promoted">): number {
    const before: string[] = [];
    let stack = environment.promoteFrom.environment;
    while (stack !== undefined && !before.includes(stack)) {
        before.push(stack);
        stack = z.object({ environment: z.string() }).safeParse(sectionOf(stack, "promoteFrom"))
            .data?.environment;
    }
    const ports = before.flatMap((name) => {
        const service = z.object({ port }).safeParse(sectionOf(name, "service")).data ?? {};
        const env = z.object({ PORT: z.string() }).safeParse(sectionOf(name, "env")).data ?? {};
        return configuredPort({ service, env }) ?? [];
    });
    return portOf(environment, ports.slice(0, 1));
}

/** A section of another stack's configuration, as its file has it; undefined where it has none. */
function sectionOf(stack: string, section: string): unknown {
    const file = `Pulumi.${stack}.yaml`;
    const config = existsSync(file) ? configOf(readFileSync(file, "utf8")) : {};
    return config[`${pulumi.getProject()}:${section}`];
}

/**
 * How the workflow builds what the program builds. A path beside the context is given from the
 * context, because only the context's place in the GitHub repository is known. A secret that is a
 * file here is a secret there, of the id's name in capitals: `pip.conf` is PIP_CONF.
 */
export function workflowBuild(service: EnvironmentOf<"built">["service"]) {
    const { buildSecrets, buildContexts, context, ...build } = service;
    const secrets = Object.entries(buildSecrets);
    return {
        ...build,
        buildSecrets: Object.fromEntries(
            secrets.filter((entry): entry is [string, string] => typeof entry[1] === "string"),
        ),
        buildSecretFiles: Object.fromEntries(
            secrets
                .filter(([, secret]) => typeof secret !== "string")
                .map(([id]) => [id, id.toUpperCase().replace(/[^A-Z0-9]/g, "_")]),
        ),
        buildContexts: Object.fromEntries(
            Object.entries(buildContexts).map(([name, from]) => [
                name,
                isFolder(from) ? relative(resolve(context), resolve(from)) || "." : from,
            ]),
        ),
    };
}

/** Null is what the schema takes for `none`, and nothing that a file may say. */
function nullForNone(value: unknown): unknown {
    return value === "none" ? null : (value ?? "null");
}

/** An absent section is `{}`, the default that Pulumi.yaml gives it. */
function isEmpty(value: unknown): boolean {
    return isObject(value) && Object.keys(value).length === 0;
}

/** Objects arrive as JSON; anything that is not JSON is a plain string. */
function fromJson(value: string): unknown {
    try {
        return JSON.parse(value) as unknown;
    } catch {
        return value;
    }
}

/** Whether what may be a URL is one of HTTP; a path is relative to one. */
function isHttp(value: string): boolean {
    return !/^[a-z][a-z0-9+.-]*:/i.test(value) || /^https?:\/\/[^\s/]+\S*$/i.test(value);
}
