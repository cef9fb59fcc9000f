import { z } from "zod";
import type { Value } from "./preview.ts";
import { isObject } from "./properties.ts";

/** Names of users and teams, by how GitHub knows them: `user 1001` → `alice`. */
export type Names = Readonly<Record<string, string>>;

const outputs = z.object({ reviewers: z.record(z.string(), z.string()) });

interface ComponentStep {
    readonly type: string;
    readonly old?: { readonly outputs: unknown } | null | undefined;
    readonly new?: { readonly outputs: unknown } | null | undefined;
}

/** The reviewers' names as the component that looked their ids up keeps them, before and now. */
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
 * The properties of a GitHub environment with its reviewers as `alice (1001)`. The id stays,
 * because a login may come to be somebody else's. One whose name is not known stays a number.
 */
export function nameReviewers(
    type: string,
    properties: Record<string, Value>,
    names: Names,
): Record<string, Value> {
    const { reviewers } = properties;
    if (type !== "github:index/repositoryEnvironment:RepositoryEnvironment") return properties;
    if (reviewers === undefined) return properties;
    return { ...properties, reviewers: named(reviewers, names) };
}

function named(reviewers: Value, names: Names): Value {
    if (Array.isArray(reviewers)) return reviewers.map((group) => named(group, names));
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
