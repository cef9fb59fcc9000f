/** Rules on tags: what never moves, what moves, and what Quay deletes. */
import { z } from "zod";
import { problem, rule, text, version } from "./rule.ts";
import { versionTags } from "../sections/quay.ts";
import { floatingTagsOf, isFloating } from "../../quay/api/floatingTags.ts";
import { runningTag } from "../../quay/api/running.ts";
import { compileTagPattern, findsTag, matchesTag } from "../../quay/api/tagPattern.ts";

const immutableTags = text
    .refine((value) => compileTagPattern(value) !== undefined)
    .default(versionTags);
const floatingTags = z.array(text).default(["latest"]);
const cluster = z.unknown().optional();

/** The tags that move: the floating ones and, where the service runs on a cluster, `running`. */
function movingTags(floating: readonly string[], version: string, cluster: unknown): string[] {
    const tags = floatingTagsOf(floating, [version]);
    return cluster === undefined ? tags : [...tags, runningTag];
}

/** Whether a version has the name of a tag that moves, which rules of their own refuse. */
function isMoving(floating: readonly string[], version: string): boolean {
    return version === runningTag || isFloating(floating, version);
}

export const tags = [
    rule(
        { service: version, quay: z.object({ immutableTags, floatingTags }) },
        ({ service: { version }, quay: { immutableTags, floatingTags } }) =>
            matchesTag(immutableTags, version) || isMoving(floatingTags, version)
                ? []
                : [
                      problem(
                          ["quay", "immutableTags"],
                          `must match the whole version "${version}": it does not, so that ` +
                              "the version could be moved and deleted. " +
                              "[0-9v].* matches v1.0.0 and 2027-01, too",
                      ),
                  ],
    ),
    rule(
        { service: version, quay: z.object({ immutableTags, floatingTags }), cluster },
        ({ service: { version }, quay: { immutableTags, floatingTags }, cluster }) =>
            movingTags(floatingTags, version, cluster)
                .filter((tag) => tag !== version && matchesTag(immutableTags, tag))
                .map((tag) =>
                    problem(
                        ["quay", "immutableTags"],
                        `must not match "${tag}", which moves with every version: Quay would ` +
                            `refuse the next one. ${versionTags} matches versions alone`,
                    ),
                ),
    ),
    rule(
        { service: version, quay: z.object({ floatingTags }) },
        ({ service: { version }, quay: { floatingTags } }) =>
            isFloating(floatingTags, version)
                ? [
                      problem(
                          ["quay", "floatingTags"],
                          `must not name the version "${version}": a version never moves`,
                      ),
                  ]
                : [],
    ),
    rule(
        { service: z.object({ follow: text }), quay: z.object({ floatingTags }) },
        ({ service: { follow }, quay: { floatingTags } }) =>
            floatingTags.includes(follow)
                ? []
                : [
                      problem(
                          ["service", "follow"],
                          "must be a tag that moves with every push, one of quay.floatingTags: " +
                              (floatingTags.join(", ") || "there is none"),
                      ),
                  ],
    ),
    rule({ service: z.object({ follow: text }), quay: z.undefined().optional() }, () => [
        problem(
            ["service", "follow"],
            "must be left out in a stack without mlops:quay: it has no tags to follow",
            "remove",
        ),
    ]),
    rule({ service: version }, ({ service: { version } }) =>
        version === runningTag
            ? [
                  problem(
                      ["service", "version"],
                      `must not be "${runningTag}", the tag of what runs on a cluster`,
                  ),
              ]
            : [],
    ),
    rule({ quay: z.object({ floatingTags }) }, ({ quay: { floatingTags } }) =>
        floatingTags.includes(runningTag)
            ? [
                  problem(
                      ["quay", "floatingTags"],
                      `must not name "${runningTag}": a stack with a cluster sets it, once its ` +
                          "rollout is healthy",
                  ),
              ]
            : [],
    ),
    rule(
        {
            service: version,
            cluster,
            quay: z.object({
                immutableTags: text.optional(), // no default: Quay may be without them
                floatingTags,
                autoPrune: z.array(
                    z.object({
                        keep: z.int().optional(),
                        keepFor: text.optional(),
                        tagPattern: text.default(".*"),
                    }),
                ),
            }),
        },
        ({ service: { version }, cluster, quay: { immutableTags, floatingTags, autoPrune } }) =>
            autoPrune.flatMap(({ keep, keepFor, tagPattern }, index) => {
                const deleted = [version, ...movingTags(floatingTags, version, cluster)].filter(
                    (tag) =>
                        findsTag(tagPattern, tag) === true &&
                        (immutableTags === undefined || !matchesTag(immutableTags, tag)),
                );
                // `keep` deletes only the tags beyond that number, `keepFor` every tag at its age.
                if (deleted.length <= (keepFor === undefined ? (keep ?? Infinity) : 0)) return [];
                const names = deleted.map((tag) => `"${tag}"`).join(" and ");
                return [
                    problem(
                        ["quay", "autoPrune", index],
                        `must leave ${names} alone: Quay would delete what is in use. A ` +
                            "tagPattern such as ctx-.*|sha-.* takes contents and commits alone",
                        { sentence: "Give it a tagPattern that does not match them." },
                    ),
                ];
            }),
    ),
    rule(
        { quay: z.object({ rotation: z.int().default(0), retire: z.literal(true) }) },
        ({ quay: { rotation } }) =>
            rotation === 0
                ? [
                      problem(
                          ["quay", "retire"],
                          "must be false while rotation is 0: there is no robot before the first",
                      ),
                  ]
                : [],
    ),
];
