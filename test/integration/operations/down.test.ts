import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { Commands } from "./commands.ts";

const recorded = join(import.meta.dirname, "../../unit/operations/fixtures/cluster.json");
/** A stack without a file: the folder of its builds is removed, too. */
const stack = "nowhere";

describe("make down of a service on a cluster", () => {
    let commands: Commands;
    beforeEach(() => {
        commands = new Commands();
        destroy(0);
    });
    afterEach(() => {
        commands.remove();
    });

    function destroy(status: number): void {
        commands.install(
            "pulumi",
            `case "$*" in "stack export "*) cat ${recorded} ;; destroy*) exit ${String(status)} ;; esac`,
        );
    }
    const removed = (): boolean =>
        commands.asked("pulumi").some((asked) => asked.startsWith("stack rm "));

    it("waits until its pods have stopped, and then removes the stack", async () => {
        const items = [{ kind: "Pod", metadata: { name: "digits-local-n-x2x4k" } }];
        const left = commands.file("left.json", { items });
        // What is left is gone when it is asked for the second time.
        commands.install("kubectl", `cat ${left} && echo '{"items": []}' >${left}`);
        const { code, stdout, stderr } = await commands.run("down.ts", stack);
        equal(code, 0, stderr);
        equal(stdout, "Waiting until the pods of digits-local have stopped.\n");
        const asked =
            "--context sandbox --namespace digits get " +
            "deployments,replicasets,pods --selector=app.kubernetes.io/name=digits-local --output=json";
        deepEqual(commands.asked("kubectl"), [asked, asked]);
        equal(removed(), true);
    });

    it("goes on where the cluster cannot be asked, and says so", async () => {
        commands.install("kubectl", "echo 'error: no cluster' >&2; exit 1");
        const { code, stderr } = await commands.run("down.ts", stack);
        equal(code, 0);
        equal(
            stderr,
            "Whether the pods of digits-local are gone is not known: error: no cluster\n",
        );
        equal(removed(), true);
    });

    it("says which objects hold the namespace", async () => {
        destroy(1);
        const conditions = [
            { type: "NamespaceDeletionDiscoveryFailure", status: "False", message: "Discovered" },
            {
                type: "NamespaceFinalizersRemaining",
                status: "True",
                message: "Some content has finalizers remaining: example.com/hold in 1 instance",
            },
        ];
        const namespace = { status: { phase: "Terminating", conditions } };
        commands.install("kubectl", `cat ${commands.file("namespace.json", namespace)}`);
        const { code, stderr } = await commands.run("down.ts", stack);
        equal(code, 1);
        match(
            stderr,
            /^The namespace digits is being deleted, but objects in it remain:\n {4}Some content has finalizers remaining: example\.com\/hold in 1 instance\nThey go/,
        );
        match(stderr, /\npulumi destroy failed: see above\.\n$/);
        equal(removed(), false);
    });

    it("says nothing of a namespace that stays", async () => {
        destroy(1);
        const namespace = { status: { phase: "Active" } };
        commands.install("kubectl", `cat ${commands.file("namespace.json", namespace)}`);
        const { stderr } = await commands.run("down.ts", stack);
        equal(stderr, "pulumi destroy failed: see above.\n");
    });
});
