/** Rules on what an image is promoted from, and which images may be promoted. */
import { z } from "zod";
import { hasPlaceholder } from "./placeholder.ts";
import { problem, rule, text } from "./rule.ts";
import { otherStacks, readStack } from "./stackFiles.ts";
import { day } from "../sections/values.ts";
import { parseImageName } from "../../quay/api/imageName.ts";

const promoteFrom = z.object({ repository: text });

export const promotions = [
    rule(
        {
            promoteFrom: z.object({
                signature: z.object({
                    publicKey: text.optional(),
                    identities: z.array(text).optional(),
                    issuer: text.optional(),
                }),
            }),
        },
        ({ promoteFrom: { signature } }) => {
            const { publicKey, identities, issuer } = signature;
            const isComplete =
                publicKey === undefined
                    ? identities !== undefined && issuer !== undefined
                    : identities === undefined && issuer === undefined;
            const message = "must have either publicKey, or identities and issuer";
            return isComplete ? [] : [problem(["promoteFrom", "signature"], message)];
        },
    ),
    rule(
        {
            promoteFrom: promoteFrom.extend({
                maxSeverity: z.undefined().optional(),
                severityException: z.looseObject({}),
            }),
        },
        () => [
            problem(
                ["promoteFrom", "maxSeverity"],
                "must be set with severityException: without it scans do not matter, and " +
                    "nothing is excepted",
            ),
        ],
    ),
    rule(
        {
            promoteFrom: z.object({
                severityException: z.object({ expires: day }),
            }),
        },
        ({ promoteFrom: { severityException } }, { today }) =>
            severityException.expires < today
                ? [
                      problem(
                          ["promoteFrom", "severityException", "expires"],
                          `must be today (${today}) or later: the exception has ended. ` +
                              "Remove severityException, or decide on another day",
                      ),
                  ]
                : [],
    ),
    rule(
        { promoteFrom, quay: z.object({ namespace: text, repository: text }) },
        ({ promoteFrom, quay }, { registry }) =>
            promoteFrom.repository === `${registry}/${quay.namespace}/${quay.repository}`
                ? [
                      problem(
                          ["promoteFrom", "repository"],
                          "must be another repository than the stack's own, mlops:quay.repository",
                      ),
                  ]
                : [],
    ),
    rule(
        { promoteFrom: promoteFrom.extend({ maxSeverity: text }) },
        ({ promoteFrom: { repository } }, { registry }) => {
            const host = parseImageName(repository)?.host ?? registry;
            if (host === registry) return [];
            const message =
                `must be left out: only ${registry} is asked for scans, and the image comes ` +
                `from ${host}`;
            return [problem(["promoteFrom", "maxSeverity"], message, "remove")];
        },
    ),
    rule(
        {
            promoteFrom: z.object({ requireRunning: z.literal(false).default(false), soak: text }),
        },
        () => [
            problem(
                ["promoteFrom", "requireRunning"],
                "must be true with soak: without it an image need not have run at all",
            ),
        ],
    ),
    rule(
        { promoteFrom: promoteFrom.extend({ requireRunning: z.literal(true) }) },
        ({ promoteFrom: { repository } }, { registry }) => {
            const host = parseImageName(repository)?.host ?? registry;
            if (host === registry) return [];
            const message =
                `must be left out: only ${registry} is asked what ran when, and the image comes ` +
                `from ${host}`;
            return [problem(["promoteFrom", "requireRunning"], message, "remove")];
        },
    ),
    rule(
        { promoteFrom: promoteFrom.extend({ environment: text }) },
        ({ promoteFrom: { repository, environment } }, at) => {
            const path = ["promoteFrom", "environment"];
            if (environment === at.stack) return [problem(path, "must be another stack")];
            if (at.files === undefined) return [];
            const file = at.files[environment];
            if (file === undefined) {
                const others = otherStacks(at).join(", ");
                return [problem(path, `must be a stack with a file: one of ${others}`)];
            }
            const { quay } = readStack(file);
            if (quay === undefined) {
                const message =
                    `must be a stack that publishes an image: Pulumi.${environment}.yaml has ` +
                    "no mlops:quay";
                return [problem(path, message)];
            }
            const theirs = `${quay.namespace}/${quay.repository}`;
            if (
                hasPlaceholder(theirs) ||
                hasPlaceholder(repository) ||
                parseImageName(repository)?.path === theirs
            )
                return [];
            const message =
                `must be where ${environment} publishes: ${theirs} by ` +
                `Pulumi.${environment}.yaml`;
            return [problem(["promoteFrom", "repository"], message)];
        },
    ),
];
