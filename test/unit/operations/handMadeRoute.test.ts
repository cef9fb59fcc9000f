import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { UserError } from "../../../components/messages/userError.ts";
import { takeRoute } from "../../../operations/handMadeRoute.ts";

const wanted = {
    context: "sandbox",
    namespace: "alice-dev",
    name: "mlops-api",
    host: undefined,
    owner: "mlops-dev",
};
const labelsOf = (owner?: string) => (owner === undefined ? {} : { "mlops/owner": owner });
const route = (owner?: string) => ({
    metadata: { labels: labelsOf(owner) },
    spec: { host: "a.example", to: { name: "mlops-api-service" } },
});
const service = (selector: object, owner?: string) => ({
    metadata: { labels: labelsOf(owner) },
    spec: { selector },
});
const deployment = (name: string, labels: object) => ({
    metadata: { name },
    spec: { template: { metadata: { labels } } },
});
const chapter = {
    "route.route.openshift.io/mlops-api": route(),
    "service/mlops-api-service": service({ app: "mlops-api" }),
    "deployments.apps": {
        items: [
            deployment("mlops-api", { app: "mlops-api", tier: "web" }),
            deployment("other", { app: "other" }),
        ],
    },
};

/** Takes the Route of a cluster with these objects. @returns it, and the commands that change. */
async function take(objects: Readonly<Record<string, object>>, changed: object = {}) {
    const changes: string[] = [];
    const taken = await takeRoute(
        (verb = "", ...args) => {
            if (verb !== "get") changes.push([verb, ...args].join(" "));
            const found = objects[args[0] ?? ""];
            return Promise.resolve(found === undefined ? "" : JSON.stringify(found));
        },
        { ...wanted, ...changed },
    );
    return { taken, changes };
}

describe("a Route that was made by hand", () => {
    it("gets the stack's label, and leads to what may be deleted later", async () => {
        const { taken, changes } = await take(chapter);
        deepEqual(taken, {
            id: "alice-dev/mlops-api",
            host: "a.example",
            deletion:
                "kubectl --context sandbox --namespace alice-dev delete deployment/mlops-api " +
                "service/mlops-api-service",
        });
        deepEqual(changes, [
            "label --overwrite route.route.openshift.io/mlops-api mlops/owner=mlops-dev",
        ]);
    });

    it("need not be there", async () => {
        deepEqual(await take({}), { taken: undefined, changes: [] });
    });

    it("may lead to nothing, to no Deployment, or to what a stack made", async () => {
        const of = async (...others: [string, object][]) => {
            const { [`route.route.openshift.io/mlops-api`]: only, ...rest } = chapter;
            const key = "route.route.openshift.io/mlops-api";
            const objects = others.length === 0 ? {} : { ...rest, ...Object.fromEntries(others) };
            return (await take({ [key]: only, ...objects })).taken?.deletion;
        };
        equal(await of(), undefined);
        const without = await of(["service/mlops-api-service", service({})]);
        match(without ?? "", /delete service\/mlops-api-service$/);
        const ours = service({ app: "mlops-api" }, "mlops-dev");
        equal(await of(["service/mlops-api-service", ours]), undefined);
    });

    it("is not taken from another stack", async () => {
        const key = "route.route.openshift.io/mlops-api";
        await rejects(take({ ...chapter, [key]: route("mlops-prod") }), (error) => {
            match(String(error), /Route mlops-api in the namespace alice-dev is mlops-prod's/);
            return error instanceof UserError;
        });
        equal((await take({ ...chapter, [key]: route("mlops-dev") })).taken?.host, "a.example");
    });

    it("keeps its host", async () => {
        equal((await take(chapter, { host: "a.example" })).taken?.host, "a.example");
        await rejects(
            take(chapter, { host: "b.example" }),
            /has the host a\.example, which cannot change\. mlops:cluster\.expose\.host is b\.exa/,
        );
    });
});
