import { posix } from "node:path";
import { z } from "zod";
import { floatingTag } from "../../quay/api/names.ts";
import { isOfDeployment } from "./buildSecret.ts";
import { isFolder } from "../docker/namedContext.ts";
import { isRepository, isTag } from "../docker/reference.ts";
import { environmentAllows } from "../github/branchPolicy.ts";
import { UserError } from "../messages/userError.ts";
import { deployJobId } from "./deploy.ts";
import * as names from "./names.ts";
import type { WorkflowSettings } from "./settings.ts";

/** Returns a schema for a value that may be an output: checks it only if it is a string. */
function checkIfKnown(schema: z.ZodType<string>) {
    return z.unknown().superRefine((value, context) => {
        if (typeof value !== "string") return;
        for (const { message } of schema.safeParse(value).error?.issues ?? [])
            context.addIssue({ code: "custom", message });
    });
}

const tag = z
    .string()
    .refine(isTag, "must be an image tag: letters, digits, . _ -, at most 128 characters.");
const variable = z
    .string()
    .regex(/^[A-Za-z_]\w*$/, "must be a variable's name: letters, digits, _.");
const value = names.text.or(z.literal(""));

const secretId = z.string().regex(/^[\w.-]+$/, "must be a secret's id: letters, digits, . _ -");
const notForDockerfile =
    "must be a secret of the build's own: this one is the deployment's, which a Dockerfile " +
    "must not get.";
const buildSecret = names.secretName.refine((name) => !isOfDeployment(name), notForDockerfile);
const isInRepository = (path: string): boolean => path !== ".." && !path.startsWith("../");
const outside = (context: string): string =>
    `must be in the GitHub repository, where the job can find it: from the workflow's context ` +
    `"${context}" it is outside. Move it into the repository, or correct the workflow's context.`;

const health = z.strictObject({
    port: z.int().min(1).max(65535),
    path: names.text.regex(/^\/\S*$/, "must start with / and have no spaces.").optional(),
    timeout: z.int().min(1).max(600).optional(),
    env: z.record(variable, value).optional(),
    passedOn: z.array(variable).optional(),
    memory: z
        .int()
        .min(6 * 1024 * 1024, "must be at least Docker's 6 MiB.")
        .optional(),
    container: z.looseObject({ writable: z.array(names.text).optional() }).optional(),
});

/** The parts that the workflow uses; RegistrySecrets checks the environment's other rules. */
const environment = z.looseObject({
    name: names.environmentName,
    branches: z.array(names.refPattern).optional(),
    tags: z.array(names.refPattern).optional(),
});

const build = z
    .object({
        context: names.pathInRepository.optional(),
        dockerfile: names.text.optional(),
        target: names.text.optional(),
        platform: z
            .string()
            .regex(/^[a-z0-9]+\/[a-z0-9]+(\/v[0-9]+)?$/, "must be a platform such as linux/amd64.")
            .optional(),
        platforms: names.platforms.optional(),
        buildArgs: z.record(variable, value).optional(),
        buildSecrets: z.record(secretId, buildSecret).optional(),
        buildSecretFiles: z.record(secretId, buildSecret).optional(),
        buildContexts: z
            .record(z.string().regex(/^[a-z0-9][\w.-]*$/, "must be a context's name."), names.text)
            .optional(),
        pull: z.boolean().optional(),
        floatingTags: z.array(floatingTag).optional(),
        attestation: z.boolean().optional(),
        signature: z.enum(["none", "keyless"]).optional(),
        deploy: z
            .strictObject({
                repository: names.repository,
                isOwn: z.boolean(),
                stack: names.text,
            })
            .optional(),
    })
    .superRefine(({ context = ".", dockerfile = "Dockerfile", buildContexts = {} }, issues) => {
        const check = (path: string[], from: string): void => {
            const joined = posix.join(context, from);
            if (!isInRepository(joined) || posix.isAbsolute(from))
                issues.addIssue({ code: "custom", path, message: outside(context) });
            else if (!names.isLocalPath(joined))
                issues.addIssue({ code: "custom", path, message: names.notAnAddress });
        };
        check(["dockerfile"], dockerfile);
        for (const [name, from] of Object.entries(buildContexts))
            if (isFolder(from)) check(["buildContexts", name], from);
    });

