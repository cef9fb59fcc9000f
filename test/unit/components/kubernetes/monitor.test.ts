import { deepEqual, equal, rejects } from "node:assert/strict";
import { type Kubectl, KubectlError } from "../../../../components/kubernetes/kubectl.ts";
import { canMonitor } from "../../../../components/kubernetes/monitor.ts";

const answer =
    (kinds: string): Kubectl =>
    (...args) => {
        deepEqual(args.slice(0, 2), ["api-resources", "--api-group=monitoring.coreos.com"]);
        return Promise.resolve(kinds);
    };

describe("a ServiceMonitor can be declared", () => {
    it("where the cluster has the kind", async () => {
        const kinds = "podmonitors.monitoring.coreos.com\nservicemonitors.monitoring.coreos.com\n";
        equal(await canMonitor(answer(kinds)), true);
    });

    it("not where it has other kinds, or none", async () => {
        equal(await canMonitor(answer("podmonitors.monitoring.coreos.com\n")), false);
        equal(await canMonitor(answer("")), false);
    });

    it("where the cluster cannot be asked: the preview shows what the program declares", async () => {
        equal(await canMonitor(() => Promise.reject(new KubectlError("refused"))), true);
    });

    it("without hiding a mistake of its own", async () => {
        await rejects(
            canMonitor(() => Promise.reject(new TypeError("mistake"))),
            TypeError,
        );
    });
});
