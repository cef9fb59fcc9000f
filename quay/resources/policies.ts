import { z } from "zod";
import { noContent } from "../api/client.ts";
import type { QuayClient, Scope } from "../api/client.ts";
import { badId, createOnce } from "../definition/create.ts";
import { MissingError, notFound, QuayError, RefusedError, unless } from "../api/errors.ts";
import * as names from "../api/names.ts";
import type { Context } from "../definition/context.ts";

/**
 * The common part of auto-prune and immutability policies, which are lists on repositories and
 * namespaces.
 */

/** The object that a policy applies to. Exactly one of the two is set. */
export interface Place {
    readonly repository?: string | undefined;
    readonly namespace?: string | undefined;
}

export const place = {
    repository: names.repository
        .optional()
        .describe(
            "The repository that the policy applies to, NAMESPACE/NAME. Exactly one of " +
                "repository and namespace is set.",
        ),
    namespace: names.namespace
        .optional()
        .describe(
            "The organization, or the token's own user name, to all of whose repositories the " +
                "policy applies.",
        ),
};

export const ifUnsupported = z
    .enum(["fail", "warn"], "must be fail or warn.")
    .default("fail")
    .meta({
        id: "IfUnsupported",
        description:
            "What to do if this feature is disabled in Quay, or if Quay is too old for it: " +
            "`fail`, or `warn` and continue without the policy. Once Quay supports it, `pulumi " +
            "refresh` detects that, and the next `pulumi up` creates the policy.",
    });

export const policyImportId = {
    format: "REPOSITORY:UUID or NAMESPACE:UUID; the UUID may be left out where there is one policy",
    example: "alice/app:0a1b2c3d-0000-4000-8000-000000000000",
};

/** Returns what is wrong with the place; undefined if it is valid. */
export function checkPlace({ repository, namespace }: Place): string | undefined {
    return (repository === undefined) === (namespace === undefined)
        ? "exactly one of repository and namespace must be set."
        : undefined;
}

/** Quay's answer to the creation and deletion of a policy. */
const created = z.object({ uuid: z.string() });

/** A kind of policy. */
export interface PolicyKind<Policy> {
    /** The name in error messages: `auto-prune policy`. */
    readonly name: string;
    /** The last part of the route. */
    readonly route: "autoprunepolicy" | "immutabilitypolicy";
    /** The feature of Quay that must be enabled. */
    readonly feature: string;
    /** Whether a user's own namespace has a route, which is then one without a name. */
    readonly userRoute: boolean;
    readonly answer: z.ZodType<Policy & { readonly uuid: string }>;
    /** Whether two policies are equal. */
    readonly same: (one: Policy, other: Policy) => boolean;
    /** Whether Quay refuses to have both policies. */
    readonly clash: (one: Policy, other: Policy) => boolean;
}

/** Quay does not support this kind of policy. */
class UnsupportedError extends QuayError {
    override readonly name = "UnsupportedError";
}

/** Replaces the UUID of a policy that Quay does not support, if that is only a warning. */
const unsupported = "unsupported";

export interface Listed<Policy> {
    readonly place: Place;
    readonly uuid: string;
    readonly policy: Policy;
}

/**
 * Creates the policy, or takes over an equal one.
 *
 * @returns its UUID
 */
export async function createPolicy<Policy extends object>(
    kind: PolicyKind<Policy>,
    { api, warn }: Context,
    place: Place & { readonly ifUnsupported: "fail" | "warn" },
    policy: Policy,
): Promise<string> {
    try {
        return await makePolicy(kind, api, place, policy);
    } catch (error) {
        if (!(error instanceof UnsupportedError) || place.ifUnsupported === "fail") throw error;
        await warn(`${error.message} ${textOf(place)} goes without.`);
        return unsupported;
    }
}

async function makePolicy<Policy extends object>(
    kind: PolicyKind<Policy>,
    api: QuayClient,
    place: Place,
    policy: Policy,
): Promise<string> {
    const existing = await list(kind, api, place);
    const equal = existing.find((one) => kind.same(one, policy));
    if (equal !== undefined) return equal.uuid;
    const clash = existing.find((one) => kind.clash(one, policy));
    if (clash !== undefined) {
        throw new QuayError(
            `${textOf(place)} has another ${kind.name} that this one would clash with, and ` +
                "nothing was changed. Remove it in Quay, or take it over " +
                `with the id ${textOf(place)}:${clash.uuid}.`,
        );
    }
    const { path, scope } = await routeOf(kind, api, place);
    const call = {
        to: `make an ${kind.name} for ${textOf(place)}`,
        scope,
        json: policy,
        once: true,
    };
    const { uuid } = await guard(kind, api, () =>
        createOnce(
            api,
            () => api.change("POST", path, call, created),
            async () => (await list(kind, api, place)).find((one) => kind.same(one, policy)),
        ),
    );
    return uuid;
}

/**
 * Reads the policy with this id; undefined if it, its repository or namespace, or the feature does
 * not exist any more.
 *
 * @param known the policy in the state, which is returned while Quay does not support it.
 */
