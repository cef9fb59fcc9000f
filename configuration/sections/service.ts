/** `mlops:service`: the image, and how it is built. */
import { isAbsolute, relative, resolve } from "node:path";
import { z } from "zod";
import { fileSecretName } from "../../components/workflow/buildSecret.ts";
import { isBuildContext, isFolder } from "../../components/docker/namedContext.ts";
import { isRepository } from "../../components/docker/reference.ts";
import { port, tag, text, variableName } from "./values.ts";

/** A path that is the same on every machine. */
const relativePath = text.refine(
    (path) => !isAbsolute(path) && !path.startsWith("~"),
    "must be a path relative to the build context: an absolute one differs between machines",
);

/** A BuildKit cache. Credentials are refused: configuration and state store it unencrypted. */
const cache = text.refine(
    (value) => !/(secret|token|password|account_?key)\w*=/i.test(value),
    "must be a cache such as type=registry,ref=HOST/NAME, without a credential",
);

const secretId = z.string().regex(/^[\w.-]+$/, "must be a secret's id: letters, digits, . _ -");

const secretSource = z.union(
    [variableName, z.strictObject({ file: text.describe("The path of the secret's file.") })],
    "must be a variable's name, or a file: {file: PATH}",
);

const contextName = z
    .string()
    .regex(/^[a-z0-9][\w.-]*$/, "must be a context's name: letters, digits, . _ -");

const namedContext = text.refine(
    isBuildContext,
    "must be a folder, docker-image://NAME, or a git repository at a commit, " +
        "https://HOST/PATH.git#<40 hexadecimal digits>",
);

/** The service of a stack that does not build its image. */
export const service = z.strictObject({
    name: z
        .string()
        .refine(
            (name) => isRepository(name) && !name.includes("/"),
            "must be an image name: lower-case letters, digits, . _ - within",
        )
        .describe("The image's name, without registry, account and tag. Lower case."),
    version: tag.describe(
        "The version that this stack deploys, as an image tag. A build on this machine gets it " +
            "as the build argument VERSION; the workflow's build gets `sha-COMMIT`.",
    ),
    port: port
        .optional()
        .describe(
            "The port that the service listens on; the service gets it as PORT. Default: the " +
                "only " +
                "port that the Dockerfile EXPOSEs, else 8080. Where the image is promoted: " +
                "the port " +
                "of the stack that it is promoted from, else 8080.",
        ),
    healthPath: text
        .regex(/^\/\S*$/, "must start with / and have no spaces")
        .optional()
        .describe(
            "The path that answers with a success (2xx, 3xx) once the service works. " +
                "Default: the image's HEALTHCHECK decides; without one, and on a cluster, the " +
                "port must answer.",
        ),
});

/** The service of a stack that builds its image. */
export const builtService = service
    .extend({
        follow: tag
            .optional()
            .describe(
                "A floating tag of the stack's own repository, as in `latest`: the stack deploys " +
                    "the image that it names at the time of the `up`. `version` is then only " +
                    "that of the first image, which `up` builds. Default: `version` is deployed.",
            ),
        context: text.describe(
            "The folder that Docker builds, relative to the project's folder. It may lie anywhere.",
        ),
        dockerfile: relativePath
            .default("Dockerfile")
            .describe(
                "The Dockerfile, relative to the context. It may lie outside of it. " +
                    "Default: `Dockerfile`.",
            ),
        target: text.optional().describe("The stage to build. Default: the last."),
        platform: z
            .string()
            .regex(/^[a-z0-9]+\/[a-z0-9]+(\/v[0-9]+)?$/, "must be a platform such as linux/amd64")
            .optional()
            .describe(
                "The platform to build for, as in `linux/amd64`. Default: the Docker engine's.",
            ),
        buildArgs: z
            .record(variableName, z.string())
            .default({})
            .describe(
                "Build arguments by name. They stay in the image's history: nothing secret. " +
                    "Default: only VERSION.",
            ),
        buildSecrets: z
            .record(secretId, secretSource)
            .default({})
            .describe(
                "Build secrets by id (`RUN --mount=type=secret,id=…`): the name of an " +
                    "environment variable that holds the secret, or its file, `{file: PATH}`. An " +
                    "SSH key is such a file. Variables of the deployment's are refused: " +
                    "`QUAY_*`, `GITHUB_*`, `PULUMI_*`, a cloud's. Default: none.",
            ),
        buildSsh: z
            .never(
                "not possible: the Docker provider cannot forward an SSH agent. Give the build " +
                    "the key as a secret: mlops:service.buildSecrets {id: {file: PATH}}",
            )
            .optional()
            .describe("Not supported: pass an SSH key as a file in buildSecrets."),
        buildContexts: z
            .record(contextName, namedContext)
            .default({})
            .describe(
                "Named contexts by name: a folder (its `.git` counts too), " +
                    "`docker-image://NAME`, " +
                    "or a git repository at a commit. Default: none.",
            ),
        cacheFrom: z
            .array(cache)
            .default([])
            .describe(
                "BuildKit caches to read from, as in `type=registry,ref=HOST/NAME` " +
                    "(https://docs.docker.com/build/cache/backends). Default: none.",
            ),
        cacheTo: z
            .array(cache)
            .default([])
            .describe("BuildKit caches to write to, in the form of `cacheFrom`. Default: none."),
        sources: z
            .array(relativePath)
            .optional()
            .describe(
                "Paths and patterns, relative to the context, whose change builds the image " +
                    "again. " +
                    "Those outside of the context count in addition. Default: all of the context.",
            ),
        pull: z
            .boolean()
            .default(false)
            .describe(
                "Whether the image is built again when a base image has changed at its registry. " +
                    "Every preview and `up` checks that. Default: `false`.",
            ),
        buildTimeout: z
            .int()
            .min(1)
            .max(1440)
            .optional()
            .describe("How many minutes building and pushing may take. Default: 180."),
    })
    .transform((built) => ({
        ...built,
        buildArgs: { VERSION: built.version, ...built.buildArgs },
    }));

/**
 * Returns the build of the workflow, which builds what the program builds. Paths beside the context
 * become relative to the context, because only the context's place in the GitHub repository is
 * known. A secret that is a file here is a GitHub secret there, named like the id in capitals:
 * `pip.conf` is PIP_CONF. VERSION is left out: there, commits are built, not versions.
 */
export function workflowBuild(service: z.output<typeof builtService>) {
    const { buildArgs, buildSecrets, buildContexts, context, ...build } = service;
    const secrets = Object.entries(buildSecrets);
    return {
        ...build,
        buildArgs: Object.fromEntries(
            Object.entries(buildArgs).filter(([name]) => name !== "VERSION"),
        ),
        buildSecrets: Object.fromEntries(
            secrets.filter((entry): entry is [string, string] => typeof entry[1] === "string"),
        ),
        buildSecretFiles: Object.fromEntries(
            secrets
                .filter(([, secret]) => typeof secret !== "string")
                .map(([id]) => [id, fileSecretName(id)]),
        ),
        buildContexts: Object.fromEntries(
            Object.entries(buildContexts).map(([name, from]) => [
                name,
                isFolder(from) ? relative(resolve(context), resolve(from)) || "." : from,
            ]),
        ),
    };
}
