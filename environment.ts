import * as pulumi from "@pulumi/pulumi";
import { isConfigSecret } from "@pulumi/pulumi/runtime/config.js";
import { z } from "zod";
import { isRepository, isTag } from "./docker/reference.ts";
import { UserError } from "./errors.ts";

declare module "@pulumi/pulumi/runtime/config.js" {
    /** Whether a configuration key holds a secret; the SDK has it, but its type declarations leave it out. */
    export function isConfigSecret(key: string): boolean;
}

const port = z.int().min(1).max(65535);
const variableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "a variable name: letters, digits, underscores");
const text = z.string().min(1);

/** What is delivered: the service and how its image is built. */
const service = z.strictObject({
    /** The image's repository name, without registry, account and tag. */
    name: z.string().refine((name) => isRepository(name) && !name.includes("/"), "an image name: lower-case letters, digits, . _ - within"),
    /** The version that this environment is at, as an image tag. */
    version: z.string().refine(isTag, "an image tag: letters, digits, . _ -, at most 128 characters"),
    /** The folder that Docker builds, relative to the project; it may lie anywhere. */
    context: text,
    /** The Dockerfile, relative to the context. */
    dockerfile: text.default("Dockerfile"),
    /** The stage of the Dockerfile to build. Default: the last. */
    target: text.optional(),
    /** The platform to build for, as in `linux/amd64`. Default: the Docker engine's. */
    platform: z
        .string()
        .regex(/^[a-z0-9]+\/[a-z0-9]+(\/v[0-9]+)?$/, "a platform such as linux/amd64")
        .optional(),
    /** The port that the service listens on. */
    port: port.default(8080),
    /** Build arguments. They stay in the image's history: nothing secret. */
    buildArgs: z.record(variableName, z.string()).default({}),
    /** Build secrets by id: the NAME of the environment variable that holds each (RUN --mount=type=secret,id=…). */
    buildSecrets: z.record(z.string().regex(/^[\w.-]+$/, "a secret's id: letters, digits, . _ -"), variableName).default({}),
});

/** The issuer whose access tokens the service accepts (RFC 9068). */
const oauth2 = z.strictObject({
    /** The token's `iss`, as in https://tenant.eu.auth0.com/ */
    issuer: z.url({ protocol: /^https?$/, error: "an http(s) URL" }),
    /** The token's `aud`. */
    audience: text,
    /** Where the issuer's keys are; relative to the issuer, or a URL. */
    jwksUri: text.default(".well-known/jwks.json"),
});

/** How the service runs on this machine's Docker engine. */
const local = z.strictObject({
    /** The port on this machine, http://localhost:PORT. */
    port: port.default(8080),
    /** Memory limit in MiB. */
    memory: z.int().min(16).default(512),
    /** CPU limit, in cores. */
    cpus: z.number().min(0.1).default(1),
    /** How many seconds the service may take to become healthy. */
    healthTimeout: z.int().min(1).max(3600).default(60),
});

/** An absent section is `{}`, the default that Pulumi.yaml gives it. */
const optionalSection = <T extends z.ZodType>(section: T) =>
    z.preprocess((value) => (isRecord(value) && Object.keys(value).length === 0 ? undefined : value), section.optional());

const environment = z.strictObject({
    service,
    /** The service's environment variables. */
    env: z.record(variableName, z.string()).default({}),
    oauth2: optionalSection(oauth2),
    local: local.prefault({}),
});

/** The configuration of one stack: all that differs between environments. */
export type Environment = Omit<z.infer<typeof environment>, "env"> & {
    /** The service's environment variables, secret where the configuration's are. */
    readonly env: pulumi.Input<Record<string, string>>;
};

/** A configuration as Pulumi hands it over: `mlops:service` → its value as a string, objects as JSON. */
export interface RawConfig {
    readonly values: Readonly<Record<string, string>>;
    /** The keys whose values are secret, wholly or in part. */
    readonly secretKeys: readonly string[];
}

