import { posix } from "node:path";
import { z } from "zod";

/** Schemas of names in git and GitHub. The messages follow `key = value: `. */

/** Any text of one line. Without `${{`, which GitHub would evaluate as an expression. */
export const text = z
    .string()
    .min(1, "must not be empty.")
    .regex(
        /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]*$/,
        "must not have line breaks or control characters.",
    )
    .refine(
        (value) => !value.includes("${{"),
        "must not have ${{: GitHub would take it for an expression.",
    );

/**
 * Whether the build takes a path for one. buildx fetches an address, also one without a scheme
 * (`git@HOST:PATH`, `github.com/OWNER/NAME`), and reads `-` as an option or its input;
 * build-push-action replaces `{{…}}`.
 */
export function isLocalPath(path: string): boolean {
    return !/^-|^github\.com\/|:|\{\{/i.test(path);
}

export const notAnAddress =
    "must be a path in the repository, not an address: without : and {{, and without - at its " +
    "beginning.";

/** A path relative to the root of the repository; may be `.`. */
export const pathInRepository = text
    .refine(
        (path) => !path.startsWith("/") && !path.split("/").includes(".."),
        "must be a path in the repository, without ..",
    )
    .refine((path) => isLocalPath(posix.normalize(path)), notAnAddress);

/**
 * A branch's name, with git's rules (https://git-scm.com/docs/git-check-ref-format) and GitHub's
 * limit of its length.
 */
export const branch = text
    .refine((name) => Buffer.byteLength(name) <= 244, "must have at most 244 bytes.")
    .refine(
        isBranch,
        "must be a branch: no space, no ~ ^ : ? * [ \\ .. @{, " +
            "no part that starts with . or ends with .lock.",
    );

/** A pattern for branches or tags in an environment's deployment policy. */
export const refPattern = text.regex(/^\S+$/, "must have no spaces.");

/** The path of a workflow's file. */
export const workflowPath = z
    .string()
    .regex(
        /^\.github\/workflows\/[\w-][\w.-]*\.ya?ml$/,
        "must be .github/workflows/NAME.yml: letters, digits, _ . -, in no other folder.",
    );

/** An environment's name. */
export const environmentName = text.max(255, "must have at most 255 characters.");

/** The slug of a GitHub App: the end of its URL, https://github.com/apps/SLUG. */
export const appSlug = z
    .string()
    .regex(
        /^[a-z0-9][a-z0-9_-]{0,99}$/,
        "must be the slug of a GitHub App, the end of its address " +
            "https://github.com/apps/SLUG: lower-case letters, digits, - and _.",
    );

/** The name of a repository, without its owner. */
export const repository = z
    .string()
    .regex(
        /^[A-Za-z0-9._-]{1,100}$/,
        "must be a repository's name without its owner: letters, digits, . _ -",
    );

/** A job's id. */
export const jobId = z
    .string()
    .regex(
        /^[A-Za-z_][\w-]{0,99}$/,
        "must be letters, digits, _ and -, and start with a letter or _.",
    );

/** The platforms of an image that has several. */
export const platforms = z
    .array(
        z.enum(
            ["linux/amd64", "linux/arm64"],
            "must be linux/amd64 or linux/arm64: GitHub has runners of these alone.",
        ),
    )
    .min(2, "must be at least two: one is mlops:service.platform.")
    .refine((list) => new Set(list).size === list.length, "must not have the same one twice.");

/** The name of a secret in GitHub. */
export const secretName = z
    .string()
    .regex(
        /^(?!GITHUB_)[A-Z_][A-Z0-9_]*$/i,
        "must be letters, digits and _, and start with neither a digit nor GITHUB_.",
    );

function isBranch(name: string): boolean {
    const parts = name.split("/");
    return (
        name !== "HEAD" &&
        !name.startsWith("-") &&
        !name.endsWith(".") &&
        !/[ ~^:?*[\\]|\.\.|@\{/.test(name) &&
        parts.every((part) => part !== "" && !part.startsWith(".") && !part.endsWith(".lock"))
    );
}
