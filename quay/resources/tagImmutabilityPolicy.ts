import { z } from "zod";
import {
    checkPlace,
    createPolicy,
    deletePolicy,
    ifUnsupported,
    place,
    policyId,
    policyImportId,
    readPolicy,
    updatePolicy,
} from "./policies.ts";
import type { PolicyKind } from "./policies.ts";
import { resource } from "../definition/resource.ts";

interface Policy {
    readonly tagPattern: string;
    readonly tagPatternMatches: boolean;
}

const kind: PolicyKind<Policy> = {
    name: "immutability policy",
    route: "immutabilitypolicy",
    feature: "tag immutability (FEATURE_IMMUTABLE_TAGS)",
    userRoute: false,
    answer: z.object({
        uuid: z.string(),
        tagPattern: z.string(),
        tagPatternMatches: z.boolean().default(true),
    }),
    same: (one, other) =>
        one.tagPattern === other.tagPattern && one.tagPatternMatches === other.tagPatternMatches,
    clash: (one, other) => one.tagPattern === other.tagPattern,
};

export const tagImmutabilityPolicy = resource({
    name: "TagImmutabilityPolicy",
    description:
        "Defines which tags can be neither moved nor removed. Applies to existing tags at once. " +
        "Deleting the policy does not make them mutable again. An equal policy that exists " +
        "already is taken over; one with the same pattern and the opposite `tagPatternMatches` " +
        "is an error.",
    importId: policyImportId,
    fixed: place,
    changing: {
        tagPattern: z
            .string()
            .min(1, "must not be empty.")
            .max(256, "it has more than 256 characters.")
            .describe(
                "A regular expression that must match the WHOLE tag: `v.*` protects v1, `^v` " +
                    "protects nothing.",
            ),
        tagPatternMatches: z
            .boolean()
            .default(true)
            .describe("`false`: the tags that do NOT match the pattern are immutable."),
        ifUnsupported,
    },
    unread: ["ifUnsupported"],
    outputs: {
        uuid: z
            .string()
            .describe("The policy's UUID in Quay; `unsupported` if there was only a warning."),
    },
    validate: checkPlace,

    async create(inputs, context) {
        const uuid = await createPolicy(kind, context, inputs, policyOf(inputs));
        return { id: policyId(inputs, uuid), outputs: { uuid } };
    },

    async read(id, { api }, old) {
        const found = await readPolicy(kind, api, id, old && policyOf(old));
        if (found === undefined) return undefined;
        const { place, uuid, policy } = found;
        const inputs = {
            ...place,
            ...policyOf(policy),
            ifUnsupported: old?.ifUnsupported ?? "fail",
        };
        return { id: policyId(place, uuid), inputs, outputs: { uuid } };
    },

    async update(inputs, { uuid }, { api }, id) {
        await updatePolicy(kind, api, id, policyOf(inputs));
        return { uuid };
    },

    delete: (_old, { api }, id) => deletePolicy(kind, api, id),
});

function policyOf({ tagPattern, tagPatternMatches }: Policy): Policy {
    return { tagPattern, tagPatternMatches };
}
