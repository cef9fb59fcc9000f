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

const method = z
    .enum(["number_of_tags", "creation_date"], "must be number_of_tags or creation_date.")
    .meta({
        id: "PruneMethod",
        description:
            "`number_of_tags` (keep this many, the newest) or `creation_date` (keep the younger " +
            "ones).",
    });

interface Policy {
    readonly method: z.output<typeof method>;
    readonly value: string | number;
    readonly tagPattern: string | undefined;
    readonly tagPatternMatches: boolean;
}

const kind: PolicyKind<Policy> = {
    name: "auto-prune policy",
    route: "autoprunepolicy",
    feature: "auto-pruning (FEATURE_AUTO_PRUNE)",
    userRoute: true,
    answer: z.object({
        uuid: z.string(),
        method,
        value: z.union([z.string(), z.number()]),
        tagPattern: z
            .string()
            .nullish()
            .transform((pattern) => pattern ?? undefined),
        tagPatternMatches: z
            .boolean()
            .nullish()
            .transform((matches) => matches ?? true),
    }),
    same: (one, other) =>
        one.method === other.method &&
        String(one.value) === String(other.value) &&
        one.tagPattern === other.tagPattern &&
        one.tagPatternMatches === other.tagPatternMatches,
    clash: () => false,
};

interface Inputs {
    readonly method: z.output<typeof method>;
    readonly value: string;
    readonly tagPattern?: string | undefined;
    readonly tagPatternMatches: boolean;
}

export const autoPrunePolicy = resource({
    name: "AutoPrunePolicy",
    description:
        "Defines which tags of a repository, or of all repositories of a namespace, Quay " +
        "removes automatically. An equal policy that exists already is taken over.",
    importId: policyImportId,
    fixed: place,
    changing: {
        method,
        value: z
            .string()
            .regex(
                /^([1-9]\d*|\d+[smhdwy])$/,
                "must be a number of tags, as in 20, or an age, as in 30d (s, m, h, d, w " +
                    "or y).",
            )
            .describe(
                'With number_of_tags the number of tags to keep: `"20"`; with creation_date ' +
                    'their maximum age: `"30d"` (s, m, h, d, w or y).',
            ),
        tagPattern: z
            .string()
            .min(1, "must not be empty.")
            .max(256, "it has more than 256 characters.")
            .refine(isPattern, "must be a regular expression.")
            .optional()
            .describe(
                "A regular expression: only tags are removed of which any part matches. " +
                    "Default: all tags.",
            ),
        tagPatternMatches: z
            .boolean()
            .default(true)
            .describe("`false`: only tags that do NOT match the pattern are removed."),
        ifUnsupported,
    },
    unread: ["ifUnsupported"],
    outputs: {
        uuid: z
            .string()
            .describe("The policy's UUID in Quay; `unsupported` if there was only a warning."),
    },
    validate: (inputs) => {
        const count = /^\d+$/.test(inputs.value);
        if (inputs.method === "number_of_tags" && !count)
            return `with number_of_tags the value has to be a number, not "${inputs.value}".`;
        if (inputs.method === "creation_date" && count)
            return (
                "with creation_date the value has to be an age such as 30d, not " +
                `"${inputs.value}".`
            );
        return checkPlace(inputs);
    },

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
            method: policy.method,
            value: String(policy.value),
            tagPattern: policy.tagPattern,
            tagPatternMatches: policy.tagPatternMatches,
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

function policyOf({ method, value, tagPattern, tagPatternMatches }: Inputs): Policy {
    return {
        method,
        value: method === "number_of_tags" ? Number(value) : value,
        tagPattern,
        tagPatternMatches,
    };
}

/** Whether the pattern is valid. Quay accepts an invalid one, and then prunes nothing. */
function isPattern(pattern: string): boolean {
    try {
        return new RegExp(pattern) instanceof RegExp;
    } catch {
        return false;
    }
}
