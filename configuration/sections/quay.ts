/** `mlops:quay`: the repository on Quay and its robot. */
import { z } from "zod";
import * as names from "../../quay/api/names.ts";
import { pattern } from "./values.ts";

const age = z
    .string()
    .regex(/^[1-9]\d*[smhdwy]$/, "must be an age such as 30d or 4w (s, m, h, d, w, y)");

const tagPattern = pattern
    .optional()
    .describe(
        "The tags that the rule applies to, as a regular expression for any part of the tag. " +
            "Default: all.",
    );

const prunePolicy = z.union(
    [
        z.strictObject({
            keep: z.int().min(1).describe("How many tags stay: the newest."),
            tagPattern,
        }),
        z.strictObject({
            keepFor: age.describe("The age at which a tag is deleted, as in `30d` or `4w`."),
            tagPattern,
        }),
    ],
    "must have either keep (a number of tags) or keepFor (an age), and a tagPattern",
);

/** Versions such as 1.1.0, and neither the tags `1` and `1.1`, which follow them, nor others. */
export const versionTags = String.raw`[0-9]+\.[0-9]+\.[0-9]+.*`;

/** `QuayRepositoryArgs` in components/quayRepository.ts describes most of the keys in full. */
export const quay = z.strictObject({
    namespace: names.namespace.describe("The user or organization that owns the repository."),
    repository: names.repositoryInNamespace.describe(
        "The repository's name, without the namespace.",
    ),
    robot: names.robotInNamespace.describe(
        "The name of the robot that may push to the repository, without the `NAMESPACE+`.",
    ),
    visibility: z
        .enum(["public", "private"])
        .default("private")
        .describe("`public` (anyone may pull) or `private`. Default: `private`."),
    description: z
        .string()
        .min(1)
        .optional()
        .describe("Markdown, shown on the repository's page. Default: the one on Quay stays."),
    rotation: z
        .int()
        .min(0)
        .default(0)
        .describe(
            "How often the robot has been rotated. Raised by one, `up` creates new credentials. " +
                "Default: 0.",
        ),
    retire: z
        .boolean()
        .default(false)
        .describe("Whether the robot before the current one is removed. Default: `false`."),
    autoPrune: z
        .array(prunePolicy)
        .default([])
        .describe("Rules by which Quay deletes tags itself. Default: none."),
    immutableTags: pattern
        .default(versionTags)
        .describe(
            "Tags that never change once they are set, as a regular expression for the whole " +
                `tag. Default: \`${versionTags}\`, versions such as \`1.1.0\`.`,
        ),
    floatingTags: z
        .array(names.floatingTag)
        .default(["latest"])
        .describe(
            "Tags that always name the newest image; `[]` for none. `{{major}}` and " +
                "`{{major}}.{{minor}}` follow versions: `1.1.0` moves `1` and `1.1`, and a push " +
                "without a version does not. Default: `[latest]`.",
        ),
    protect: z
        .boolean()
        .default(false)
        .describe(
            "Whether the repository is protected from deletion and replacement. Default: `false`.",
        ),
});
