import { z } from "zod";

/**
 * Schemas of names in Quay, for the inputs of resources. The messages complete `"key" = value: …`.
 */

/** The name of a user or an organization. */
export const namespace = z
    .string()
    .regex(
        /^(?=.{2,255}$)[a-z0-9]+(?:[._-][a-z0-9]+)*$/,
        "must be a user or an organization: 2 to 255 lower-case letters and digits, with " +
            "single . _ - within.",
    );

const repositoryName = /[a-z0-9][.a-z0-9_-]*(?:\/[a-z0-9][.a-z0-9_-]*)*/;

/** The name of a repository within its namespace. */
export const repositoryInNamespace = z
    .string()
    .max(255, "it has more than 255 characters.")
    .regex(
        new RegExp(`^${repositoryName.source}$`),
        "must be a repository name without its namespace: lower-case letters, digits, . _ " +
            "- and / within.",
    );

/** A repository with its namespace: `alice/app`. */
export const repository = z
    .string()
    .regex(
        new RegExp(`^[a-z0-9]+(?:[._-][a-z0-9]+)*/${repositoryName.source}$`),
        "must be NAMESPACE/NAME in lower case, as in alice/app: no registry, no tag.",
    );

/** The name of a robot within its namespace. */
export const robotInNamespace = z
    .string()
    .regex(
        /^(?=.{2,255}$)[a-z0-9]+(?:[._-][a-z0-9]+)*$/,
        "must be a robot name without its namespace: 2 to 255 lower-case letters and " +
            "digits, with single . _ - within.",
    );

/** A robot with its namespace: `alice+deploy`. */
export const robot = z
    .string()
    .regex(
        /^[a-z0-9]+(?:[._-][a-z0-9]+)*\+[a-z0-9]+(?:[._-][a-z0-9]+)*$/,
        "must be NAMESPACE+NAME, as in alice+deploy.",
    );

/** A user, or a robot with its namespace. */
export const account = z
    .string()
    .regex(
        /^[a-z0-9]+(?:[._-][a-z0-9]+)*(?:\+[a-z0-9]+(?:[._-][a-z0-9]+)*)?$/,
        "must be a user, or a robot as NAMESPACE+NAME.",
    );

/** The name of a team within its organization. */
export const team = z
    .string()
    .regex(
        /^(?=.{2,255}$)[a-z0-9]+(?:[._-][a-z0-9]+)*$/,
        "must be a team: 2 to 255 lower-case letters and digits, with single . _ - within.",
    );

/** A tag of an image. */
export const tag = z
    .string()
    .regex(/^\w[\w.-]{0,127}$/, "must be a tag: letters, digits, _ . -, at most 128 of them.");

/** A tag that moves: a plain one, or one that follows versions (see floatingTags.ts). */
export const floatingTag = z
    .string()
    .regex(
        /^(?:\w|\{\{(?:major|minor)\}\})(?:[\w.-]|\{\{(?:major|minor)\}\}){0,127}$/,
        "must be a tag: letters, digits, _ . -, at most 128 of them; {{major}} and {{minor}} " +
            "stand for a version's first two numbers.",
    );

/** The digest of a manifest. */
export const digest = z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, "must be a digest: sha256: and 64 hexadecimal digits.");

/** A role in a repository. */
export const role = z
    .enum(["read", "write", "admin"], "must be read, write or admin.")
    .meta({ id: "Role", description: "`read` (pull), `write` (pull and push) or `admin`." });

/** The kind of a namespace. */
export const namespaceKind = z.enum(["user", "organization"]).meta({
    id: "NamespaceKind",
    description: "The kind of a namespace: a user's or an organization's.",
});

/** Splits `alice/app/web` into namespace `alice` and name `app/web`; undefined without a slash. */
export function splitRepository(
    repository: string,
): { namespace: string; name: string } | undefined {
    return split(repository, "/");
}

/** Splits `alice+deploy` into namespace `alice` and name `deploy`; undefined without a plus. */
export function splitRobot(username: string): { namespace: string; name: string } | undefined {
    return split(username, "+");
}

function split(whole: string, separator: string): { namespace: string; name: string } | undefined {
    const at = whole.indexOf(separator);
    return at > 0 && at < whole.length - 1
        ? { namespace: whole.slice(0, at), name: whole.slice(at + 1) }
        : undefined;
}
