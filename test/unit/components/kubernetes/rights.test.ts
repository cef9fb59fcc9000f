import { deepEqual, equal } from "node:assert/strict";
import { z } from "zod";
import { type Kubectl, KubectlError } from "../../../../components/kubernetes/kubectl.ts";
import { findLackingRights } from "../../../../components/kubernetes/rights.ts";

const place = { context: "sandbox", namespace: "alice-dev" };
const kinds = ["secret", "deployment.apps", "networkpolicy.networking.k8s.io"];
const everything = {
    verbs: ["*"],
    apiGroups: ["*"],
    resources: ["*"],
};
const inputForm = z.object({
    items: z.array(
        z.object({
            kind: z.string(),
            spec: z.object({
                resourceAttributes: z
                    .object({ verb: z.string(), resource: z.string(), group: z.string() })
                    .optional(),
            }),
        }),
    ),
});

/**
 * Returns the `kubectl` of an account.
 *
 * @param rules what the cluster lists.
 * @param isAllowed what it answers to a question about one right.
 * @param asked gets the rights that were asked for.
 */
function account(
    rules: readonly object[],
    isAllowed: (right: string) => boolean,
    asked: string[] = [],
): (input: string) => Kubectl {
    return (input) => () => {
        const { items } = inputForm.parse(JSON.parse(input));
        if (items[0]?.kind === "SelfSubjectRulesReview")
            return Promise.resolve(JSON.stringify({ status: { resourceRules: rules } }));
        const rights = items.map(({ spec: { resourceAttributes } }) => {
            const { verb, resource, group } = resourceAttributes ?? {};
            return [verb, resource, group].join(" ").trim();
        });
        asked.push(...rights);
        return Promise.resolve(rights.map((right) => `${String(isAllowed(right))} `).join(""));
    };
}

describe("the rights on a cluster", () => {
    it("are complete where the list has them, and nothing more is asked", async () => {
        const asked: string[] = [];
        deepEqual(
            await findLackingRights(
                account([everything], () => false, asked),
                place,
                kinds,
            ),
            [],
        );
        deepEqual(asked, []);
    });

    it("that are missing are named", async () => {
        const rule = { ...everything, verbs: ["create", "patch"] };
        deepEqual(
            await findLackingRights(
                account([rule], () => false),
                place,
                kinds,
            ),
            [
                "delete secrets",
                "delete deployments.apps",
                "delete networkpolicies.networking.k8s.io",
            ],
        );
    });

    it("that the list leaves out are asked for, and those alone", async () => {
        const asked: string[] = [];
        const rule = { ...everything, apiGroups: [""] };
        const kubectl = account([rule], (right) => right !== "patch deployments apps", asked);
        deepEqual(await findLackingRights(kubectl, place, kinds), ["patch deployments.apps"]);
        equal(asked.includes("create secrets"), false);
        equal(asked.length, 6);
    });

    it("are not those on some names alone", async () => {
        const rule = { ...everything, resourceNames: ["web"] };
        equal(
            (
                await findLackingRights(
                    account([rule], () => false),
                    place,
                    ["secret"],
                )
            ).length,
            3,
        );
    });

    it("are not known where the cluster does not answer", async () => {
        const kubectl = () => () => Promise.reject(new KubectlError("no answer"));
        deepEqual(await findLackingRights(kubectl, place, kinds), []);
    });
});