/** Reads and checks the configuration of the current stack. @throws UserError with every problem in it. */
export function readEnvironment(): Environment {
    const project = pulumi.getProject();
    const values = pulumi.runtime.allConfig();
    const secretKeys = Object.keys(values).filter((key) => isConfigSecret(key));
    const parsed = parseEnvironment({ values, secretKeys }, project, pulumi.getStack());
    return { ...parsed, env: secretKeys.includes(`${project}:env`) ? pulumi.secret(parsed.env) : parsed.env };
}

/**
 * Checks a configuration. Unknown keys are refused too: a key with a typing error would silently be the default.
 *
 * @throws UserError that lists every problem: the key, its value (unless it is secret), what is allowed, and the command that mends it.
 */
export function parseEnvironment(config: RawConfig, project: string, stack: string): z.infer<typeof environment> {
    const own = Object.entries(config.values).filter(([key]) => key.startsWith(`${project}:`));
    const sections = Object.fromEntries(own.map(([key, value]) => [key.slice(project.length + 1), fromJson(value)]));
    const result = environment.safeParse(sections);
    const problems = [
        ...(result.error?.issues ?? []).flatMap((issue) => problemsOf(issue, sections)),
        ...own.filter(([key]) => config.secretKeys.includes(key) && key !== `${project}:env`).map(([key]) => misplacedSecret(key, project)),
    ];
    if (result.success && problems.length === 0) return result.data;
    const lines = problems.map(({ path, value, message, advice, isString }) => {
        const key = `${project}:${path.map(String).join(".")}`;
        const secret = config.secretKeys.includes(`${project}:${String(path[0])}`);
        const shown = value === undefined ? "is not set" : `= ${secret ? "[secret]" : JSON.stringify(value)}`;
        const mend =
            advice === "set"
                ? `pulumi config set --path '${key}' VALUE -s ${stack}${isString ? " --type string" : ""}${secret ? " --secret" : ""}`
                : advice === "remove"
                  ? `pulumi config rm --path '${key}' -s ${stack}`
                  : advice;
        return `  ${key} ${shown}: ${message}\n      ${mend}`;
    });
    throw new UserError(
        `The configuration of stack "${stack}" has ${plural(lines.length, "problem")} (Pulumi.${stack}.yaml):\n${lines.join("\n")}`,
    );
}

interface Problem {
    readonly path: readonly PropertyKey[];
    readonly value: unknown;
    readonly message: string;
    /** Which command mends it, or what else does. */
    readonly advice: "set" | "remove" | (string & {});
    /** Whether a string is wanted: the CLI takes 1 and true for other types, unless it is told. */
    readonly isString?: boolean;
}

function problemsOf(issue: z.core.$ZodIssue, sections: unknown): Problem[] {
    if (issue.code === "unrecognized_keys") {
        return issue.keys.map((key) => ({
            path: [...issue.path, key],
            value: valueAt(sections, [...issue.path, key]),
            message: "there is no such key",
            advice: "remove",
        }));
    }
    const message = issue.code === "invalid_key" ? issue.issues.map((inner) => inner.message).join("; ") : issue.message;
    const value = valueAt(sections, issue.path);
    return [
        {
            path: issue.path,
            value,
            message: value === undefined ? "it has to be set" : message,
            advice: issue.code === "invalid_key" ? "remove" : "set",
            isString: issue.code === "invalid_type" && issue.expected === "string" && value !== undefined,
        },
    ];
}

/** Only environment variables are handled as secrets. */
function misplacedSecret(key: string, project: string): Problem {
    const advice = `move the value that says "secure:" in the file to mlops:env, or to an environment variable that mlops:service.buildSecrets names`;
    return { path: [key.slice(project.length + 1)], value: "", message: "holds a secret, which would be in clear in the state", advice };
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
    return path.reduce<unknown>((at, key) => (isRecord(at) ? at[String(key)] : undefined), value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Objects arrive as JSON; anything that is not JSON is a plain string. */
function fromJson(value: string): unknown {
    try {
        return JSON.parse(value) as unknown;
    } catch {
        return value;
    }
}

function plural(count: number, noun: string): string {
    return `${String(count)} ${noun}${count === 1 ? "" : "s"}`;
}