export async function readPolicy<Policy extends object>(
    kind: PolicyKind<Policy>,
    api: QuayClient,
    id: string,
    known: Policy | undefined,
): Promise<Listed<Policy> | undefined> {
    const { place, uuid } = parseId(id);
    if (uuid === unsupported) {
        const supported = await isSupported(kind, api, place);
        return supported || known === undefined ? undefined : { place, uuid, policy: known };
    }
    const { path, scope } = await routeOf(kind, api, place);
    const to = `read the ${kind.name} of ${textOf(place)}`;
    if (uuid !== undefined) {
        const read = () =>
            guard(kind, api, () =>
                unless(notFound, () => api.get(`${path}${uuid}`, { to, scope }, kind.answer)),
            );
        const policy = await (known === undefined ? read() : unlessUnsupported(read));
        return policy && { place, uuid, policy };
    }
    const [policy, ...others] = await list(kind, api, place);
    if (others.length > 0) {
        const ids = [policy, ...others].map((one) => `${textOf(place)}:${one?.uuid ?? ""}`);
        throw new QuayError(
            `${textOf(place)} has several of this kind: give one of the ids ${ids.join(", ")}.`,
        );
    }
    return policy && { place, uuid: policy.uuid, policy };
}

/** Updates the policy. */
export async function updatePolicy<Policy extends object>(
    kind: PolicyKind<Policy>,
    api: QuayClient,
    id: string,
    policy: Policy,
): Promise<void> {
    const { place, uuid = "" } = parseId(id);
    if (uuid === unsupported) {
        if (!(await isSupported(kind, api, place))) return;
        throw new QuayError(
            `Quay at ${api.site.url} supports the ${kind.name} now. Run \`pulumi refresh\`, and ` +
                `then \`pulumi up\` makes it.`,
        );
    }
    const { path, scope } = await routeOf(kind, api, place);
    // Fails if the feature is disabled: then another route of Quay would answer the change.
    await list(kind, api, place);
    await api.change(
        "PUT",
        `${path}${uuid}`,
        { to: `change the ${kind.name} of ${textOf(place)}`, scope, json: policy },
        noContent,
    );
}

/** Deletes the policy if it exists. It does not exist if the feature is disabled. */
export async function deletePolicy<Policy extends object>(
    kind: PolicyKind<Policy>,
    api: QuayClient,
    id: string,
): Promise<void> {
    const { place, uuid = "" } = parseId(id);
    if (uuid === unsupported) return;
    const { path, scope } = await routeOf(kind, api, place);
    const to = `delete the ${kind.name} of ${textOf(place)}`;
    // If the feature is disabled, this is the route of a repository with that path, which answers
    // 204.
    const answer = created.optional();
    const remove = () =>
        unless(notFound, () => api.change("DELETE", `${path}${uuid}`, { to, scope }, answer));
    await unlessUnsupported(() => guard(kind, api, remove));
}

/** Returns the id of a policy: `alice/app:UUID`. */
export function policyId(place: Place, uuid: string): string {
    return `${textOf(place)}:${uuid}`;
}

async function list<Policy extends object>(
    kind: PolicyKind<Policy>,
    api: QuayClient,
    place: Place,
): Promise<(Policy & { readonly uuid: string })[]> {
    const { path, scope } = await routeOf(kind, api, place);
    const to = `list the policies of ${textOf(place)}`;
    const form = z.object({ policies: z.array(kind.answer) });
    const found = await guard(kind, api, () =>
        unless(notFound, () => api.get(path, { to, scope }, form)),
    );
    if (found === undefined) throw new MissingError(textOf(place), api.site);
    return found.policies;
}

async function isSupported<Policy extends object>(
    kind: PolicyKind<Policy>,
    api: QuayClient,
    place: Place,
): Promise<boolean> {
    return (await unlessUnsupported(() => list(kind, api, place))) !== undefined;
}

/** Runs a request; returns undefined if Quay does not support this kind of policy. */
async function unlessUnsupported<T>(run: () => Promise<T>): Promise<T | undefined> {
    try {
        return await run();
    } catch (error) {
        if (error instanceof UnsupportedError) return undefined;
        throw error;
    }
}

async function routeOf<Policy>(
    kind: PolicyKind<Policy>,
    api: QuayClient,
    place: Place,
): Promise<{ path: string; scope: Scope }> {
    if (place.repository !== undefined)
        return { path: `repository/${place.repository}/${kind.route}/`, scope: "repo:admin" };
    const namespace = place.namespace ?? "";
    if (kind.userRoute && (await api.kindOf(namespace)) === "user")
        return { path: `user/${kind.route}/`, scope: "user:admin" };
    return { path: `organization/${namespace}/${kind.route}/`, scope: "org:admin" };
}

/** Converts the error of a disabled feature: it has no routes, and Quay answers with a web page. */
async function guard<Policy, T>(
    kind: PolicyKind<Policy>,
    api: QuayClient,
    run: () => Promise<T>,
): Promise<T> {
    try {
        return await run();
    } catch (error) {
        if (
            error instanceof RefusedError &&
            !error.refusal.deliberate &&
            [308, 404, 405].includes(error.refusal.status)
        ) {
            throw new UnsupportedError(
                `Quay at ${api.site.url} has no ${kind.name}: ${kind.feature} is switched off ` +
                    "there, or it is too old.",
            );
        }
        throw error;
    }
}

function parseId(id: string): { place: Place; uuid: string | undefined } {
    const [, where, uuid] = /^([^:]+)(?::([\w-]+))?$/.exec(id) ?? [];
    if (names.repository.safeParse(where).success) return { place: { repository: where }, uuid };
    if (names.namespace.safeParse(where).success) return { place: { namespace: where }, uuid };
    throw badId(id, policyImportId);
}

function textOf({ repository, namespace }: Place): string {
    return repository ?? namespace ?? "";
}