const release = z.object({
    digest: checkIfKnown(
        z
            .string()
            .regex(/^sha256:[0-9a-f]{64}$/, "must be a digest: sha256: and 64 hexadecimal digits."),
    ),
    tags: z.array(tag).optional(),
});

const common = {
    name: names.text,
    job: names.jobId,
    path: names.workflowPath,
    branch: names.branch,
    environment: environment.optional(),
    image: checkIfKnown(
        z
            .string()
            .refine(
                (image) =>
                    isRepository(image) &&
                    /^[^/]+\/[^/]+\/./.test(image) &&
                    /[.:]|^localhost\//.test(image.split("/", 1).join("/")),
                "must be HOST/NAMESPACE/NAME, without a tag.",
            ),
    ),
    login: z.union(
        [
            z.strictObject({ usernameSecret: names.secretName, passwordSecret: names.secretName }),
            z.strictObject({
                robot: checkIfKnown(
                    z.string().regex(/^[a-z0-9._-]+\+[a-z0-9._-]+$/, "must be NAMESPACE+NAME."),
                ),
            }),
        ],
        "must have usernameSecret and passwordSecret, names of GitHub secrets, " +
            "or robot, NAMESPACE+NAME.",
    ),
    health,
    runner: names.text.optional(),
};

/** @throws UserError with every problem that {@link findProblem} finds. */
export function checkSettings(settings: WorkflowSettings<unknown>): void {
    const problem = findProblem(settings);
    if (problem !== undefined) throw new UserError(problem);
}

/**
 * Finds settings that git, GitHub or the registry would refuse, so that the program stops before it
 * sends anything. Also checks whether the environment allows the branch.
 *
 * @returns all problems in one text, each with its setting, the value and what is allowed;
 * undefined where there are none.
 */
export function findProblem(settings: WorkflowSettings<unknown>): string | undefined {
    const kind =
        "build" in settings
            ? z.object({ ...common, build })
            : z.object({ ...common, version: checkIfKnown(tag), release });
    const issues = kind.safeParse(settings).error?.issues ?? [];
    const problems =
        issues.length > 0
            ? issues.map(({ path, message }) => {
                  const value = path.reduce<unknown>(
                      (at, key) => (isRecord(at) ? at[key] : undefined),
                      settings,
                  );
                  const shown = value === undefined ? "" : ` = ${JSON.stringify(value)}`;
                  return `${path.map(String).join(".")}${shown}: ${message}`;
              })
            : [
                  ...findAccessProblems(settings),
                  ...findJobProblems(settings),
                  ...findSecretProblems(settings),
              ];
    if (problems.length === 0) return undefined;
    return [
        `The workflow ${settings.path} cannot be delivered:`,
        ...problems.map((problem) => `  ${problem}`),
    ].join("\n");
}

function findAccessProblems({ environment, branch, login }: WorkflowSettings<unknown>): string[] {
    if (environment === undefined) {
        return "robot" in login
            ? [
                  "environment: must be set for a login without a password: " +
                      "it is part of the identity that the robot trusts.",
              ]
            : [];
    }
    if (environmentAllows(environment, branch)) return [];
    return [
        `environment.branches = ${JSON.stringify(environment.branches ?? [])}: ` +
            `must allow the workflow's branch "${branch}", or the job would never start in the ` +
            `environment "${environment.name}". Add that branch, or a pattern for it.`,
    ];
}

/** The job that deploys has an id of its own. */
function findJobProblems(settings: WorkflowSettings<unknown>): string[] {
    const deploys = "build" in settings && settings.build.deploy !== undefined;
    if (!deploys || settings.job.toLowerCase() !== deployJobId) return [];
    return [`job = "${settings.job}": must be another id: it is that of the job that deploys.`];
}

/** The robot's password is not for the Dockerfile, whatever its name. */
function findSecretProblems(settings: WorkflowSettings<unknown>): string[] {
    const { login } = settings;
    if (!("build" in settings) || !("passwordSecret" in login)) return [];
    const own = [login.usernameSecret, login.passwordSecret].map((name) => name.toUpperCase());
    return (["buildSecrets", "buildSecretFiles"] as const).flatMap((kind) =>
        Object.entries(settings.build[kind] ?? {})
            .filter(([, name]) => own.includes(name.toUpperCase()))
            .map(([id, name]) => `build.${kind}.${id} = "${name}": ${notForDockerfile}`),
    );
}

function isRecord(value: unknown): value is Record<PropertyKey, unknown> {
    return typeof value === "object" && value !== null;
}
