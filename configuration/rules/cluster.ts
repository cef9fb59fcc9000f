/** Rules on a service on a cluster. */
import { z } from "zod";
import { problem, rule, text } from "./rule.ts";
import { missingProviderKeys } from "../../components/kubernetes/provider.ts";

const cluster = z.looseObject({});

export const onCluster = [
    rule({ cluster }, (_, { providers }) =>
        missingProviderKeys(providers).map(({ key, message }) => problem([key], message)),
    ),
    rule({ cluster, oauth2: z.undefined().optional() }, () => [
        problem(
            ["oauth2"],
            "must be the issuer whose tokens the service accepts on the cluster, or none",
        ),
    ]),
    rule({ cluster, container: z.object({ user: z.union([z.string(), z.int()]) }) }, (found) =>
        /^\d+(:\d+)?$/.test(String(found.container.user))
            ? []
            : [
                  problem(
                      ["container", "user"],
                      "must be numbers, as in 10001 or 10001:10001: a cluster takes no names",
                  ),
              ],
    ),
    rule(
        {
            cluster: z.object({ pull: z.looseObject({}) }),
            quay: z.object({ visibility: z.literal("public") }),
        },
        () => [
            problem(
                ["cluster", "pull"],
                "must not be set where quay.visibility is public: anybody may pull the image",
                "remove",
            ),
        ],
    ),
    rule(
        {
            cluster: z.object({ pull: z.object({ robot: text }) }),
            quay: z.object({ robot: text }),
        },
        ({ cluster: { pull }, quay: { robot } }) =>
            pull.robot === robot
                ? [
                      problem(
                          ["cluster", "pull", "robot"],
                          "must not be quay.robot, which may push: it is for the workflow alone",
                      ),
                  ]
                : [],
    ),
];
