import { deepEqual, equal, match } from "node:assert/strict";
import {
    type Admission,
    type Entrance,
    waitForAdmission,
} from "../../../../components/kubernetes/admission.ts";
import { KubectlError } from "../../../../components/kubernetes/kubectl.ts";
import type { Clock } from "../../../../components/kubernetes/clock.ts";

const entrance = (kind: Entrance["kind"], object: string): Entrance => ({
    context: "sandbox",
    namespace: "alice-dev",
    kind,
    object,
});
const route = entrance("route", "route.route.openshift.io/web-dev");
const gateway = entrance("gateway", "httproute.gateway.networking.k8s.io/web-dev");
const ingress = entrance("ingress", "ingress.networking.k8s.io/web-dev");

/** A Route as the cluster has it: what each router says of it. */
const routeWith = (...conditions: object[]) => ({
    status: {
        ingress: conditions.map((condition) => ({
            host: "a.example",
            conditions: [{ type: "Admitted", ...condition }],
        })),
    },
});
const claimed = {
    status: "False",
    reason: "HostAlreadyClaimed",
    message: "route old already exposes a.example and is older",
};
const httpRouteWith = (...conditions: object[]) => ({
    metadata: { generation: 2 },
    spec: { hostnames: ["a.example"] },
    status: { parents: [{ conditions }] },
});

/** Waits. The cluster's answer is that of `at` for the seconds that passed, or an error. */
async function outcomeOf(
    at: (seconds: number) => object | string,
    of = route,
): Promise<{ readonly admission: Admission; readonly problem: string; readonly seconds: number }> {
    let time = 0;
    const clock: Clock = {
        now: () => time,
        sleep: (duration) => Promise.resolve((time += duration)),
    };
    const admission = await waitForAdmission(
        of,
        (...args) => {
            deepEqual(args, ["get", of.object, "--output=json"]);
            const answer = at(time / 1000);
            return typeof answer === "string"
                ? Promise.reject(new KubectlError(answer))
                : Promise.resolve(JSON.stringify(answer));
        },
        clock,
    );
    const problem = "problem" in admission ? admission.problem : "";
    return { admission, problem, seconds: time / 1000 };
}

describe("a Route's admission", () => {
    it("is waited for, and gives the host", async () => {
        const { admission, seconds } = await outcomeOf((second) =>
            second < 7 ? routeWith() : routeWith({ status: "True" }),
        );
        deepEqual([admission, seconds], [{ host: "a.example" }, 7]);
    });

    it("fails where no router says anything", async () => {
        const { problem, seconds } = await outcomeOf(() => ({}));
        match(problem, /route\.route\.openshift\.io\/web-dev in the namespace alice-dev does not/);
        match(problem, /No router has admitted it within 60 seconds\./);
        match(problem, /kubectl --context sandbox --namespace alice-dev describe route/);
        equal(seconds, 60);
    });

    it("fails where an older Route has the host, and says which", async () => {
        const { problem, seconds } = await outcomeOf(() => routeWith(claimed));
        match(problem, /Another Route has the host a\.example: route old already exposes/);
        match(problem, /choose another host: mlops:cluster\.expose\.host/);
        equal(seconds, 5);
    });

    it("is given once that Route has gone", async () => {
        const { admission } = await outcomeOf((second) =>
            routeWith(second < 4 ? claimed : { status: "True" }),
        );
        deepEqual(admission, { host: "a.example" });
    });

    it("fails with what the router says of another reason", async () => {
        const condition = {
            status: "False",
            reason: "ExtendedValidationFailed",
            message: "tls\u{1b}",
        };
        match((await outcomeOf(() => routeWith(condition))).problem, /refuses it: tls\\u\{1b\}$/m);
    });

    it("is that of one of several routers", async () => {
        const { admission } = await outcomeOf(() => routeWith(claimed, { status: "True" }));
        deepEqual(admission, { host: "a.example" });
    });

    it("waits while the cluster does not answer, and fails where that lasts", async () => {
        const { admission } = await outcomeOf((second) =>
            second < 3 ? "down" : routeWith({ status: "True" }),
        );
        deepEqual(admission, { host: "a.example" });
        match((await outcomeOf(() => "down")).problem, /The cluster cannot be asked: down/);
    });
});

describe("an HTTPRoute's admission", () => {
    const accepted = (status: string, observedGeneration: number) =>
        httpRouteWith({ type: "Accepted", status, observedGeneration, message: "no listener" });

    it("is the Gateway's, of the newest generation", async () => {
        const { admission, seconds } = await outcomeOf(
            (second) => accepted(second < 3 ? "False" : "True", second < 6 ? 1 : 2),
            gateway,
        );
        deepEqual([admission, seconds], [{ host: "a.example" }, 6]);
    });

    it("fails where the Gateway refuses it, or says nothing", async () => {
        const refused = await outcomeOf(() => accepted("False", 2), gateway);
        match(refused.problem, /The Gateway refuses it: no listener/);
        const silent = await outcomeOf(() => httpRouteWith(), gateway);
        match(silent.problem, /No Gateway has admitted it within 60 seconds\./);
    });
});

describe("an Ingress's admission", () => {
    const ingressWith = (...addresses: object[]) => ({
        spec: { rules: [{ host: "a.example" }] },
        status: { loadBalancer: { ingress: addresses } },
    });

    it("is not waited for: a missing address is a warning", async () => {
        const { admission, seconds } = await outcomeOf(() => ingressWith(), ingress);
        equal(seconds, 0);
        equal("host" in admission && admission.host, "a.example");
        match(
            "warning" in admission ? admission.warning : "",
            /No controller has reported an address of ingress\.networking\.k8s\.io\/web-dev yet/,
        );
        const known = await outcomeOf(() => ingressWith({ ip: "10.0.0.1" }), ingress);
        deepEqual(known.admission, { host: "a.example" });
    });
});
