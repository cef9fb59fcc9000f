/** `mlops:env` and `mlops:container`: what the service's container gets, wherever it runs. */
import { z } from "zod";
import { isRoot } from "../../components/docker/dockerfile.ts";
import { text, variableName } from "./values.ts";

export const env = z
    .record(variableName, z.string())
    .default({})
    .describe(
        "The service's environment variables. The only place for a secret: " +
            "`pulumi config set --secret --path mlops:env.NAME`. Default: none.",
    );

/** The user as `docker run --user` takes it: a name or a number, and perhaps a group. */
const user = z
    .union([z.int().min(0), z.string()])
    .transform(String)
    .refine(
        (name) => /^[\w.-]+(:[\w.-]+)?$/.test(name),
        "must be a user, as in 10001 or 10001:10001",
    );

/** A folder in the container, but not the root folder. */
const folder = text.regex(
    /^\/[^:,/][^:,]*$/,
    "must be an absolute path of a folder in the container, as in /opt/app/data",
);

/**
 * The section, with a default of `strict` that depends on the kind of stack. `ContainerSettings` in
 * components/docker/serviceContainer.ts describes the keys in full.
 */
export function containerSection(strict: boolean) {
    return z
        .strictObject({
            strict: z
                .boolean()
                .default(strict)
                .describe(
                    "Whether the container is locked down: read-only root file system, no Linux " +
                        "capability, not root. Default: `false` in a local stack, else `true`.",
                ),
            user: user
                .optional()
                .describe(
                    "The user, `USER` or `USER:GROUP`, as in `10001`. Default: the image's user.",
                ),
            tmp: z
                .strictObject({
                    size: z.int().min(1).default(64).describe("The size in MiB. Default: 64."),
                    exec: z
                        .boolean()
                        .default(false)
                        .describe("Whether programs may be loaded from it. Default: `false`."),
                })
                .optional()
                .describe(
                    "Puts /tmp in memory; on a cluster on the node's disk, where `exec` has no " +
                        "effect. Default: in memory with 64 MiB where strict, else a " +
                        "folder of the root file system.",
                ),
            shm: z.int().min(1).optional().describe("The size of /dev/shm in MiB. Default: 64."),
            writable: z
                .array(folder)
                .default([])
                .describe(
                    "Absolute paths of folders that the service may write to where strict. Each " +
                        "starts with the image's content, as its owner; on a cluster it starts " +
                        "empty. Default: none.",
                ),
        })
        .refine(({ strict, user }) => !strict || user === undefined || !isRoot(user), {
            path: ["user"],
            error: "must not be root where mlops:container.strict is true",
        })
        .prefault({});
}
