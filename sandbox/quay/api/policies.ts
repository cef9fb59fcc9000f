import { randomUUID } from "node:crypto";
import { z } from "zod";
import { invalidRequest, json, notFound, nothing } from "../answers.ts";
import type {
    AutoPrunePolicy,
    Features,
    ImmutabilityPolicy,
    Policies,
    Repository,
    Scope,
} from "../model.ts";
import { protectMatching } from "../tags.ts";
import type { Call } from "./call.ts";
import { existing } from "./existing.ts";
import { route, type Route } from "./routes.ts";

/** The owner of the policies of a call, and the repositories that they apply to. */
interface Owner {
    readonly policies: Policies;
    readonly repositories: readonly Repository[];
}

interface Place {
    readonly path: string;
    readonly scope: Scope;
    readonly owner: (call: Call) => Owner;
}

const repository: Place = {
    path: "/repository/*repository",
    scope: "repo:admin",
    owner: (call) => {
        const found = existing(call);
        return { policies: found, repositories: [found] };
    },
};

/** Finds the owner. The organization path also accepts the caller's own user name. */
const organization: Place = {
    path: "/organization/:organization",
    scope: "org:admin",
    owner: (call) => namespaceOf(call, call.administered(call.param("organization"))),
};

const user: Place = {
    path: "/user",
    scope: "user:admin",
    owner: (call) => namespaceOf(call, call.user("user:admin")),
};

function namespaceOf(call: Call, policies: Policies & { readonly name: string }): Owner {
    return {
        policies,
        repositories: [...call.state.repositories.values()].filter(
            ({ namespace }) => namespace === policies.name,
        ),
    };
}

/** Tag policies. A feature that is off has no routes. There is no /user/immutabilitypolicy/. */
export function policyRoutes(features: Features): readonly Route[] {
    return [
        ...(features.autoPrune
            ? [repository, organization, user].flatMap((place) => routesFor(place, autoPrune))
            : []),
        ...(features.immutableTags
            ? [repository, organization].flatMap((place) => routesFor(place, immutability))
            : []),
    ];
}

/**
 * A kind of policy: where its owner keeps them, how a body becomes one, and the effect of creating
 * it.
 */
interface Kind<Policy extends { readonly uuid: string }> {
    readonly segment: string;
    readonly list: (owner: Owner) => Policy[];
    readonly read: (call: Call, uuid: string) => Policy;
    readonly isSame: (one: Policy, other: Policy) => boolean;
    readonly apply: (policy: Policy, owner: Owner) => void;
}

const autoPrune: Kind<AutoPrunePolicy> = {
    segment: "autoprunepolicy",
    list: ({ policies }) => policies.autoPrune,
    read: autoPruneFrom,
    isSame: (one, other) =>
        one.method === other.method &&
        one.value === other.value &&
        one.tagPattern === other.tagPattern &&
        one.tagPatternMatches === other.tagPatternMatches,
    apply: () => undefined,
};

const immutability: Kind<ImmutabilityPolicy> = {
    segment: "immutabilitypolicy",
    list: ({ policies }) => policies.immutability,
    read: immutabilityFrom,
    // Duplicates are refused even if tagPatternMatches differs.
    isSame: (one, other) => one.tagPattern === other.tagPattern,
    // Protects existing tags at once. They stay protected after the policy is deleted.
    apply: (policy, { repositories }) => {
        for (const found of repositories) protectMatching(found, policy);
    },
};

function routesFor<Policy extends { readonly uuid: string }>(
    { path, scope, owner }: Place,
    kind: Kind<Policy>,
): readonly Route[] {
    const all = `${path}/${kind.segment}/`;
    const one = `${all}:uuid`;
    return [
        route("get", all, scope, (call) => json(200, { policies: kind.list(owner(call)) })),
        route("post", all, scope, (call) => {
            const holder = owner(call);
            const policy = kind.read(call, randomUUID());
            if (kind.list(holder).some((other) => kind.isSame(other, policy))) {
                throw invalidRequest(
                    "Existing policy with same values for this namespace, " +
                        "duplicate policies are not permitted",
                );
            }
            kind.list(holder).push(policy);
            kind.apply(policy, holder);
            return json(201, { uuid: policy.uuid });
        }),
        route("get", one, scope, (call) => json(200, found(call, kind.list(owner(call))))),
        route("put", one, scope, (call) => {
            const holder = owner(call);
            const policies = kind.list(holder);
            const policy = kind.read(call, found(call, policies).uuid);
            policies.splice(policies.indexOf(found(call, policies)), 1, policy);
            kind.apply(policy, holder);
            return nothing();
        }),
        route("delete", one, scope, (call) => {
            const policies = kind.list(owner(call));
            const { uuid } = found(call, policies);
            policies.splice(policies.indexOf(found(call, policies)), 1);
            return json(200, { uuid });
        }),
    ];
}

function found<Policy extends { readonly uuid: string }>(
    call: Call,
    policies: readonly Policy[],
): Policy {
    const policy = policies.find(({ uuid }) => uuid === call.param("uuid"));
    if (policy === undefined) throw notFound();
    return policy;
}

/** Reads a policy. An invalid pattern is accepted. */
function autoPruneFrom(call: Call, uuid: string): AutoPrunePolicy {
    const body = call.json(
        z.object({
            method: z.string(),
            value: z.union([z.int(), z.string()]),
            tagPattern: z.string().optional(),
            tagPatternMatches: z.boolean().default(true),
        }),
    );
    if (body.method !== "number_of_tags" && body.method !== "creation_date")
        throw invalidRequest("Invalid method provided");
    const isValid =
        body.method === "number_of_tags"
            ? typeof body.value === "number" && body.value > 0
            : /^\d+[smhdwy]$/.test(String(body.value));
    if (!isValid) throw invalidRequest("Invalid value given for method type");
    if (body.tagPattern === "") throw invalidRequest("Tag pattern cannot be empty");
    return { uuid, ...body, tagPattern: body.tagPattern ?? null };
}

function immutabilityFrom(call: Call, uuid: string): ImmutabilityPolicy {
    const body = call.json(
        z.object({ tagPattern: z.string().max(256), tagPatternMatches: z.boolean().default(true) }),
    );
    if (body.tagPattern === "") throw invalidRequest("Tag pattern cannot be empty");
    try {
        new RegExp(body.tagPattern);
    } catch {
        throw invalidRequest(`Invalid regular expression: ${body.tagPattern}`);
    }
    return { uuid, ...body };
}
