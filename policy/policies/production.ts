import type { ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { z } from "zod";
import { matchesTag } from "../../quay/api/tagPattern.ts";
import { allOfType, ofType } from "../ofType.ts";

const repositoryType = "quay:index:Repository";

export const immutableVersions: StackValidationPolicy = {
    name: "immutable-versions",
    description: "Every repository has version tags that cannot be moved.",
    enforcementLevel: "disabled",
    validateStack: ({ resources }, report) => {
        const policies = allOfType(resources, "quay:index:TagImmutabilityPolicy", {
            repository: z.string().optional(),
            namespace: z.string().optional(),
            tagPattern: z.string().optional(),
            tagPatternMatches: z.boolean().default(true),
        });
        const versions = allOfType(resources, "quay:index:PromotedImage", {
            target: z.string().optional(),
            tags: z.array(z.string()).optional(),
            version: z.string().optional(),
        });
        for (const { urn, fullName, namespace } of allOfType(resources, repositoryType, {
            fullName: z.string(),
            namespace: z.string(),
        })) {
            const here = policies.filter(
                // A policy whose place is unknown in a preview may be the one of this repository.
                (policy) =>
                    [policy.repository, policy.namespace].every((at) => at === undefined) ||
                    policy.repository === fullName ||
                    policy.namespace === namespace,
            );
            if (here.length === 0) {
                report(
                    `The tags of ${fullName} can be moved: anyone who may push can put another ` +
                        `image under a version. Set \`immutableTags\` of the ` +
                        "QuayRepository, or add a quay.TagImmutabilityPolicy.",
                    urn,
                );
                continue;
            }
            const movable = versions
                .filter(({ target }) => target?.endsWith(`/${fullName}`))
                .flatMap(({ tags, version }) => tags ?? (version === undefined ? [] : [version]))
                .filter(
                    (tag) =>
                        !here.some(
                            ({ tagPattern, tagPatternMatches }) =>
                                tagPattern === undefined ||
                                matchesTag(tagPattern, tag) === tagPatternMatches,
                        ),
                );
            for (const tag of movable) {
                report(
                    `The version ${tag} of ${fullName} can be moved: no immutability policy ` +
                        `matches the whole tag. Change \`immutableTags\` of the ` +
                        "QuayRepository, or the pattern of the quay.TagImmutabilityPolicy.",
                    urn,
                );
            }
        }
    },
};

export const protectedRepositories: ResourceValidationPolicy = {
    name: "protected-repositories",
    description: "No change of the program deletes or replaces a repository or an organization.",
    enforcementLevel: "disabled",
    validateResource: ({ type, name, opts }, report) => {
        if ([repositoryType, "quay:index:Organization"].includes(type) && !opts.protect) {
            report(
                `"${name}" could be deleted with every image in it. Set \`protect\` of the ` +
                    "QuayRepository, or the resource option {protect: true}.",
            );
        }
    },
};

export const privateRepositories: ResourceValidationPolicy = {
    name: "private-repositories",
    description: "Repositories are private.",
    enforcementLevel: "disabled",
    validateResource: ofType(
        repositoryType,
        { visibility: z.string().optional() },
        ({ visibility }, report, { name }) => {
            if (visibility === "public") {
                report(
                    `"${name}" is public: anyone may pull every image in it. Set its visibility ` +
                        `to private; if it is meant, set "private-repositories" to ` +
                        `"disabled" in the policy configuration.`,
                );
            }
        },
    ),
};
