/** The rules on several keys of a configuration. */
import type { Problem } from "./error.ts";
import { amongStacks } from "./rules/amongStacks.ts";
import { builds } from "./rules/build.ts";
import { onCluster } from "./rules/cluster.ts";
import { onGitHub } from "./rules/github.ts";
import { promotions } from "./rules/promotion.ts";
import type { Rule, Sections, Surroundings } from "./rules/rule.ts";
import { tags } from "./rules/tags.ts";
import { variables } from "./rules/variables.ts";

const rules: readonly Rule[] = [
    ...tags,
    ...builds,
    ...variables,
    ...onGitHub,
    ...promotions,
    ...onCluster,
    ...amongStacks,
];

/** Returns every contradiction between keys of a configuration, and with those of other stacks. */
export function findContradictions(sections: Sections, at: Surroundings): Problem[] {
    return rules.flatMap((check) => check(sections, at));
}
