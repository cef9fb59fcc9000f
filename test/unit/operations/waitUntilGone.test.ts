import { equal, rejects } from "node:assert/strict";
import type { Clock } from "../../../components/kubernetes/clock.ts";
import { UserError } from "../../../components/messages/userError.ts";
import { waitUntilGone } from "../../../operations/waitUntilGone.ts";

const service = {
    context: "sandbox",
    namespace: "alice-dev",
    name: "web-dev",
    image: "",
    url: undefined,
};

describe("a service that does not go", () => {
    it("is an error after ten minutes, with what keeps its objects", async () => {
        const deletionTimestamp = "2026-11-26T12:00:00Z";
        const items = [
            {
                kind: "Deployment",
                metadata: {
                    name: "web-dev",
                    deletionTimestamp,
                    finalizers: ["foregroundDeletion"],
                },
                spec: { replicas: 2 },
            },
            {
                kind: "Pod",
                metadata: {
                    name: "web-dev-1",
                    deletionTimestamp,
                    finalizers: ["example.com/hold"],
                },
                spec: { nodeName: "node-2" },
            },
            { kind: "Pod", metadata: { name: "web-dev-2" }, spec: {} },
        ];
        let time = 0;
        const clock: Clock = {
            now: () => time,
            sleep: (duration) => Promise.resolve((time += duration)),
        };
        const gone = waitUntilGone(
            service,
            () => Promise.resolve(JSON.stringify({ items })),
            clock,
        );
        const since = `being deleted since ${deletionTimestamp}`;
        await rejects(
            gone,
            new UserError(
                [
                    "After 10 minutes, these objects of web-dev in the namespace alice-dev (sandbox) are still there:",
                    `    Deployment web-dev: ${since}`,
                    `    Pod web-dev-1: ${since}, on the node node-2, finalizers: example.com/hold`,
                    "    Pod web-dev-2: not deleted yet",
                    "A pod stays while its node cannot be reached. If the node is gone for good:",
                    "    kubectl --context sandbox --namespace alice-dev delete pod/web-dev-1 --force --grace-period=0",
                    "A finalizer stays until the program that set it removes it. `make down` again does the rest.",
                ].join("\n"),
            ),
        );
        equal(time, 10 * 60_000);
    });
});
