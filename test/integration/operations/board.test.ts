import { deepEqual, equal, match } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { deployment, oldImage, pod, replicaSet } from "../../unit/components/kubernetes/samples.ts";
import { Commands } from "./commands.ts";

interface State {
    deployment: { resources: { type: string }[] };
}
const recorded = (path: string): State =>
    JSON.parse(
        readFileSync(join(import.meta.dirname, "../../unit/operations", path), "utf8"),
    ) as State;

/** A published stack. */
const published = recorded("board/fixtures/state.json");
/** The same with a service on a cluster. */
const running = {
    deployment: {
        resources: [
            ...published.deployment.resources,
            ...recorded("fixtures/cluster.json").deployment.resources.filter(
                ({ type }) => type !== "pulumi:pulumi:Stack",
            ),
        ],
    },
};
const image =
    "docker.io/library/ke-tiny@sha256:4a4b1b7c0e6e5a638a14b3f3bfd7b970b3dfbebd63a26ec7fa9a7a9573da52db";
const done = { image, replicas: 2, updatedReplicas: 2, availableReplicas: 2 };

describe("make board of stacks with a service on a cluster", () => {
    let commands: Commands;
    beforeEach(() => {
        commands = new Commands();
        commands.install(
            "pulumi",
            `case "$*" in
            *" dev "*) cat ${commands.file("dev.json", running)} ;;
            *) cat ${commands.file("staging.json", published)} ;;
            esac`,
        );
    });
    afterEach(() => {
        commands.remove();
    });

    /** @param top what the cluster's metrics say of the pods. Default: it has none. */
    function cluster(now: object, owned: object[], top = "", pods: object[] = []): void {
        commands.install(
            "kubectl",
            `case "$*" in
            *" get deployment "*) cat ${commands.file("deployment.json", now)} ;;
            *" get replicasets,pods "*) cat ${commands.file("owned.json", { items: owned })} ;;
            *" get pods "*) cat ${commands.file("pods.json", { items: pods })} ;;
            *" top pods "*)
                test -s ${commands.file("top", top)} || { echo 'error: Metrics API not available' >&2; exit 1; }
                cat ${commands.file("top", top)} ;;
            esac`,
        );
    }
    async function rows(...stacks: string[]): Promise<Record<string, unknown>[]> {
        const { code, stdout, stderr } = await commands.run("board/main.ts", "--json", ...stacks);
        equal(code, 0, stderr);
        return JSON.parse(stdout) as Record<string, unknown>[];
    }
    /** The notes without those on the scan and the next version, which need a Quay. */
    const notesIn = (row: Record<string, unknown> | undefined): string[] =>
        (row?.["notes"] as string[]).filter((note) => !/^(scan|next): /.test(note));

    it("says once that nobody is logged in to Pulumi", async () => {
        // What the CLI says.
        const said =
            "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions";
        commands.install("pulumi", `echo '${said}' >&2; exit 3`);
        const { code, stdout, stderr } = await commands.run("board/main.ts", "dev", "staging");
        deepEqual([code, stdout], [1, ""]);
        match(stderr, /^Pulumi is not logged in to [^\n]*: pulumi login\n$/);
    });

    it("shows what runs, and leaves a stack without one as it was", async () => {
        const set = replicaSet({ revision: 3, image, hash: "n", available: 2 });
        const conditions = [
            {
                type: "Progressing",
                status: "True",
                reason: "NewReplicaSetAvailable",
                lastUpdateTime: "2026-11-26T12:00:00Z",
            },
        ];
        const now = deployment(done) as { status: object };
        cluster({ ...now, status: { ...now.status, conditions } }, [
            set,
            pod({ hash: "n", image, ready: true, restarts: 1 }),
            pod({ hash: "n", image, ready: true, restarts: 2 }),
        ]);
        const [dev, staging] = await rows("dev", "staging");
        deepEqual(dev?.["services"], [
            {
                name: "digits-local",
                namespace: "digits",
                context: "sandbox",
                url: "http://digits-local.digits.svc",
                ready: 2,
                wanted: 2,
                since: "2026-11-26T12:00:00Z",
                restarts: 3,
                image,
                isCurrent: true,
            },
        ]);
        deepEqual(notesIn(dev), []);
        equal("services" in (staging ?? {}), false);
    });

    it("shows the CPU use of the busiest pod, and that it is throttled", async () => {
        const limited = (name: string, cpu: string) => ({
            metadata: { name },
            spec: { containers: [{ name: "service", resources: { limits: { cpu } } }] },
        });
        const top = "digits-a   service   110m   40Mi\ndigits-b   service   1500m   41Mi\n";
        const pods = [limited("digits-a", "500m"), limited("digits-b", "1.5")];
        cluster(deployment(done), [], top, pods);
        const [dev] = await rows("dev");
        const [service] = dev?.["services"] as { cpu: object }[];
        deepEqual(service?.cpu, { used: 1500, limit: 1500, isThrottled: true });
    });

    it("says that other pods run, and why they are not healthy", async () => {
        cluster(deployment({ ...done, image: oldImage, availableReplicas: 1 }), [
            replicaSet({ revision: 3, image: oldImage, hash: "n", available: 1 }),
            pod({
                hash: "n",
                image: oldImage,
                waiting: { reason: "ErrImagePull", message: "401" },
            }),
        ]);
        deepEqual(notesIn((await rows("dev"))[0]), [
            "cluster: digits-local is not healthy: The pod web-dev-n-x2x4k cannot pull its image: 401",
            `cluster: not all pods of digits-local run the image of the state; the Deployment has ${oldImage}`,
        ]);
    });

    it("says that the former version still serves", async () => {
        cluster(deployment({ ...done, replicas: 3, updatedReplicas: 1 }), [
            replicaSet({ revision: 3, image, hash: "n", available: 1 }),
            replicaSet({ revision: 2, image: oldImage, hash: "o", available: 1 }),
        ]);
        const [row] = await rows("dev");
        match(notesIn(row).at(-1) ?? "", /^cluster: not all pods of digits-local run the image/);
    });

    it("goes on where the cluster cannot be asked", async () => {
        commands.install("kubectl", `echo 'error: context "sandbox" does not exist' >&2; exit 1`);
        const [dev, staging] = await rows("dev", "staging");
        equal(dev?.["services"], null);
        equal(dev["version"], "1.0.0");
        deepEqual(notesIn(dev), ['cluster: error: context "sandbox" does not exist']);
        deepEqual(notesIn(staging), []);
    });

    it("does not wait for a cluster that does not answer", async () => {
        commands.install("kubectl", "exec sleep 60");
        const [dev] = await rows("dev");
        deepEqual(notesIn(dev), ['cluster: "sandbox" did not answer within 5 seconds']);
    });
});
