import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { type Kubectl, KubectlError } from "../../../../components/kubernetes/kubectl.ts";
import { findForeignObjects } from "../../../../components/kubernetes/preflight.ts";

const declaration = {
    context: "sandbox",
    namespace: "alice-dev",
    objects: ["deployment.apps/web-dev", "service/web-dev"],
    owner: "shop-dev",
};
const object = (kind: string, labels?: Record<string, string>) => ({
    apiVersion: kind === "Deployment" ? "apps/v1" : "v1",
    kind,
    metadata: { name: "web-dev", namespace: "alice-dev", ...(labels && { labels }) },
});
const found = (...items: object[]): string =>
    items.length === 0
        ? ""
        : JSON.stringify(
              items.length === 1
                  ? items[0]
                  : { apiVersion: "v1", kind: "List", metadata: { resourceVersion: "" }, items },
          );
const look = (answer: string) => findForeignObjects(() => Promise.resolve(answer), declaration);

describe("the check of a cluster before anything is declared", () => {
    it("asks for the declared objects by their names", async () => {
        const asked: (readonly string[])[] = [];
        const kubectl: Kubectl = (...args) => {
            asked.push(args);
            return Promise.resolve("");
        };
        deepEqual(await findForeignObjects(kubectl, declaration), {});
        equal(asked.length, 1);
        deepEqual(asked[0]?.slice(0, 3), ["get", ...declaration.objects]);
    });

    it("accepts what the stack owns", async () => {
        const own = { "mlops/owner": "shop-dev" };
        deepEqual(await look(found(object("Deployment", own))), {});
        deepEqual(await look(found(object("Deployment", own), object("Service", own))), {});
    });

    it("refuses what another stack owns, or nobody, with the command that imports it", async () => {
        const { problem = "" } = await look(
            found(object("Deployment", { "mlops/owner": "shop-prod" }), object("Service")),
        );
        match(problem, /^These objects exist in alice-dev \(sandbox\)/);
        match(problem, /^ {4}Deployment web-dev, which shop-prod owns$/m);
        match(problem, /^ {4}Service web-dev$/m);
        const command = "kubectl --context sandbox --namespace alice-dev label --overwrite";
        for (const kind of ["deployment", "service"])
            equal(problem.includes(`${command} ${kind}/web-dev mlops/owner=shop-dev`), true);
    });

    it("refuses a single object of somebody else", async () => {
        match((await look(found(object("Service")))).problem ?? "", /Service web-dev/);
    });

    it("says that the cluster was not asked, and why", async () => {
        const message = 'error: context "sandbox" does not exist';
        const kubectl: Kubectl = () => Promise.reject(new KubectlError(message));
        deepEqual(await findForeignObjects(kubectl, declaration), {
            warning: `The cluster was not asked: ${message}`,
        });
    });

    it("does not hide a mistake of its own", async () => {
        await rejects(
            findForeignObjects(() => Promise.reject(new TypeError("mistake")), declaration),
            TypeError,
        );
    });
});
