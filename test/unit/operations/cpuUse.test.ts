import { deepEqual, equal, rejects } from "node:assert/strict";
import { type Kubectl, KubectlError } from "../../../components/kubernetes/kubectl.ts";
import { type CpuUse, readCpuUse } from "../../../operations/cpuUse.ts";

/** A `kubectl` of a cluster whose pods use this much, with this limit. */
const having =
    (top: string, limit?: string): Kubectl =>
    (verb) => {
        if (verb === "top") return Promise.resolve(top);
        const resources = limit === undefined ? {} : { limits: { cpu: limit, memory: "1Gi" } };
        const added = { name: "proxy", resources: { limits: { cpu: "50m" } } };
        const spec = { containers: [added, { name: "service", resources }] };
        const items = ["web-a", "web-b"].map((name) => ({ metadata: { name }, spec }));
        return Promise.resolve(JSON.stringify({ items }));
    };
const two = [
    "web-a    proxy      800m   10Mi",
    "web-a    service    40m    90Mi",
    "web-b    proxy      7m     10Mi",
    "web-b    service    96m    91Mi\n",
].join("\n");

describe("the CPU use of a service", () => {
    const cases: [what: string, kubectl: Kubectl, use: CpuUse | undefined][] = [
        [
            "is that of the busiest pod, without what a cluster adds",
            having(two),
            { used: 96, isThrottled: false },
        ],
        ["has its limit", having(two, "0.5"), { used: 96, limit: 500, isThrottled: false }],
        [
            "is throttled at its limit",
            having(two, "100m"),
            { used: 96, limit: 100, isThrottled: true },
        ],
        ["is not known before there are metrics", having(""), undefined],
        [
            "is not known where there are no metrics",
            () => Promise.reject(new KubectlError("error: Metrics API not available")),
            undefined,
        ],
    ];
    for (const [what, kubectl, use] of cases)
        it(what, async () => {
            deepEqual(await readCpuUse(kubectl, "web"), use);
        });

    it("is asked for the pods of the Deployment", async () => {
        const asked: string[] = [];
        await readCpuUse((...args) => {
            asked.push(args.join(" "));
            return having(two)(...args);
        }, "web");
        equal(asked[0], "top pods --selector=app.kubernetes.io/name=web --containers --no-headers");
    });

    it("does not hide a mistake of its own", async () => {
        await rejects(
            readCpuUse(() => Promise.reject(new TypeError("mistake")), "web"),
            TypeError,
        );
    });
});
