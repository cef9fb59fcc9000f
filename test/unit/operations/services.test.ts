import { deepEqual } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { servicesIn } from "../../../operations/services.ts";
import { localState } from "./states.ts";

/** The real CLI's output for a stack with a service on a cluster, without what nobody reads. */
const recorded = readFileSync(join(import.meta.dirname, "fixtures/cluster.json"), "utf8");

interface State {
    deployment: { resources: { type: string; delete?: boolean; outputs?: object }[] };
}

describe("the services in a stack's state", () => {
    const digest = "sha256:4a4b1b7c0e6e5a638a14b3f3bfd7b970b3dfbebd63a26ec7fa9a7a9573da52db";
    const service = {
        context: "sandbox",
        namespace: "digits",
        name: "digits-local",
        image: `docker.io/library/ke-tiny@${digest}`,
        url: "http://digits-local.digits.svc",
    };

    it("are those on a cluster", () => {
        deepEqual(servicesIn(recorded), { onCluster: [service], containers: [] });
    });

    it("have no URL before an `up` has succeeded", () => {
        const state = JSON.parse(recorded) as State;
        for (const resource of state.deployment.resources)
            if (resource.type === "mlops:kubernetes:ClusterService") delete resource.outputs;
        const { onCluster } = servicesIn(JSON.stringify(state));
        deepEqual(onCluster, [{ ...service, url: undefined }]);
    });

    it("are without those that wait for their deletion", () => {
        const state = JSON.parse(recorded) as State;
        for (const resource of state.deployment.resources) resource.delete = true;
        deepEqual(servicesIn(JSON.stringify(state)), { onCluster: [], containers: [] });
    });

    it("are those on a Docker engine, without the identity provider", () => {
        const state = JSON.stringify(localState("digits-1a2b3c"));
        deepEqual(servicesIn(state), { onCluster: [], containers: ["digits-1a2b3c"] });
    });

    it("are none where there is no state", () => {
        deepEqual(servicesIn(JSON.stringify({ deployment: {} })), {
            onCluster: [],
            containers: [],
        });
    });
});
