import { z } from "zod";
import type { Value } from "./preview.ts";
import { isObject } from "./properties.ts";

/** Names of users and teams by kind and id: `user 1001` → `alice`. */
export type Names = Readonly<Record<string, string>>;

const outputs = z.object({ reviewers: z.record(z.string(), z.string()) });

interface ComponentStep {
    readonly type: string;
    readonly old?: { readonly outputs: unknown } | null | undefined;
    readonly new?: { readonly outputs: unknown } | null | undefined;
}

/** Collects the names from the outputs of the components that looked up the ids. */
export function reviewerNames(steps: readonly ComponentStep[]): Names {
    return Object.fromEntries(
        steps
            .filter(({ type }) => type === "mlops:github:RegistrySecrets")
            .flatMap(({ old, new: now }) => [old, now])
            .flatMap((state) => {
                const { data } = outputs.safeParse(state?.outputs);
                return Object.entries(data?.reviewers ?? {});
            }),
    );
}

/**
 * Replaces the reviewers' ids in the properties of a GitHub environment by `alice (1001)`. The id
 * stays visible, because a login can pass to another user. An id without a known name is kept.
 */
export function nameReviewers(
    type: string,
    properties: Record<string, Value>,
    names: Names,
): Record<string, Value> {
    const { reviewers } = properties;
    if (type !== "github:index/repositoryEnvironment:RepositoryEnvironment") return properties;
    if (reviewers === undefined) return properties;
    return { ...properties, reviewers: nameAll(reviewers, names) };
}

function nameAll(reviewers: Value, names: Names): Value {
    if (Array.isArray(reviewers)) return reviewers.map((group) => nameAll(group, names));
    if (!isObject(reviewers)) return reviewers;
    const list = (kind: "user" | "team", ids: Value): Value =>
        Array.isArray(ids) ? ids.map((id) => withName(kind, id, names)) : ids;
    return {
        ...reviewers,
        ...(reviewers["users"] === undefined ? {} : { users: list("user", reviewers["users"]) }),
        ...(reviewers["teams"] === undefined ? {} : { teams: list("team", reviewers["teams"]) }),
    };
}

function withName(kind: "user" | "team", id: Value, names: Names): Value {
    if (typeof id !== "number") return id;
    const name = names[`${kind} ${String(id)}`];
    return name === undefined ? id : `${name} (${String(id)})`;
}
